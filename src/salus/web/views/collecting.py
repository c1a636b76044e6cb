"""Reports that a resident collects at the desk of the institution that wrote them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from salus.web.views import Day, Result, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """One report: its name, day, conclusion and results, and how many files the own system holds of it."""

    name: Words
    on: Day | None
    conclusion: Words | None
    results: tuple[Result, ...]
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """What the own institution wrote of who is here. `back` leads to the summary."""

    template: ClassVar[str] = "reports.html"
    facility: Words
    reports: tuple[ReportLine, ...]
    ends: datetime
    back: str
