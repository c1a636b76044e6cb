"""An answer to a question about two charts, and figures of the queue. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from salus.identity.assertions import Author
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one person said of one question."""

    says: Says
    reason: str
    author: Author
    at: datetime

    def __post_init__(self) -> None:
        if self.reason not in REASONS or not self.author.human:
            raise AssertionRefused("a person answers, for one of the reasons of the list")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the queue stands: how many wait and since when, how many were answered in the last week, how many agree.

    `judged` counts the questions that two or more people answered, and `agreed` those of them with one answer.
    """

    waiting: int
    oldest: timedelta | None
    asked_this_week: int
    answered_this_week: int
    judged: int
    agreed: int
