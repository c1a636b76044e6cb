"""Make a country and what its hospitals send. The same seed gives the same bytes, on every machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from salus.synth import days, places
from salus.synth.clinic import WITH_HISTORY, bundle, clean, planted, spoilt
from salus.synth.model import Country, Delivery, SynthError, Truth, Worker
from salus.synth.people import residents as make_residents

PRESENT_DAY = date(2026, 7, 1)
CIVIL = timezone(timedelta(hours=8))
MORNING = datetime.combine(PRESENT_DAY, time(8, 0), CIVIL)
"""The instant at which a demo of a country that ends the day before begins."""
MOST_RESIDENTS = 1_000_000


def country(
    seed: int, residents: int = 20_000, counties: int = 30, *, until: date = PRESENT_DAY - timedelta(days=1)
) -> Country:
    """Make the country of a seed; its first n residents do not depend on how many there are.

    Nor do the first 2,000 depend on how many counties there are. Raises SynthError below 1 or above 1,000,000
    residents, and below 20 or above 3,100 counties.
    """
    if not 1 <= residents <= MOST_RESIDENTS:
        raise SynthError(f"a country has 1 to {MOST_RESIDENTS} residents; ask for a number in between")
    found = places.places(seed, counties)
    facilities = places.facilities(found.counties)
    return Country(
        seed=seed,
        until=until,
        provinces=found.provinces,
        prefectures=found.prefectures,
        counties=found.counties,
        facilities=facilities,
        residents=tuple(make_residents(seed, residents, until, found.counties, facilities)),
    )


def present(country: Country) -> datetime:
    """Return the instant at which a demo of the country begins: eight in the morning, civil time (UTC+8)."""
    return datetime.combine(country.until + timedelta(days=1), time(8, 0), CIVIL)


def topology(country: Country) -> dict[str, Any]:
    """Return the country's map as TopoJSON: one object, `counties`, whose ids are codes. No coordinate is of a planet.

    Each county has name_en, name_zh, prefecture and province (codes, and with _en and _zh names) and its centre.
    """
    return places.topology(places.places(country.seed, len(country.counties)), country.seed)


def centres(country: Country) -> dict[str, tuple[float, float]]:
    """Return the middle of each county in km, as if a county of middling area were 40 km wide."""
    found = places.places(country.seed, len(country.counties))
    scale = 40 / places.county_side(found)
    return {code: (round(x * scale, 1), round(y * scale, 1)) for code, (x, y) in places.centres(found).items()}


def workers(country: Country) -> tuple[Worker, ...]:
    """Return who works at the country's facilities, in every role that a named person has."""
    return places.workers()


def population(country: Country) -> dict[str, int]:
    """Return how many residents each county has, none left out."""
    counts = dict.fromkeys((county.code for county in country.counties), 0)
    for resident in country.residents:
        counts[resident.county] += 1
    return counts


def bundles(country: Country) -> Iterator[Delivery]:
    """Yield one R4 transaction bundle per resident and facility, resident by resident, in a fixed order.

    Each holds the Patient as that facility knows it, and every visit there; residents without a visit have none. All
    entries have `urn:uuid` full URLs and POST requests; references stay inside the bundle. Nothing has coordinates.
    """
    names = {facility.facility_id: facility for facility in country.facilities}
    counties = {county.code: county for county in country.counties}
    for resident, visits in days.by_resident(country, days.outbreak(country)):
        for order, facility_id in enumerate(resident.facilities):
            recent = [visit for visit in visits if visit.facility == facility_id]
            if recent or resident.index < WITH_HISTORY:
                made = bundle(country, counties[resident.county], resident, names[facility_id], order, recent)
                yield Delivery(facility_id=facility_id, bundle=made, resident=resident.index)


def deliveries(country: Country) -> Iterator[Delivery]:
    """Yield the bundles as they are really sent: some with a mistake, and after all others what is sent once more.

    `planted` tells what is wrong, or was put right. Visits and diagnoses keep their identifiers when sent again.
    """
    later = []
    for delivery in bundles(country):
        resident = country.residents[delivery.resident]
        kind = planted(country.seed, resident.index, delivery.facility_id)
        if not kind:
            yield delivery
            continue
        again = clean(delivery, kind)
        later += [again] if again else []
        yield replace(delivery, bundle=spoilt(delivery.bundle, resident, kind), planted=kind)
    yield from later


def truth(country: Country) -> Truth:
    """Return what is true of the country, to score against; see `Truth`."""
    found = days.outbreak(country)
    visits: Counter[tuple[str, date, str]] = Counter()
    kinds: Counter[str] = Counter()
    for resident, recent in days.by_resident(country, found):
        visits.update((visit.county, visit.at.date(), visit.icd10) for visit in recent)
        at = {visit.facility for visit in recent}
        sent = (f for f in resident.facilities if f in at or resident.index < WITH_HISTORY)
        kinds.update(planted(country.seed, resident.index, facility) for facility in sent)
        kinds["late"] += sum(visit.late_days > 0 for visit in recent)
    del kinds[""]
    return Truth(
        outbreak=found,
        single_icd10=days.SINGLE_ICD10,
        single=days.single(country, found.county),
        visits=dict(visits),
        planted=dict(kinds),
    )
