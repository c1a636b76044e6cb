"""Read from a resource everything that it can be found by, in one visit. Pure: no FHIRPath, no keys, no store.

The paths of a type's parameters become a tree of element names once; a resource is walked along it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from salus.records.fhir.demographics import BIRTH, birth_tokens, contact_tokens, demographic_tokens
from salus.records.fhir.facts import span
from salus.records.fhir.references import parse_literal
from salus.records.search import forms
from salus.records.search.forms import Measure
from salus.records.search.parameters import PERSONS, Slot, hot, slots

_MOST_REMEMBERED = 200


@dataclass(slots=True)
class Extracted:
    """What one resource is found by. Forms are texts still: they become keyed digests before they are stored."""

    type: str
    forms: set[str] = field(default_factory=set)
    dates: set[tuple[str, datetime, datetime]] = field(default_factory=set)
    numbers: set[Measure] = field(default_factory=set)
    targets: set[tuple[int, str, UUID]] = field(default_factory=set)
    present: set[int] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    date: tuple[datetime, datetime] | None = None
    strings: int = 0


@dataclass(slots=True)
class _Leaf:
    """One element path and kind; `filtered` are its slots with the type that a reference must lead to, or none."""

    slot: Slot
    filtered: list[tuple[int, str | None]]
    is_code: bool
    is_date: bool
    person: bool
    numbers: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Branch:
    leaves: list[_Leaf] = field(default_factory=list)
    below: dict[str, _Branch] = field(default_factory=dict)
    where: list[tuple[str, str, _Branch]] = field(default_factory=list)


def extract(resource: dict[str, Any]) -> Extracted:
    """Return what a resource is found by."""
    name = resource["resourceType"]
    found = Extracted(type=name)
    _visit(resource, _tree(name), found)
    if name == "Patient":
        _deceased(resource, found)
        found.forms |= {form_of("", f"d{kind}\0{token}") for kind, token in demographic_tokens(resource)}
    return found


def form_of(path: str, form: str) -> str:
    """Return a form at an element path."""
    return f"{path}\0{form}"


def _deceased(patient: dict[str, Any], found: Extracted) -> None:
    """R4: `deceased.exists() and deceased != false`, which is false, and never nothing, without the element."""
    dead = "deceasedDateTime" in patient or patient.get("deceasedBoolean") is True
    for slot in slots("Patient"):
        if slot.told == "deceased":
            found.present.add(slot.number)
            found.forms |= {form_of(slot.path, form) for form in forms.coded("boolean", dead)}


def _visit(node: dict[str, Any], below: dict[str, _Branch], found: Extracted) -> None:
    for name, value in node.items():
        branch = below.get(name)
        if branch is None:
            continue
        for one in value if isinstance(value, list) else (value,):
            if one is not None:
                _reach(one, branch, found)


def _reach(one: Any, branch: _Branch, found: Extracted) -> None:
    for leaf in branch.leaves:
        _READERS[leaf.slot.kind](leaf, one, found)
    if branch.below and isinstance(one, dict):
        _visit(one, branch.below, found)
    for name, value, inner in branch.where:
        if isinstance(one, dict) and one.get(name) == value:
            _reach(one, inner, found)


@cache
def _tree(name: str) -> dict[str, _Branch]:
    root, marks = _Branch(), hot(name) or (frozenset(), frozenset())
    for slot in slots(name):
        if slot.told == "deceased":
            continue
        branch = root
        for step in slot.path.split("."):
            element, _, condition = step.partition("[")
            branch = branch.below.setdefault(element, _Branch())
            if condition:
                branch = _conditional(branch, *condition.rstrip("]").split("="))
        kept = next((leaf for leaf in branch.leaves if _alike(leaf.slot, slot)), None)
        if kept is None:
            kept = _Leaf(slot, [], slot.number in marks[0], slot.number in marks[1], name in PERSONS)
            branch.leaves.append(kept)
        kept.filtered.append((slot.number, slot.more if slot.kind == "reference" else None))
        kept.numbers.append(slot.number)
    return root.below


def _alike(one: Slot, other: Slot) -> bool:
    return one.kind == other.kind == "reference" or (one.kind, one.more) == (other.kind, other.more)


def _conditional(branch: _Branch, name: str, value: str) -> _Branch:
    for known, wanted, inner in branch.where:
        if (known, wanted) == (name, value):
            return inner
    branch.where.append((name, value, _Branch()))
    return branch.where[-1][2]


def _token(leaf: _Leaf, value: Any, found: Extracted) -> None:
    path, told = leaf.slot.path, leaf.slot.told
    found.present.update(leaf.numbers)
    if told == "CodeableConcept":
        for coding in value.get("coding") or ():
            _coding(leaf, coding, found)
    elif told == "Coding":
        _coding(leaf, value, found)
    elif told == "ContactPoint":
        found.forms.update([form_of(path, f"d{token}") for token in contact_tokens(value)])
    elif isinstance(value, str) and told != "Identifier":
        _code(leaf, None, value, found)
    else:
        found.forms.update([form_of(path, form) for form in forms.coded(told, value)])


def _coding(leaf: _Leaf, coding: dict[str, Any], found: Extracted) -> None:
    system, code = coding.get("system"), coding.get("code")
    if isinstance(code, str):
        _code(leaf, system, code, found)
    elif system:
        found.forms.add(form_of(leaf.slot.path, f"s{system}"))


def _code(leaf: _Leaf, system: str | None, code: str, found: Extracted) -> None:
    short = len(code) + len(system or "") <= _MOST_REMEMBERED
    told = (_remembered if short else _code_forms)(leaf.slot.path, system, code)
    found.forms.update(told)
    if leaf.is_code:
        found.codes.add(told[1])


def _code_forms(path: str, system: str | None, code: str) -> tuple[str, ...]:
    """Return the forms of a code at a path; the second is that of the code in any system."""
    return tuple([form_of(path, form) for form in forms.token_forms(system, code)])


_remembered = lru_cache(maxsize=16_384)(_code_forms)  # most codes come again and again


def _reference(leaf: _Leaf, value: Any, found: Extracted) -> None:
    text = value if isinstance(value, str) else value.get("reference")
    literal = parse_literal(text) if isinstance(text, str) else None
    for number, wanted in leaf.filtered:
        if wanted is None or (literal and literal[0] == wanted):
            found.present.add(number)
    path = leaf.slot.path
    found.forms.update([form_of(path, form) for form in forms.reference_forms(value)])
    if literal and literal[1].int:
        found.targets.add((leaf.slot.home, *literal))


def _date(leaf: _Leaf, value: Any, found: Extracted) -> None:
    found.present.update(leaf.numbers)
    told = span(leaf.slot.told, value)
    if told is None:
        return
    if leaf.is_date and found.date is None:
        found.date = told
    else:
        found.dates.add((leaf.slot.path, *told))


def _number(leaf: _Leaf, value: Any, found: Extracted) -> None:
    found.present.update(leaf.numbers)
    for one in forms.measured(leaf.slot.told, value):
        found.numbers.add((form_of(leaf.slot.path, one[0]), *one[1:]))


def _string(leaf: _Leaf, value: Any, found: Extracted) -> None:
    found.present.update(leaf.numbers)
    for text in forms.texts(leaf.slot.told, value):
        found.strings += 1
        told = forms.string_forms(text, leaf.person, found.strings <= forms.MOST_STRINGS)
        path = leaf.slot.path
        found.forms.update([form_of(path, form) for form in told])


def _uri(leaf: _Leaf, value: Any, found: Extracted) -> None:
    found.present.update(leaf.numbers)
    if isinstance(value, str):
        found.forms.update(form_of(leaf.slot.path, form) for form in forms.uri_forms(value))


def _there(leaf: _Leaf, value: Any, found: Extracted) -> None:
    """Of a type that the parameter's kind has no values for, such as an attachment: it is there, and no more."""
    found.present.update(leaf.numbers)


