"""Blocking keys, twice: in SQL and in Python, letter for letter the same, so that both engines find the same pairs."""

from __future__ import annotations

from itertools import combinations

from salus.identity.linkage.model import Blocking, Part, Row

SEPARATOR = "|"


def keys(rule: Blocking, row: Row) -> tuple[str, ...]:
    """Return the keys of a record under a rule, in order; none if a part is missing."""
    found: list[str] = []
    for part in rule.parts:
        pieces = _pieces(part, row)
        if not pieces:
            return ()
        found = [f"{key}{SEPARATOR}{piece}" for key in found for piece in pieces] if found else pieces
    return tuple(found) if len(found) == 1 else tuple(sorted(set(found)))


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
    columns = sorted({part.column for part in rule.parts if not part.each})
    # Unnested in a list of columns: as a table of its own, joined to each row, it takes ten times as long.
    entries = [f"unnest({_entries(part)}) as entry" for part in rule.parts if part.each]
    taken = f"(select {', '.join([f'{record_id} as record_id', *columns, *entries])} from {table})"  # noqa: S608
    joined = f" || '{SEPARATOR}' || ".join(_piece_sql(part) for part in rule.parts)
    return f"select record_id, key from (select record_id, {joined} as key from {taken}) where key is not null"  # noqa: S608


def _piece_sql(part: Part) -> str:
    if part.each:
        return "entry"
    if not part.end:
        return f"cast({part.column} as varchar)"
    length = part.end - part.start
    return f"case when length({part.column}) >= {part.end} then substr({part.column}, {part.start + 1}, {length}) end"


def _entries(part: Part) -> str:
    """Return a list, or each two of its entries; none stands twice in it."""
    if part.each == 1:
        return part.column
    ordered = f"list_sort({part.column})"
    return (
        f"flatten(list_transform(range(1, len({part.column}) + 1), lambda i: list_transform({ordered}[i + 1:],"
        f" lambda other: {ordered}[i] || ' ' || other)))"
    )
