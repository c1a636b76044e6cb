"""Blocking keys, twice: in SQL and in Python, letter for letter the same, so that both engines find the same pairs."""

from __future__ import annotations

from itertools import combinations

from salus.identity.linkage.model import Blocking, Part, Row

SEPARATOR = "|"


def keys(rule: Blocking, row: Row) -> tuple[str, ...]:
    """Return the keys of a record under a rule, in order; none if a part is missing."""
    found: list[str] = [""]
    for at, part in enumerate(rule.parts):
        pieces = _pieces(part, row)
        found = [f"{key}{SEPARATOR if at else ''}{piece}" for key in found for piece in pieces]
    return tuple(sorted(set(found)))


def _pieces(part: Part, row: Row) -> list[str]:
    value = row.get(part.column)
    if value is None:
        return []
    if part.each:
        texts = sorted(value) if isinstance(value, tuple) else []
        return [" ".join(chosen) for chosen in combinations(texts, part.each)]
    text = str(value)
    if not part.end:
        return [text]
    return [text[part.start : part.end]] if len(text) >= part.end else []


def keys_sql(rule: Blocking, table: str, record_id: str) -> str:
    """Return a query for `record_id, key`, one row for each key of each record under a rule."""
    expressions = [_piece_sql(part) for part in rule.parts]
    joined = f" || '{SEPARATOR}' || ".join(expressions)
    return (
        f"select distinct record_id, key from (select {record_id} as record_id, {joined} as key from {table}"  # noqa: S608
        f"{''.join(_unnested(part) for part in rule.parts if part.each)}) where key is not null"
    )


def _piece_sql(part: Part) -> str:
    if part.each:
        return "entry"
    if not part.end:
        return f"cast({part.column} as varchar)"
    length = part.end - part.start
    return f"case when length({part.column}) >= {part.end} then substr({part.column}, {part.start + 1}, {length}) end"


def _unnested(part: Part) -> str:
    if part.each == 1:
        return f", unnest({part.column}) as entries(entry)"
    ordered = f"list_sort({part.column})"
    pairs = (
        f"flatten(list_transform(range(1, len({part.column}) + 1), lambda i: list_transform({ordered}[i + 1:],"
        f" lambda other: {ordered}[i] || ' ' || other)))"
    )
    return f", unnest({pairs}) as entries(entry)"
