"""An assertion about two charts, its evidence and its author. One that contradicts itself is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import fsum, isfinite

from salus.identity.errors import AssertionRefused
from salus.kernel import Role

Pair = tuple[int, int]


class Verdict(StrEnum):
    """What an assertion says of two charts. The last only takes back what it supersedes."""

    SAME = "same"
    NOT_SAME = "not-same"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a model weighed: the bits that each compared field adds, and the hash of the weights."""

    fields: tuple[tuple[str, float], ...]
    model: str

    def __post_init__(self) -> None:
        if not self.fields or not all(isfinite(bits) for _, bits in self.fields):
            raise AssertionRefused("evidence names its fields, each with a finite number of bits")

    @property
    def total(self) -> float:
        """The sum of the bits, correctly rounded, so that no order of the fields changes it."""
        return fsum(bits for _, bits in self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who asserts: a rule by its name, or who answers for it in a role. `second` is the other person of a forced one.

    That is a member of staff; of two charts of its own a hospital's system, too.
    """

    name: str
    role: Role | None = None
    second: str | None = None

    def __post_init__(self) -> None:
        if self.second is not None and (self.role is None or self.second == self.name):
            raise AssertionRefused("a second person is somebody else, and stands beside a person")

    @property
    def human(self) -> bool:
        """Tell whether somebody answers for it, and no rule made it."""
        return self.role is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """One entry of the log: append-only, about one pair of charts, and about earlier entries of the same pair.

    `ground` is the rule's or the reviewer's reason, a word of a closed list; `guard` the guard that it overrode. `key`
    is its place in the log, 0 before it is kept.
    """

    pair: Pair
    verdict: Verdict
    ground: str
    author: Author
    at: datetime
    evidence: Evidence | None = None
    guard: str | None = None
    supersedes: frozenset[int] = frozenset()
    key: int = 0

    def __post_init__(self) -> None:
        if self.pair[0] >= self.pair[1]:
            raise AssertionRefused("an assertion is about two charts, the lower key first")
        if self.verdict is Verdict.WITHDRAWN and not self.supersedes:
            raise AssertionRefused("a withdrawal names what it takes back")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A pair of charts that no rule may link, for a person to judge. `reason` says which guard stood in the way.

    Where somebody reported the pair, `reporter` is what they were and `claim` what they say of it, as an answer would;
    `concerns` are the charts which, by the report, are another person's than the rest of the resident's.
    """

    pair: Pair
    reason: str
    at: datetime
    evidence: Evidence | None = None
    key: int = 0
    reporter: Role | None = None
    claim: str | None = None
    concerns: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Who is who: each chart's resident, what each later-minted resident is an alias of, and what was not followed.

    `unminted` are the charts of residents for whom no identifier exists yet; each group is listed whole, lowest first.
    """

    residents: Mapping[int, int]
    aliases: Mapping[int, int]
    unminted: tuple[tuple[int, ...], ...] = ()
    unfollowed: frozenset[int] = frozenset()


def pair_of(one: int, other: int) -> Pair:
    """Return two charts in the one order in which assertions name them."""
    return (one, other) if one < other else (other, one)
