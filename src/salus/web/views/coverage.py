"""What the pages on coverage and quality are given: counts of institutions and of what they sent, never a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from salus.web.views import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """Within how many days half, and nine of ten, arrived."""

    median_days: int
    ninth_decile_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """One institution. `first` is None where it never sent anything, `late` where too little came to say.

    `ways` are `fhir`, `v2`, `import`; `beds` how many it stated as staffed, as of `beds_at`.
    """

    name: Words
    key: str
    county: Words
    level: int
    kind: str
    first: date | None
    last: date | None
    ways: tuple[str, ...]
    arriving: int
    expected: int
    late: Late | None
    beds: int | None = None
    beds_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Who is connected, what share of the core set arrives and how late; for anybody."""

    template: ClassVar[str] = "coverage.html"
    since: date
    until: date
    connected: int
    institutions: tuple[Institution, ...]
    arrives_percent: int
    fewest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementLine:
    """One element of the core set. `percent` is None where no resource of its type came."""

    name: Words
    type: str
    level: int
    source: str
    carrying: int
    resources: int
    percent: int | None
    arrives: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeLine:
    """What came of one type, how late, and how much of it had been sent before."""

    type: str
    resources: int
    late: Late | None
    again: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OddLine:
    """How many Patients were stored with one thing odd in them."""

    odd: str
    patients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """How many entries were refused on a day for one reason."""

    day: date
    source: str
    code: str
    detail: str
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """A facility's report on its own sending, for those who work there."""

    template: ClassVar[str] = "quality.html"
    facility: Words
    level: int
    since: date
    until: date
    arriving: int
    elements: tuple[ElementLine, ...]
    types: tuple[TypeLine, ...]
    odd: tuple[OddLine, ...]
    refused: tuple[RefusedLine, ...]
    arrives_percent: int

    @property
    def missing(self) -> tuple[ElementLine, ...]:
        """What does not arrive yet, the lowest level first."""
        return tuple(sorted((one for one in self.elements if not one.arrives), key=lambda one: one.level))
