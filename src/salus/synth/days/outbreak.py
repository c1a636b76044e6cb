"""The planted outbreak and the planted single case. Who falls ill, and when, is known here and nowhere in a record."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby

from salus.synth.model import Case, Country, Dice, Outbreak, Resident

ICD10 = "U07.1"
SINGLE_ICD10 = "A00.9"
LASTS_DAYS = 24
# A day has this much more new cases than the one before, on the logarithmic scale: they double in 4.6 days.
GROWTH = 0.15
_PLACES = ("910102", "910121", "920181")
_FIRST_ILL, _SECOND_ILL = 0.05, 0.3
# So many residents of the county, the first ones, always fall ill, so that a small country has an outbreak too.
_ALWAYS = 3


def outbreak(country: Country) -> Outbreak:
    """Return the country's outbreak: exponential growth in one county until the present day, and within households."""
    county = Dice(country.seed, "outbreak").pick(_PLACES)
    people = [resident for resident in country.residents if resident.county == county]
    always = {resident.index: order for order, resident in enumerate(people[:_ALWAYS])}
    cases: list[Case] = []
    for home, members in groupby(people, key=lambda resident: resident.household):
        cases += _home(country, Dice(country.seed, "outbreak", home), list(members), always)
    return Outbreak(
        icd10=ICD10,
        county=county,
        begins=country.until - timedelta(days=LASTS_DAYS - 1),
        cases=tuple(sorted(cases, key=lambda case: (case.onset, case.resident))),
    )


def _home(country: Country, dice: Dice, members: list[Resident], always: dict[int, int]) -> Iterator[Case]:
    """Yield who of a household falls ill: the first from outside, others from the first."""
    first: date | None = None
    for resident in members:
        onset = None
        if resident.index in always:
            onset = country.until - timedelta(days=3 + always[resident.index])
        elif first is None:
            if dice.chance(_FIRST_ILL):
                onset = first = country.until - timedelta(days=LASTS_DAYS - 1 - _day(dice))
        elif dice.chance(_SECOND_ILL):
            onset = first + timedelta(days=dice.between(2, 6))
        if onset is not None and onset <= country.until:
            waits = 1 if resident.index in always else dice.between(0, 2)
            seen = onset + timedelta(days=waits)
            yield Case(
                resident=resident.index,
                county=resident.county,
                facility=resident.facilities[0],
                onset=onset,
                seen=seen if seen <= country.until else None,
            )


def _day(dice: Dice) -> int:
    """Draw a day from exponential growth that is cut off at the present day."""
    return min(LASTS_DAYS - 1, int(math.log1p(dice.upto(math.expm1(GROWTH * LASTS_DAYS))) / GROWTH))


def single(country: Country, elsewhere: str) -> Case | None:
    """Return the single case of a listed illness: the first grown resident of a county that has no outbreak."""
    county = Dice(country.seed, "single").pick(tuple(c for c in ("910122", "920223", "910101") if c != elsewhere))
    day = country.until - timedelta(days=1)
    for one in country.residents:
        if one.county == county and one.age_years(day) >= 18:
            return Case(resident=one.index, county=county, facility=one.facilities[0], onset=day, seen=day)
    return None
