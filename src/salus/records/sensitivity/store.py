"""SQL of the classes of what is stored: what waits to be worked out, and what was."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from salus.storage import Transaction

Row = tuple[int, str, UUID, int]
"""Of an entry that waits, or waits and is deleted: resource_key, type, id, chart_key."""
_TABLES = ("records.resource", "records.deleted")


def unclass(tx: Transaction, charts: Sequence[int]) -> None:
    """Have the classes of all that lies in these charts worked out again; until then nothing of them is shown."""
    for table in _TABLES:
        statement = f"update {table} set classes = null where chart_key = any(%s::bigint[]) and classes is not null"  # noqa: S608
        tx.run(statement, (list(charts),))


def unclass_entries(tx: Transaction, resource_keys: Sequence[int]) -> None:
    """Have the classes of these entries worked out again; until then they are not shown."""
    tx.run("update records.resource set classes = null where resource_key = any(%s::bigint[])", (list(resource_keys),))


def unclass_referring(tx: Transaction, charts: Sequence[int], resource_keys: Sequence[int]) -> None:
    """Have worked out again what in these charts refers to these entries, through any number of entries."""
    found = tx.rows(
        "with recursive refers as (select f.resource_key, t.target / 1024 as other from records.found f"
        " cross join lateral unnest(f.targets) t(target) where f.chart_key = any(%s::bigint[])),"
        " reached(key) as (select unnest(%s::bigint[]) union"
        " select r.resource_key from refers r join reached on reached.key = r.other) select key from reached",
        (list(charts), list(resource_keys)),
    )
    unclass_entries(tx, sorted({key for (key,) in found} - set(resource_keys)))


def waiting(tx: Transaction, most: int) -> list[Row]:
    """Lock the next entries that wait, whosever they are, the deleted last; what others hold is left to them."""
    found: list[Row] = []
    for table in _TABLES:
        if len(found) < most:
            found += tx.rows(
                f"select resource_key, type, id, chart_key from {table} where classes is null"  # noqa: S608
                " order by chart_key, resource_key limit %s for update skip locked",
                (most - len(found),),
            )
    return found


def waiting_in(tx: Transaction, charts: Sequence[int], most: int) -> list[Row]:
    """Lock the next entries of these charts that wait."""
    found: list[Row] = []
    for table in _TABLES:
        found += tx.rows(
            f"select resource_key, type, id, chart_key from {table} where classes is null"  # noqa: S608
            " and chart_key = any(%s::bigint[]) order by chart_key, resource_key limit %s for update skip locked",
            (list(charts), most),
        )
    return found


def waiting_among(tx: Transaction, ids: Sequence[UUID]) -> list[Row]:
    """Lock those of these entries that wait."""
    found: list[Row] = []
    for table in _TABLES:
        found += tx.rows(
            f"select resource_key, type, id, chart_key from {table} where id = any(%s::uuid[]) and classes is null"  # noqa: S608
            " order by resource_key for update skip locked",
            (list(ids),),
        )
    return found


def charts_waiting(tx: Transaction, charts: Sequence[int], facility: str | None) -> list[int]:
    """Return those of these charts, kept by others than a facility, in which something waits that is not deleted."""
    found = tx.rows(
        "select q.chart from unnest(%s::bigint[]) q(chart) join records.chart c on c.chart_key = q.chart"
        " where c.facility <> %s and exists"
        " (select from records.resource r where r.chart_key = q.chart and r.classes is null)",
        (list(charts), facility or ""),
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
    """Say of locked entries in which classes they are: (resource_key, classes)."""
    values = tuple(list(column) for column in zip(*rows, strict=True))
    for table in _TABLES:
        tx.run(
            f"update {table} r set classes = q.classes from unnest(%s::bigint[], %s::smallint[]) q(key, classes)"  # noqa: S608
            " where r.resource_key = q.key",
            values,
        )
