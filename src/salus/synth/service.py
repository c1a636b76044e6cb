"""Make a country and what its hospitals send. The same seed gives the same bytes, on every machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from salus.synth.clinic import bundle
from salus.synth.model import Country, Delivery, SynthError
from salus.synth.people import residents as make_residents
from salus.synth.places import COUNTIES, FACILITIES

PRESENT_DAY = date(2026, 6, 30)
MOST_RESIDENTS = 1_000_000


def country(seed: int, residents: int = 2_000, *, until: date = PRESENT_DAY) -> Country:
    """Make the country of a seed; its first n residents do not depend on how many there are.

    Raises SynthError below 1 or above 1,000,000 residents.
    """
    if not 1 <= residents <= MOST_RESIDENTS:
        raise SynthError(f"a country has 1 to {MOST_RESIDENTS} residents; ask for a number in between")
    people = tuple(make_residents(seed, residents, until))
    return Country(seed=seed, until=until, counties=COUNTIES, facilities=FACILITIES, residents=people)


def bundles(country: Country) -> Iterator[Delivery]:
    """Yield one R4 transaction bundle per resident and facility, resident by resident, in a fixed order.

    Each holds the Patient as that facility knows it, and every visit there. All entries have `urn:uuid` full URLs and
    POST requests; references stay inside the bundle. Nothing has coordinates.
    """
    names = {facility.facility_id: facility for facility in country.facilities}
    for resident in country.residents:
        for order, facility_id in enumerate(resident.facilities):
            yield Delivery(facility_id=facility_id, bundle=bundle(country, resident, names[facility_id], order))
