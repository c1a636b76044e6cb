"""The population as figures that may leave the house: by county, sex and age, with births, deaths and moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from salus import parties
from salus.app.node import Node
from salus.kernel import Invalid, civil_day
from salus.records.population import Published, figures_of
from salus.storage import Duty


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationFigure:
    """Residents of a county, sex and band of ages at the end of a month; None for a figure that is hidden."""

    county: str | None
    sex: str
    age_from: int | None
    age_to: int | None
    residents: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """A month's figures. `changes` are each county's, by the names of `records.population.Change`."""

    month: date
    figures: tuple[PopulationFigure, ...]
    changes: tuple[tuple[str, dict[str, int | None]], ...]


def population_at(node: Node, month: date) -> Population:
    """Return the figures of the end of a month; those from 1 to 4 are hidden, and those that would give one away.

    Who asks first has them published, with those of all months before; whoever asks later gets the very same, whatever
    came since. They are multiples of five that move by five people at least, and no sum of them is exact. Raises
    Invalid for a month that is not over, or before the first; and Unavailable until the charts of an earlier release
    are counted.
    """
    if month >= civil_day(node.clock.now()).replace(day=1):
        raise Invalid("this month is not over: its end cannot be counted yet", code="SALUS-R062")
    counties = {place.facility_id: place.county for place in parties.facilities(node.store) if place.care}
    with node.store.transaction(Duty.CARE) as tx:
        found = figures_of(tx, month, counties)
    return Population(month=month, figures=tuple(_figures(found)), changes=tuple(_changes(found)))


def _figures(found: Iterable[Published]) -> Iterator[PopulationFigure]:
    for one in sorted(found, key=lambda one: one.county or "~"):
        for (sex, (first, beyond)), residents in one.shown.items():
            yield PopulationFigure(county=one.county, sex=sex, age_from=first, age_to=beyond, residents=residents)


def _changes(found: Iterable[Published]) -> Iterator[tuple[str, dict[str, int | None]]]:
    return ((one.county, dict(one.flows)) for one in found if one.county is not None and one.flows)


__all__ = ["Population", "PopulationFigure", "population_at"]
