"""What a sender says of who somebody is, that prepared for comparing, and what the index answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from salus.identity.linkage.people import Features, Verdict
from salus.identity.model import Resident


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Described:
    """Who somebody is in a sender's words, the best first. Every text is answered; "" and () say nothing.

    `numbers` are pairs of a type of document and a number of it, as written. `recorded_at` is when it was said: a birth
    date after it cannot be. Where somebody lives is left out: an address stays in the record that a hospital wrote.
    """

    names: tuple[str, ...] = ()
    sex: str = ""
    birth_date: str = ""
    numbers: tuple[tuple[str, str], ...] = ()
    phones: tuple[str, ...] = ()
    recorded_at: str = ""

    def __repr__(self) -> str:
        return "Described(…)"


class Person(NamedTuple):
    """What is compared of one chart: features of the best name, number and telephone, and all of the two latter.

    `numbers` are valid and the person's own. `guardians` are valid numbers of somebody else, put under this name.
    `lost` says that the chart had a valid citizen's number once and has none now.
    """

    features: Features
    numbers: tuple[str, ...] = ()
    guardians: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    lost: bool = False

    def __repr__(self) -> str:
        return "Person(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A chart as the index keeps it: whose facility's it is, who it says somebody is, and whose the chart is.

    `person` is None for a chart of an earlier release, `resident` for one that is being placed.
    """

    chart: int
    source: str = ""
    person: Person | None = None
    resident: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A resident who may be meant: the chart that is most like the one asked about, and the verdict on it."""

    chart_key: int
    resident: Resident
    verdict: Verdict = field(repr=False)

    @property
    def resident_key(self) -> int:
        """The resident's physical key."""
        return self.resident.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Who may be meant, the best first, each resident once; and the rules that found too many to look at.

    `sources` are the facilities of the charts that were looked at; a resident may have charts besides. `searched` is
    false where too little was said to look anybody up by.
    """

    found: tuple[Match, ...]
    left_out: tuple[str, ...]
    sources: Mapping[int, str] = field(default_factory=dict)
    searched: bool = True
