"""School absence by county and day, as a department of education counts it: no pupil, only numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from salus.synth.days.outbreak import outbreak
from salus.synth.model import RECENT_DAYS, Absence, Country, Dice

_PUPILS = (6, 17)
_ORDINARY = 0.028
_STAYS_DAYS = 6
# For each pupil whose case is known to us, so many more stay at home and see nobody.
_UNSEEN = 3


def school_absence(country: Country) -> Iterator[Absence]:
    """Yield absent and enrolled pupils of each county for each school day of the last sixty, day by day.

    Counties without a pupil have no line. Pupils are residents of 6 to 17 years.
    """
    pupils = [r for r in country.residents if _PUPILS[0] <= r.age_years(country.until) <= _PUPILS[1]]
    enrolled = Counter(pupil.county for pupil in pupils)
    ill = _ill(country, {pupil.index for pupil in pupils})
    for back in range(RECENT_DAYS - 1, -1, -1):
        day = country.until - timedelta(days=back)
        if day.weekday() < 5:
            for county in country.counties:
                if enrolled[county.code]:
                    yield _absence(country.seed, county.code, day, enrolled[county.code], ill[county.code, day])


def _absence(seed: int, county: str, day: date, enrolled: int, ill: int) -> Absence:
    dice = Dice(seed, "absence", county, day.isoformat())
    spread = (enrolled * _ORDINARY) ** 0.5
    ordinary = max(0, round(dice.near(enrolled * _ORDINARY, spread)))
    return Absence(county=county, day=day, absent=min(enrolled, ordinary + ill), enrolled=enrolled)


def _ill(country: Country, pupils: set[int]) -> Counter[tuple[str, date]]:
    """Count who is at home with the outbreak's illness, seen or not."""
    counts: Counter[tuple[str, date]] = Counter()
    for case in outbreak(country).cases:
        if case.resident in pupils:
            for after in range(_STAYS_DAYS):
                counts[case.county, case.onset + timedelta(days=after)] += 1 + _UNSEEN
    return counts
