"""Incidents: who opened them and why, what was handed over with them, and their log. Pure; no person but officers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from salus.command.errors import CommandInvalid

SMALLEST_CELL = 5
"""Counts of people from 1 to 4 never come into this room; a constant, since it carries a right."""
LONGEST_PERIOD = timedelta(days=7)
LONGEST_TEXT = 500
_AREA = re.compile(r"[0-9]{6}", re.ASCII)


class IncidentKind(StrEnum):
    """What kind of event it is (Regulation on Public Health Emergencies, State Council order 376, article 2)."""

    INFECTIOUS = "infectious-disease"
    UNEXPLAINED = "unexplained-illness"
    FOOD = "food-poisoning"
    OCCUPATIONAL = "occupational-poisoning"
    OTHER = "other"


class Post(StrEnum):
    """The posts of an incident, after WHO's framework for emergency operations centres (2015), section 4."""

    LEAD = "lead"
    OPERATIONS = "operations"
    PLANNING = "planning"
    LOGISTICS = "logistics"
    FINANCE = "finance"
    INFORMATION = "public-information"


class EntryKind(StrEnum):
    """What the log of an incident can say; the newest entry of a kind holds."""

    LEVEL = "level"
    OBJECTIVES = "objectives"
    PERIOD = "period"
    POST = "post"
    FIGURES = "figures"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """A named person who acts, or a registered system (whose names are those of its facility)."""

    subject: str
    name_en: str
    name_zh: str
    facility: str
    organisation: str

    def __post_init__(self) -> None:
        if not all((self.subject, self.name_en, self.name_zh, self.facility, self.organisation)):
            raise CommandInvalid("whoever acts here has a name, a facility and an organisation")


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaCount:
    """Cases of one area. `cases` is None where the area is silent, or where `few`: there are 1 to 4, or it is hidden
    so that another cell cannot be computed."""

    area: str
    name_en: str
    name_zh: str
    cases: int | None
    few: bool = False
    population: int | None = None

    def __post_init__(self) -> None:
        check_area(self.area)
        if self.cases is not None and (self.cases < 0 or 1 <= self.cases < SMALLEST_CELL or self.few):
            raise CommandInvalid("counts from 1 to 4 are suppressed before they are handed over", where=self.area)

    @property
    def silent(self) -> bool:
        """Tell whether the area reported nothing."""
        return self.cases is None and not self.few


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """The public figures of an alert, frozen when an incident is opened from it. `first` and `last` are civil days,
    both included, and `observed` is of these days in `area`, None for 1 to 4 cases; `areas` are counted from `since` to
    `last`; `expected` is a decimal text; `once_in_years` is None where
    nothing like it was ever seen."""

    alert: str
    disease: str
    disease_en: str
    disease_zh: str
    area: str
    area_en: str
    area_zh: str
    first: date
    last: date
    since: date
    observed: int | None
    expected: str
    once_in_years: int | None
    why_en: str
    why_zh: str
    verified_by: str
    at: datetime
    areas: tuple[AreaCount, ...]

    def __post_init__(self) -> None:
        check_area(self.area)
        if not self.since <= self.first <= self.last or not re.fullmatch(
            r"\d{1,9}(\.\d{1,2})?", self.expected, re.ASCII
        ):
            raise CommandInvalid("an alert has days in order and an expected number")
        if self.observed is not None and (self.observed < 0 or 1 <= self.observed < SMALLEST_CELL):
            raise CommandInvalid("a total from 1 to 4 is suppressed before it is handed over")
        if self.observed is not None and sum(cell.few for cell in self.areas) == 1:
            raise CommandInvalid("a single hidden count can be computed from the others; hide a second one")


