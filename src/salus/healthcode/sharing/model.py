"""The right to show another's identity code, and nothing else of theirs: given by them, or for a child. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from salus.healthcode.sharing.errors import ShareRefused
from salus.kernel import CIVIL_TIME

LONGEST_SHARE: Final = timedelta(days=366)
"""How long a right may last until it is given anew, a guardian's too. It carries a right: no setting changes it."""
KEY_LASTS: Final = timedelta(hours=24)
"""How long the key that hands a right over can be used, once."""
MOST_GIVEN: Final = 10
"""So many may show one resident's code at once."""
MOST_HELD: Final = 20
"""So many codes of others may one resident hold at once: relatives and dependants, not a list of people."""
OWN_SAY_AT: Final = 14
"""From this age on no right is given without the child's own word.

Personal Information Protection Law of the People's Republic of China (2021), articles 28 and 31: under 14 a guardian
agrees in the child's place.
"""
ADULT_AT: Final = 18
"""At this age a guardian's right ends (Civil Code of the People's Republic of China, 2020, articles 17 and 34)."""


class Kind(StrEnum):
    """Who gave the right: the resident, or a desk for a child whose guardian was there with a paper."""

    GIVEN = "given"
    GUARDIAN = "guardian"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One right: whose code, until when, who holds it, if somebody has taken it, and since when it is over.

    `giver` and `holder` are the keys under which it was given and taken, with which it stays. `initial` is that of the
    giver's name, so that its holder can tell codes apart. It holds for taken <= t < until, until it is ended.
    `ended_where` is the facility whose desk ended it.
    """

    id: UUID
    giver: int
    kind: Kind
    initial: str = field(repr=False)
    offered: datetime
    until: datetime
    offered_by: str
    paper: str | None = None
    holder: int | None = None
    taken: datetime | None = None
    ended: datetime | None = None
    ended_where: str | None = None

    def __post_init__(self) -> None:
        if not self.offered < self.until:
            raise ShareRefused("the end must lie ahead")
        if self.until - self.offered > LONGEST_SHARE:
            raise ShareRefused("a right to show a code lasts a year at the longest")
        if (self.kind is Kind.GUARDIAN) != (self.paper is not None):
            raise ShareRefused("a guardian shows a paper, and the desk writes down its number")

    def holds(self, at: datetime) -> bool:
        """Tell whether its holder may show the code at an instant."""
        return self.taken is not None and self.ended is None and self.taken <= at < self.until

    def stands(self, at: datetime) -> bool:
        """Tell whether it holds, or can still be taken."""
        waits = self.taken is None and self.ended is None and at < min(self.until, self.offered + KEY_LASTS)
        return waits or self.holds(at)


def guardian_until(born: date, at: datetime, *, child_agrees: bool) -> datetime:
    """Return when a guardian's right for a child ends: after a year, or on the 14th birthday, from then on the 18th.

    Whichever is first: guardians change and nobody tells us, so a desk sees the paper again. Raises ShareRefused for an
    adult, and for a child of 14 or more who does not agree.
    """
    adult, own_say = _birthday(born, ADULT_AT), _birthday(born, OWN_SAY_AT)
    if at >= adult:
        raise ShareRefused("this person is of age: they give the right themselves")
    if at < own_say:
        return min(own_say, at + LONGEST_SHARE)
    if not child_agrees:
        raise ShareRefused("from 14 years on it takes the child's own word")
    return min(adult, at + LONGEST_SHARE)


def _birthday(born: date, years: int) -> datetime:
    """Return the beginning of a birthday in civil time; of 29 February, where there is none, the day after."""
    try:
        day = born.replace(year=born.year + years)
    except ValueError:
        day = date(born.year + years, 3, 1)
    return datetime(day.year, day.month, day.day, tzinfo=CIVIL_TIME).astimezone(UTC)
