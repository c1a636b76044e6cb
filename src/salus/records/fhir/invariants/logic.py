"""What the compiled invariants are made of: FHIRPath's steps and comparisons over JSON that has its shape already.

A list is a FHIRPath collection. A primitive that is there without a value, by its extensions alone, is None in it.
Comparisons answer None where FHIRPath says nothing; two quantities in different units, or dates of which neither is
surely later, count as in order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Hashable
from decimal import Decimal
from typing import Any, TypeVar

from salus.records.fhir.facts import span_of

UCUM = "http://unitsofmeasure.org"
Node = dict[str, Any]
_T = TypeVar("_T")
_NUMBERS = (int, float, Decimal)


class Held(dict[str, Any]):
    """A resource while its rules are tried, with the resource that it is contained in, else itself."""

    __slots__ = ("_found", "root")

    def __init__(self, resource: Node, root: Node | None = None) -> None:
        super().__init__(resource)
        self.root: Node = self if root is None else root
        self._found: dict[Hashable, Any] = {}

    @property
    def contained(self) -> dict[str, Node]:
        """What references beginning with `#` may lead to, by id."""
        return self.once(
            "contained",
            lambda: {one["id"]: one for one in self.root.get("contained") or () if isinstance(one.get("id"), str)},
        )

    def once(self, name: Hashable, find: Callable[[], _T]) -> _T:
        """Find something the first time that it is asked for: a rule may ask for each of a million nodes."""
        if name not in self._found:
            self._found[name] = find()
        found: _T = self._found[name]
        return found


Keys = Container[Hashable]
Holds = Callable[[Node, Held], bool]


def values(nodes: list[Any], key: str) -> list[Any]:
    """Return what stands under a key of objects."""
    found: list[Any] = []
    for node in nodes:
        value = node.get(key)
        if isinstance(value, list):
            found += value
        elif value is not None:
            found.append(value)
    return found


def primitives(nodes: list[Any], key: str) -> list[Any]:
    """Return the primitives under a key of objects; None where only extensions are."""
    found: list[Any] = []
    for node in nodes:
        value = node.get(key)
        if value is None:
            beside = node.get(f"_{key}")
            found += [None] * (len(beside) if isinstance(beside, list) else beside is not None)
        elif isinstance(value, list):
            found += value
        else:
            found.append(value)
    return found


def choices(nodes: list[Any], stem: str) -> list[Any]:
    """Return the values of a choice, whatever its type: `value` finds `valueQuantity`."""
    found: list[Any] = []
    size = len(stem)
    for node in nodes:
        for key, value in node.items():
            if key[:size] == stem and key[size : size + 1].isupper():
                found.append(value)
            elif key[1 : size + 1] == stem and key[0] == "_" and key[1:] not in node and key[size + 1].isupper():
                found.append(None)
    return found


def has_value(found: list[Any]) -> bool:
    """Tell whether this is one primitive with a value."""
    return len(found) == 1 and found[0] is not None and not isinstance(found[0], dict)


def distinct(found: list[Any]) -> bool:
    """Tell whether nothing is there twice."""
    return len(keys(found)) == len(found)


def all_false(found: list[Any]) -> bool:
    """Tell whether every answer is false."""
    return not any(found)


def same(left: list[Any], right: list[Any]) -> bool | None:
    """Compare two collections: None where one is empty."""
    if not left or not right or None in left or None in right:
        return None
    return left == right


def key(one: Any) -> Hashable:
    """Return what tells a value apart: itself, or the JSON of an object."""
    return json.dumps(one, default=str, sort_keys=True) if isinstance(one, dict) else one


def keys(found: list[Any]) -> frozenset[Hashable]:
    """Return what tells values apart, to look others up in it."""
    return frozenset(map(key, found))


def within(left: list[Any], known: Keys) -> bool | None:
    """Tell whether the one on the left is among those that are known."""
    if len(left) != 1 or left[0] is None:
        return None
    return key(left[0]) in known


def shared(left: list[Any], known: Keys) -> list[Any]:
    """Return what is among those that are known."""
    return [one for one in left if key(one) in known]


def less(left: list[Any], right: list[Any]) -> bool | None:
    """Tell whether left is surely below right."""
    opposite = at_least(left, right)
    return None if opposite is None else not opposite


def greater(left: list[Any], right: list[Any]) -> bool | None:
    """Tell whether left is surely above right."""
    opposite = at_most(left, right)
    return None if opposite is None else not opposite


def at_least(left: list[Any], right: list[Any]) -> bool | None:
    """Tell whether left is not surely below right."""
    return at_most(right, left)


def at_most(left: list[Any], right: list[Any]) -> bool | None:
    """Tell whether left is not surely above right."""
    if len(left) != 1 or len(right) != 1:
        return None
    one, other = left[0], right[0]
    if isinstance(one, dict) and isinstance(other, dict):
        alike = all(one.get(key) == other.get(key) for key in ("system", "code", "unit"))
        one, other = (one.get("value"), other.get("value")) if alike else (0, 0)
        if one is None or other is None:
            return True
    if isinstance(one, _NUMBERS) and isinstance(other, _NUMBERS):
        return one <= other
    if isinstance(one, str) and isinstance(other, str):
        return _in_order(one, other)
    return None


def _in_order(one: str, other: str) -> bool:
    if len(one) == len(other) > 19 and one[19:] == other[19:]:
        return one <= other  # as both write the same zone
    first, second = span_of(one), span_of(other)
    return first is None or second is None or first[0] < second[1]


def starts(found: list[Any], beginning: list[Any]) -> bool | None:
    """Tell whether a text begins so."""
    return found[0].startswith(beginning[0]) if _texts(found, beginning) else None


def holds(found: list[Any], part: list[Any]) -> bool | None:
    """Tell whether a text contains another."""
    return part[0] in found[0] if _texts(found, part) else None


def matches(found: list[Any], pattern: list[Any]) -> bool | None:
    """Tell whether a pattern describes the whole of a text."""
    return re.fullmatch(pattern[0], found[0], re.DOTALL) is not None if _texts(found, pattern) else None


def _texts(*lists: list[Any]) -> bool:
    return all(len(one) == 1 and isinstance(one[0], str) for one in lists)


def joined(left: list[Any], right: list[Any]) -> str:
    """Put two texts together; one that is not there is empty."""
    return "".join(str(one) for one in (*left, *right) if one is not None)


def texts(found: list[Any]) -> list[str]:
    """Return numbers as they are written."""
    return [str(one) for one in found if one is not None]


def integers(found: list[Any]) -> list[int]:
    """Return texts as integers, and nothing for what is none."""
    return [int(one) for one in found if isinstance(one, str) and re.fullmatch(r"[+-]?[0-9]{1,9}", one)]