def _who(leaf: _Leaf, value: Any, found: Extracted) -> None:
    found.present.update(leaf.numbers)
    if leaf.slot.told == "birth":
        found.forms.update(form_of("", f"d{BIRTH}\0{token}") for token in birth_tokens(value))


def _pair(leaf: _Leaf, value: Any, found: Extracted) -> None:
    """Two parts of one element: each form of the code with each form, or each number, beside it."""
    code_paths, other_paths = leaf.slot.more
    told_codes = [form for path, told in code_paths for one in _at(value, path) for form in forms.coded(told, one)]
    codes = [form for form in told_codes if form[0] != "s"]
    others = [(told, one) for path, told in other_paths for one in _at(value, path)]
    if codes and others:
        found.present.update(leaf.numbers)
    for told, one in others:
        if leaf.slot.kind == "pair:token":
            beside = [form for form in forms.coded(told, one) if form[0] != "s"]
            found.forms |= {form_of(leaf.slot.path, f"x{a}\0\0{b}") for a in codes for b in beside}
        else:
            for each in forms.measured(told, one):
                found.numbers |= {(form_of(leaf.slot.path, f"x{a}\0\0{each[0]}"), *each[1:]) for a in codes}


def _at(node: Any, path: str) -> list[Any]:
    found = [node]
    for step in path.split("."):
        found = [
            one
            for part in found
            for one in (part.get(step) if isinstance(part.get(step), list) else (part.get(step),))
            if one is not None
        ]
    return found


_READERS = {
    "token": _token,
    "reference": _reference,
    "date": _date,
    "number": _number,
    "present": _there,
    "quantity": _number,
    "string": _string,
    "uri": _uri,
    "who": _who,
    "pair:token": _pair,
    "pair:quantity": _pair,
}
