"""The population as figures that may leave the house: by county, sex and age, with births, deaths and moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from itertools import groupby

from salus import parties
from salus.app.node import Node
from salus.records.population import Change, Denominator, changes, check_surveyed, denominators, hidden, suppressed
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

    Raises Unavailable until the charts of an earlier release are counted.
    """
    counties = {place.facility_id: place.county for place in parties.facilities(node.store) if place.care}
    with node.store.transaction(Duty.CARE) as tx:
        check_surveyed(tx)
        table = denominators(tx, month, counties)
        changed = changes(tx, month, counties)
    return Population(month=month, figures=tuple(_figures(table)), changes=tuple(_change(one) for one in changed))


def _figures(table: list[Denominator]) -> Iterator[PopulationFigure]:
    """Hide small figures county by county, and what would let one be computed from totals by sex and by age."""
    for _, found in groupby(table, key=lambda one: one.county):
        cells = {(one.sex, f"{one.age_from}"): one for one in found}
        small = hidden({cell: one.residents for cell, one in cells.items()})
        for cell, one in cells.items():
            yield PopulationFigure(
                county=one.county,
                sex=one.sex,
                age_from=one.age_from,
                age_to=one.age_to,
                residents=None if cell in small else one.residents,
            )


def _change(one: Change) -> tuple[str, dict[str, int | None]]:
    """Hide small flows; where one is hidden, what the totals before and after would tell of it is hidden, too."""
    names = [field.name for field in fields(one) if field.name not in ("month", "county", "before", "after")]
    flows = suppressed({name: getattr(one, name) for name in names})
    ends = suppressed({"before": one.before, "after": one.after})
    if list(flows.values()).count(None) == 1:
        ends = {**ends, "before": None}
    return one.county, {"before": ends["before"], **flows, "after": ends["after"]}


__all__ = ["Population", "PopulationFigure", "population_at"]
