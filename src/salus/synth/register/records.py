"""A register of several senders from a seed: about 16 rows for 10 people, and who is who in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate

from salus.synth import places
from salus.synth.model import Dice, SynthError
from salus.synth.register import mistakes
from salus.synth.register.model import Home, Person, Record
from salus.synth.register.names import Alike
from salus.synth.register.people import People

SOURCES = ("city-hospital", "county-hospital", "township-clinic", "insurance", "vaccination")
MOST_PEOPLE = 20_000_000
_UNTIL = date(2026, 6, 30)
_FIRST_RECORD = date(2012, 1, 1)
# How many rows a person has, from one to six.
_ROWS = tuple(accumulate((600, 250, 95, 37, 13, 5)))
_AGAIN = 0.04
_MOVED = 0.10
_NOBODY = 0.0005
_FEW_ALIKE = Alike()
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


class Records:
    """The rows of a register, made one at a time and once only; they do not depend on how many follow.

    `people` and `twins` are what is true: whose each row is, by its record id, and the pairs of people who are twins
    of one sex. Both are complete when the rows are exhausted.
    """

    def __init__(self, seed: int, people: int, counties: int, alike: Alike) -> None:
        found = places.places(seed, counties)
        self._names = {county.code: county.name_zh for county in found.counties}
        self._make = People(seed, _UNTIL, found.counties, alike)
        self._dice = Dice(seed, "register rows")
        self._count = people
        self._seed = seed
        self.people: dict[str, int] = {}

    @property
    def twins(self) -> list[tuple[int, int]]:
        """The pairs of same-sex twins, as the numbers that `people` gives."""
        return [pair for pair in self._make.twins if pair[1] < self._count]

    def __iter__(self) -> Iterator[Record]:
        for person in self._make.households():
            if person.index >= self._count:
                return
            yield from self._rows(person)

    def _rows(self, person: Person) -> Iterator[Record]:
        dice = self._dice
        source, stride = dice.between(0, 4), dice.between(1, 4)
        for _ in range(1 + dice.along(_ROWS)):
            record = self._row(person, SOURCES[source])
            self.people[record.record_id] = person.index
            yield record
            if not dice.chance(_AGAIN):
                source = (source + stride) % 5

    def _row(self, person: Person, source: str) -> Record:
        dice = self._dice
        home = self._moved(person.home) if dice.chance(_MOVED) else person.home
        record_id = f"{(len(self.people) * 2_654_435_761 + self._seed) % 2**32:08x}"
        first = max(_FIRST_RECORD, person.birth_date)
        day = first + timedelta(days=dice.between(0, (_UNTIL - first).days))
        at = f"{day.isoformat()}T{dice.between(7, 19):02d}:{dice.between(0, 59):02d}:00+08:00"
        male = person.male != dice.chance(0.01)
        if dice.chance(_NOBODY):
            return _nobody(record_id, source, male, f"T{dice.between(0, 9_999_999):07d}", home.county, at)
        id_type, id_number = mistakes.number(dice, person)
        telephone = mistakes.telephone(dice, person)
        return Record(
            record_id,
            source,
            mistakes.name(dice, person),
            "male" if male else "female",
            mistakes.birth_date(dice, person.birth_date),
            id_type,
            id_number.translate(_WIDE) if dice.chance(0.002) else id_number,
            f"{telephone[:3]}-{telephone[3:7]}-{telephone[7:]}" if dice.chance(0.02) else telephone,
            home.county,
            mistakes.address(dice, home, self._names[home.county]),
            at,
        )

    def _moved(self, home: Home) -> Home:
        """Move: half the time within the county."""
        elsewhere = self._make.home()
        if self._dice.chance(0.5):
            return elsewhere
        return Home(
            county=home.county,
            street=elsewhere.street,
            number=elsewhere.number,
            room=elsewhere.room,
            phone=home.phone,
        )


def _nobody(record_id: str, source: str, male: bool, number: str, county: str, at: str) -> Record:
    """Write down somebody who could not say who they are."""
    sex = "male" if male else "female"
    return Record(record_id, source, "无名氏", sex, "", "temporary", number, "", county, "", at)


def records(seed: int, people: int, *, counties: int = 100, alike: Alike = _FEW_ALIKE) -> Records:
    """Return the register of a seed with this many people, iterated once; the same seed gives the same rows.

    `alike` gives more twins names that are hard to tell apart. Raises SynthError below 1 or above 20,000,000 people,
    and below 20 or above 3,100 counties.
    """
    if not 1 <= people <= MOST_PEOPLE:
        raise SynthError(f"a register has 1 to {MOST_PEOPLE} people; ask for a number in between")
    return Records(seed, people, counties, alike)
