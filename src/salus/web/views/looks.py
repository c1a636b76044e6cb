"""What the pages about who looked are given: people one by one, systems as lines of a day, what is behind one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from salus.kernel import Purpose, Role
from salus.web.views import Look, Words
from salus.web.views.emergencies import Opened


@dataclass(frozen=True, slots=True, kw_only=True)
class LookDay:
    """The looks of one civil day, newest first."""

    on: date
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemLine:
    """What one system did on a day of itself: how often, between when and when. `behind` leads to every entry."""

    on: date
    role: Role
    facility: Words | None
    purpose: Purpose
    looks: int
    first: datetime
    last: datetime
    behind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoLooked:
    """Who looked at the record: people day by day, newest first, and below them what systems did meanwhile.

    `older` leads to the next page, None on the last; `further` to further lines of systems. `emergencies`, on the
    newest page alone, are what was opened in them, before everything else.
    """

    template: ClassVar[str] = "who_looked.html"
    days: tuple[LookDay, ...]
    readers_this_week: int
    systems: tuple[SystemLine, ...] = ()
    older: str | None = None
    further: str | None = None
    emergencies: tuple[Opened, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemsLooked:
    """Lines of what systems did, or, where `of` names one of them, the entries behind it."""

    template: ClassVar[str] = "systems_looked.html"
    systems: tuple[SystemLine, ...] = ()
    of: SystemLine | None = None
    looks: tuple[Look, ...] = ()
    older: str | None = None
