"""SQL of the records: charts, resources, versions, search rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from salus.access.consent import Sight
from salus.records.everything.model import MOST_SEALED_BYTES, AskedEverything, Kept
from salus.records.model import Located
from salus.storage import Transaction, listed

_FOUND = "r.resource_key, r.id, r.type, r.version, r.chart_key, c.kind, c.facility, r.updated_at, r.classes, v.body"
Target = tuple[int, str, str, int | None]
"""Of a stored resource the key, kind and facility of its chart, and its classes."""
_BY_CONDITION = 7_305_840
"""The first key of the advisory locks of conditional writes."""
_JOINS = (
    " join records.chart c on c.chart_key = r.chart_key"
    " join records.version v on v.resource_key = r.resource_key and v.version = r.version"
)


# A list stands behind a `select`, and what is looked up by each of it behind `offset 0`: the planner sees no length and
# no other way than one look-up a row, so that it plans once for a connection and not at each execution.
_EACH_ID = (
    "unnest((select %s::uuid[])) q(id)"
    " cross join lateral (select * from records.resource where id = q.id offset 0) r"
    " cross join lateral (select kind, facility from records.chart where chart_key = r.chart_key offset 0) c"
)

# The charts that a sight names, with what is closed in each.
_SEEN_CHARTS = "unnest(%s::bigint[], %s::int[]) s (chart_key, closed) join records.chart c on c.chart_key = s.chart_key"


def keys(tx: Transaction, count: int) -> list[int]:
    """Reserve time-ordered physical keys."""
    found = tx.rows("select nextval('records.physical_key') from generate_series(1, (select %s::int))", (count,))
    return [key for (key,) in found]


def insert_charts(tx: Transaction, rows: Sequence[tuple[int, UUID, str, str, str, int, datetime]]) -> None:
    """Open charts: (key, id, kind, facility, custodian, bucket, at)."""
    tx.many(
        "insert into records.chart (chart_key, chart_id, kind, facility, custodian, bucket, opened_at)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        rows,
    )


def common_chart(tx: Transaction, facility: str, kind: str) -> int | None:
    """Return a facility's directory or own-papers chart."""
    found = tx.row("select chart_key from records.chart where facility = %s and kind = %s", (facility, kind))
    return found[0] if found else None


def open_common_chart(tx: Transaction, row: tuple[int, UUID, str, str, str, int, datetime]) -> int:
    """Open a facility's common chart unless another writer just did; return whichever stands."""
    tx.run(
        "insert into records.chart (chart_key, chart_id, kind, facility, custodian, bucket, opened_at)"
        " values (%s, %s, %s, %s, %s, %s, %s)"
        " on conflict (facility, kind) where kind in ('directory', 'facility') do nothing",
        row,
    )
    found = common_chart(tx, row[3], row[2])
    assert found is not None  # noqa: S101  the insert above or another writer put it there
    return found


def targets(tx: Transaction, wanted: Sequence[tuple[str, UUID]]) -> dict[tuple[str, UUID], Target]:
    """Return, for each stored resource among `wanted`, its chart's key, kind and facility, and its classes."""
    found = tx.rows(
        f"select r.type, r.id, r.chart_key, c.kind, c.facility, r.classes from {_EACH_ID}",  # noqa: S608
        (listed(id_ for _, id_ in wanted),),
    )
    return {(name, id_): (chart, kind, facility, classes) for name, id_, chart, kind, facility, classes in found}


def referred_before(tx: Transaction, by: Sequence[UUID], facility: str, ids: Sequence[UUID]) -> set[tuple[str, UUID]]:
    """Return those of `ids` to which one of `by` that a facility keeps refers by a search parameter, as stored now."""
    found = tx.rows(
        "select distinct t.type, t.id from unnest(%s::uuid[]) q(id) join records.resource r on r.id = q.id"
        " join records.chart c on c.chart_key = r.chart_key and c.facility = %s"
        " join records.found f on f.resource_key = r.resource_key cross join lateral unnest(f.targets) e(target)"
        " join records.resource t on t.resource_key = e.target / 1024 where t.id = any(%s::uuid[])",
        (list(by), facility, list(ids)),
    )
    return {(name, id_) for name, id_ in found}


