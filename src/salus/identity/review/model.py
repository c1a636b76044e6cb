"""An answer to a question about two charts, and figures of the queue. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from salus.identity.assertions import Author, Question
from salus.identity.errors import AssertionRefused


class Says(StrEnum):
    """What a person can answer."""

    SAME = "same"
    NOT_SAME = "not-same"
    CANNOT_TELL = "cannot-tell"


REASONS: Final = (
    "asked-the-person",
    "documents-agree",
    "documents-differ",
    "twins-or-relatives",
    "borrowed-number",
    "mistyped",
    "too-little",
)
"""Why a person answers so: a closed list, so that no name and no number is ever kept beside an answer."""


REPORTED: Final = "reported"
"""The reason of a question that somebody put, not a rule; it can be put again once it was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one person said of one question.

    `charts` go to another person, where one resident has both sides; `lifts` takes back an earlier finding that they
    are two people.
    """

    says: Says
    reason: str
    author: Author
    at: datetime
    charts: frozenset[int] = frozenset()
    lifts: bool = False

    def __post_init__(self) -> None:
        if self.reason not in REASONS or not self.author.human:
            raise AssertionRefused("a person answers, for one of the reasons of the list")

    def agrees(self, other: Answer) -> bool:
        """Tell whether another answer would do the same."""
        return (self.says, self.charts, self.lifts) == (other.says, other.charts, other.lifts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A question that waits. `undecided` counts those who could not tell; `mine` tells that the asker answered it."""

    question: Question
    undecided: int
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """How often two reviewers answered the same questions in the last week, and how often alike."""

    one: str
    other: str
    judged: int
    agreed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the queue stands: how many wait and since when, how many were answered in the last week, how many agree.

    Half of those that wait have waited for `median` or longer. `judged` counts the questions answered in the last week
    that two or more people have answered, `agreed` those of them with one answer; `pairs` tells it for each two people.
    """

    waiting: int
    oldest: timedelta | None
    median: timedelta | None
    asked_this_week: int
    answered_this_week: int
    judged: int
    agreed: int
    pairs: tuple[Together, ...] = ()
