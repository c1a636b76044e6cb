"""What is counted of what arrives: elements of the core set, delays, repetitions, refusals. Pure; nobody is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element of the core set: which resources are to carry it from which level on, and who demands it.

    It stands where any of `paths` leads to something, or, with `among`, to one of these values.
    """

    level: int
    type: str
    name: str
    paths: tuple[tuple[str, ...], ...]
    among: frozenset[str] | None
    en: str
    zh: str
    source: str

    @property
    def key(self) -> str:
        """What the element is called: its type and its name."""
        return f"{self.type}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """What a level is to share, in words, and who says so."""

    level: int
    says: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """By which way a facility sends, since when and until when."""

    facility: str
    source: str
    first: date
    last: date
    acceptances: int
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway:
    """How many entries were refused on a day, for which reason."""

    day: date
    source: str
    code: str
    detail: str
    entries: int


@dataclass(slots=True, kw_only=True)
class Arrivals:
    """What arrived of one facility in some days: by type, by element of the core set, by days of delay.

    Delays are of new resources that came by FHIR or by messages; files bring what is old, and are not late. `odd` are
    Patients that were stored with something odd in them, by what it is.
    """

    facility: str
    resources: dict[str, int] = field(default_factory=dict)
    carrying: dict[tuple[str, str], int] = field(default_factory=dict)
    delays: dict[str, dict[int, int]] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=dict)
    odd: dict[str, int] = field(default_factory=dict)


def quantile(delays: Mapping[int, int], share: float) -> int | None:
    """Return the fewest days within which a share of all arrived; None of nothing."""
    total, reached = sum(delays.values()), 0
    for days in sorted(delays):
        reached += delays[days]
        if reached >= share * total:
            return days
    return None
