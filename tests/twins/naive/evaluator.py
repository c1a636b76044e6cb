"""R4's search over a dictionary of resources, from the specification alone (FHIR R4, search.html).

It knows nothing of the server. Everything is a set of addresses (`Type/id`); values are gathered once per resource, and
a value is compared once however many resources carry it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from twins.naive import paths
from twins.naive.values import Token, Wrong, keys, matches, plain, split

Found = frozenset[str]
PARAMETERS: dict[str, dict[str, Any]] = paths.FACTS["parameters"]
MODIFIERS = {
    "string": ("exact", "contains"),
    "token": ("not", "of-type"),
    "reference": ("identifier",),
    "uri": ("above", "below"),
}
# A person's name is kept as digests of whole parts, so that nobody lists people by their first letters
# (docs/reference/search.md): a part is found whole, without case and accents, and `:exact` is refused. Which parts a
# search by name looks at, R4 leaves to a server; here titles are none.
PEOPLE = ("Patient", "Person", "RelatedPerson")
WHOLE = frozenset((kind, name) for kind in PEOPLE for name in ("family", "given", "name"))


def parameter(kind: str, name: str) -> list[Any]:
    """Return kind, expression, targets and components of a parameter. Raises Wrong where R4 has none."""
    found = PARAMETERS.get(kind, {}).get(name) or PARAMETERS["Resource"].get(name)
    if not found:
        raise Wrong(name)
    return list(found)


class Library:
    """Resources as JSON, found by what R4 says of them."""

    def __init__(self, resources: Iterable[dict[str, Any]]) -> None:
        self.resources = {f"{one['resourceType']}/{one['id']}": one for one in resources}
        self.of_type: dict[str, set[str]] = defaultdict(set)
        for address, one in self.resources.items():
            self.of_type[one["resourceType"]].add(address)
        self._keys: dict[tuple[str, str], dict[Any, set[str]]] = {}
        self._raw: dict[tuple[str, str], set[str]] = {}
        self._elements: dict[tuple[str, str], list[tuple[str, list[list[Any]]]]] = {}
        self._answers: dict[tuple[str, str, str], Found] = {}

    def criterion(self, kind: str, name: str, value: str) -> Found:
        """Return what one `name=value` of a search finds, chains and `_has` included. Raises Wrong."""
        asked = (kind, name, value)
        if asked not in self._answers:
            self._answers[asked] = self._criterion(kind, name, value)
        return self._answers[asked]

    def _criterion(self, kind: str, name: str, value: str) -> Found:
        if name.startswith("_has:"):
            _, source, reference, rest = name.split(":", 3)
            return self._pointed_at(kind, source, reference, self.criterion(source, rest, value))
        head, _, rest = name.partition(".")
        if rest:
            return self._chained(kind, head, rest, value)
        return self._own(kind, *name.partition(":")[::2], value)

    def _pointed_at(self, kind: str, source: str, reference: str, sources: Found) -> Found:
        if parameter(source, reference)[0] != "reference":
            raise Wrong(reference)
        held = self.keys(source, reference)
        return frozenset(key for key, carriers in held.items() if carriers & sources) & self.of_type[kind]

    def _chained(self, kind: str, head: str, rest: str, value: str) -> Found:
        name, _, typed = head.partition(":")
        of, _, targets, _ = parameter(kind, name)
        if of != "reference":
            raise Wrong(name)
        found: set[str] = set()
        inner = re.split(r"[.:]", rest)[0]
        possible = [typed] if typed else [one for one in targets if inner in PARAMETERS.get(one, {}) or inner[0] == "_"]
        for target in possible:
            for address in self.criterion(target, rest, value):
                found |= self.keys(kind, name).get(address, set())
        return frozenset(found)

    def _own(self, kind: str, name: str, modifier: str, value: str) -> Found:
        of, expression, targets, _ = parameter(kind, name)
        if modifier == "missing":
            present = self._present(kind, name)
            return frozenset(self.of_type[kind] - present if _truth(value) else present)
        if modifier and modifier not in MODIFIERS.get(of, ()) and not (of == "reference" and modifier in targets):
            raise Wrong(modifier)
        wanted = split(value, ",")
        if of == "composite":
            return self._composed(kind, name, wanted)
        if (kind, name) in WHOLE and not modifier:
            modifier = "whole"
        if (of, modifier) in (("token", "of-type"), ("reference", "identifier")):
            return self._by_identifier(kind, expression, modifier, wanted)
        found: set[str] = set()
        for key, carriers in self.keys(kind, name).items():
            if any(matches(of, key, modifier, one) for one in wanted):
                found |= carriers
        return frozenset(self.of_type[kind] - found if modifier == "not" else found)

    def keys(self, kind: str, name: str) -> dict[Any, set[str]]:
        """Return which values a parameter has in a type, and who carries each."""
        if (kind, name) not in self._keys:
            of, expression, *_ = parameter(kind, name)
            held: dict[Any, set[str]] = defaultdict(set)
            for address in self.of_type[kind]:
                for node in paths.nodes(self.resources[address], expression):
                    named = _without_titles(node) if (kind, name) in WHOLE else node
                    for key in keys(of, named):
                        held[key].add(address)
            self._keys[kind, name] = dict(held)
        return self._keys[kind, name]

    def _present(self, kind: str, name: str) -> set[str]:
        """Return which resources have the element. Raises Wrong where one has it without a value to be found by."""
        if (kind, name) not in self._raw:
            of, expression, *_ = parameter(kind, name)
            held = {one for one in self.of_type[kind] if paths.nodes(self.resources[one], expression)}
            if of != "composite" and held != {one for each in self.keys(kind, name).values() for one in each}:
                raise Wrong("whether an element without a value is missing is not settled")
            self._raw[kind, name] = held
        return self._raw[kind, name]

    def _composed(self, kind: str, name: str, wanted: list[str]) -> Found:
        parts, asked = parameter(kind, name)[3], [split(one, "$") for one in wanted]
        held = self._components(kind, name)
        return frozenset(address for address, found in held if any(_holds_all(found, parts, one) for one in asked))

    def _components(self, kind: str, name: str) -> list[tuple[str, list[list[Any]]]]:
        """Return each element that a composite looks at, as whose it is and the values of its components."""
        if (kind, name) not in self._elements:
            _, expression, _, parts = parameter(kind, name)
            self._elements[kind, name] = [
                (address, [[key for node in paths.nodes(one, inner) for key in keys(of, node)] for inner, of in parts])
                for address in self.of_type[kind]
                for one in paths.nodes(self.resources[address], expression)
            ]
        return self._elements[kind, name]

    def _by_identifier(self, kind: str, expression: str, modifier: str, wanted: list[str]) -> Found:
        found = set()
        for address in self.of_type[kind]:
            for node in paths.nodes(self.resources[address], expression):
                if isinstance(node, dict) and any(_identified(node, modifier, one) for one in wanted):
                    found.add(address)
        return frozenset(found)

    def search(self, kind: str, pairs: Iterable[tuple[str, str]]) -> Found:
        """Return what all criteria together find; parameters that shape the answer are no criteria."""
        found = frozenset(self.of_type[kind])
        for name, value in pairs:
            found &= self.criterion(kind, name, value)
        return found

    def included(self, matched: Iterable[str], wanted: str) -> set[str]:
        """Return what one `_include=Source:parameter[:Target]` brings beside these matches."""
        source, name, *target = wanted.split(":")
        sources = {one for one in matched if one.startswith(f"{source}/")}
        held = self.keys(source, name) if sources else {}
        pointed = {key for key, carriers in held.items() if carriers & sources and key in self.resources}
        return {one for one in pointed if not target or one.startswith(f"{target[0]}/")}

    def including(self, matched: Iterable[str], wanted: str) -> set[str]:
        """Return what one `_revinclude=Source:parameter[:Target]` brings beside these matches."""
        source, name, *target = wanted.split(":")
        held = self.keys(source, name)
        of_target = {one for one in matched if not target or one.startswith(f"{target[0]}/")}
        return {carrier for one in of_target for carrier in held.get(one, ())}


def _without_titles(name: Any) -> Any:
    return (
        {part: one for part, one in name.items() if part not in ("prefix", "suffix")}
        if isinstance(name, dict)
        else name
    )


def _truth(value: str) -> bool:
    if value not in ("true", "false"):
        raise Wrong(value)
    return value == "true"


def _holds_all(element: list[list[Any]], parts: list[list[str]], wanted: list[str]) -> bool:
    if len(parts) != len(wanted):
        raise Wrong("a composite has as many values as components")
    return all(
        any(matches(kind, key, "", value) for key in found)
        for found, (_, kind), value in zip(element, parts, wanted, strict=True)
    )


def _identified(node: dict[str, Any], modifier: str, wanted: str) -> bool:
    parts = split(wanted, "|")
    if modifier == "of-type":
        if len(parts) != 3:
            raise Wrong(wanted)
        system, code, value = (plain(one) for one in parts)
        types = node.get("type", {}).get("coding", ())
        return node.get("value") == value and any(
            (one.get("system"), one.get("code")) == (system, code) for one in types
        )
    identifier = node.get("identifier")
    return bool(identifier) and matches("token", Token(identifier.get("system"), identifier.get("value")), "", wanted)
