"""What the population register counts: births, sexes, deaths, and who keeps a record. Months, no days of birth. Pure.

A county here is that of the facility which declared, for itself and dated, that it keeps a resident's health record. No
declaration, no county: nothing is inferred from where somebody was treated or says that they live.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

OLDEST: Final = 85
AGE_BANDS: Final[tuple[tuple[int, int | None], ...]] = (
    (0, 1),
    (1, 5),
    *((age, age + 5) for age in range(5, OLDEST, 5)),
    (OLDEST, None),
)
"""Bands of age in whole years: first and first beyond. Those of WHO's world standard population, infants apart."""
SMALLEST_SHOWN: Final = 5
"""Figures from 1 to 4 leave the house as "fewer than 5"."""
SEXES: Final = ("female", "male", "other", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vital:
    """What one chart says of birth, sex and death. `born` and `died` are first days of months."""

    chart_key: int
    facility: str
    born: date | None
    sex: str | None
    dead: bool | None
    died: date | None
    vouched: bool
    said_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """A facility's declaration that it keeps a resident's health record, from `since` to `until`, both included."""

    resource_key: int
    chart_key: int
    facility: str
    since: date
    until: date | None
    said_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Denominator:
    """How many residents there were at the end of a month, of one county, sex and band of ages. Never who.

    `county` is None for those whose record nobody declared to keep, the ages for those whose month of birth is unknown.
    """

    month: date
    county: str | None
    sex: str
    age_from: int | None
    age_to: int | None
    residents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What changed in a county's population in one month.

    `before` + births + registered + moved_in - deaths - moved_out = `after`. `registered` are those whose record was
    first declared to be kept; `moved_out` includes records that nobody keeps any more.
    """

    month: date
    county: str
    before: int
    births: int
    registered: int
    moved_in: int
    deaths: int
    moved_out: int
    after: int


class Standing(StrEnum):
    """How a resident's health record stands. Derived at each reading; nothing sets it, and nothing asks for it."""

    ACTIVE = "active"
    MOVED = "moved"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """How a record stands and why: who said so, of which day (a FHIR date), and when.

    `contradicted` is the last day after the stated death on which something of the resident was written down.
    `displaced` are other facilities that declare to keep the record too, and did so before.
    """

    standing: Standing
    facility: str | None = None
    of_day: str | None = None
    said_at: datetime | None = None
    contradicted: date | None = None
    displaced: tuple[str, ...] = ()


def month_of(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def month_before(month: date) -> date:
    """Return the month before one, by its first day."""
    return month_of(month - timedelta(days=1))


def month_after(month: date) -> date:
    """Return the month after one, by its first day."""
    return month_of(month + timedelta(days=31))


def last_day(month: date) -> date:
    """Return the last day of a month."""
    return month_after(month) - timedelta(days=1)


def age_years(born: date, month: date) -> int:
    """Return the age in whole years at the end of a month, of whoever was born in the month `born`.

    Exact for every day of birth: at the end of its month each birthday of the month is past. Who was born on 29
    February completes a year at the end of February.
    """
    return ((month.year - born.year) * 12 + month.month - born.month) // 12


def band_of(years: int) -> tuple[int, int | None]:
    """Return the band that an age belongs to."""
    return next(band for band in AGE_BANDS if band[1] is None or years < band[1])


def keeper(keepings: Iterable[Keeping], day: date) -> Keeping | None:
    """Return the declaration that stands on a day: of those that cover it the one that began last, then the newest."""
    return max(covering(keepings, day), key=lambda one: (one.since, one.said_at, one.resource_key), default=None)


def covering(keepings: Iterable[Keeping], day: date) -> list[Keeping]:
    """Return the declarations that cover a day."""
    return [one for one in keepings if one.since <= day and (one.until is None or day <= one.until)]


def death_of(vitals: Iterable[Vital]) -> Vital | None:
    """Return the chart whose statement of death stands: the newest that states or denies one; None if it denies."""
    said = [one for one in vitals if one.dead is not None]
    newest = max(said, key=lambda one: (one.said_at, one.chart_key), default=None)
    return newest if newest and newest.dead else None


def suppressed(counts: Mapping[str, int]) -> dict[str, int | None]:
    """Return the counts of one row as they may leave the house: None for "fewer than 5".

    Where a single figure would be hidden, the next smallest goes with it: a row's total gives no hidden figure away.
    """
    hidden = {name for name, count in counts.items() if 0 < count < SMALLEST_SHOWN}
    if len(hidden) == 1:
        others = {name: count for name, count in counts.items() if count and name not in hidden}
        hidden |= {min(others, key=lambda name: (others[name], name))} if others else set()
    return {name: None if name in hidden else count for name, count in counts.items()}
