"""Who lives in the country. A resident depends on the seed and an index alone, so a smaller country is a beginning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from salus.synth.model import Dice, Resident
from salus.synth.people.names import FEMALE, MALE, SURNAME_WEIGHTS, SURNAMES
from salus.synth.people.numbers import citizen_number
from salus.synth.places import COUNTIES, FACILITIES, NEAREST

# Shares of people by age in years (lower end, upper end, weight): a country that grows old, like its model.
_AGES = ((0, 5, 6), (6, 17, 13), (18, 34, 21), (35, 49, 22), (50, 64, 22), (65, 79, 13), (80, 96, 3))


def residents(seed: int, count: int, until: date) -> Iterator[Resident]:
    """Make residents 0 to `count` - 1; no two share a citizen number."""
    taken: set[str] = set()
    for index in range(count):
        dice = Dice(seed, "resident", index)
        yield _resident(dice, index, until, taken)


def _resident(dice: Dice, index: int, until: date, taken: set[str]) -> Resident:
    male = dice.chance(0.505)
    county = dice.weighted(COUNTIES, tuple(county.weight for county in COUNTIES)).code
    birth_date, number = _birth(dice, male, county, until, taken)
    family = dice.weighted(SURNAMES, SURNAME_WEIGHTS)
    given = [dice.pick(MALE if male else FEMALE) for _ in range(2 if dice.chance(0.78) else 1)]
    return Resident(
        index=index,
        number=number,
        family_zh=family[0],
        given_zh="".join(character for character, _ in given),
        family_pinyin=family[1],
        given_pinyin="".join(sound for _, sound in given).capitalize(),
        sex="male" if male else "female",
        birth_date=birth_date,
        phone=f"100{dice.between(0, 99_999_999):08d}",
        county=county,
        facilities=_facilities(dice, county, male, (until - birth_date).days // 365),
    )


def _birth(dice: Dice, male: bool, county: str, until: date, taken: set[str]) -> tuple[date, str]:
    while True:
        low, high, _ = dice.weighted(_AGES, tuple(weight for _, _, weight in _AGES))
        birth_date = until - timedelta(days=dice.between(low * 365 + 1, high * 365 + 364))
        number = citizen_number(county, birth_date, 2 * dice.between(0, 499) + male)
        if number not in taken:
            taken.add(number)
            return birth_date, number


def _facilities(dice: Dice, county: str, male: bool, age_years: int) -> tuple[str, ...]:
    """Choose the facilities that a resident goes to: the nearest, and for a third of them one more."""
    for_them = tuple(
        f.facility_id for f in FACILITIES if f.facility_id != "H2" or age_years < 18 or not (male or age_years > 49)
    )
    first = NEAREST[county] if NEAREST[county] in for_them else "H1"
    others = tuple(facility_id for facility_id in for_them if facility_id != first)
    return (first, dice.pick(others)) if dice.chance(0.33) else (first,)
