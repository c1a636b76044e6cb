"""What surveillance knows: figures by county and day, what a detector says of them, and what people found. Pure.

Nothing here can name, number or point at a person: a figure is a count, a place is a county.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from salus.kernel import canonical
from salus.surveillance.errors import FigureInvalid, VerdictInvalid

HOSPITALS: Final = "hospitals"
"""The source of what is counted from records; every other source is a department's organisation."""
QUIET_DAYS: Final = 7
"""An episode is not raised again for so many days, unless it grows by half."""
SMALLEST_SHOWN: Final = 5
"""Figures from 1 to 4 leave to pages without case access as "fewer than 5"."""
_COUNTY = re.compile(r"\d{6}", re.ASCII)
_LONGEST_REASON = 2_000


class Rule(StrEnum):
    """By what an alert is raised."""

    SINGLE_CASE = "single-case"
    EARS_C2 = "ears-c2"


class Verdict(StrEnum):
    """What a verification found. `verifying` alone settles nothing."""

    VERIFYING = "verifying"
    FALSE = "false"
    ARTEFACT = "data-artefact"
    SEASONAL = "expected-seasonal"
    CONFIRMED = "confirmed"
    INSUFFICIENT = "insufficient"


class Likelihood(StrEnum):
    """How likely further spread is (WHO, Rapid risk assessment of acute public health events, 2012)."""

    VERY_UNLIKELY = "very-unlikely"
    UNLIKELY = "unlikely"
    LIKELY = "likely"
    HIGHLY_LIKELY = "highly-likely"
    ALMOST_CERTAIN = "almost-certain"


class Impact(StrEnum):
    """How bad it would be (WHO 2012: consequences)."""

    MINIMAL = "minimal"
    MINOR = "minor"
    MODERATE = "moderate"
    MAJOR = "major"
    SEVERE = "severe"


class Confidence(StrEnum):
    """How good the ground for an assessment is."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class Level(StrEnum):
    """The four levels of an assessment (NDCPA measures on epidemic early warning, trial, 2025 no. 11)."""

    VERY_LOW = "very-low"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What is counted: a syndrome, a disease, a result or a department's figure, with the rule that watches it.

    `icd10` and `loinc` are exact codes. `limit` is how soon a single case is to be verified by law. `source` says where
    the definition comes from.
    """

    key: str
    en: str
    zh: str
    rule: Rule
    source: str
    icd10: tuple[str, ...] = ()
    loinc: tuple[str, ...] = ()
    admitted: bool = False
    limit: timedelta | None = None
    feed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure: how many, of how many, in a county on a civil day, as a source tells it.

    `reporting` is how many of the source's own places sent something; None where that is not known.
    """

    source: str
    series: str
    county: str
    day: date
    count: int
    denominator: int | None = None
    reporting: int | None = None

    def __post_init__(self) -> None:
        if not _COUNTY.fullmatch(self.county):
            raise FigureInvalid("a county is six digits")
        if self.count < 0 or (self.denominator or 0) < 0 or (self.reporting or 0) < 0:
            raise FigureInvalid("a count is zero or more")
        if self.denominator is not None and self.count > self.denominator:
            raise FigureInvalid("a count is no more than its denominator")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A figure as it was told at one time: the reporting triangle's event day and report instant."""

    figure: Figure
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What became of figures: new ones, revisions of older ones, and those that were known already."""

    new: int
    revised: int
    known: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Everything that a rule may look at to judge one day: its figures of ten days, the day itself last.

    `figures` has None where nothing was told about a day. `hash` identifies the content for ever.
    """

    source: str
    series: str
    county: str
    day: date
    figures: tuple[Figure | None, ...]

    @property
    def hash(self) -> bytes:
        """Return SHA-256 over the canonical content."""
        figures = [
            None if figure is None else [figure.count, figure.denominator, figure.reporting] for figure in self.figures
        ]
        told = [self.source, self.series, self.county, self.day.isoformat(), figures]
        return hashlib.sha256(canonical(told)).digest()

    @property
    def days(self) -> tuple[date, ...]:
        """The days of the figures, oldest first."""
        return tuple(self.day - timedelta(days=n) for n in reversed(range(len(self.figures))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a rule says of one day. `low` and `high` bound 95 % of what was to be expected.

    `exceedance` is (observed - expected) / deviation; `share_exceedance` the same of the share among all; None where it
    cannot be computed. `once_in_days` is how seldom such a figure comes by chance alone.
    """

    rule: Rule
    version: str
    observed: int
    expected: float
    low: float
    high: float
    exceedance: float | None
    share_exceedance: float | None
    once_in_days: int | None
    baseline: tuple[date, ...]
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A place, a syndrome or disease, and a day on which more was seen than expected. Never about a person.

    `known` names the newest figure that could be seen when it was raised: with it the alert can be computed again.
    `reported` is how many places sent something on each day of the window.
    """

    alert_id: UUID
    episode: UUID
    at: datetime
    source: str
    series: str
    county: str
    day: date
    judgement: Judgement
    reported: tuple[int | None, ...]
    snapshot: bytes
    known: int
    reason_en: str
    reason_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a named member of staff found out about an alert, and why they say so."""

    at: datetime
    by: str
    verdict: Verdict
    reason: str

    def __post_init__(self) -> None:
        _said(self.reason, self.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A rapid risk assessment: how likely, how bad, how sure, and what follows in words."""

    at: datetime
    by: str
    likelihood: Likelihood
    impact: Impact
    confidence: Confidence
    level: Level
    text: str

    def __post_init__(self) -> None:
        _said(self.text, self.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long an alert has waited for its verification, and by when the law asks for it."""

    since: datetime
    due: datetime | None
    settled: bool
    overdue: bool


def _said(text: str, by: str) -> None:
    if not text.strip() or not by:
        raise VerdictInvalid("say why: a reason is part of every verification and assessment")
    if len(text) > _LONGEST_REASON:
        raise VerdictInvalid(f"a reason has at most {_LONGEST_REASON:,} characters")