def suppressed(counts: Mapping[str, int | None]) -> dict[str, tuple[int | None, bool]]:
    """Return (cases, few) for each area: 1 to 4 are hidden, and with a single hidden one the smallest other as well.

    None stays None: a silent area. So it is where all hidden ones must be 1, or must be 4. Complementary suppression
    as in Hundepohl et al., Statistical Disclosure Control (2012), chapter 4: else the total gives hidden cells away.
    """
    small = {area: cases for area, cases in counts.items() if cases is not None and 1 <= cases < SMALLEST_CELL}
    others = sorted((cases, area) for area, cases in counts.items() if cases and area not in small)
    few = set(small)
    if others and (len(small) == 1 or sum(small.values()) in (len(small), (SMALLEST_CELL - 1) * len(small))) and small:
        few.add(others[0][1])
    return {area: (None if area in few else cases, area in few) for area, cases in counts.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident as it was opened. `areas` are six-digit codes of provinces, prefectures or counties."""

    incident_id: UUID
    kind: IncidentKind
    areas: tuple[str, ...]
    handed_over: HandedOver
    opened_at: datetime
    by: Officer

    def __post_init__(self) -> None:
        if not self.areas or len(set(self.areas)) != len(self.areas):
            raise CommandInvalid("an incident has one area at least, and each once")
        for area in self.areas:
            check_area(area)

    def covers(self, county: str) -> bool:
        """Tell whether a county lies in one of the incident's areas."""
        return any(covers(area, county) for area in self.areas)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of an incident's log. `text` is what was written; `post`, `deputy` and `holder` belong to a post;
    `level` is 1 (gravest) to 4; `starts` and `ends` bound an operational period."""

    kind: EntryKind
    at: datetime
    by: Officer
    text: str = ""
    level: int | None = None
    post: Post | None = None
    holder: str | None = None
    deputy: str | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    figures: HandedOver | None = None

    def __post_init__(self) -> None:
        if len(self.text) > LONGEST_TEXT:
            raise CommandInvalid(f"at most {LONGEST_TEXT} characters")
        checks = {
            EntryKind.LEVEL: self.level in (1, 2, 3, 4),
            EntryKind.OBJECTIVES: bool(self.text.strip()),
            EntryKind.PERIOD: self._is_period(),
            EntryKind.POST: bool(self.post and self.holder and self.deputy and self.holder != self.deputy),
            EntryKind.FIGURES: self.figures is not None,
            EntryKind.CLOSED: bool(self.text.strip()),
        }
        if not checks[self.kind]:
            raise CommandInvalid(_WANTED[self.kind], where=self.kind)

    def _is_period(self) -> bool:
        if self.starts is None or self.ends is None:
            return False
        return timedelta(0) < self.ends - self.starts <= LONGEST_PERIOD


_WANTED = {
    EntryKind.LEVEL: "a level is 1, 2, 3 or 4; 1 is the gravest",
    EntryKind.OBJECTIVES: "write what is to be reached",
    EntryKind.PERIOD: "an operational period ends after it starts, and lasts at most seven days",
    EntryKind.POST: "a post has a holder and a deputy, two different people",
    EntryKind.FIGURES: "hand the figures over",
    EntryKind.CLOSED: "write why the incident is closed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """An incident with its log, oldest entry first."""

    incident: Incident
    entries: tuple[Entry, ...]

    def newest(self, kind: EntryKind) -> Entry | None:
        """Return the entry of a kind that holds now."""
        return next((entry for entry in reversed(self.entries) if entry.kind is kind), None)

    @property
    def level(self) -> int:
        """The level that holds."""
        entry = self.newest(EntryKind.LEVEL)
        return entry.level if entry and entry.level else 4

    @property
    def closed(self) -> Entry | None:
        """The entry that closed it, or None."""
        return self.newest(EntryKind.CLOSED)

    @property
    def figures(self) -> HandedOver:
        """The newest figures that were handed over."""
        entry = self.newest(EntryKind.FIGURES)
        return entry.figures if entry and entry.figures else self.incident.handed_over

    @property
    def posts(self) -> tuple[Entry, ...]:
        """Who holds which post, in the order of the posts."""
        held = {entry.post: entry for entry in self.entries if entry.kind is EntryKind.POST}
        return tuple(held[post] for post in Post if post in held)


def check_area(area: str) -> None:
    """Refuse what is no six-digit division code (GB/T 2260)."""
    if not _AREA.fullmatch(area):
        raise CommandInvalid("an area is written as six digits")


def covers(area: str, county: str) -> bool:
    """Tell whether a county lies in an area: codes of provinces end in 0000, those of prefectures in 00."""
    return county.startswith(area.removesuffix("00").removesuffix("00"))
