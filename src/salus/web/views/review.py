"""What the pages of the review desk are given: the queue with its figures, and one pair with both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from salus.kernel import Role
from salus.web.views import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionLine:
    """One pair that waits; it names nobody. `total` are the bits of what a model weighed, if one did.

    `why` are a guard's own words, None where the reason is one of ours. `undecided` counts who could not tell; `mine`
    tells that the reviewer answered it before.
    """

    link: str
    reason: str
    why: Words | None
    asked: datetime
    total: float | None
    undecided: int = 0
    mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredLine:
    """One pair that the reviewer judged lately. `form` asks about it again."""

    form: str
    reason: str
    why: Words | None
    says: str
    answered: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TogetherLine:
    """Two reviewers, how many questions both answered in the last week, and how many alike."""

    one: Words
    other: Words
    judged: int
    agreed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """A page of the queue, the oldest question first, and how it stands. `oldest` is when that one was asked.

    Half of those that wait were asked at `median` or before. `further` leads to the next page, None on the last.
    """

    template: ClassVar[str] = "reviews.html"
    lines: tuple[QuestionLine, ...]
    waiting: int
    oldest: datetime | None
    median: datetime | None
    asked: int
    answered: int
    judged: int
    agreed: int
    pairs: tuple[TogetherLine, ...] = ()
    mine: tuple[AnsweredLine, ...] = ()
    further: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareRow:
    """One line of both records: what each says, as written. `agree` is None where one of them says nothing."""

    name: str
    sides: tuple[tuple[str, ...], ...] = field(repr=False)
    agree: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SideLine:
    """One of the records: its institution, since when it says what it says, and what the form sends back for it.

    `marked` tells that it is another person's than the rest, by the report, or else as the later one of the pair.
    """

    key: str
    facility: Words
    since: datetime
    marked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One pair before its reviewer: the institutions, line by line what each says, and what was weighed.

    `one_resident` tells that all are one resident's now, `another` that somebody answered before; `parted` that a
    person found before that they are two people; `thresholds` are the bits from which people are asked and rules link,
    where the weights are ours. `trouble` tells that the form was sent without answer or reason.
    """

    template: ClassVar[str] = "review.html"
    form: str
    reason: str
    why: Words | None
    asked: datetime
    sides: tuple[SideLine, ...]
    rows: tuple[CompareRow, ...]
    bits: tuple[tuple[str, float], ...]
    total: float | None
    model: str | None
    one_resident: bool
    another: bool
    parted: bool = False
    reporter: Role | None = None
    claim: str | None = None
    thresholds: tuple[float, float] | None = None
    trouble: bool = False
