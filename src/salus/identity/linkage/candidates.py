"""Which pairs are looked at, in DuckDB: rule by rule, within each rule's budget. What a budget left out is told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from salus.identity.linkage.errors import TableRefused
from salus.identity.linkage.keys import keys_sql
from salus.identity.linkage.model import Blocking, Spec

RECORDS, PAIRS = "linkage_records", "linkage_pairs"
"""The working table of records, numbered by `n`, and the one of pairs `join_key_l < join_key_r` of such numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one rule gave: pairs looked at, and blocks, records and pairs that its budget left out."""

    rule: str
    pairs: int
    blocks_left_out: int
    records_left_out: int
    pairs_left_out: int


def take(connection: DuckDBPyConnection, table: str, spec: Spec, also: Collection[str] = ()) -> int:
    """Copy the prepared columns of a table into the working table, numbered by record id, and return its length.

    `table` holds `record_id`, `source` where the specification has one, the prepared columns, and those of `also`.
    Refuses record ids that are missing or stand twice, and texts that are not ASCII: DuckDB's edit distances count
    bytes.
    """
    columns = ["record_id", *(["source"] if spec.source else []), *sorted(spec.columns | set(also))]
    # Only ids are sorted: rows of twenty columns take four times as long, and as much room again.
    connection.execute(
        f"create or replace table {RECORDS} as select n, {', '.join(columns)} from {table} t join"  # noqa: S608
        " (select rowid as place, cast(row_number() over (order by record_id) - 1 as integer) as n"
        f" from {table}) on place = t.rowid"
    )
    query = f"select count(*), count(distinct record_id), count(record_id) from {RECORDS}"  # noqa: S608
    total, distinct, present = _one(connection, query)
    if present < total:
        raise TableRefused(f"{total - present} records have no record id")
    if distinct < total:
        raise TableRefused(f"{total - distinct} record ids stand more than once; each record needs its own")
    _check_texts(connection, spec)
    return int(total)


def _check_texts(connection: DuckDBPyConnection, spec: Spec) -> None:
    described = f"select column_name, column_type from (describe {RECORDS})"  # noqa: S608
    kinds = dict(connection.execute(described).fetchall())
    for column in sorted(spec.columns):
        if column in spec.lists:
            wrong = f"len({column}) = 0 or len(list_distinct({column})) < len({column}) or len(list_filter({column},"
            wrong += " lambda text: text = '' or strlen(text) <> length(text))) > 0"
        elif kinds[column] == "VARCHAR":
            wrong = f"{column} = '' or strlen({column}) <> length({column})"
        else:
            continue
        if (_one(connection, f"select count(*) from {RECORDS} where {wrong}"))[0]:  # noqa: S608
            raise TableRefused(f"column {column} holds a text that is empty, repeated or not ASCII", where=column)


def pair(connection: DuckDBPyConnection, spec: Spec) -> tuple[Found, ...]:
    """Write the pairs that some rule finds, each once, and return what each rule found and left out."""
    for at, rule in enumerate(spec.blocking):
        connection.execute(f"create or replace temp table keys_{at} as {keys_sql(rule, RECORDS, 'n')}")
    found = tuple(_budgeted(connection, rule, at) for at, rule in enumerate(spec.blocking))
    across = " and x.source is distinct from y.source" if spec.across_sources else ""
    source = ", source" if spec.across_sources else ""
    selects = [
        f"select a.record_id as join_key_l, b.record_id as join_key_r from keys_{at} a join keys_{at} b"  # noqa: S608
        " on a.key = b.key and a.record_id < b.record_id"
        for at in range(len(spec.blocking))
    ]
    joined = f" p join {RECORDS} x on x.n = join_key_l join {RECORDS} y on y.n = join_key_r where true{across}"
    connection.execute(
        f"create or replace table {PAIRS} as select '0' as match_key, join_key_l, join_key_r from"  # noqa: S608
        f" ({' union '.join(selects)}){joined if source else ''}"
    )
    for at in range(len(spec.blocking)):
        connection.execute(f"drop table keys_{at}")
    return found


def _budgeted(connection: DuckDBPyConnection, rule: Blocking, at: int) -> Found:
    """Drop the blocks of a rule that are too large, and the largest others while its pairs are too many."""
    connection.execute(
        f"create or replace temp table blocks as select key, size, size * (size - 1) // 2 as pairs, size >"  # noqa: S608
        f" {rule.at_most} or sum(size * (size - 1) // 2) over (order by size, key) > {rule.pairs} as dropped"
        f" from (select key, count(*) as size from keys_{at} group by key having size > 1)"
    )
    kept, blocks, records, lost = _one(
        connection,
        "select coalesce(sum(pairs) filter (not dropped), 0), count(*) filter (dropped),"
        " coalesce(sum(size) filter (dropped), 0), coalesce(sum(pairs) filter (dropped), 0) from blocks",
    )
    connection.execute(
        f"create or replace temp table keys_{at} as select k.record_id, k.key from keys_{at} k"  # noqa: S608
        " semi join (from blocks where not dropped) b on b.key = k.key"
    )
    return Found(
        rule=rule.name, pairs=int(kept), blocks_left_out=int(blocks), records_left_out=int(records),
        pairs_left_out=int(lost),
    )  # fmt: skip


def _one(connection: DuckDBPyConnection, query: str) -> tuple[int, ...]:
    [row] = connection.execute(query).fetchall()
    return tuple(row)
