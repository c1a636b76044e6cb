"""Tell which numbers of a table were not read, since the type beside them is none that is known."""

from __future__ import annotations

import re

from duckdb import DuckDBPyConnection

from salus.identity.documents import document_types

_SHOWN = 10
_WORD = re.compile(r"[^\W\d]{1,12}([ _-][^\W\d]{1,12}){0,2}")


def unread_types(connection: DuckDBPyConnection, raw: str) -> tuple[str, ...]:
    """Return a sentence for each unknown value of `id_type` beside a number, the most frequent first.

    Only words are repeated: what else stands in the column may be a person's number that slipped into it.
    """
    known = sorted(document_types())
    rows = connection.execute(
        "select coalesce(cast(id_type as varchar), '') as said, count(*) as numbers"  # noqa: S608
        f" from {raw} where trim(coalesce(cast(id_number as varchar), '')) <> ''"
        " and not list_contains(?::varchar[], coalesce(cast(id_type as varchar), '')) group by 1 order by 2 desc, 1",
        [known],
    ).fetchall()
    counts: dict[str, int] = {}
    for said, numbers in rows:
        counts[_shown(said)] = counts.get(_shown(said), 0) + numbers
    told = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    notes = [f"column id_type: {what} is no type of document; {_numbers(count)} not read" for what, count in told]
    if len(notes) > _SHOWN:
        more = sum(count for _, count in told[_SHOWN:])
        notes[_SHOWN:] = [f"column id_type: {len(told) - _SHOWN} further values; {_numbers(more)} not read"]
    return (*notes, f"the types are {', '.join(known)}") if notes else ()


def _shown(said: str) -> str:
    if not said.strip():
        return "an empty value"
    return f"'{said}'" if _WORD.fullmatch(said) else "what is no word"


def _numbers(count: int) -> str:
    return "1 number was" if count == 1 else f"{count:,} numbers were"
