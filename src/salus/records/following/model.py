"""Follow-up of chronic illness, childhood, pregnancy and age: plans as data, and what is due by them. Pure.

What is due is worked out at each reading and kept nowhere. It is said to the resident, to who treats them and to who
keeps their record; nothing follows from it, whoever is late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class How(StrEnum):
    """How one item of a plan is on a day. `lapsed` is a check-up whose time is over: the next one takes its place."""

    DONE = "done"
    COMING = "coming"
    DUE = "due"
    OVERDUE = "overdue"
    LAPSED = "lapsed"


class After(StrEnum):
    """From when the steps of a plan count: birth, or the day that a topic tells of."""

    BIRTH = "birth"
    PREGNANCY = "pregnancy-began"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to be done once, from `months` or `weeks` after the beginning on, and before `until` of the same unit.

    `done` are the topics that show it done; `dose` that it is the n-th time. One without `until` is never overdue.
    `instead` tells that the next step takes its place once its time is over.
    """

    key: str
    en: str
    zh: str
    done: tuple[str, ...]
    months: int | None = None
    weeks: int | None = None
    until: int | None = None
    dose: int = 1
    instead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan: for whom it is, what is to be done how often or when, and where that comes from.

    `topic` is what qualifies (None for everybody of the age), `every_months` makes it recurring with `done`.
    """

    key: str
    en: str
    zh: str
    source: str
    topic: str | None = None
    sex: str | None = None
    from_years: int = 0
    to_years: int | None = None
    every_months: int | None = None
    done: tuple[str, ...] = ()
    after: After = After.BIRTH
    ends_weeks: int | None = None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """That something of a topic happened on a day, as a facility's record has it."""

    topic: str
    day: date
    facility: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of a plan on a day: due from a day on, overdue from another, last done on a day at a facility."""

    plan: str
    step: str | None
    en: str
    zh: str
    how: How
    due: date | None
    late: date | None
    done_on: date | None = None
    done_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A plan that applies to somebody, with its items in order of their due days."""

    plan: Plan
    items: tuple[Item, ...]

    @property
    def open(self) -> tuple[Item, ...]:
        """What is due or overdue."""
        return tuple(one for one in self.items if one.how in (How.DUE, How.OVERDUE))
