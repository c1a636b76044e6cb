"""Change JSON in one place: what mutated records are made with, for tests of what takes them in."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any

ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    2**31,
    2**64,
    1e300,
    0.1,
    "",
    " ",
    "\u0000",
    "\ufffe",
    "é" * 5000,
    [],
    {},
    [[]],
    [None],
    [{}],
    {"": ""},
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
    "2031-02-30",
    "geo:1,2",
    "urn:uuid:nowhere",
    "Patient/1",
    "Patient?identifier=|",
    "#",
    "http://",
    {"resourceType": "Patient"},
    {"reference": 5},
    {"reference": "Patient?identifier=%ff\\"},
    [{"url": "http://hl7.org/fhir/StructureDefinition/geolocation"}],
]
KEYS = [
    "id",
    "meta",
    "contained",
    "extension",
    "_status",
    "resourceType",
    "reference",
    "identifier",
    "",
    "x",
    "subject",
]


def visit(value: Any, change: Callable[[dict[str, Any]], None]) -> None:
    """Do something to every object in a value."""
    if isinstance(value, dict):
        change(value)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        visit(inner, change)


def mutate(rng: Random, root: dict[str, Any]) -> None:
    """Change one place of a document: put something odd there, take it away, double it or deepen it."""
    places: list[tuple[Any, Any]] = []

    def collect(value: Any) -> None:
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            if isinstance(value[key], dict | list):
                collect(value[key])

    collect(root)
    holder, key = rng.choice(places)
    kind = rng.randrange(5)
    if kind == 0:
        holder[key] = copy.deepcopy(rng.choice(ODD))
    elif kind == 1 and isinstance(holder, dict):
        del holder[key]
    elif kind == 2 and isinstance(holder, dict):
        holder[rng.choice(KEYS)] = copy.deepcopy(rng.choice(ODD))
    elif kind == 3:
        holder[key] = [holder[key], copy.deepcopy(holder[key])]
    else:
        for _ in range(rng.choice((1, 80))):
            holder[key] = {"extension": [holder[key]]}
