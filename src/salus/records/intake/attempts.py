"""Recognise what was sent to write a measure: a named list of fields, extensions, tags and codes. Pure.

Nothing in Salus reads a measure from a record, so what slips past this list changes nothing for anybody. The list is
there so that an attempt is answered plainly and counted in public, and it is kept narrow: a red blood cell, a high
risk of falls or an inactive Patient is care, and passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from salus.records.errors import MeasureRefused, Problem
from salus.records.fhir.definitions import definitions
from salus.records.fhir.parse import MOST_DEPTH, names_an_element

NAMES = frozenset(
    "colour color codecolour codecolor codestatus healthcode healthcodecolour healthcodecolor healthcodestatus"
    " healthcoderesult precaution quarantine measure redcode yellowcode greencode assignedcolour assignedcolor".split()
)
"""What a field, an extension or a code system is called that would hold a measure: lower case, letters alone.

ELEMENTS are those that R4 itself calls an element (MeasureReport.measure, VisionPrescription.lensSpecification.color);
they count in extensions and code systems only.
"""
ELEMENTS = frozenset({"measure", "color"})
VALUES = frozenset(
    "redcode yellowcode greencode healthcodered healthcodeyellow healthcodegreen 红码 黄码 绿码 健康码红码 健康码黄码"
    " 健康码绿码".split()
)
"""What a code, a tag or a name says that is a measure, wherever it stands."""
TAGS = VALUES | {"red", "yellow", "green", "advise", "precaution"}
"""What a tag or a security label says besides."""
MOST_NAMED = 20
_SUSPECT = re.compile("|".join(sorted(map(re.escape, NAMES | VALUES))))
_JOINED = re.compile(r"[\W_]+")
_TEXTS = ("code", "display", "text", "name", "title")
_ADDRESSES = ("url", "system")
_LABELS = ("tag", "security")
_BEGINS = re.compile(rf"[\s_.-]*[{''.join(sorted({word[0] for word in TAGS}))}]", re.IGNORECASE)
_MOST_SAID = 80
_MOST_CLEAN = 20_000
_TEXT = (
    "a measure cannot be written: it follows from logged evidence and published rules alone; take this out, and send"
    " results as they are"
)


def refuse_measures(value: dict[str, Any], entry: int | None = None) -> None:
    """Raise MeasureRefused, with each place found, up to 20, if this was sent to write a measure."""
    found = measures_in(value)
    if found:
        raise MeasureRefused([Problem(where=where, text=_TEXT, code="business-rule", entry=entry) for where in found])


def may_hold_measure(text: str) -> bool:
    """Tell whether resources made of pieces of a text could hold a measure: false is certain, true is a suspicion.

    The pieces may have been joined, so whatever is neither a letter nor a digit counts for nothing.
    """
    return _SUSPECT.search(_JOINED.sub("", text).lower()) is not None


def measures_in(value: dict[str, Any]) -> list[str]:
    """Return the paths of elements that would hold a measure, up to 20; a resource, a Bundle or anything else.

    A first walk, without paths, asks whether there is any, since nearly always there is none.
    """
    if not _any(value, _harmless()):
        return []
    root = value.get("resourceType")
    found: list[str] = []
    for where in _walk(value, root if isinstance(root, str) and names_an_element(root) else "body"):
        found.append(where[:200])
        if len(found) >= MOST_NAMED:
            break
    return found


def _any(node: dict[str, Any], harmless: frozenset[str], depth: int = 0) -> bool:
    if depth > MOST_DEPTH:
        return False
    for key, one in node.items():
        kind = one.__class__
        if key not in harmless:
            if kind is str:
                clean = _clean.get(key)
                if (clean is None or hash(one) not in clean) and _is_suspect(key, one):
                    return True
            elif _stands(key, one):
                return True
        if kind is dict:
            if _any(one, harmless, depth + 1):
                return True
        elif kind is list and _any_of(one, harmless, depth + 1):
            return True
    return False


def _stands(key: str, value: Any) -> bool:
    return _holds(key, value) or (key == "meta" and _marked(value))


def _any_of(nodes: list[Any], harmless: frozenset[str], depth: int) -> bool:
    for one in nodes:
        kind = one.__class__
        if kind is dict:
            if _any(one, harmless, depth):
                return True
        elif kind is list and any(_any(inner, harmless, depth) for inner in _dicts(one)):
            return True
    return False


def _dicts(nodes: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield the objects in lists inside of lists, however deep."""
    waiting = [nodes]
    while waiting:
        for one in waiting.pop():
            if isinstance(one, dict):
                yield one
            elif isinstance(one, list):
                waiting.append(one)


