"""What pages are given of how a record stands and of follow-up: of one resident, and a facility's own work list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from salus.web.views import Day, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class StandsLine:
    """How a record stands (active, moved or closed), who says so, of which day and since when.

    `contradicted` is the last day after a stated death on which something was written down. `displaced` say still that
    they keep the record, which another does since a later day.
    """

    standing: str
    facility: Words | None = None
    of_day: Day | None = None
    said_at: datetime | None = None
    contradicted: date | None = None
    displaced: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLine:
    """One item of a plan: done, coming, due, overdue or lapsed, with its day and where it was last done."""

    what: Words
    how: str
    due: date | None = None
    done_on: date | None = None
    done_at: Words | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """A plan that applies: what is due or overdue, what comes next, and all its items in order."""

    what: Words
    source: str
    now_due: tuple[DueLine, ...]
    coming: DueLine | None
    items: tuple[DueLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """How a resident's record stands, and the plans that apply to them."""

    stands: StandsLine
    plans: tuple[PlanLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLine:
    """One resident of a work list: whose record the facility keeps, with what is due by its own record."""

    name: Words
    age_years: int | None
    items: tuple[DueLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenLine:
    """One resident whose record the facility says that it keeps, and another says so since a later day.

    Which one, and since when, is None without an open care relation.
    """

    name: Words
    facility: Words | None
    since: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLine:
    """A plan with how many residents it applies to, and how many are up to date or have something due or overdue.

    None is a figure that is hidden because it is small.
    """

    what: Words
    source: str
    people: int | None
    up_to_date: int | None
    due: int | None
    overdue: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkList:
    """Whom a facility keeps the record of and who is due for something. `more` leads on, None at the end."""

    template: ClassVar[str] = "work_list.html"
    facility: Words
    lines: tuple[WorkLine, ...]
    looked_at: int
    shares: tuple[ShareLine, ...]
    taken: tuple[TakenLine, ...] = ()
    more: str | None = None
