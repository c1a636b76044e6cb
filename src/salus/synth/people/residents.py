"""Who lives in the country. A resident depends on the seed and an index alone, so a smaller country is a beginning.

The first 2,000 live alone in the six counties that every country has; all others in households, everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate

from salus.synth.model import County, Dice, Facility, Resident
from salus.synth.people.households import BLOCK, Place, ages, household_sizes
from salus.synth.people.names import FEMALE, MALE, STREETS, SURNAME_SUMS, SURNAMES
from salus.synth.people.numbers import citizen_number
from salus.synth.places import COUNTIES, FIRST_HOSPITALS, NEAREST, nearest

FIRST = 2_000
# Shares of people by age in years (lower end, upper end, weight): a country that grows old, like its model.
_AGES = ((0, 5, 6), (6, 17, 13), (18, 34, 21), (35, 49, 22), (50, 64, 22), (65, 79, 13), (80, 96, 3))
_AGE_SUMS = tuple(accumulate(weight for _, _, weight in _AGES))
_FIRST_SUMS = tuple(accumulate(county.weight for county in COUNTIES))


def residents(
    seed: int, count: int, until: date, counties: Sequence[County], facilities: Sequence[Facility]
) -> Iterator[Resident]:
    """Make residents 0 to `count` - 1; no two share a citizen number."""
    taken: set[str] = set()
    for index in range(min(count, FIRST)):
        yield _first(seed, index, until, taken)
    homes = _Homes(seed, until, counties, facilities, taken)
    for start in range(FIRST, count, BLOCK):
        yield from list(homes.block(start))[: count - start]


def _first(seed: int, index: int, until: date, taken: set[str]) -> Resident:
    dice = Dice(seed, "resident", index)
    male = dice.chance(0.505)
    county = COUNTIES[dice.along(_FIRST_SUMS)].code
    birth_date, number = _born(dice, male, county, until, taken, None)
    family = SURNAMES[dice.along(SURNAME_SUMS)]
    given = _given(dice, male)
    return Resident(
        index=index,
        number=number,
        family_zh=family[0],
        given_zh=given[0],
        family_pinyin=family[1],
        given_pinyin=given[1],
        sex="male" if male else "female",
        birth_date=birth_date,
        phone=_phone(dice),
        county=county,
        facilities=_facilities(dice, county, male, (until - birth_date).days // 365),
        household=index,
        street=_street(Dice(seed, "home", index)),
    )


class _Homes:
    """Makes residents household by household, a block of a fixed number of residents at a time."""

    def __init__(
        self, seed: int, until: date, counties: Sequence[County], facilities: Sequence[Facility], taken: set[str]
    ) -> None:
        self.seed, self.until, self.counties, self.taken = seed, until, counties, taken
        self.sums = list(accumulate(county.weight for county in counties))
        self.nearest = nearest(facilities)
        self.seats = {f.county[:4]: f.facility_id for f in reversed(facilities) if f.care and f.level == 3}

    def block(self, start: int) -> Iterator[Resident]:
        dice = Dice(self.seed, "block", start)
        index = start
        for size in household_sizes(dice):
            for one in self.household(dice, index, size):
                yield one
                index += 1

    def household(self, dice: Dice, index: int, size: int) -> Iterator[Resident]:
        county = self.counties[dice.along(self.sums)]
        street, phone = _street(dice), _phone(dice)
        family, second = SURNAMES[dice.along(SURNAME_SUMS)], SURNAMES[dice.along(SURNAME_SUMS)]
        at = self.nearest[county.code]
        seat = self.seats.get(county.prefecture, "H1")
        for order, place in enumerate(ages(dice, size)):
            yield self.member(
                dice,
                index + order,
                place,
                county.code,
                second if place.other_family else family,
                (at, seat) if seat != at and dice.chance(0.2) else (at,),
                phone if place.age_years < 16 or order == 0 else _phone(dice),
                (index, street),
            )

    def member(
        self,
        dice: Dice,
        index: int,
        place: Place,
        county: str,
        family: tuple[str, str],
        facilities: tuple[str, ...],
        phone: str,
        home: tuple[int, str],
    ) -> Resident:
        male = dice.chance(0.505) if place.male is None else place.male
        birth_date, number = _born(dice, male, county, self.until, self.taken, place.age_years)
        given = _given(dice, male)
        return Resident(
            index=index,
            number=number,
            family_zh=family[0],
            given_zh=given[0],
            family_pinyin=family[1],
            given_pinyin=given[1],
            sex="male" if male else "female",
            birth_date=birth_date,
            phone=phone,
            county=county,
            facilities=facilities,
            household=home[0],
            street=home[1],
        )


def _born(dice: Dice, male: bool, county: str, until: date, taken: set[str], age_years: int | None) -> tuple[date, str]:
    """Choose a birth date, of the whole people or of an age, and a number that nobody has."""
    while True:
        low, high = (age_years, age_years) if age_years is not None else _AGES[dice.along(_AGE_SUMS)][:2]
        birth_date = until - timedelta(days=dice.between(low * 365 + 1, high * 365 + 364))
        number = citizen_number(county, birth_date, 2 * dice.between(0, 499) + male)
        if number not in taken:
            taken.add(number)
            return birth_date, number


def _given(dice: Dice, male: bool) -> tuple[str, str]:
    pairs = [dice.pick(MALE if male else FEMALE) for _ in range(2 if dice.chance(0.78) else 1)]
    return "".join(character for character, _ in pairs), "".join(sound for _, sound in pairs).capitalize()


def _phone(dice: Dice) -> str:
    return f"100{dice.between(0, 99_999_999):08d}"


def _street(dice: Dice) -> str:
    return f"{dice.pick(STREETS)}{dice.between(1, 180)}号{dice.between(1, 24)}室"


def _facilities(dice: Dice, county: str, male: bool, age_years: int) -> tuple[str, ...]:
    """Choose the facilities that a resident goes to: the nearest, and for a third of them one more."""
    for_them = tuple(
        f.facility_id
        for f in FIRST_HOSPITALS
        if f.facility_id != "H2" or age_years < 18 or not (male or age_years > 49)
    )
    first = NEAREST[county] if NEAREST[county] in for_them else "H1"
    others = tuple(facility_id for facility_id in for_them if facility_id != first)
    return (first, dice.pick(others)) if dice.chance(0.33) else (first,)