def by_identifier(tx: Transaction, digests: Sequence[bytes]) -> dict[bytes, list[tuple[str, UUID, str, str]]]:
    """Return (type, id, chart kind, facility) of the resources that carry each identifier digest."""
    found = tx.rows(
        "select t.digest, r.type, r.id, c.kind, c.facility from records.token t"
        " join records.resource r on r.resource_key = t.resource_key"
        " join records.chart c on c.chart_key = r.chart_key"
        " where t.digest = any(%s::bytea[]) and t.param = 2",
        (list(digests),),
    )
    result: dict[bytes, list[tuple[str, UUID, str, str]]] = {}
    for digest, name, id_, kind, facility in found:
        result.setdefault(bytes(digest), []).append((name, id_, kind, facility))
    return result


def lock_conditions(tx: Transaction, numbers: Sequence[int]) -> None:
    """Let one transaction at a time write by each of these conditions, told by sorted numbers."""
    tx.rows("select pg_advisory_xact_lock(%s, number) from unnest(%s::int[]) q(number)", (_BY_CONDITION, list(numbers)))


def bar_conditions(tx: Transaction, numbers: Sequence[int]) -> None:
    """Let nobody write by these conditions, told by sorted numbers, until this transaction ends; many may bar them."""
    tx.rows(
        "select pg_advisory_xact_lock_shared(%s, number) from unnest(%s::int[]) q(number)",
        (_BY_CONDITION, list(numbers)),
    )


def lock_numbers(tx: Transaction, numbers: Sequence[int]) -> None:
    """Let nobody else write under what these numbers stand for until this transaction ends; all in one order."""
    tx.rows("select pg_advisory_xact_lock(number) from unnest(%s::bigint[]) q(number)", (sorted(set(numbers)),))


def lock(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, tuple[int, str, int, int, str, str, int | None]]:
    """Lock resources for update: id -> (resource_key, type, chart_key, version, chart kind, facility, classes)."""
    found = tx.rows(
        "select r.id, r.resource_key, r.type, r.chart_key, r.version, c.kind, c.facility, r.classes"
        " from records.resource r join records.chart c on c.chart_key = r.chart_key"
        " where r.id = any(%s::uuid[]) order by r.resource_key for update of r",
        (list(ids),),
    )
    return {row[0]: row[1:] for row in found}


def insert_resources(
    tx: Transaction,
    rows: Iterable[tuple[int, UUID, str, int, int, datetime, datetime | None, datetime | None, int | None]],
) -> None:
    """Bulk-insert (resource_key, id, type, chart_key, version, updated_at, date_lo, date_hi, classes)."""
    columns = ("resource_key", "id", "type", "chart_key", "version", "updated_at", "date_lo", "date_hi", "classes")
    tx.copy("records.resource", columns, rows)


def insert_versions(tx: Transaction, rows: Iterable[tuple[int, int, int, int, datetime, bytes]]) -> None:
    """Bulk-insert (resource_key, version, chart_key, acceptance, at, body)."""
    tx.copy("records.version", ("resource_key", "version", "chart_key", "acceptance", "at", "body"), rows)


def insert_tokens(tx: Transaction, rows: Iterable[tuple[int, int, bytes, int, str]]) -> None:
    """Bulk-insert (resource_key, param, digest, chart_key, type)."""
    tx.copy("records.token", ("resource_key", "param", "digest", "chart_key", "type"), rows)


