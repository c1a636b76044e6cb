"""The tests of a comparison, twice: as SQL for DuckDB and as Python functions. They agree exactly, being integer.

Texts are ASCII, since DuckDB's edit distances count bytes; `check_row` and the batch refuse any other.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TypeAlias, cast

from rapidfuzz.distance import DamerauLevenshtein, Levenshtein

from salus.identity.linkage.errors import TableRefused
from salus.identity.linkage.model import Comparison, Kind, Level, Row, Test, Value

Side: TypeAlias = Callable[[str], str]
Question: TypeAlias = Callable[[Row, Row], bool]

MISSING = -1
"""The number of the level at which nothing was compared. The others count down to 0, which is 'else'."""


def left(column: str) -> str:
    """Name a column of the left record as Splink does."""
    return f"{column}_l"


def right(column: str) -> str:
    """Name a column of the right record as Splink does."""
    return f"{column}_r"


def condition_sql(test: Test, l: Side = left, r: Side = right) -> str:  # noqa: E741
    """Return a test as an SQL condition, which is null or false where a column is missing."""
    a, b, k = l(test.column), r(test.column), test.limit
    match test.kind:
        case Kind.EQUAL:
            return f"{a} = {b}"
        case Kind.SWAPPED:
            return f"{a} = {r(test.other)} and {l(test.other)} = {b}"
        case Kind.LEVENSHTEIN:
            return f"abs(length({a}) - length({b})) <= {k} and levenshtein({a}, {b}) <= {k}"
        case Kind.DAMERAU:
            # A transposition is two plain edits, and DuckDB counts plain edits eight times as fast.
            return (
                f"abs(length({a}) - length({b})) <= {k} and levenshtein({a}, {b}) <= {2 * k}"
                f" and damerau_levenshtein({a}, {b}) <= {k}"
            )
        case Kind.PREFIX:
            return f"length({a}) >= {k} and length({b}) >= {k} and substr({a}, 1, {k}) = substr({b}, 1, {k})"
        case Kind.WITHIN:
            return f"abs({a} - {b}) <= {k}"
        case Kind.IS:
            return f"{a} = {k} and {b} = {k}"
        case Kind.SHARED | Kind.CONTAINED:
            return _list_sql(test, a, b)
        case _:
            return _date_sql(test, a, b)


def _list_sql(test: Test, a: str, b: str) -> str:
    some, shared = f"list_has_any({a}, {b})", f"len(list_intersect({a}, {b}))"
    if test.kind is Kind.CONTAINED:
        return f"{some} and {shared} = least(len({a}), len({b}))"
    return some if test.limit == 1 else f"{some} and {shared} >= {test.limit}"


def _date_sql(test: Test, a: str, b: str) -> str:
    year, month, day = (1, 4), (5, 2), (7, 2)

    def cut(column: str, part: tuple[int, int]) -> str:
        return f"substr({column}, {part[0]}, {part[1]})"

    if test.kind is Kind.DATE_SWAPPED:
        pairs = ((year, year), (month, day), (day, month))
        return " and ".join(f"{cut(a, one)} = {cut(b, two)}" for one, two in pairs)
    equal = " + ".join(f"cast({cut(a, part)} = {cut(b, part)} as integer)" for part in (year, month, day))
    return f"({equal}) >= {test.limit}"


def level_sql(level: Level, l: Side = left, r: Side = right) -> str:  # noqa: E741
    """Return a level as an SQL condition."""
    return " and ".join(f"({condition_sql(test, l, r)})" for test in level.tests)


def missing_sql(comparison: Comparison, l: Side = left, r: Side = right) -> str:  # noqa: E741
    """Return the SQL condition under which nothing is compared."""
    return " or ".join(f"{side(column)} is null" for column in comparison.needs for side in (l, r))


def gamma_sql(comparison: Comparison, l: Side = left, r: Side = right) -> str:  # noqa: E741
    """Return the number of the level that two records reach, as an SQL expression."""
    top = len(comparison.levels)
    cases = [f"when {missing_sql(comparison, l, r)} then {MISSING}"]
    cases += [f"when {level_sql(level, l, r)} then {top - at}" for at, level in enumerate(comparison.levels)]
    return f"case {' '.join(cases)} else 0 end"


def gamma(comparison: Comparison) -> Callable[[Row, Row], int]:
    """Return a function that says which level two records reach, numbered as in SQL."""
    needs, top = comparison.needs, len(comparison.levels)
    levels = [(top - at, _all(level)) for at, level in enumerate(comparison.levels)]

    def reached(a: Row, b: Row) -> int:
        for column in needs:
            if a.get(column) is None or b.get(column) is None:
                return MISSING
        for number, holds in levels:
            if holds(a, b):
                return number
        return 0

    return reached


def _all(level: Level) -> Question:
    first, *rest = [question(test) for test in level.tests]
    return (lambda a, b: first(a, b) and all(holds(a, b) for holds in rest)) if rest else first


def question(test: Test) -> Question:
    """Return a test as a function of two records; a missing column makes it false."""
    column, compare = test.column, _values(test)
    if test.kind is Kind.EQUAL:
        return lambda a, b: a.get(column) is not None and a[column] == b.get(column)
    if test.kind is Kind.SWAPPED:
        return lambda a, b: _same(a.get(column), b.get(test.other)) and _same(a.get(test.other), b.get(column))

    def holds(a: Row, b: Row) -> bool:
        one, two = a.get(column), b.get(column)
        return one is not None and two is not None and compare(one, two)

    return holds


def _same(one: Value, two: Value) -> bool:
    return one is not None and one == two


def _values(test: Test) -> Callable[[Value, Value], bool]:
    k = test.limit
    functions: dict[Kind, Callable[..., bool]] = {
        Kind.EQUAL: operator.eq,
        Kind.SWAPPED: operator.eq,
        Kind.LEVENSHTEIN: lambda a, b: Levenshtein.distance(a, b, score_cutoff=k) <= k,
        Kind.DAMERAU: lambda a, b: DamerauLevenshtein.distance(a, b, score_cutoff=k) <= k,
        Kind.PREFIX: lambda a, b: len(a) >= k and len(b) >= k and a[:k] == b[:k],
        Kind.WITHIN: lambda a, b: abs(a - b) <= k,
        Kind.IS: lambda a, b: a == k and b == k,
        Kind.SHARED: (
            (lambda a, b: not set(a).isdisjoint(b)) if k == 1 else lambda a, b: len(set(a).intersection(b)) >= k
        ),
        Kind.CONTAINED: lambda a, b: len(set(a).intersection(b)) == min(len(a), len(b)),
        Kind.DATE_SWAPPED: lambda a, b: a[:4] == b[:4] and a[4:6] == b[6:8] and a[6:8] == b[4:6],
        Kind.DATE_PARTS: lambda a, b: (a[:4] == b[:4]) + (a[4:6] == b[4:6]) + (a[6:8] == b[6:8]) >= k,
    }
    return cast("Callable[[Value, Value], bool]", functions[test.kind])


def check_row(row: Row, columns: frozenset[str]) -> None:
    """Refuse a prepared record whose texts are not ASCII, are empty, or whose lists repeat a text."""
    for column in columns:
        value = row.get(column)
        texts = value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()
        if any(not text or not text.isascii() for text in texts) or len(set(texts)) != len(texts) or value == ():
            raise TableRefused(f"column {column} holds a text that is empty, repeated or not ASCII", where=column)
