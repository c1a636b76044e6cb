"""What a fictional country consists of. Pure, frozen; personal details stay out of every `repr`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any, TypeVar

from salus.kernel import Invalid

T = TypeVar("T")


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

    def near(self, middle: float, spread: float, digits: int = 1) -> float:
        """Return a bell-shaped number within two spreads of the middle, rounded."""
        sum_of_three = self._random() + self._random() + self._random()
        return round(middle + (sum_of_three - 1.5) * spread * 4 / 3, digits)

    def pick(self, items: tuple[T, ...]) -> T:
        """Return one of the items, all equally likely."""
        return items[int(self._random() * len(items))]

    def weighted(self, items: tuple[T, ...], weights: tuple[int, ...]) -> T:
        """Return one of the items, by weight."""
        point = self._random() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            point -= weight
            if point < 0:
                return item
        return items[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """A county that does not exist; `code` has six digits from 900000 on."""

    code: str
    name_en: str
    name_zh: str
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """A hospital or health centre; `level` runs from 1 (community) to 3 (tertiary)."""

    facility_id: str
    name_en: str
    name_zh: str
    level: int
    kind: str
    county: str
    organisation: str
    care: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A person who does not exist. `number` is a GB 11643-1999 citizen number, `phone` begins with 100."""

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

    @property
    def name_zh(self) -> str:
        """The whole name in Chinese characters, family name first."""
        return self.family_zh + self.given_zh

    @property
    def pinyin(self) -> str:
        """The whole name in pinyin without tones, family name first."""
        return f"{self.family_pinyin} {self.given_pinyin}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """Everything that follows from a seed; `until` is its present day, after which nothing has happened."""

    seed: int
    until: date
    counties: tuple[County, ...]
    facilities: tuple[Facility, ...]
    residents: tuple[Resident, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One R4 transaction bundle and the facility that sends it."""

    facility_id: str
    bundle: dict[str, Any] = field(repr=False)
