"""What a fictional country consists of. Pure, frozen; personal details stay out of every `repr`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from typing import Any, TypeVar

from salus.kernel import Invalid

T = TypeVar("T")
RECENT_DAYS = 60


class SynthError(Invalid):
    """A country was asked for that cannot be made."""

    code = "SALUS-Y001"


class Dice:
    """Reproducible choices. Draws on `Random.random` alone: Python promises that sequence for a seed, no other."""

    __slots__ = ("_random",)

    def __init__(self, *parts: str | int) -> None:
        self._random = Random("/".join(map(str, parts))).random  # noqa: S311 - reproducible, never secret

    def chance(self, probability: float) -> bool:
        """Answer yes with this probability."""
        return self._random() < probability

    def between(self, low: int, high: int) -> int:
        """Return an integer, both ends included."""
        return low + int(self._random() * (high - low + 1))

    def upto(self, most: float) -> float:
        """Return a number from 0 to `most`, which is left out."""
        return self._random() * most

    def near(self, middle: float, spread: float, digits: int = 1) -> float:
        """Return a bell-shaped number within two spreads of the middle, rounded."""
        sum_of_three = self._random() + self._random() + self._random()
        return round(middle + (sum_of_three - 1.5) * spread * 4 / 3, digits)

    def pick(self, items: tuple[T, ...]) -> T:
        """Return one of the items, all equally likely."""
        return items[int(self._random() * len(items))]

    def along(self, sums: Sequence[float]) -> int:
        """Return a position, by weights given as their running sums."""
        return bisect_right(sums, self._random() * sums[-1])

    def weighted(self, items: tuple[T, ...], weights: tuple[int, ...]) -> T:
        """Return one of the items, by weight."""
        point = self._random() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            point -= weight
            if point < 0:
                return item
        return items[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A province (`code` in two digits), or a prefecture (in four, the first two its province's)."""

    code: str
    name_en: str
    name_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """A county that does not exist; `code` has six digits from 900000 on, the first four its prefecture's."""

    code: str
    name_en: str
    name_zh: str
    weight: int

    @property
    def prefecture(self) -> str:
        """The code of its prefecture."""
        return self.code[:4]

    @property
    def province(self) -> str:
        """The code of its province."""
        return self.code[:2]


NOT_CARE = frozenset("laboratory sampling-site disease-control-centre command-centre review-board department".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """A hospital, laboratory or office; a hospital's `level` runs from 1 (community) to 3 (tertiary).

    `kind` is one of the words that the platform has for kinds of facilities.
    """

    facility_id: str
    name_en: str
    name_zh: str
    level: int
    kind: str
    county: str
    organisation: str
    organisation_zh: str

    @property
    def care(self) -> bool:
        """Tell whether people are treated here."""
        return self.kind not in NOT_CARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Somebody who works at a facility, or for the whole node (None). `role` is one of the platform's words."""

    role: str
    facility: str | None
    name_en: str
    name_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A person who does not exist. `number` is a GB 11643-1999 citizen number, `phone` begins with 100.

    `household` numbers those who live together; the street of their address is in no country.
    """

    index: int
    number: str = field(repr=False)
    family_zh: str = field(repr=False)
    given_zh: str = field(repr=False)
    family_pinyin: str = field(repr=False)
    given_pinyin: str = field(repr=False)
    sex: str = field(repr=False)
    birth_date: date = field(repr=False)
    phone: str = field(repr=False)
    county: str
    facilities: tuple[str, ...]
    household: int = field(repr=False)
    street: str = field(repr=False)

    @property
    def name_zh(self) -> str:
        """The whole name in Chinese characters, family name first."""
        return self.family_zh + self.given_zh

    @property
    def pinyin(self) -> str:
        """The whole name in pinyin without tones, family name first."""
        return f"{self.family_pinyin} {self.given_pinyin}"

    def age_years(self, on: date) -> int:
        """Return the age in years of 365 days."""
        return (on - self.birth_date).days // 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """Everything that follows from a seed; `until` is its last whole day, after which nothing has happened."""

    seed: int
    until: date
    provinces: tuple[Region, ...]
    prefectures: tuple[Region, ...]
    counties: tuple[County, ...]
    facilities: tuple[Facility, ...]
    residents: tuple[Resident, ...]

    def of_kind(self, kind: str) -> tuple[Facility, ...]:
        """Return the facilities of a kind, in the order of the country."""
        return tuple(facility for facility in self.facilities if facility.kind == kind)

    def hospitals(self) -> Iterator[Facility]:
        """Yield the facilities that treat people."""
        return (facility for facility in self.facilities if facility.care)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One R4 transaction bundle, the facility that sends it, and what was planted in it ("" for nothing)."""

    facility_id: str
    bundle: dict[str, Any] = field(repr=False)
    resident: int = field(repr=False)
    planted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visit of the last days: who (index), where, when (civil time), why (ICD-10), and where it comes from.

    `origin` is `ordinary`, `outbreak` or `single`. `late_days` is how long after the visit the hospital wrote it down.
    """

    resident: int = field(repr=False)
    county: str
    facility: str
    at: datetime
    icd10: str
    origin: str = "ordinary"
    late_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One true case. `seen` is the day of the visit, or None where nobody has seen it yet."""

    resident: int = field(repr=False)
    county: str
    facility: str
    onset: date
    seen: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbreak:
    """What is true of an outbreak: its illness (ICD-10), county, first day, and all cases in order of onset."""

    icd10: str
    county: str
    begins: date
    cases: tuple[Case, ...]

    def by_onset(self) -> dict[date, int]:
        """Return the cases of each day on which somebody fell ill."""
        return _daily([case.onset for case in self.cases])

    def by_visit(self) -> dict[date, int]:
        """Return the cases of each day on which somebody was seen."""
        return _daily([case.seen for case in self.cases if case.seen])


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is true of a country and can be scored: the outbreak, the single case of a listed illness, the errors.

    `visits` counts by (county of residence, day, ICD-10); `planted` counts deliveries by what was planted in them.
    """

    outbreak: Outbreak
    single_icd10: str
    single: Case | None
    visits: dict[tuple[str, date, str], int]
    planted: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """How many pupils of a county were absent from school on a day, of how many enrolled."""

    county: str
    day: date
    absent: int
    enrolled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Beds:
    """Beds of one kind: with staff to run them, and occupied."""

    staffed: int
    occupied: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a hospital told of one day. `told_at` is civil time in UTC+8; oxygen is in days at the present use."""

    facility: str
    day: date
    told_at: datetime
    beds: dict[str, Beds]
    ventilators: int
    ventilators_in_use: int
    oxygen_days: float
    antivirals: int
    masks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """One specimen and its result. `collected_by` is a sampling site; instants are aware (UTC+8).

    A result that was corrected later has `corrected`; `final` is what holds in the end.
    """

    resident: int = field(repr=False)
    collected_by: str
    laboratory: str
    collected: datetime
    resulted: datetime
    result: str = field(repr=False)
    corrected: datetime | None = None
    final: str = field(repr=False)


def _daily(days: Sequence[date]) -> dict[date, int]:
    return {day: days.count(day) for day in sorted(set(days))}
