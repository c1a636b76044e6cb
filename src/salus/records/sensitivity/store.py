"""SQL of the classes of what is stored: what waits to be worked out, and what was."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from salus.storage import Transaction, listed

Row = tuple[int, str, UUID, int, int | None]
"""Of an entry that waits, or waits and is deleted: resource_key, type, id, chart_key, classes."""
_TABLES = ("records.resource", "records.deleted")
_WAITS = "(classes is null or classes & 8 <> 0)"
_ROW = "resource_key, type, id, chart_key, classes"
_GROWING = 7_305_841
"""The first key of the advisory locks of charts in which something refers, or becomes sensitive."""
_MOST_SLOT = 31
"""Above the numbers of the slots in which references stand; a test holds it."""


def hold(tx: Transaction, charts: Sequence[int]) -> None:
    """Let nothing in these charts become sensitive until this transaction ends: something now refers to it."""
    tx.rows(
        "select pg_advisory_xact_lock_shared(%s, number) from"
        " (select distinct hashint8(chart) as number from unnest(%s::bigint[]) q(chart) order by 1) numbers",
        (_GROWING, list(charts)),
    )


def hold_alone(tx: Transaction, charts: Sequence[int]) -> None:
    """Wait for whoever writes what refers to something in these charts, and let nobody do so until this one ends."""
    tx.rows(
        "select pg_advisory_xact_lock(%s, number) from"
        " (select distinct hashint8(chart) as number from unnest(%s::bigint[]) q(chart) order by 1) numbers",
        (_GROWING, list(charts)),
    )


def again(tx: Transaction, charts: Sequence[int]) -> None:
    """Have the classes of all that lies in these charts worked out once more; until then they hold as they are."""
    for table in _TABLES:
        statement = f"update {table} set classes = classes | 8 where chart_key = any(%s::bigint[]) and classes & 8 = 0"  # noqa: S608
        tx.run(statement, (list(charts),))


def add_again(tx: Transaction, rows: Sequence[tuple[int, int]]) -> None:
    """Put entries into classes besides their own, and have them worked out once more: (resource_key, classes)."""
    tx.run(
        "update records.resource r set classes = r.classes | q.classes | 8::smallint"
        " from unnest(%s::bigint[], %s::smallint[]) q(key, classes) where r.resource_key = q.key",
        tuple(list(column) for column in zip(*rows, strict=True)),
    )


def unclass_entries(tx: Transaction, resource_keys: Sequence[int]) -> None:
    """Have the classes of these entries worked out, since what they refer to waits; until then they are not shown."""
    tx.run("update records.resource set classes = null where resource_key = any(%s::bigint[])", (list(resource_keys),))


def reached(tx: Transaction, charts: Sequence[int], lent: Sequence[tuple[int, int]]) -> list[tuple[int, int, bool]]:
    """Return what in these charts refers to these entries, (resource_key, what it lends), through any number of others.

    Told is (resource_key, what it takes on, whether that goes on to whoever refers to it): of a visit it does not.
    """
    keys, bits = ([one[n] for one in lent] for n in (0, 1))
    return tx.rows(
        "with recursive refers as materialized (select f.resource_key, t.target / 1024 as other from records.found f"
        " cross join lateral unnest(f.targets) t(target) where f.chart_key = any(%s::bigint[])),"
        " reached(key, lent, goes_on) as (select key, lent, true from unnest(%s::bigint[], %s::smallint[]) q(key, lent)"
        " union select r.resource_key, reached.lent, x.type not in ('Encounter', 'EpisodeOfCare') from reached"
        " join refers r on r.other = reached.key and reached.goes_on"
        " cross join lateral (select type from records.resource where resource_key = r.resource_key offset 0) x)"
        " select key, bit_or(lent), bool_or(goes_on) from reached where key <> all(%s::bigint[]) group by key",
        (list(charts), keys, bits, keys),
    )


def followers(tx: Transaction, lent: Sequence[tuple[int, int]]) -> list[tuple[int, int, int, str]]:
    """Return what refers to these entries, (resource_key, what it lends), and is not in the classes that they lend yet.

    Told is (resource_key, chart_key, what it takes on, type), in whose record it may be. What waits is left out.
    """
    return tx.rows(
        "select r.resource_key, r.chart_key, bit_or(q.lent), r.type"
        " from unnest(%s::bigint[], %s::smallint[]) q(key, lent) cross join lateral"
        " (select resource_key from records.found where targets &&"
        "  array(select q.key * 1024 + slot from generate_series(0, %s) s(slot)) offset 0) f"
        " cross join lateral (select resource_key, chart_key, type, classes from records.resource"
        "  where resource_key = f.resource_key offset 0) r"
        " where r.classes & q.lent <> q.lent group by r.resource_key, r.chart_key, r.type",
        ([key for key, _ in lent], [bits for _, bits in lent], _MOST_SLOT),
    )


def waiting(tx: Transaction, most: int) -> list[Row]:
    """Lock the next entries that wait, whosever they are, the deleted last; what others hold is left to them."""
    found: list[Row] = []
    for table in _TABLES:
        if len(found) < most:
            found += tx.rows(
                f"select {_ROW} from {table} where {_WAITS}"  # noqa: S608
                " order by chart_key, resource_key limit %s for update skip locked",
                (most - len(found),),
            )
    return found


def waiting_in(tx: Transaction, charts: Sequence[int], most: int) -> list[Row]:
    """Lock the next entries of these charts that wait."""
    found: list[Row] = []
    for table in _TABLES:
        found += tx.rows(
            f"select {_ROW} from {table} where {_WAITS}"  # noqa: S608
            " and chart_key = any(%s::bigint[]) order by chart_key, resource_key limit %s for update skip locked",
            (list(charts), most),
        )
    return found


def waiting_among(tx: Transaction, ids: Sequence[UUID]) -> list[Row]:
    """Lock those of these entries that wait."""
    found: list[Row] = []
    for table in _TABLES:
        found += tx.rows(
            f"select {_ROW} from {table} where id = any(%s::uuid[]) and {_WAITS}"  # noqa: S608
            " order by resource_key for update skip locked",
            (list(ids),),
        )
    return found


def charts_waiting(tx: Transaction, charts: Sequence[int], facility: str | None) -> list[int]:
    """Return those of these charts, kept by others than a facility, in which something waits that is not deleted."""
    found = tx.rows(
        # planned once for a connection, as the planner does not see how many charts are asked about
        "select q.chart from unnest((select %s::bigint[])) q(chart)"
        " cross join lateral (select facility from records.chart where chart_key = q.chart offset 0) c"
        " cross join lateral (select exists (select from records.resource r where r.chart_key = q.chart"
        " and r.classes is null) as waits offset 0) w where w.waits and c.facility <> %s",
        (listed(charts), facility or ""),
    )
    return [chart for (chart,) in found]


def classes_of(tx: Transaction, ids: Sequence[UUID]) -> dict[tuple[str, UUID], int | None]:
    """Return the classes of each of these entries that is stored, or was and is deleted."""
    found = tx.rows(
        "select type, id, classes from records.resource where id = any(%s::uuid[])"
        " union all select type, id, classes from records.deleted where id = any(%s::uuid[])",
        (list(ids), list(ids)),
    )
    return {(name, id_): classes for name, id_, classes in found}


def versions(tx: Transaction, resource_keys: Sequence[int]) -> list[tuple[int, int, bytes]]:
    """Return every version of these resources: (resource_key, version, sealed body)."""
    return tx.rows(
        "select resource_key, version, body from records.version where resource_key = any(%s::bigint[])",
        (list(resource_keys),),
    )


def set_classes(tx: Transaction, rows: Sequence[tuple[int, int]]) -> None:
    """Say of locked entries in which classes they are, besides those that were known: (resource_key, classes)."""
    values = tuple(list(column) for column in zip(*rows, strict=True))
    for table in _TABLES:
        tx.run(
            f"update {table} r set classes = (coalesce(r.classes, 0::smallint) & 119::smallint) | q.classes"  # noqa: S608
            " from unnest(%s::bigint[], %s::smallint[]) q(key, classes) where r.resource_key = q.key",
            values,
        )
