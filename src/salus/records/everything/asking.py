"""Read the parameters of `Patient/$everything`, strictly. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from salus.records.errors import Problem, RecordRefused
from salus.records.everything.model import MOST_RESOURCES, AskedEverything
from salus.records.fhir.definitions import resource_types
from salus.records.fhir.facts import span_of
from salus.records.fhir.parse import names_an_element
from salus.records.model import Custodian
from salus.records.search.cursor import open_cursor

ONCE = ("start", "end", "_since", "_count", "_cursor")
_DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def parse_everything(patient: str, pairs: Sequence[tuple[str, str]], custodian: Custodian) -> AskedEverything:
    """Read `start`, `end`, `_since`, `_type`, `_count` and a cursor. Raises RecordRefused naming what is wrong.

    A cursor is good for the same Patient and the same parameters only.
    """
    given: dict[str, str] = {}
    types: list[str] = []
    for name, value in pairs:
        if name == "_type":
            types += value.split(",")
        elif name in ONCE and name not in given:
            given[name] = value
        elif name != "_format" or "json" not in value:
            raise _unknown(name)
    canonical = "&".join(f"{name}={value}" for name, value in sorted(pairs) if name not in ("_cursor", "_format"))
    lo, hi = _span(given)
    cursor = given.get("_cursor")
    return AskedEverything(
        types=_types(types) if types else None,
        since=_since(given["_since"]) if "_since" in given else None,
        lo=lo,
        hi=hi,
        count=_count(given["_count"]) if "_count" in given else MOST_RESOURCES,
        after=None if cursor is None else int(open_cursor(custodian, place_of(patient, canonical), cursor)[0] or 0),
        canonical=canonical,
    )


def place_of(patient: str, canonical: str) -> str:
    """Return what a cursor of `$everything` is bound to."""
    return f"Patient/{patient}/$everything?{canonical}"


def _types(names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if name not in resource_types():
            shown = name if names_an_element(name) else "this"
            raise _refused("_type", f"{shown} is no FHIR R4 resource type", "not-supported")
    return tuple(dict.fromkeys(names))


def _span(given: dict[str, str]) -> tuple[datetime | None, datetime | None]:
    start, end = (_day(name, given[name]) if name in given else None for name in ("start", "end"))
    lo, hi = start and start[0], end and end[1]
    if lo and hi and lo >= hi:
        raise _refused("end", "is before start")
    return lo, hi


def _day(name: str, value: str) -> tuple[datetime, datetime]:
    span = span_of(value) if _DAY.fullmatch(value) else None
    if span is None:
        raise _refused(name, "must be a date such as 2031, 2031-03 or 2031-03-01")
    return span


def _since(value: str) -> datetime:
    written = value.replace(" ", "+")
    span = span_of(written) if _INSTANT.fullmatch(written) else None
    if span is None:
        raise _refused("_since", "must be an instant such as 2031-03-01T08:00:00Z")
    return span[0]


def _count(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= len(value) <= 12) or int(value) == 0:
        raise _refused("_count", f"must be a whole number from 1; more than {MOST_RESOURCES} gives {MOST_RESOURCES}")
    return min(int(value), MOST_RESOURCES)


def _unknown(name: str) -> RecordRefused:
    if name in ONCE:
        return _refused(name, "may stand here once")
    shown = name if names_an_element(name) else "this"
    text = "means nothing here; known are start, end, _since, _type, _count"
    return _refused(shown, text, "not-supported")


def _refused(where: str, text: str, code: str = "invalid") -> RecordRefused:
    return RecordRefused([Problem(where=where, text=text, code=code)])
