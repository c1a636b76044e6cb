"""SQL of what resources are found by: write rows, drop them, and run what was asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from salus.storage import Transaction, listed

FoundRow = tuple[int, int, int, datetime, datetime | None, datetime | None, Sequence[int], Sequence[int], Sequence[int]]
"""Resource, chart, scope, stored at, its date from and to, slots present, digests, targets."""
ChartedRow = tuple[int, int, datetime | None, datetime | None, int]
"""Chart, code, date from and to, resource."""
DateRow = tuple[int, datetime, datetime, int]
"""Key, from, to, resource."""
NumberRow = tuple[int, Decimal, Decimal, int, int, int, int]
"""Key, from, to, unit, code, label, resource."""
LOCATED = "r.resource_key, r.id, r.type, r.version, r.chart_key, c.kind, c.facility, r.updated_at, r.classes, v.body"
_JOINS = (
    " join records.resource r on r.resource_key = k.resource_key"
    " join records.chart c on c.chart_key = r.chart_key"
    " join records.version v on v.resource_key = r.resource_key and v.version = r.version"
)
Row = tuple[Any, ...]
MOST_SEALED_BYTES: Final = 16 * 1024 * 1024
"""How many bytes of sealed bodies a page of matches holds, or one of more alone; as many again what it includes."""
_HIGHEST_KEY: Final = 2**63 - 1


_INSERT = """
with a as (
    insert into records.found
        (resource_key, chart_key, scope, updated_at, lo, hi, present, digests, targets)
    select resource_key, chart_key, scope, updated_at, lo, hi, present::smallint[], digests::bigint[], targets::bigint[]
    from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
        %s::text[], %s::text[], %s::text[])
        q(resource_key, chart_key, scope, updated_at, lo, hi, present, digests, targets)
), b as (
    insert into records.charted (chart_key, code, lo, hi, resource_key)
    select * from unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::bigint[])
), c as (
    insert into records.found_date (key, lo, hi, resource_key)
    select * from unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::bigint[])
)
insert into records.found_number (key, lo, hi, unit, code, label, resource_key)
select * from unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
"""


_FEW: Final = 100
_TABLES: Final = (
    (
        "records.found",
        ("resource_key", "chart_key", "scope", "updated_at", "lo", "hi", "present", "digests", "targets"),
    ),
    ("records.charted", ("chart_key", "code", "lo", "hi", "resource_key")),
    ("records.found_date", ("key", "lo", "hi", "resource_key")),
    ("records.found_number", ("key", "lo", "hi", "unit", "code", "label", "resource_key")),
)


def insert(
    tx: Transaction,
    found: Sequence[FoundRow],
    charted: Sequence[ChartedRow],
    dates: Sequence[DateRow],
    numbers: Sequence[NumberRow],
) -> None:
    """Insert search rows: all in one statement, or where there are many by one COPY a table, which costs less each."""
    listed = [(*row[:6], _listed(row[6]), _listed(row[7]), _listed(row[8])) for row in found]
    tables: tuple[tuple[Sequence[Row], int], ...] = ((listed, 9), (charted, 5), (dates, 4), (numbers, 7))
    if len(found) > _FEW:
        for (rows, _), (table, columns) in zip(tables, _TABLES, strict=True):
            if rows:
                tx.copy(table, columns, rows)
        return
    tx.run(_INSERT, [column for rows, width in tables for column in _columns(rows, width)])


def _columns(rows: Sequence[Row], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def drop(tx: Transaction, rows: Sequence[tuple[int, int]]) -> None:
    """Delete the search rows of resources: (resource_key, chart_key). One statement, however many there are."""
    keys, charts = ([row[0] for row in rows], [row[1] for row in rows])
    tx.run(
        "with gone as (select * from unnest(%s::bigint[], %s::bigint[]) q(resource_key, chart_key)),"
        " a as (delete from records.charted c using gone g"
        " where c.chart_key = g.chart_key and c.resource_key = g.resource_key),"
        " b as (delete from records.found_date d using gone g where d.resource_key = g.resource_key),"
        " c as (delete from records.found_number n using gone g where n.resource_key = g.resource_key)"
        " delete from records.found f using gone g where f.resource_key = g.resource_key",
        (keys, charts),
    )


def keys_of(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the keys of the resources that exist among these."""
    found = tx.rows("select id, resource_key from records.resource where id = any(%s::uuid[])", (list(ids),))
    return dict(found)


def facilities_of(tx: Transaction, charts: Sequence[int]) -> dict[int, str]:
    """Return the facility that keeps each of these charts."""
    return dict(
        tx.rows("select chart_key, facility from records.chart where chart_key = any(%s::bigint[])", (list(charts),))
    )


def pages(tx: Transaction, asked: Sequence[tuple[str, str, int, Sequence[object]]]) -> list[list[Row]]:
    """Run queries for keys (and texts to continue behind) and return for each its keys with their sealed resources.

    Each is (query, order, how many texts, params): SQL of ours, made by `conditions`; every value stands in `params`.
    Bodies beyond MOST_SEALED_BYTES are not read, and empty: what is stored outside of its row has its length in the
    row.
    """
    return tx.rows_of_each([_page(*one) for one in asked])


