"""Beds, ventilators and supplies by hospital and day. Some hospitals fell silent, and some never spoke."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from salus.synth.days.outbreak import outbreak
from salus.synth.model import Beds, Country, Dice, Facility, Resources
from salus.synth.places import FIRST_HOSPITALS

DAYS = 7
BED_KINDS = ("ordinary", "oxygen", "icu", "isolation", "other")
# Staffed beds by level; a guess at the proportions of a county's hospitals.
_BEDS = {1: (12, 2, 0, 1, 3), 2: (150, 24, 8, 8, 14), 3: (420, 80, 30, 20, 40)}
_FILLED = (0.8, 0.6, 0.66, 0.3, 0.5)
_SILENT, _STALE = 0.08, 0.12
_STAYS_DAYS = 10


def resources(country: Country) -> Iterator[Resources]:
    """Yield what hospitals told of the last seven days, hospital by hospital, day by day.

    From the sixth hospital on some tell nothing at all, and some have told nothing for two days or more; the last
    hospital is always silent, and the one before it always stale.
    """
    load = _load(country)
    hospitals = list(country.hospitals())
    for order, facility in enumerate(hospitals):
        dice = Dice(country.seed, "resources", facility.facility_id)
        quiet = _quiet_days(dice, order, len(hospitals))
        for back in range(DAYS - 1, quiet - 1, -1):
            day = country.until - timedelta(days=back)
            yield _told(Dice(country.seed, "resources", facility.facility_id, day.isoformat()), facility, day, load)


def _quiet_days(dice: Dice, order: int, hospitals: int) -> int:
    """Return for how many days a hospital has told nothing; all seven for a silent one."""
    silent, stale, days = dice.chance(_SILENT), dice.chance(_STALE), dice.between(2, 5)
    if order < len(FIRST_HOSPITALS):
        return 0
    if order == hospitals - 1 or silent:
        return DAYS
    return days if stale or order == hospitals - 2 else 0


def _told(dice: Dice, facility: Facility, day: date, load: Counter[tuple[str, date]]) -> Resources:
    pressure = load[facility.facility_id, day]
    beds = {}
    for kind, size, filled in zip(BED_KINDS, _BEDS[facility.level], _FILLED, strict=True):
        staffed = max(0, size + dice.between(-size // 12, size // 12))
        more = {"oxygen": pressure // 3, "icu": pressure // 12, "isolation": pressure // 2}.get(kind, 0)
        occupied = round(staffed * dice.near(filled, 0.06, 3)) + more
        beds[kind] = Beds(staffed=staffed, occupied=min(staffed, max(0, occupied)))
    ventilators = _BEDS[facility.level][2] + dice.between(0, 4)
    return Resources(
        facility=facility.facility_id,
        day=day,
        told_at=datetime.combine(day, time(17, 0)) + timedelta(minutes=dice.between(0, 170)),
        beds=beds,
        ventilators=ventilators,
        ventilators_in_use=min(ventilators, round(ventilators * dice.near(0.45, 0.12, 3)) + pressure // 15),
        oxygen_days=round(max(0.5, dice.near(11, 2.5) - pressure * 0.08), 1),
        antivirals=max(0, 40 * facility.level**2 + dice.between(-20, 20) - 2 * pressure),
        masks=max(0, 3_000 * facility.level + dice.between(-800, 800) - 40 * pressure),
    )


def _load(country: Country) -> Counter[tuple[str, date]]:
    """Count by hospital and day the outbreak's patients of the last ten days."""
    counts: Counter[tuple[str, date]] = Counter()
    for case in outbreak(country).cases:
        for after in range(_STAYS_DAYS if case.seen else 0):
            counts[case.facility, (case.seen or case.onset) + timedelta(days=after)] += 1
    return counts