_clean_texts, _clean_addresses = set[int](), set[int]()
"""Hashes of short texts that are no measure wherever they stand: they come again and again. A text may be a name of a
person, so that none is remembered itself."""
_clean = dict.fromkeys(_TEXTS, _clean_texts) | dict.fromkeys(_ADDRESSES, _clean_addresses)


def _is_suspect(key: str, text: str) -> bool:
    if _holds(key, text):
        return True
    clean = _clean.get(key)
    if clean is not None and len(text) <= _MOST_SAID:
        if len(clean) >= _MOST_CLEAN:
            clean.clear()
        clean.add(hash(text))
    return False


@cache
def _harmless() -> frozenset[str]:
    """Return R4's element names, but for those that are looked into."""
    names = {key for shape in definitions()["types"].values() for key in shape}
    return frozenset(name for name in names if _plain(name) not in NAMES) - {*_TEXTS, *_ADDRESSES, "meta"}


def _marked(meta: Any) -> bool:
    return isinstance(meta, dict) and any(_labels(meta))


def _walk(value: dict[str, Any], name: str) -> Iterator[str]:
    waiting: list[tuple[Any, str, int]] = [(value, name, 0)]
    while waiting:
        node, path, depth = waiting.pop()
        if depth > MOST_DEPTH:
            continue
        if isinstance(node, list):
            waiting += [(one, f"{path}[{place}]", depth) for place, one in enumerate(node)]
        elif isinstance(node, dict):
            yield from _object(node, path)
            waiting += [(one, f"{path}.{_shown(key)}", depth + 1) for key, one in node.items() if _inner(one)]


def _inner(value: Any) -> bool:
    return isinstance(value, dict | list)


def _object(node: dict[str, Any], path: str) -> Iterator[str]:
    yield from (f"{path}.{_shown(key)}" for key, value in node.items() if _holds(key, value))
    if path.endswith(".meta"):
        yield from (f"{path}.{label}" for label in _labels(node))


def _labels(meta: dict[str, Any]) -> Iterator[str]:
    for key in _LABELS:
        for place, label in enumerate(meta[key] if isinstance(meta.get(key), list) else ()):
            if isinstance(label, dict) and (_says(label.get("code"), TAGS) or _says(label.get("display"), TAGS)):
                yield f"{key}[{place}]"


def _holds(key: str, value: Any) -> bool:
    if key in _TEXTS:
        return _says(value, VALUES)
    if key in _ADDRESSES:
        return isinstance(value, str) and _names_one(value)
    return _plain(key) in NAMES - ELEMENTS


def _says(value: Any, words: frozenset[str]) -> bool:
    if not isinstance(value, str) or len(value) > _MOST_SAID or _BEGINS.match(value) is None:
        return False
    return _plain(value) in words


def _names_one(address: str) -> bool:
    return _plain(_last(address)) in NAMES


def _last(address: str) -> str:
    return re.split(r"[/#:]", address.rstrip("/"))[-1]


def _plain(name: str) -> str:
    return re.sub(r"[\s_.-]+", "", name).lower()


def _shown(key: str) -> str:
    return key if names_an_element(key) else "?"