def _page(matches: str, order: str, sorted_by: int, params: Sequence[object]) -> tuple[str, Sequence[object]]:
    texts = "".join(f", k.t{number}" for number in range(sorted_by))
    before = f"sum(octet_length(v.body)) over (order by {order} rows unbounded preceding) - octet_length(v.body)"
    body = f"case when {before} <= {MOST_SEALED_BYTES} then v.body else '' end"
    located = LOCATED.replace("v.body", body)
    statement = f"select {located}{texts} from ({matches}) k{_JOINS} order by {order}"  # noqa: S608
    return statement, [listed(one) if isinstance(one, list) else one for one in params]


def sizes(tx: Transaction, keys: Sequence[int]) -> list[tuple[int, str, int]]:
    """Return (resource_key, type, sealed bytes) of resources; no body is read."""
    return tx.rows(
        f"select r.resource_key, r.type, octet_length(v.body) from unnest(%s::bigint[]) k(resource_key){_JOINS}",  # noqa: S608
        (list(keys),),
    )


def located(tx: Transaction, keys: Sequence[int]) -> list[Row]:
    """Return resources by their keys, sealed, in order of the keys."""
    return tx.rows(
        f"select {LOCATED} from unnest(%s::bigint[]) k(resource_key){_JOINS} order by k.resource_key",  # noqa: S608
        (list(keys),),
    )


def counted(tx: Transaction, matches: str, params: Sequence[object], most: int) -> int:
    """Return how many a query finds, counting no further than `most`."""
    row = tx.row(f"select count(*) from ({matches} limit %s) k", (*params, most))  # noqa: S608
    return int(row[0]) if row else 0


def charts_of(tx: Transaction, matches: str, params: Sequence[object], most: int) -> list[tuple[int, int]]:
    """Return (resource_key, chart_key) of what a query finds, `most` of them at most."""
    rows = tx.rows(f"select k.resource_key, k.chart_key from ({matches} limit %s) k", (*params, most))  # noqa: S608
    return [(key, chart) for key, chart in rows]


def targets_of(tx: Transaction, keys: Sequence[int], slots: Sequence[int], within: str, params: Sequence[object],
               most: int) -> list[int]:  # fmt: skip
    """Return the keys of what these resources refer to from these slots, within a bound on `t`."""
    rows = tx.rows(
        "select distinct t.resource_key from records.found a cross join lateral unnest(a.targets) e(target)"  # noqa: S608
        f" join records.found t on t.resource_key = e.target / 1024 where a.resource_key = any(%s::bigint[])"
        f" and e.target %% 1024 = any(%s::int[]) and {within} limit %s",
        (list(keys), list(slots), *params, most),
    )
    return [key for (key,) in rows]


def sources_of(tx: Transaction, targets: Sequence[int], within: str, params: Sequence[object], most: int) -> list[int]:
    """Return the keys of what refers so to these targets, within a bound on `t`."""
    rows = tx.rows(
        f"select t.resource_key from records.found t where t.targets && %s::bigint[] and {within} limit %s",  # noqa: S608
        (list(targets), *params, most),
    )
    return [key for (key,) in rows]


def unfinished(tx: Transaction, layout: int) -> tuple[int, int] | None:
    """Return (until, done) of a layout while resources of earlier releases lack their rows.

    Of a layout that nobody began nothing is known: everything may lack its rows.
    """
    row = tx.row("select until, done from records.indexing where layout = %s", (layout,))
    if row is None:
        return _HIGHEST_KEY, 0
    return None if row[1] >= row[0] else (row[0], row[1])


def begin(tx: Transaction, layout: int) -> None:
    """Begin a layout that nobody began: whatever is stored by now may lack its rows."""
    tx.run(
        "insert into records.indexing (layout, until, done)"
        " select %s, coalesce(max(resource_key), 0), 0 from records.resource on conflict (layout) do nothing",
        (layout,),
    )


def without_rows(tx: Transaction, after: int, until: int, limit: int, most_bytes: int) -> tuple[list[UUID], int]:
    """Return which of the next resources behind a key lack their rows, and the last that was looked at.

    At most `limit` are looked at, and no more than have `most_bytes` of bodies to be read; one at least.
    """
    rows = tx.rows(
        "select resource_key, id, lacks from (select r.resource_key, r.id, f.resource_key is null as lacks,"
        " sum(case when f.resource_key is null then octet_length(v.body) else 0 end) over before as bytes,"
        " row_number() over before as place from (select resource_key, id, version from records.resource"
        " where resource_key > %s and resource_key <= %s order by resource_key limit %s) r"
        " join records.version v on v.resource_key = r.resource_key and v.version = r.version"
        " left join records.found f on f.resource_key = r.resource_key"
        " window before as (order by r.resource_key)) bounded where bytes <= %s or place = 1 order by resource_key",
        (after, until, limit, most_bytes),
    )
    return [id_ for _, id_, lacks in rows if lacks], rows[-1][0] if rows else until


def note_done(tx: Transaction, layout: int, done: int) -> None:
    """Note the last resource that has its rows."""
    tx.run("update records.indexing set done = greatest(done, %s) where layout = %s", (done, layout))


def _listed(numbers: Iterable[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"
