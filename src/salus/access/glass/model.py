"""What an opening in an emergency is, how long it lasts, and when breaking the glass is off. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from salus.access.errors import OpeningInvalid

# Constants that carry rights; none is a setting.
GLASS_LASTS: Final = timedelta(minutes=30)
"""How long one clinician reads one record after breaking the glass. It cannot be prolonged, only broken again."""
REVIEW_WITHIN: Final = timedelta(hours=72)
"""Within this somebody of another organisation judges an opening; after it nobody has, and that is told in public."""
MOST_A_DAY: Final = 3
"""How often one person breaks the glass within 24 hours."""
MOST_A_MONTH: Final = 10
"""How often within 30 days."""
MOST_OVERDUE: Final = 3
"""How many openings of one facility may be overdue for review before nobody there breaks the glass."""
NOT_UPHELD_KEEPS_OFF: Final = timedelta(days=30)
"""How long after an opening was not upheld the person who made it breaks no glass."""
FEWEST_CHARACTERS: Final = 10
MOST_CHARACTERS: Final = 500

_DAY, _MONTH = timedelta(days=1), timedelta(days=30)


class Category(StrEnum):
    """The closed list of what an emergency can be."""

    UNCONSCIOUS = "unconscious"
    CONFUSED = "confused"
    LIFE_AT_RISK = "life-at-risk"
    POISONING = "poisoning"
    ON_THE_WAY = "on-the-way"


class Off(StrEnum):
    """Why somebody may not break the glass now."""

    DAY = "glass-budget-day"
    MONTH = "glass-budget-month"
    OVERDUE = "glass-unreviewed"
    FACILITY = "glass-unreviewed-here"
    NOT_UPHELD = "glass-not-upheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a reviewer of another organisation found. `upheld` tells that the emergency bears the opening out."""

    upheld: bool
    reviewer: str
    organisation: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One record opened by one person in an emergency: `at <= t < ends`. `words` are sealed: why, in their own words.

    `resident_key` is the identifier that was named; `organisation` runs the facility, as of then.
    """

    id: UUID
    resident_key: int
    opened_by: str
    facility: str
    organisation: str
    category: Category
    words: bytes = field(repr=False)
    at: datetime
    ends: datetime
    review: Review | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None or self.ends - self.at != GLASS_LASTS:
            raise OpeningInvalid("an opening in an emergency lasts 30 minutes from an aware instant on")
        if not (self.opened_by and self.facility and self.organisation and self.words):
            raise OpeningInvalid("an opening in an emergency says who, where and why")

    @property
    def due(self) -> datetime:
        """The first instant at which its review is overdue."""
        return self.at + REVIEW_WITHIN

    def open_to(self, staff: str, facility: str, at: datetime) -> bool:
        """Tell whether somebody reads by it at an instant: whoever opened it, where they opened it, while it lasts."""
        return (self.opened_by, self.facility) == (staff, facility) and self.at <= at < self.ends

    def overdue(self, at: datetime) -> bool:
        """Tell whether nobody has judged it although the time for that is over."""
        return self.review is None and self.due <= at


def why_off(mine: Sequence[Opening], overdue_here: int, at: datetime) -> Off | None:
    """Say why somebody may not break the glass now; None if they may.

    `mine` are all their openings, `overdue_here` how many of their facility are overdue for review.
    """
    if any(one.overdue(at) for one in mine):
        return Off.OVERDUE
    if overdue_here >= MOST_OVERDUE:
        return Off.FACILITY
    if any(one.review and not one.review.upheld and at < one.review.at + NOT_UPHELD_KEEPS_OFF for one in mine):
        return Off.NOT_UPHELD
    if sum(at - _DAY < one.at for one in mine) >= MOST_A_DAY:
        return Off.DAY
    if sum(at - _MONTH < one.at for one in mine) >= MOST_A_MONTH:
        return Off.MONTH
    return None


def check_words(text: str) -> str:
    """Return why, in a clinician's own words, without white space around it. Raises OpeningInvalid."""
    words = " ".join(text.split())
    if not FEWEST_CHARACTERS <= len(words) <= MOST_CHARACTERS or len(set(words.casefold()) - {" "}) < 4:
        raise OpeningInvalid(
            f"say in your own words why, in {FEWEST_CHARACTERS} to {MOST_CHARACTERS} characters: the resident and"
            " whoever reviews it read them"
        )
    return words