def update_resources(
    tx: Transaction, rows: Sequence[tuple[int, int, datetime, datetime | None, datetime | None, int | None]]
) -> None:
    """Point locked resources at their next versions, and drop the search rows of the last.

    Rows are (key, version, at, lo, hi, classes); classes are added to those that the resource has,
    and it waits where they are not known. Two statements, however many there are.
    """
    tx.run(
        "update records.resource r set version = q.version, updated_at = q.at, date_lo = q.lo, date_hi = q.hi,"
        " classes = r.classes | q.classes"
        " from unnest(%s::bigint[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::smallint[])"
        " q(key, version, at, lo, hi, classes) where r.resource_key = q.key",
        tuple(list(column) for column in zip(*rows, strict=True)),
    )
    tx.run("delete from records.token where resource_key = any(%s::bigint[])", ([row[0] for row in rows],))


def replace_occurrences(
    tx: Transaction, updated: Sequence[int], rows: Sequence[tuple[int, date, str, int, str]]
) -> list[date]:
    """Say anew when resources happened: bulk-insert (resource_key, day, type, chart_key, facility).

    What was said of those `updated` is forgotten; return the days that they happened on before.
    """
    statement = "delete from records.occurrence where resource_key = any(%s::bigint[]) returning day"
    before = [day for (day,) in tx.rows(statement, (list(updated),))] if updated else []
    if rows:
        tx.copy("records.occurrence", ("resource_key", "day", "type", "chart_key", "facility"), rows)
    return before


def occurrences(
    tx: Transaction, days: Sequence[date], asked: Sequence[tuple[bytes, int, str]], marks: Sequence[int]
) -> list[tuple[date, int, str, int | None]]:
    """Return each distinct (day, chart, facility, mark): mark None for having been seen, else of a digest asked.

    The tokens of what happened are gathered before any digest is looked at: a plan that begins with the digests asked,
    of which there are hundreds, pairs each with all that happened.
    """
    found = tx.rows(
        "with happened as materialized (select day, resource_key, type, chart_key, facility from records.occurrence"
        " where day = any(%s::date[])), marked as materialized"
        " (select h.day, h.chart_key, h.facility, h.type, t.digest, t.param"
        " from happened h join records.token t on t.resource_key = h.resource_key)"
        " select distinct day, chart_key, facility, null::int from happened where type in ('Encounter', 'Condition')"
        " union all select distinct m.day, m.chart_key, m.facility, q.mark from marked m"
        " join unnest(%s::bytea[], %s::smallint[], %s::text[], %s::int[]) q(digest, param, type, mark)"
        " on q.digest = m.digest and q.param = m.param and q.type = m.type",
        (list(days), *(list(column) for column in zip(*asked, strict=True)), list(marks)),
    )
    return [(day, chart, facility, mark) for day, chart, facility, mark in found]


def note_uncounted(tx: Transaction, event: int, days: Sequence[date]) -> None:
    """Note that something new came in about these days."""
    tx.run(
        "insert into records.uncounted (day, event) select day, %s from unnest(%s::date[]) q(day)"
        " on conflict do nothing",
        (event, list(days)),
    )


def uncounted(tx: Transaction, most: int) -> list[tuple[date, int]]:
    """Return the notes of the newest `most` days that wait to be counted."""
    found = tx.rows(
        "select day, event from records.uncounted where day in"
        " (select distinct day from records.uncounted order by day desc limit %s)",
        (most,),
    )
    return [(day, event) for day, event in found]


def forget_uncounted(tx: Transaction, notes: Sequence[tuple[date, int]]) -> None:
    """Strike out the notes that were counted."""
    tx.run(
        "delete from records.uncounted u using unnest(%s::date[], %s::bigint[]) q(day, event)"
        " where u.day = q.day and u.event = q.event",
        ([day for day, _ in notes], [event for _, event in notes]),
    )


def insert_acceptance(tx: Transaction, row: tuple[int, str, str, datetime, int, int]) -> None:
    """Note what was taken in whole: (acceptance, facility, source, at, entries, stripped)."""
    tx.run(
        "insert into records.acceptance (acceptance, facility, source, at, entries, stripped)"
        " values (%s, %s, %s, %s, %s, %s)",
        row,
    )


