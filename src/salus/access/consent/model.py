"""The sensitive classes, what a resident can say of them, and what of some charts a read may show. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntFlag, StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from salus.access.errors import DirectiveInvalid
from salus.kernel import Role


class Sensitive(IntFlag):
    """The closed list of what is closed to other facilities unless its resident opens it. Stored as these bits."""

    HIV = 1
    PSYCHIATRY = 2
    REPRODUCTION = 4


EVERY_CLASS: Final = Sensitive.HIV | Sensitive.PSYCHIATRY | Sensitive.REPRODUCTION
"""What counts as said of a resource of which nobody worked out yet what it holds."""

EVERYTHING: Final = 8
"""The bit that every resource has: closed to whom a resident lets read nothing that others wrote."""


LONGEST_OPENING: Final = timedelta(days=366)
"""How long a class may be open until its resident says so anew. It carries a right: no setting changes it."""

# A reference to a signed paper as desks number them. More digits, however they are set apart, are an identity number or
# a telephone, and a letter or two before seven or eight a passport.
_PAPER = re.compile(
    r"(?!(?:[^0-9]*[0-9]){9})(?![/.-]*(?:[A-Za-z][/.-]*){1,2}(?:[0-9][/.-]*){7}\Z)"
    r"(?![A-Za-z][/.-]*(?:[0-9][/.-]*){8}\Z)[A-Za-z0-9][A-Za-z0-9/.-]{0,19}",
    re.ASCII,
)


def names_paper(text: str) -> bool:
    """Tell whether a text can be the number of a signed paper, and not a number of a person."""
    return _PAPER.fullmatch(text) is not None


class Says(StrEnum):
    """What a directive says. A forbid always wins."""

    PERMIT = "permit"
    FORBID = "forbid"


class About(StrEnum):
    """What a directive is about: a sensitive class, or all that other facilities wrote."""

    HIV = "hiv"
    PSYCHIATRY = "psychiatry"
    REPRODUCTION = "reproduction"
    EVERYTHING = "everything"

    @property
    def bits(self) -> int:
        """The bits that it closes or opens; everything closes the classes too."""
        return EVERY_CLASS | EVERYTHING if self is About.EVERYTHING else Sensitive[self.name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """One thing that a resident said of the own record: about what, to which facility, from when until when.

    `facility` is None for every place of care. `until` is the first instant at which it no longer holds; an opening has
    one. Opening is the resident's alone: at a desk staff write down only what closes, with the signed `paper` that it
    stands on.
    """

    id: UUID
    resident_key: int
    says: Says
    about: About
    facility: str | None
    since: datetime
    until: datetime | None
    recorded_by: str
    recorded_as: Role
    paper: str | None = None
    withdrawn: datetime | None = None

    def __post_init__(self) -> None:
        self._check_end()
        if self.says is Says.PERMIT and self.about is About.EVERYTHING:
            raise DirectiveInvalid("open one class at a time; what is in no sensitive class is open in care already")
        if self.recorded_as is Role.RESIDENT:
            if self.paper is not None:
                raise DirectiveInvalid("who says it for themselves signs no paper for it")
        elif self.says is Says.PERMIT or not names_paper(self.paper or ""):
            raise DirectiveInvalid(
                "on somebody's behalf a desk only closes, with the number of the paper that they signed: up to 20"
                " letters, digits, dots, slashes or hyphens, 8 digits at most, and no number of a person"
            )

    def _check_end(self) -> None:
        if self.since.tzinfo is None or (self.until is not None and self.until.tzinfo is None):
            raise DirectiveInvalid("a directive holds between aware instants")
        if self.until is not None and self.until <= self.since:
            raise DirectiveInvalid("the end of what you open or close must lie ahead")
        if self.says is Says.PERMIT and (self.until is None or self.until - self.since > LONGEST_OPENING):
            raise DirectiveInvalid("what you open needs an end, a year from now at the latest")

    def holds(self, at: datetime) -> bool:
        """Tell whether it is in force at an instant."""
        ends = [one for one in (self.until, self.withdrawn) if one is not None]
        return self.since <= at and all(at < one for one in ends)


def closed_by(forbids: int) -> int:
    """Return what is closed where these bits were: the classes by law, and whatever else its resident closed."""
    return EVERY_CLASS | forbids


def opened_by(permits: int, forbids: int) -> int:
    """Return what is open, where these bits were opened and those closed: a forbid wins over every permit."""
    return permits & ~forbids


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What of some charts one read may show: the permit without which no body is opened.

    `closed` names charts with the bits that are closed there; a chart that it does not name shows nothing. Whatever
    `facility` wrote itself it may show. `keepers` are the facilities that keep the charts, where all are known. Made by
    `access.sight`, `access.whole` and nobody else.
    """

    facility: str | None
    closed: Mapping[int, int]
    keepers: Mapping[int, str] = field(default_factory=dict)

    def shows(self, chart: int, facility: str, classes: int | None) -> bool:
        """Tell whether a resource may be shown: one of a chart, that a facility wrote, in these classes.

        The same as the function access.shows, which holds it in the query.
        """
        return self.shows_kept(chart, self.facility is not None and facility == self.facility, classes)

    def shows_kept(self, chart: int, own: bool, classes: int | None) -> bool:
        """Tell the same of a row whose query said already whether the facility wrote it."""
        if own:
            return True
        if chart not in self.closed:
            return False
        known = EVERY_CLASS if classes is None else classes & EVERY_CLASS
        return not (known | EVERYTHING) & self.closed[chart]

    @property
    def charts(self) -> tuple[list[int], list[int]]:
        """The charts that it names and what is closed in each, in one order, as queries take them."""
        return list(self.closed), list(self.closed.values())


def whole(charts: Iterable[int], facility: str | None = None) -> Sight:
    """Return a sight of all there is in some charts: for a resident of the own, and where nobody is shown anything.

    Who may ask for it stands in a list that a test holds.
    """
    return Sight(facility=facility, closed=MappingProxyType(dict.fromkeys(charts, 0)))
