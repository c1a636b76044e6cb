"""What the pages of signals are given: frozen view models, as those of `views`. Counts of places and days; nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from salus.surveillance import Confidence, Impact, Level, Likelihood, Rule, Verdict
from salus.web.views import Words


class SignalTrouble(StrEnum):
    """Why a verdict or an assessment was not recorded."""

    REASON = "reason"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesDay:
    """One day of a series. None where nothing was told; `unfinished` where reports still come in."""

    on: date
    count: int | None
    denominator: int | None
    reporting: int | None
    unfinished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalLine:
    """One line of the list. `expected` is None for a rule that takes a single case."""

    page: str
    name: Words
    county: Words
    day: date
    observed: int
    expected: float | None
    once_in_days: int | None
    raised: datetime
    due: datetime | None
    overdue: bool
    settled: bool
    verdict: Verdict | None
    days: tuple[SeriesDay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """The signals, ranked. `waiting` counts those that nobody has settled, `overdue` those beyond their legal limit."""

    template: ClassVar[str] = "signals.html"
    lines: tuple[SignalLine, ...]
    waiting: int
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One verdict with its reason."""

    at: datetime
    by: Words | None
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One risk assessment."""

    at: datetime
    by: Words | None
    likelihood: Likelihood
    impact: Impact
    confidence: Confidence
    level: Level
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """An earlier or later alert of the same series and county."""

    page: str
    day: date
    observed: int
    verdict: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One signal: the finding, its ground, how complete it is, what people found, and their forms.

    `low` and `high` bound 95 % of what was to be expected. `baseline` are the days that the expectation comes from.
    `reproduced` tells that the alert was computed again just now, with the same outcome. `hand_over` is where the form
    goes that hands the signal to command, None where nobody takes it. `reported` is how many places had sent something
    about the day when it was raised, `usual` the most of the nine days before.
    """

    template: ClassVar[str] = "signal.html"
    page: str
    name: Words
    county: Words
    code: str
    source: Words
    day: date
    observed: int
    expected: float
    low: float
    high: float
    rule: Rule
    version: str
    catalogue: str
    definition: str
    reason: Words
    baseline: tuple[date, ...]
    raised: datetime
    due: datetime | None
    overdue: bool
    settled: bool
    days: tuple[SeriesDay, ...]
    said: tuple[Said, ...]
    judged: tuple[Judged, ...]
    similar: tuple[Similar, ...]
    snapshot: str
    reproduced: bool
    as_of: datetime
    reported: int | None = None
    usual: int | None = None
    trouble: SignalTrouble | None = None
    hand_over: str | None = None
