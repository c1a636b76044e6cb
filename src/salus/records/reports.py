"""Finished reports of laboratory and imaging with the results that they name, as they are handed out at a desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from salus.access.consent import Sight
from salus.records.fhir.parse import parse
from salus.records.model import Located, SummaryLine
from salus.records.service import newest_of, open_body
from salus.records.summary import report_line, result_line
from salus.storage import Transaction

_TYPES = ("DiagnosticReport", "Observation")
_MOST_OF_A_TYPE = 200
FINISHED = frozenset({"final", "amended", "corrected", "appended"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One finished report: its name, day and conclusion, the results that it names, and how many files it has."""

    line: SummaryLine
    results: tuple[SummaryLine, ...]
    files: int


def report_parts(tx: Transaction, sight: Sight) -> list[Located]:
    """Return the newest sealed reports and results that a sight shows, 200 of each."""
    return newest_of(tx, sight, _TYPES, _MOST_OF_A_TYPE)


def reports(parts: Sequence[Located], keys: Mapping[int, bytes], sight: Sight) -> list[Report]:
    """Open the parts and return the finished reports among them, the newest first."""
    opened = [(one, parse(open_body(one, keys, sight))) for one in parts if one.chart_key in keys]
    results = {f"Observation/{one.id}": (one, body) for one, body in opened if one.type == "Observation"}
    found = [
        Report(
            line=report_line(one, body),
            results=tuple(result_line(*results[name]) for name in _named(body) if name in results),
            files=len(body.get("presentedForm") or ()),
        )
        for one, body in opened
        if one.type == "DiagnosticReport" and body.get("status") in FINISHED
    ]
    return sorted(found, key=lambda report: report.line.at or "", reverse=True)


def _named(report: Mapping[str, Any]) -> list[str]:
    return [one["reference"] for one in report.get("result") or () if isinstance(one.get("reference"), str)]
