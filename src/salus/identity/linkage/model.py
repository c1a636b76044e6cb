"""A linkage specification: which columns are compared how, which pairs are looked at, and what holds in a cluster.

Pure types. Every comparison is made of a closed list of tests, each of which exists in SQL and in Python alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from salus.identity.linkage.errors import SpecRefused

Value: TypeAlias = str | int | tuple[str, ...] | None
Row: TypeAlias = Mapping[str, Value]

COLUMN = re.compile(r"[a-z][a-z0-9_]{0,40}")
SUFFIXES = ("_l", "_r")


class Kind(StrEnum):
    """The closed list of tests. Text is ASCII, a date is eight digits, a list holds distinct texts."""

    EQUAL = "equal"
    SWAPPED = "swapped"
    LEVENSHTEIN = "levenshtein"
    DAMERAU = "damerau"
    PREFIX = "prefix"
    WITHIN = "within"
    DATE_SWAPPED = "date-swapped"
    DATE_PARTS = "date-parts"
    SHARED = "shared"
    CONTAINED = "contained"
    IS = "is"


LIMITED = {Kind.LEVENSHTEIN, Kind.DAMERAU, Kind.PREFIX, Kind.WITHIN, Kind.DATE_PARTS, Kind.SHARED, Kind.IS}


class Reads(StrEnum):
    """How a raw column becomes a prepared one."""

    LETTERS = "letters"
    WORDS = "words"
    DIGITS = "digits"
    CODE = "code"
    DATE = "date"
    INTEGER = "integer"


class Grouping(StrEnum):
    """How links become clusters: every link joins, or two groups join while their pairs agree on average."""

    CONNECTED = "connected"
    AVERAGE = "average"


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One question about two records.

    `equal`: both hold the same. `swapped`: each holds in `column` what the other holds in `other`. `levenshtein`,
    `damerau`: at most `limit` edits, the latter counting a transposition as one. `prefix`: the first `limit`
    characters agree. `within`: integers at most `limit` apart. `date-swapped`: the same year, day and month exchanged.
    `date-parts`: at least `limit` of year, month and day agree. `shared`: lists with at least `limit` texts in common.
    `contained`: one list lies whole in the other. `is`: both hold the integer `limit`.
    """

    __test__ = False  # the word of the field, not a test of ours

    kind: Kind
    column: str
    limit: int = 0
    other: str = ""

    def __post_init__(self) -> None:
        for column in self.columns:
            check_column(column)
        if (self.kind is Kind.SWAPPED) != bool(self.other):
            raise SpecRefused(f"a test of {self.column}: 'swapped' names another column, no other test does")
        if self.limit < 0 or (self.kind in LIMITED - {Kind.IS, Kind.WITHIN} and self.limit < 1):
            raise SpecRefused(f"a test '{self.kind}' of {self.column} needs a limit of at least 1")
        if self.kind not in LIMITED and self.limit:
            raise SpecRefused(f"a test '{self.kind}' of {self.column} takes no limit")

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that the test reads."""
        return (self.column, self.other) if self.other else (self.column,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One degree of agreement: all its tests hold, and no level before it did.

    `by_frequency` names a column that the level finds equal: a rare value there weighs more than a frequent one.
    `chance` is the least probability, known from theory, that two strangers reach the level; a sample misses rare ones.
    """

    name: str
    tests: tuple[Test, ...]
    by_frequency: str = ""
    chance: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.chance < 1:
            raise SpecRefused(f"level '{self.name}' has a chance that is no probability")
        if not self.tests:
            raise SpecRefused(f"level '{self.name}' has no test")
        equal = {test.column for test in self.tests if test.kind is Kind.EQUAL}
        if self.by_frequency and self.by_frequency not in equal:
            raise SpecRefused(f"level '{self.name}' weighs {self.by_frequency} by frequency without testing it equal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Ordered levels, the closest first; a last level 'else' is implied.

    Where either record lacks a column of `needs`, nothing was compared and the comparison weighs nothing.
    `ordered` says that a closer level must not weigh less; it is off only where the order of levels is no closeness.
    """

    name: str
    needs: tuple[str, ...]
    levels: tuple[Level, ...]
    ordered: bool = True

    def __post_init__(self) -> None:
        for column in (self.name, *self.needs):
            check_column(column)
        if not self.needs or not self.levels:
            raise SpecRefused(f"comparison '{self.name}' needs at least one column and one level")
        names = [level.name for level in self.levels]
        if len(set(names)) != len(names) or "else" in names:
            raise SpecRefused(f"comparison '{self.name}' names a level twice, or names one 'else'")

    @property
    def columns(self) -> frozenset[str]:
        """Return all columns that the comparison reads."""
        tested = (column for level in self.levels for test in level.tests for column in test.columns)
        return frozenset((*self.needs, *tested))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a blocking key: a column, its characters `start` to `end`, or `each` 1 or 2 entries of a list."""

    column: str
    start: int = 0
    end: int = 0
    each: int = 0

    def __post_init__(self) -> None:
        check_column(self.column)
        sliced = bool(self.start or self.end)
        if not (self.start >= 0 and 0 <= self.each <= 2 and (not sliced or self.end > self.start)):
            raise SpecRefused(f"a key of {self.column} has an impossible slice")
        if sliced and self.each:
            raise SpecRefused(f"a key of {self.column} takes a slice or entries of a list, not both")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocking:
    """Which pairs are looked at: those that agree on all parts. Blocks above `at_most` are left out and told.

    `tells_of` names comparisons that the key fixes although they read other columns; they learn nothing from its pairs.
    """

    name: str
    parts: tuple[Part, ...]
    at_most: int = 200
    tells_of: tuple[str, ...] = ()
    pairs: int = 20_000_000

    def __post_init__(self) -> None:
        if not self.parts or self.at_most < 2 or self.pairs < 1:
            raise SpecRefused(f"blocking rule '{self.name}' needs a key, a block of at least 2 and a budget of pairs")
        if sum(part.each > 0 for part in self.parts) > 1:
            raise SpecRefused(f"blocking rule '{self.name}' takes the entries of one list, not of more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a prepared column is made: from which raw columns, joined by a space, and how read."""

    column: str
    reads: Reads
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        check_column(self.column)
        if not self.sources:
            raise SpecRefused(f"column '{self.column}' is read from nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """Everything that linkage is told about a table; what it learns stands in `Weights`.

    `link` and `review` are thresholds in bits: 6.6 is a probability of .99. `source` may be empty; with
    `across_sources` only records of different sources are compared. In a cluster stand at most `per_source` records
    of one source (0: any number) and at most one value of each column of `single`. `seeds` are names of blocking
    rules so strong that pairs which share their whole key serve as matches in training.
    """

    name: str
    comparisons: tuple[Comparison, ...]
    blocking: tuple[Blocking, ...]
    record_id: str = "record_id"
    source: str = ""
    readings: tuple[Reading, ...] = ()
    seeds: tuple[str, ...] = ()
    link: float = 6.6
    review: float = 0.0
    across_sources: bool = False
    per_source: int = 0
    single: tuple[str, ...] = ()
    grouping: Grouping = Grouping.CONNECTED

    def __post_init__(self) -> None:
        for what, names in (("comparisons", self.comparisons), ("blocking rules", self.blocking)):
            if not names or len({one.name for one in names}) != len(names):
                raise SpecRefused(f"the specification has no {what}, or two of one name")
        if self.review > self.link:
            raise SpecRefused("the threshold for review lies above the one for linking")
        if (self.across_sources or self.per_source) and not self.source:
            raise SpecRefused("a rule about sources needs the column that names the source")
        if unknown := set(self.seeds) - {rule.name for rule in self.blocking}:
            raise SpecRefused(f"seeds name no blocking rule: {', '.join(sorted(unknown))}")
        if self.readings and (lacking := self.columns - {one.column for one in self.readings}):
            raise SpecRefused(f"columns that are compared but not read: {', '.join(sorted(lacking))}")

    @property
    def columns(self) -> frozenset[str]:
        """Return the prepared columns that linking reads, beside record id and source."""
        compared = (column for one in self.comparisons for column in one.columns)
        keyed = (part.column for rule in self.blocking for part in rule.parts)
        return frozenset((*compared, *keyed, *self.single))

    @property
    def lists(self) -> frozenset[str]:
        """Return the columns that hold lists."""
        kinds = {Kind.SHARED, Kind.CONTAINED}
        tests = (test for one in self.comparisons for level in one.levels for test in level.tests)
        tested = {test.column for test in tests if test.kind in kinds}
        return frozenset(tested | {part.column for rule in self.blocking for part in rule.parts if part.each})

    @property
    def weighed_by_frequency(self) -> tuple[str, ...]:
        """Return the columns whose values' frequencies enter the weights, in order of name."""
        levels = (level for one in self.comparisons for level in one.levels)
        return tuple(sorted({level.by_frequency for level in levels if level.by_frequency}))


def check_column(name: str) -> None:
    """Refuse a column's name that SQL and Python would not read alike, or that the scorer's own suffixes hide."""
    if not COLUMN.fullmatch(name) or name.endswith(SUFFIXES):
        raise SpecRefused(f"'{name[:40]}' cannot name a prepared column: a-z, 0-9, '_', and no '_l' or '_r'")