def fetch(tx: Transaction, ids: Sequence[UUID]) -> list[Located]:
    """Return the current versions of the resources that exist, in one statement."""
    found = tx.rows(
        f"select {_FOUND} from {_EACH_ID} cross join lateral (select body from records.version"  # noqa: S608
        " where resource_key = r.resource_key and version = r.version offset 0) v",
        (listed(ids),),
        binary=True,
    )
    return [Located.of_row(row) for row in found]


def patients(tx: Transaction, sight: Sight) -> list[Located]:
    """Return the Patient resources that a sight shows."""
    return of_types(tx, sight, ("Patient",), 100)


def patients_at(tx: Transaction, chart_keys: Sequence[int], facility: str) -> dict[int, UUID]:
    """Return the Patients of those charts that are a facility's, by chart."""
    return dict(
        tx.rows(
            # planned once for a connection, as the planner does not see how many charts are asked about
            "select q.chart, r.id from unnest((select %s::bigint[])) q(chart)"
            " cross join lateral (select id from records.resource where chart_key = q.chart and type = 'Patient'"
            " offset 0) r"
            " cross join lateral (select from records.chart where chart_key = q.chart and facility = %s offset 0) c",
            (list(chart_keys), facility),
        )
    )


def of_types(tx: Transaction, sight: Sight, types: Sequence[str], most: int) -> list[Located]:
    """Return the newest `most` resources of each type that a sight shows."""
    found = tx.rows(
        f"select {_FOUND} from unnest(%s::text[]) q(type) cross join lateral ("  # noqa: S608
        f" select x.* from {_SEEN_CHARTS} join records.resource x on x.chart_key = s.chart_key and x.type = q.type"
        " where access.shows(x.classes, s.closed, c.facility = %s)"
        " order by x.date_lo desc nulls last, x.resource_key desc limit %s) r" + _JOINS,
        (list(types), *sight.charts, sight.facility or "", most),
    )
    return [Located.of_row(row) for row in found]


def everything(tx: Transaction, sight: Sight, asked: AskedEverything) -> tuple[list[Kept], bool]:
    """Return the next resources that a sight shows in key order, bounded by number and by sealed bytes; tell of more.

    The bodies beyond the bound are not read: what is stored outside of its row has its length in the row.
    """
    me = sight.facility or ""
    where, params = ["access.shows(x.classes, s.closed, c.facility = %s)"], [*sight.charts, me]  # type: list[str], list[object]
    for condition, value in (
        ("x.type = any(%s::text[])", None if asked.types is None else list(asked.types)),
        ("x.updated_at >= %s", asked.since),
        ("(x.date_lo is null or x.date_hi > %s)", asked.lo),
        ("(x.date_lo is null or x.date_lo < %s)", asked.hi),
        ("x.resource_key > %s", asked.after),
    ):
        if value is not None:
            where.append(condition)
            params.append(value)
    found = tx.rows(
        "select resource_key, id::text, type, version, chart_key, classes, facility = %s,"  # noqa: S608
        " case when upto <= %s then body end from ("
        "select p.*, v.body, sum(octet_length(v.body)) over (order by p.resource_key) - octet_length(v.body) as upto"
        f" from (select x.*, c.facility from {_SEEN_CHARTS} join records.resource x on x.chart_key = s.chart_key"
        f" where {' and '.join(where)} order by x.resource_key limit %s) p"
        " join records.version v on v.resource_key = p.resource_key and v.version = p.version"
        ") bounded order by resource_key",
        (me, MOST_SEALED_BYTES, *params, asked.count + 1),
        binary=True,
    )
    page = [Kept._make(row) for row in found[: asked.count] if row[-1] is not None]
    return page, len(found) > len(page)


def count_types(tx: Transaction, sight: Sight) -> dict[str, int]:
    """Return how many resources of each type a sight shows."""
    found = tx.rows(
        f"select r.type, count(*) from {_SEEN_CHARTS} join records.resource r on r.chart_key = s.chart_key"  # noqa: S608
        " where access.shows(r.classes, s.closed, c.facility = %s) group by r.type order by r.type",
        (*sight.charts, sight.facility or ""),
    )
    return {name: int(count) for name, count in found}


