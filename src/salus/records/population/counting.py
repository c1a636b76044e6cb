"""Count a resident's charts into the population: one person, one cell. Pure: rows in, cells out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from salus.identity.surviving import Statement, survivors
from salus.records.population.model import (
    Change,
    Denominator,
    Keeping,
    Vital,
    age_years,
    band_of,
    death_of,
    keeper,
    last_day,
    month_before,
)

_NOBODY = "unknown"
Cell = tuple[str | None, str, tuple[int | None, int | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One resident as the register sees them: month of birth, sex, month of death, and all declarations."""

    born: date | None
    sex: str
    died: date | None
    keepings: tuple[Keeping, ...]


def resident(vitals: Sequence[Vital], keepings: Iterable[Keeping] = ()) -> Counted:
    """Put a resident's charts together, by the same rules by which the record shows who somebody is."""
    stood = {one.element: one.value for one in survivors(_statements(vitals))}
    death = death_of(vitals)
    return Counted(
        born=date.fromisoformat(stood["birth_date"]) if "birth_date" in stood else None,
        sex=stood.get("gender", _NOBODY),
        died=death.died if death else None,
        keepings=tuple(keepings),
    )


def _statements(vitals: Iterable[Vital]) -> Iterable[Statement]:
    for one in vitals:
        for element, value in (("birth_date", one.born and one.born.isoformat()), ("gender", one.sex)):
            if value:
                yield Statement(element=element, value=value, source=one.facility, at=one.said_at, vouched=one.vouched)


def lives(one: Counted, month: date) -> bool:
    """Tell whether a resident was born and alive at the end of a month; unknown months are long ago, or not yet."""
    return (one.born is None or one.born <= month) and (one.died is None or one.died > month)


def county(one: Counted, month: date, counties: Mapping[str, str]) -> str | None:
    """Return the county of whoever kept the record at the end of a month; None where nobody said so."""
    kept = keeper(one.keepings, last_day(month))
    return counties.get(kept.facility) if kept else None


def cell(one: Counted, month: date, counties: Mapping[str, str]) -> Cell:
    """Return the cell in which a resident is counted at the end of a month."""
    ages = (None, None) if one.born is None else band_of(age_years(one.born, month))
    return county(one, month, counties), one.sex, ages


def table(cells: Mapping[Cell, int], month: date) -> list[Denominator]:
    """Return cells as a table, in order."""
    return [
        Denominator(month=month, county=place, sex=sex, age_from=ages[0], age_to=ages[1], residents=count)
        for (place, sex, ages), count in sorted(cells.items(), key=lambda one: _order(one[0]))
    ]


def _order(cell: Cell) -> tuple[str, str, int]:
    place, sex, ages = cell
    return place or "~", sex, -1 if ages[0] is None else ages[0]


@dataclass(slots=True)
class Changes:
    """Gathers what changed in each county in a month."""

    month: date
    counties: Mapping[str, str]
    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, one: Counted) -> None:
        """Count one resident: where they were counted at the end of the month before, and at the end of this one."""
        before = self._home(one, month_before(self.month))
        after = self._home(one, self.month)
        if before:
            self._count(before, "before")
        if after:
            self._count(after, "after")
        if one.born == self.month:
            self._born(one, after)
        elif before and one.died == self.month:
            self._count(before, "deaths")
        elif before != after:
            if before:
                self._count(before, "moved_out")
            if after:
                self._count(after, "moved_in" if before else "registered")

    def table(self) -> list[Change]:
        """Return what changed, county by county."""
        return [
            Change(
                month=self.month,
                county=place,
                before=counts["before"],
                births=counts["births"],
                registered=counts["registered"],
                moved_in=counts["moved_in"],
                deaths=counts["deaths"],
                moved_out=counts["moved_out"],
                after=counts["after"],
            )
            for place, counts in sorted(self.counts.items())
        ]

    def _born(self, one: Counted, after: str | None) -> None:
        """Count a birth; who died in the month of birth is counted as both."""
        home = after or county(one, self.month, self.counties)
        if home:
            self._count(home, "births")
            if not after:
                self._count(home, "deaths")

    def _home(self, one: Counted, month: date) -> str | None:
        return county(one, month, self.counties) if lives(one, month) else None

    def _count(self, place: str, what: str) -> None:
        self.counts.setdefault(place, Counter())[what] += 1
