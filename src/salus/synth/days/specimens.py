"""Specimens and results around the outbreak: taken at one organisation's site, read at another's laboratory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone

from salus.synth.days.outbreak import outbreak
from salus.synth.model import Country, Dice, Facility, Resident, Specimen

_CIVIL = timezone(timedelta(hours=8))
_CONTACTS_A_CASE = 1.2
_CORRECTED_AFTER = timedelta(hours=20)


def specimens(country: Country) -> tuple[Specimen, ...]:
    """Return the specimens with a result by the morning after the last day, in order of collection.

    Cases are `positive`; people of the same county who were tested beside them are `negative`, except for one: the
    first of them was told `positive` by mistake, and is corrected to `negative` twenty hours later.
    """
    found = outbreak(country)
    ill = {case.resident for case in found.cases}
    well = [r for r in country.residents if r.county == found.county and r.index not in ill]
    made = [
        _specimen(country, country.residents[case.resident], case.seen, "positive") for case in found.cases if case.seen
    ]
    mistaken = well[:1]
    made += [_specimen(country, r, country.until - timedelta(days=2), "positive", "negative") for r in mistaken]
    days = [case.seen for case in found.cases if case.seen]
    made += [_specimen(country, r, day, "negative") for r, day in _beside(country, well[1:], days)]
    morning = datetime.combine(country.until + timedelta(days=1), time(8, 0), _CIVIL)
    done = [specimen for specimen in made if specimen.resulted <= morning]
    return tuple(sorted(done, key=lambda specimen: (specimen.collected, specimen.resident)))


def _beside(country: Country, well: list[Resident], days: list[date]) -> Iterator[tuple[Resident, date]]:
    """Choose who was tested beside the cases, each once."""
    dice = Dice(country.seed, "beside")
    left = list(well)
    for _ in range(min(len(left), round(len(days) * _CONTACTS_A_CASE))):
        place = dice.between(0, len(left) - 1)
        chosen, left[place] = left[place], left[-1]
        left.pop()
        yield chosen, days[dice.between(0, len(days) - 1)]


def _specimen(country: Country, resident: Resident, day: date, result: str, final: str | None = None) -> Specimen:
    dice = Dice(country.seed, "specimen", resident.index)
    site, laboratory = _where(country, dice, resident)
    collected = datetime.combine(day, time(17, 10), _CIVIL) + timedelta(minutes=dice.between(0, 90))
    resulted = collected + timedelta(minutes=dice.between(600, 840))
    return Specimen(
        resident=resident.index,
        collected_by=site.facility_id,
        laboratory=laboratory.facility_id,
        collected=collected,
        resulted=resulted,
        result=result,
        corrected=resulted + _CORRECTED_AFTER if final else None,
        final=final or result,
    )


def _where(country: Country, dice: Dice, resident: Resident) -> tuple[Facility, Facility]:
    """Choose the county's own sampling site where it has one, and a laboratory."""
    sites = country.of_kind("sampling-site")
    near = tuple(site for site in sites if site.county == resident.county)
    return dice.pick(near or sites), dice.pick(country.of_kind("laboratory"))