def deliver(tx: Transaction, event: int, acceptance: int, facility: str, day: date, entries: int) -> bool:
    """Count a delivery once; tell whether this call did."""
    return (
        tx.run(
            "insert into records.delivery (event, acceptance, facility, day, entries) values (%s, %s, %s, %s, %s)"
            " on conflict do nothing",
            (event, acceptance, facility, day, entries),
        )
        == 1
    )


def deliveries(tx: Transaction) -> list[tuple[str, int, int]]:
    """Return facility, times and entries delivered, in order of facility."""
    return [
        (facility, int(times), int(entries))
        for facility, times, entries in tx.rows(
            "select facility, count(*), sum(entries) from records.delivery group by facility order by facility"
        )
    ]


def imported(tx: Transaction, file: bytes) -> set[int]:
    """Return the lines of a file that are in already."""
    return {line for (line,) in tx.rows("select line from records.import_line where file = %s", (file,))}


def note_lines(tx: Transaction, file: bytes, lines: Sequence[int], acceptance: int) -> int:
    """Note which lines went in, in the transaction that took them; return of how many nobody else just did."""
    statement = (
        "insert into records.import_line (file, line, acceptance)"
        " select %s, line, %s from unnest(%s::int[]) q(line) on conflict do nothing"
    )
    return tx.run(statement, (file, acceptance, list(lines)))


def totals(tx: Transaction) -> dict[str, int]:
    """Return how many charts, resources and versions there are."""
    found = tx.row(
        "select (select count(*) from records.chart where kind = 'resident'),"
        " (select count(*) from records.resource), (select count(*) from records.version)"
    )
    charts, resources, versions = found or (0, 0, 0)
    return {"charts": int(charts), "resources": int(resources), "versions": int(versions)}


def charts(tx: Transaction, after: int, limit: int) -> list[int]:
    """Return the next charts in key order."""
    found = tx.rows(
        "select chart_key from records.chart where chart_key > %s order by chart_key limit %s", (after, limit)
    )
    return [key for (key,) in found]


def told_of(tx: Transaction, chart_keys: Sequence[int]) -> list[tuple[int, int]]:
    """Return (resource_key, chart_key) of what is stored in these charts, for those of which something is told."""
    return tx.rows(
        "select r.resource_key, r.chart_key from unnest(%s::bigint[]) q(chart_key) cross join lateral ("
        "(select 1 from records.found f where f.chart_key = q.chart_key limit 1)"
        " union all (select 1 from records.vital v where v.chart_key = q.chart_key limit 1)"
        " union all (select 1 from records.keeping k where k.chart_key = q.chart_key limit 1)"
        " union all (select 1 from records.followed w where w.chart_key = q.chart_key limit 1)"
        " union all (select 1 from records.resource x where x.chart_key = q.chart_key and x.date_lo is not null"
        " limit 1)"
        " union all (select 1 from records.resource x join records.token t on t.resource_key = x.resource_key"
        " where x.chart_key = q.chart_key limit 1) limit 1) something"
        " join records.resource r on r.chart_key = q.chart_key",
        (list(chart_keys),),
    )


def forget_told(tx: Transaction, keys: Sequence[int]) -> None:
    """Drop the tokens, the days and the dates of resources."""
    for table in ("token", "occurrence"):
        tx.run(f"delete from records.{table} where resource_key = any(%s::bigint[])", (list(keys),))  # noqa: S608
    tx.run(
        "update records.resource set date_lo = null, date_hi = null where resource_key = any(%s::bigint[])"
        " and date_lo is not null",
        (list(keys),),
    )


def skip_keys(tx: Transaction, highest: int) -> None:
    """Let the next physical key be above `highest`; keys never go back. Needs the rights of the owner."""
    tx.row(
        "select setval('records.physical_key', %(highest)s) where %(highest)s >"
        " (select last_value from records.physical_key)",
        {"highest": highest},
    )
