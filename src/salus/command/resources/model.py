"""Reports of beds, staff and stock. A number that is older than a day is unknown: it never stays good. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from salus.command.errors import CommandInvalid
from salus.command.model import Officer

FRESH_FOR = timedelta(hours=24)
CLOCKS_DIFFER = timedelta(minutes=5)
MOST = 10_000_000
LONGEST_NAME = 80
_CHINESE = frozenset("〇零一二三四五六七八九")


class Resource(StrEnum):
    """The closed list of what is counted. Five kinds of beds: more than that confuses those who report."""

    ORDINARY_STAFFED = "ordinary-beds-staffed"
    ORDINARY_OCCUPIED = "ordinary-beds-occupied"
    OXYGEN_STAFFED = "oxygen-beds-staffed"
    OXYGEN_OCCUPIED = "oxygen-beds-occupied"
    ICU_STAFFED = "icu-beds-staffed"
    ICU_OCCUPIED = "icu-beds-occupied"
    ISOLATION_STAFFED = "isolation-beds-staffed"
    ISOLATION_OCCUPIED = "isolation-beds-occupied"
    OTHER_STAFFED = "other-beds-staffed"
    OTHER_OCCUPIED = "other-beds-occupied"
    PHYSICIANS = "physicians-on-duty"
    NURSES = "nurses-on-duty"
    VENTILATORS = "ventilators-free"
    OXYGEN_DAYS = "oxygen-days"
    ANTIVIRALS = "antiviral-courses"
    MASKS = "masks"
    AMBULANCES = "ambulances-free"
    TESTS = "laboratory-tests-per-day"


class Means(StrEnum):
    """How a number came here: a hospital's system sent it, or somebody rang up and asked."""

    SYSTEM = "system"
    TELEPHONE = "telephone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One number of one facility as it was at `as_of`. `confirmed_with` names who said it on the telephone."""

    facility: str
    resource: Resource
    amount: int
    means: Means
    as_of: datetime
    at: datetime
    by: Officer
    confirmed_with: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.amount <= MOST:
            raise CommandInvalid(f"a number is from 0 to {MOST:,}", where=self.resource)
        if self.as_of > self.at + CLOCKS_DIFFER:
            raise CommandInvalid("a number cannot be of the future; say when it was true", where=self.resource)
        if (self.means is Means.TELEPHONE) != bool(self.confirmed_with):
            raise CommandInvalid("a number confirmed by telephone names whom it was confirmed with, and no other does")
        if self.confirmed_with and (len(self.confirmed_with) > LONGEST_NAME or holds_a_number(self.confirmed_with, 6)):
            raise CommandInvalid("name whom you spoke with and the post, without any number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one resource of one facility at an instant. `amount` is None: unknown, for it is too old."""

    facility: str
    resource: Resource
    amount: int | None
    as_of: datetime
    means: Means
    said_by_en: str
    said_by_zh: str
    confirmed_with: str | None


def known(reports: Iterable[Report], at: datetime) -> tuple[Known, ...]:
    """Return what is known at an instant: of each facility and resource the number that was true last.

    A number is good while `at < as_of + 24 hours`; later its amount is None. Reports received after `at` are left out.
    """
    newest: dict[tuple[str, Resource], Report] = {}
    for report in sorted(reports, key=lambda one: (one.as_of, one.at)):
        if report.at <= at:
            newest[report.facility, report.resource] = report
    places = sorted(newest, key=lambda key: (key[0], list(Resource).index(key[1])))
    return tuple(_known(newest[place], at) for place in places)


def _known(report: Report, at: datetime) -> Known:
    return Known(
        facility=report.facility,
        resource=report.resource,
        amount=report.amount if at < report.as_of + FRESH_FOR else None,
        as_of=report.as_of,
        means=report.means,
        said_by_en=report.by.name_en,
        said_by_zh=report.by.name_zh,
        confirmed_with=report.confirmed_with,
    )


def holds_a_number(text: str, digits: int) -> bool:
    """Tell whether a text holds a run of so many digits, of any script; only a letter ends such a run.

    Chinese numerals count as digits, so that a number is not spelled past this.
    """
    run = 0
    for one in text:
        if one in _CHINESE or unicodedata.category(one) in ("Nd", "No", "Nl"):
            run += 1
        elif unicodedata.category(one).startswith("L"):
            run = 0
        if run >= digits:
            return True
    return False
