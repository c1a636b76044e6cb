"""Recognise what was sent to write a measure: a named list of fields, extensions, tags and codes. Pure.

Nothing in Salus reads a measure from a record, so what slips past this list changes nothing for anybody. The list is
there so that an attempt is answered plainly and counted in public, and it is kept narrow: a red blood cell, a high
risk of falls or an inactive Patient is care, and passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from salus.records.errors import MeasureRefused, Problem
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
    """Return the paths of elements that would hold a measure, up to 20; a resource, a Bundle or anything else."""
    root = value.get("resourceType")
    found: list[str] = []
    for where in _walk(value, root if isinstance(root, str) and names_an_element(root) else "body"):
        found.append(where[:200])
        if len(found) >= MOST_NAMED:
            break
    return found


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
    for key in ("tag", "security") if _tagged(path) else ():
        for place, label in enumerate(node[key] if isinstance(node.get(key), list) else ()):
            if isinstance(label, dict) and (_says(label.get("code"), TAGS) or _says(label.get("display"), TAGS)):
                yield f"{path}.{key}[{place}]"


def _holds(key: str, value: Any) -> bool:
    if _plain(key) in NAMES - ELEMENTS:
        return True
    if key in _TEXTS:
        return _says(value, VALUES)
    return key in ("url", "system") and isinstance(value, str) and _plain(_last(value)) in NAMES


def _tagged(path: str) -> bool:
    return path.endswith(".meta")


def _says(value: Any, words: frozenset[str]) -> bool:
    return isinstance(value, str) and len(value) <= 80 and _plain(value) in words


def _last(address: str) -> str:
    return re.split(r"[/#:]", address.rstrip("/"))[-1]


def _plain(name: str) -> str:
    return re.sub(r"[\s_.-]+", "", name).lower()


def _shown(key: str) -> str:
    return key if names_an_element(key) else "?"
