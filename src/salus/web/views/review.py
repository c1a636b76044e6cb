"""What the pages of the review desk are given: the queue with its figures, and one pair with both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from salus.web.views import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionLine:
    """One pair that waits; it names nobody. `total` are the bits of what a model weighed, if one did."""

    link: str
    reason: str
    asked: datetime
    total: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """The queue, the oldest question first, and how it stands. `oldest` is when that one was asked."""

    template: ClassVar[str] = "reviews.html"
    lines: tuple[QuestionLine, ...]
    waiting: int
    oldest: datetime | None
    asked: int
    answered: int
    judged: int
    agreed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareRow:
    """One line of both records: what each says, as written. `agree` is None where one of them says nothing."""

    name: str
    sides: tuple[tuple[str, ...], ...] = field(repr=False)
    agree: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One pair before its reviewer: two institutions, line by line what each says, and what was weighed.

    `one_resident` tells that both are one resident's now, `another` that somebody said so before and a second person is
    needed; `trouble` that the form was sent without answer or reason.
    """

    template: ClassVar[str] = "review.html"
    form: str
    reason: str
    asked: datetime
    facilities: tuple[Words, ...]
    since: tuple[datetime, ...]
    rows: tuple[CompareRow, ...]
    bits: tuple[tuple[str, float], ...]
    total: float | None
    model: str | None
    one_resident: bool
    another: bool
    trouble: bool = False
