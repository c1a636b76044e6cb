"""The people behind a register: households of two surnames, same-sex twins, foreigners and newborns among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import accumulate

from salus.synth.model import County, Dice
from salus.synth.people.households import Place, ages, household_sizes
from salus.synth.people.names import STREETS
from salus.synth.people.numbers import citizen_number
from salus.synth.register.model import Home, Person
from salus.synth.register.names import LATIN_FAMILY, LATIN_GIVEN, Alike, given_name, surname, twin_name

# Of all people, one in a hundred is one of two twins of a sex.
_TWIN = 0.00503
_ELSEWHERE = 0.012


class People:
    """Makes people household by household; `twins` lists the pairs of same-sex twins made so far."""

    def __init__(self, seed: int, until: date, counties: Sequence[County], alike: Alike) -> None:
        self._dice = Dice(seed, "register")
        self._until = until
        self._alike = alike
        self._counties = tuple(county.code for county in counties)
        self._sums = tuple(accumulate(county.weight for county in counties))
        self._taken: set[str] = set()
        self._made = 0
        self.twins: list[tuple[int, int]] = []

    def home(self) -> Home:
        """Find somewhere to live, by how many people the counties have, and a telephone number."""
        dice = self._dice
        return Home(
            county=self._counties[dice.along(self._sums)],
            street=dice.pick(STREETS),
            number=dice.between(1, 399),
            room=100 * dice.between(1, 18) + dice.between(1, 4),
            phone=phone(dice),
        )

    def households(self) -> Iterator[Person]:
        """Yield people without end, those of a household one after the other."""
        while True:
            for size in household_sizes(self._dice):
                yield from self._household(size)

    def _household(self, size: int) -> Iterator[Person]:
        dice, home = self._dice, self.home()
        family, second = surname(dice), surname(dice)
        elsewhere = dice.between(0, 2) if dice.chance(_ELSEWHERE) else None
        mother: tuple[str, str] | None = None
        for order, place in enumerate(map(self._grown, ages(dice, size))):
            bears = second if place.other_family else family
            guardian = mother if place.age_years <= 2 else None
            person = self._member(place, bears, home, order == 0 or place.age_years < 16, guardian)
            if elsewhere is not None:
                yield self._from_elsewhere(person, elsewhere)
                continue
            if order == 1:
                mother = (person.family[0] + person.given, person.id_number)
            yield person
            if dice.chance(_TWIN):
                yield self._twin(person)

    def _grown(self, place: Place) -> Place:
        """Let most of the smallest children be older: households are drawn from their parents and have too many."""
        if place.age_years > 2 or self._dice.chance(0.3):
            return place
        return replace(place, age_years=self._dice.between(3, 17))

    def _member(
        self, place: Place, family: tuple[str, str], home: Home, at_home: bool, guardian: tuple[str, str] | None
    ) -> Person:
        dice = self._dice
        male = dice.chance(0.505) if place.male is None else place.male
        birth_date = self._until - timedelta(days=dice.between(place.age_years * 365 + 1, place.age_years * 365 + 364))
        given, sounds = given_name(dice, male, birth_date.year)
        area = home.county if dice.chance(0.8) else self._counties[dice.along(self._sums)]
        person = Person(
            index=self._made,
            family=family,
            given=given,
            sounds=sounds,
            male=male,
            birth_date=birth_date,
            id_type="resident-id",
            id_number=self._number(area, birth_date, male),
            phone=home.phone if at_home or dice.chance(0.06) else phone(dice),
            home=home,
            guardian=guardian,
        )
        self._made += 1
        if guardian and dice.chance(0.3):
            return replace(person, id_type="birth-certificate", id_number=f"X{dice.between(0, 999_999_999):09d}")
        if 18 <= place.age_years < 55 and dice.chance(0.004):
            return replace(person, id_type="military", id_number=f"军字第{dice.between(1_000_000, 9_999_999)}号")
        return person

    def _twin(self, first: Person) -> Person:
        """Make a second twin: next in the register's order, so that the numbers differ in one digit and the check."""
        given, sounds = twin_name(self._dice, first.given, first.sounds, first.male, first.birth_date.year, self._alike)
        second = replace(first, index=self._made, given=given, sounds=sounds)
        if first.id_type == "resident-id":
            number = self._number(first.id_number[:6], first.birth_date, first.male, int(first.id_number[14:17]) + 2)
            second = replace(second, id_number=number)
        elif first.id_type == "birth-certificate":
            second = replace(second, id_number=f"X{(int(first.id_number[1:]) + 1) % 10**9:09d}")
        else:
            number = self._number(first.home.county, first.birth_date, first.male)
            second = replace(second, id_type="resident-id", id_number=number)
        self.twins.append((first.index, second.index))
        self._made += 1
        return second

    def _number(self, area: str, birth_date: date, male: bool, order: int | None = None) -> str:
        while True:
            chosen = 2 * self._dice.between(0, 499) + male if order is None else order % 1000
            number = citizen_number(area, birth_date, chosen)
            if number not in self._taken:
                self._taken.add(number)
                return number
            order = None

    def _from_elsewhere(self, person: Person, kind: int) -> Person:
        """Make the person one of Hong Kong (0), of Taiwan (1), or a foreigner with a name in Latin letters."""
        dice = self._dice
        if kind == 0:
            number = f"{'HM'[dice.between(0, 1)]}{dice.between(0, 99_999_999):08d}"
            return replace(person, id_type="hk-macau-permit", id_number=number)
        if kind == 1:
            return replace(person, id_type="taiwan-permit", id_number=f"{dice.between(0, 99_999_999):08d}")
        number = f"{'EGKLN'[dice.between(0, 4)]}{dice.between(0, 99_999_999):08d}"
        latin = (dice.pick(LATIN_FAMILY), dice.pick(LATIN_GIVEN))
        if dice.chance(0.3):
            latin = (latin[0], f"{latin[1]} {dice.pick(LATIN_GIVEN)}")
        return replace(person, id_type="passport", id_number=number, latin=latin)


def phone(dice: Dice) -> str:
    """Make a telephone number that cannot be dialled."""
    return f"100{dice.between(0, 99_999_999):08d}"
