"""Build a table from its document, and run the worked examples that it came with. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from salus.rules.errors import TableRefused
from salus.rules.model import (
    Clause,
    Emergency,
    Evidence,
    EvidenceKind,
    ExposureRow,
    Measure,
    Release,
    Result,
    Row,
    Rules,
    Table,
)
from salus.rules.service import decide
from salus.rules.tables.lint import lint

SETS = ("covid-19", "measles")
"""The tables that come with this release. Until one is published they decide nothing."""
_EXAMPLES_AT = datetime(2031, 1, 1, tzinfo=UTC)


def table_of(document: object) -> Table:
    """Build a table from its JSON; TableRefused, with every word of the linter, if it may not be one.

    Each worked example of the document is decided too, and has to come out as the document says.
    """
    faults = lint(document)
    if faults or not isinstance(document, Mapping):
        raise TableRefused([str(fault) for fault in faults])
    table = Table(
        disease=document["disease"],
        longest=_span(document["longest_hours"]),
        clauses={name: Clause(en=one["en"], zh=one["zh"]) for name, one in document["clauses"].items()},
        rows=tuple(map(_row, document["rows"])),
        exposure=_exposure(document["exposure"]) if "exposure" in document else None,
    )
    wrong = [place for place, example in enumerate(document["examples"]) if not _holds(table, example)]
    if wrong:
        raise TableRefused([f"EXAMPLE-FAILS at table.examples[{place}]" for place in wrong])
    return table


@cache
def shipped(name: str) -> bytes:
    """Return the bytes of a table that comes with this release; TableRefused for any other name."""
    if name not in SETS:
        raise TableRefused([f"UNKNOWN-WORD: no table of that name comes with this release; there are {SETS}"])
    return (files("salus.rules") / "sets" / f"{name}.json").read_bytes()


def shipped_table(name: str) -> dict[str, Any]:
    """Return a table that comes with this release as the body of a document, ready to be signed and published."""
    body: dict[str, Any] = json.loads(shipped(name))
    return body


def _row(row: Mapping[str, Any]) -> Row:
    return Row(
        kind=EvidenceKind(row["kind"]),
        result=Result(row["result"]),
        gives=Measure(row["gives"]),
        clause=row["clause"],
        within=_span(row["within_hours"]),
        lasts=_span(row["lasts_hours"]),
        released_by=_releases(row["released_by"]),
    )


def _exposure(row: Mapping[str, Any]) -> ExposureRow:
    return ExposureRow(
        clause=row["clause"],
        within=timedelta(days=row["within_days"]),
        lasts=_span(row["lasts_hours"]),
        released_by=_releases(row["released_by"]),
    )


def _releases(listed: Sequence[Mapping[str, Any]]) -> tuple[Release, ...]:
    return tuple(Release(kind=EvidenceKind(one["kind"]), after=_span(one["after_hours"])) for one in listed)


def _holds(table: Table, example: Mapping[str, Any]) -> bool:
    """Decide an example under an emergency that began long before it."""
    at, far = _EXAMPLES_AT, timedelta(days=100)
    emergency = Emergency(disease=table.disease, starts=at - far, ends=at + far)
    rules = Rules(table=table, starts=at - far, ends=at + far, emergency=emergency)
    found = decide(_evidence(table.disease, example["evidence"]), rules, at)
    ends_in = example["ends_in_hours"]
    return found.measure == example["gives"] and found.ends == (None if ends_in is None else at + _span(ends_in))


def _evidence(disease: str, items: Sequence[Mapping[str, Any]]) -> list[Evidence]:
    return [
        Evidence(
            name=str(place),
            disease=disease,
            kind=EvidenceKind(one["kind"]),
            result=Result(one["result"]),
            taken=_EXAMPLES_AT - _span(one["taken_hours_ago"]),
            reported=_EXAMPLES_AT - _span(one["reported_hours_ago"]),
        )
        for place, one in enumerate(items)
    ]


def _span(hours: int) -> timedelta:
    return timedelta(hours=hours)
