"""Every visit of the last sixty days: ordinary illness by season and weekday, and what is planted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from salus.synth.clinic.illnesses import befalling
from salus.synth.days.outbreak import ICD10, SINGLE_ICD10, outbreak, single
from salus.synth.days.seasons import share
from salus.synth.model import RECENT_DAYS, Case, Country, Dice, Outbreak, Resident, Visit

# How many times people think of going to a hospital in sixty days; season and weekday thin it out.
_COUNTS, _COUNT_WEIGHTS = (0, 1, 2, 3), (34, 36, 21, 9)
_LATE = 0.02


def visits(country: Country) -> Iterator[Visit]:
    """Yield all visits of the last sixty days, resident by resident, each resident's in order of time."""
    for _, found in by_resident(country, outbreak(country)):
        yield from found


def by_resident(country: Country, planted: Outbreak) -> Iterator[tuple[Resident, list[Visit]]]:
    """Yield every resident with their visits, which may be none."""
    cases: dict[int, list[tuple[Case, str, str]]] = {}
    for case in planted.cases:
        cases.setdefault(case.resident, []).append((case, ICD10, "outbreak"))
    lone = single(country, planted.county)
    if lone:
        cases.setdefault(lone.resident, []).append((lone, SINGLE_ICD10, "single"))
    for resident in country.residents:
        dice = Dice(country.seed, "days", resident.index)
        found = list(_ordinary(country, resident, dice))
        found += [
            _of_case(country, case, icd10, origin) for case, icd10, origin in cases.get(resident.index, ()) if case.seen
        ]
        yield resident, sorted(found, key=lambda visit: (visit.at, visit.icd10))


def _ordinary(country: Country, resident: Resident, dice: Dice) -> Iterator[Visit]:
    for _ in range(dice.weighted(_COUNTS, _COUNT_WEIGHTS)):
        back = dice.between(0, RECENT_DAYS - 1)
        day = country.until - timedelta(days=back)
        if day < resident.birth_date:
            continue
        possible, sums = befalling(resident.age_years(day), resident.sex)
        illness = possible[dice.along(sums)]
        minute = dice.between(0, 540)
        facility = resident.facilities[0 if dice.chance(0.8) else -1]
        late = min(back, dice.between(3, 9)) if dice.chance(_LATE) else 0
        if dice.chance(share(illness.icd10, day)):
            yield Visit(
                resident=resident.index,
                county=resident.county,
                facility=facility,
                at=datetime.combine(day, time(8, 0)) + timedelta(minutes=minute),
                icd10=illness.icd10,
                late_days=late,
            )


def _of_case(country: Country, case: Case, icd10: str, origin: str) -> Visit:
    minute = Dice(country.seed, origin, "visit", case.resident).between(0, 540)
    return Visit(
        resident=case.resident,
        county=case.county,
        facility=case.facility,
        at=datetime.combine(case.seen or case.onset, time(8, 0)) + timedelta(minutes=minute),
        icd10=icd10,
        origin=origin,
    )
