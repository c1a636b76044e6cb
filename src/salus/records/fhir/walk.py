"""One walk through a resource: depth, places taken out, references found. Every node is visited once.

Nearly always there is nothing to take out and nothing wrong. A first walk, which writes no paths, finds that out with
the references; a second one only where there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from salus.records.errors import Problem
from salus.records.fhir.parse import MOST_DEPTH, names_an_element

# Extensions and elements that carry coordinates or a trail of a person's whereabouts. FHIR: geolocation (R4
# extension registry), Location.position; the words catch the same under a vendor's own address.
_PLACE_WORDS = re.compile(
    r"(?i)(geo-?(location|coordinate|position|point)|latitude|longitude)s?$"
    r"|(^|[/#:._-])(gps|gps-?(position|coordinate|location)|coordinate|lat|lng|lon|check-?in|cell-?id)s?$"
)
MOST_PROBLEMS = 20
_EXTENSIONS = ("extension", "modifierExtension")
_UNSAID = {"url", "id"}  # what is left of an extension whose value was a place
_GEO_URI = re.compile(r"(?i)^geo:-?\d")
_GEO = frozenset(f"{g}{e}{o}:" for g in "gG" for e in "eE" for o in "oO")
_INDEX = re.compile(r"\[\d+\]")
_MOST_REMEMBERED = 200


_Step = tuple[Any, str, int]
"""What is above, the name of the element, and its place in a list, or -1."""
Where = str | _Step
"""Where an element stands: its path, or the steps to it, which `written` makes a path of when somebody asks."""


@dataclass(slots=True)
class Walked:
    """What one walk found."""

    references: list[tuple[dict[str, Any], Where]] = field(default_factory=list)
    stripped: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def walk(resource: dict[str, Any]) -> Walked:
    """Visit a resource in place: strip places, collect references as (object, element path).

    Stripped elements are named by path; an element left empty by it goes too. Depth beyond 64 and U+0000 are problems;
    after 20 of them the walk ends.
    """
    glanced: list[tuple[dict[str, Any], Where]] = []
    root = _shown(resource.get("resourceType", "Resource"))
    if root != "Bundle" and _glance(resource, (None, root, -1), 1, glanced):
        return Walked(references=glanced)
    found = Walked()
    _object(resource, _shown(resource.get("resourceType", "Resource")), 1, found)
    # A Bundle that is itself stored, a document say, holds references among its own entries: they stay as they are.
    found.references = [one for one in found.references if not written(one[1]).startswith("Bundle.entry[")]
    return found


def written(where: Where) -> str:
    """Return the path of an element, such as `Encounter.participant[0].individual`."""
    if isinstance(where, str):
        return where
    above, name, place = where
    shown = _shown(name) if place < 0 else f"{_shown(name)}[{place}]"
    return shown if above is None else f"{written(above)}.{shown}"


def element_of(where: Where) -> str:
    """Return the path of an element without places in lists, as R4 names it."""
    if isinstance(where, str):
        return _INDEX.sub("", where)
    above, name, _ = where
    return name if above is None else f"{element_of(above)}.{name}"


def _glance(node: dict[str, Any], where: _Step, depth: int, references: list[tuple[dict[str, Any], Where]]) -> bool:
    """Collect the references of a resource; false where something may have to be taken out of it, or told of it."""
    if depth > MOST_DEPTH or ("position" in node and node.get("resourceType") == "Location"):
        return False
    for key, value in node.items():
        kind = value.__class__
        if kind is str:
            if key == "reference":
                references.append((node, where))
            if "\x00" in value or value[:4] in _GEO or (key == "url" and _may_be_place(value)):
                return False
        elif kind is dict:
            if not _glance(value, (where, key, -1), depth + 1, references):
                return False
        elif kind is list and not _glance_list(key, value, where, depth + 1, references):
            return False
    return True


def _glance_list(
    key: str, values: list[Any], where: _Step, depth: int, references: list[tuple[dict[str, Any], Where]]
) -> bool:
    for place, value in enumerate(values):
        kind = value.__class__
        if kind is dict:
            if not _glance(value, (where, key, place), depth, references):
                return False
        elif kind is list or (kind is str and ("\x00" in value or value[:4] in _GEO)):
            return False
    return True


def _may_be_place(url: str) -> bool:
    return len(url) > _MOST_REMEMBERED or _is_word_of_place(url)


@lru_cache(maxsize=1024)
def _is_word_of_place(url: str) -> bool:
    return _PLACE_WORDS.search(url) is not None


def _shown(name: object) -> str:
    """Return a name for a path, unless somebody hides in it what no error may repeat."""
    return name if isinstance(name, str) and names_an_element(name) else "?"


def _object(node: dict[str, Any], path: str, depth: int, found: Walked) -> None:
    if len(found.problems) >= MOST_PROBLEMS:
        return
    if depth > MOST_DEPTH:
        found.problems.append(Problem(where=path[:200], text=f"nested deeper than {MOST_DEPTH}", code="structure"))
        return
    if node.get("resourceType") == "Location" and node.pop("position", None) is not None:
        found.stripped.append(f"{path}.position")
    for key in list(node):
        value = node[key]
        if isinstance(value, str):
            _text(node, key, value, path, found)
        elif isinstance(value, dict):
            held = bool(value)
            _object(value, f"{path}.{_shown(key)}", depth + 1, found)
            if held and not value:  # emptied by taking a place out; what came empty is the sender's mistake
                del node[key]
        elif isinstance(value, list):
            _list(node, key, value, f"{path}.{_shown(key)}", depth + 1, found)


def _list(node: dict[str, Any], key: str, values: list[Any], path: str, depth: int, found: Walked) -> None:
    held = bool(values)
    if key in _EXTENSIONS:
        _strip_extensions(values, path, found)
    gone: set[int] = set()
    for position, value in enumerate(values):
        if len(found.problems) >= MOST_PROBLEMS:
            return
        if isinstance(value, dict):
            came_empty, before = not value, len(found.stripped)
            _object(value, f"{path}[{position}]", depth, found)
            taken = len(found.stripped) > before
            if (not value and not came_empty) or (taken and key in _EXTENSIONS and value.keys() <= _UNSAID):
                gone.add(position)
        elif isinstance(value, list):
            found.problems.append(Problem(where=path[:200], text="a list inside a list", code="structure"))
        elif isinstance(value, str):
            _item(value, f"{path}[{position}]", found, gone, position)
    if gone:
        # In _name the places of a list answer to those of name; elsewhere no null may stand.
        values[:] = [None if n in gone else v for n, v in enumerate(values) if n not in gone or key.startswith("_")]
    if held and (not values or (gone and all(value is None for value in values))):
        del node[key]


def _item(value: str, path: str, found: Walked, gone: set[int], position: int) -> None:
    if _GEO_URI.match(value):
        gone.add(position)
        found.stripped.append(path)
    if "\x00" in value:
        found.problems.append(Problem(where=path[:200], text="contains U+0000", code="invalid"))


def _strip_extensions(values: list[Any], path: str, found: Walked) -> None:
    kept: list[Any] = []
    for position, value in enumerate(values):
        if isinstance(value, dict) and _is_place(value):
            found.stripped.append(f"{path}[{position}]")
        else:
            kept.append(value)
    values[:] = kept


def _is_place(extension: dict[str, Any]) -> bool:
    waiting = [extension]  # no calls of itself: how deep a resource is nested is judged later
    while waiting:
        one = waiting.pop()
        url, inner = one.get("url"), one.get("extension")
        if isinstance(url, str) and _PLACE_WORDS.search(url):
            return True
        if isinstance(inner, list):
            waiting += [each for each in inner if isinstance(each, dict)]
    return False


def _text(node: dict[str, Any], key: str, value: str, path: str, found: Walked) -> None:
    if key == "reference":
        found.references.append((node, path))
    elif value[:4].lower() == "geo:" and _GEO_URI.match(value):
        del node[key]
        found.stripped.append(f"{path}.{_shown(key)}")
    if "\x00" in value:
        found.problems.append(Problem(where=f"{path}.{_shown(key)}"[:200], text="contains U+0000", code="invalid"))


def at_path(resource: dict[str, Any], steps: list[str]) -> Iterator[Any]:
    """Yield the values at an element path, through lists; `steps` holds element names only."""
    node: Any = resource.get(steps[0])
    for value in node if isinstance(node, list) else (node,):
        if value is None:
            continue
        if len(steps) == 1:
            yield value
        elif isinstance(value, dict):
            yield from at_path(value, steps[1:])
