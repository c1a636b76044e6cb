"""R4's search parameters as they were compiled: of each type its element paths (slots), and what each parameter asks.

`parameters.json` is written by tools/compile_search.py; source: FHIR R4 (4.0.1), CC0. Pure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from salus.records.fhir.definitions import DIRECTORY, resource_types

LAYOUT: Final = 1
"""Of search rows: after a change of slots or of forms all rows are written anew."""
MOST_SLOTS: Final = 1024
"""Of one type. A row's targets are written as the target's key times this, plus the slot."""


@dataclass(frozen=True, slots=True)
class Slot:
    """An element path of a type that something is read from; `home` is the first slot of the same path and kind."""

    number: int
    home: int
    path: str
    told: str
    kind: str
    more: Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter of a type. A composite has two `sides`, of the resource itself, or `pairs` of an element."""

    name: str
    kind: str
    slots: tuple[Slot, ...] = ()
    targets: tuple[str, ...] = ()
    who: bool = False
    kinds: tuple[str, ...] = ()
    sides: tuple[tuple[Slot, ...], ...] = ()
    pairs: tuple[Slot, ...] = ()


# Frequent clinical types: which parameter is their code, and which their one date. Both have a place of their own.
HOT: Final[dict[str, tuple[str, str]]] = {
    "AllergyIntolerance": ("code", "date"),
    "Composition": ("type", "date"),
    "Condition": ("code", "recorded-date"),
    "DiagnosticReport": ("code", "date"),
    "DocumentReference": ("type", "date"),
    "Encounter": ("type", "date"),
    "Immunization": ("vaccine-code", "date"),
    "MedicationRequest": ("code", "authoredon"),
    "Observation": ("code", "date"),
    "Procedure": ("code", "date"),
}
PERSONS: Final = frozenset({"Patient", "Person", "RelatedPerson"})
"""Whose names are found whole only: beginnings of names list people."""


@cache
def slots(resource_type: str) -> tuple[Slot, ...]:
    """Return the slots of a type, in order of their numbers."""
    homes: dict[tuple[str, str], int] = {}
    found = []
    for number, (path, told, kind, more) in enumerate(_compiled()["types"][resource_type]["slots"]):
        home = homes.setdefault((path, kind), number)
        found.append(Slot(number, home, path, told, kind, more))
    return tuple(found)


@cache
def parameters(resource_type: str) -> dict[str, Parameter]:
    """Return the parameters of a type by name, without those that every type has by its storage."""
    known = slots(resource_type)
    found = {}
    for name, (kind, told, *rest) in _compiled()["types"][resource_type]["params"].items():
        if kind == "composite":
            sides = tuple(tuple(known[n] for n in side) for side in told["both"])
            pairs = tuple(known[n] for n in told["pairs"])
            found[name] = Parameter(name, kind, kinds=tuple(rest[0]), sides=sides, pairs=pairs)
        elif kind == "who":
            found[name] = Parameter(name, rest[0], tuple(known[n] for n in told), who=True)
        else:
            targets = tuple(rest[0]) if rest else ()
            found[name] = Parameter(name, kind, tuple(known[n] for n in told), targets)
    return found


@cache
def hot(resource_type: str) -> tuple[frozenset[int], frozenset[int]] | None:
    """Return the numbers of the slots of a frequent type's code and date; None for any other type."""
    if resource_type not in HOT:
        return None
    code, date = (parameters(resource_type)[name].slots for name in HOT[resource_type])
    return frozenset(slot.number for slot in code), frozenset(slot.number for slot in date)


def refusal(resource_type: str, name: str) -> str | None:
    """Return why a parameter that R4 defines is not supported; None for a supported or unknown one."""
    found: str | None = _compiled()["refused"].get(f"{resource_type}.{name}")
    return found


def targets_of(parameter: Parameter) -> tuple[str, ...]:
    """Return the types that a reference may lead to."""
    return parameter.targets or tuple(sorted(resource_types()))


def is_directory(resource_type: str) -> bool:
    """Tell whether resources of a type are everybody's in care, whoever sent them."""
    return resource_type in DIRECTORY


@cache
def _compiled() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((files("salus.records.search") / "parameters.json").read_text("utf-8"))
    return loaded
