"""SQL of versions and of what was deleted. What is deleted is a row moved aside: no other query has to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from salus.records.history.model import Place, Standing
from salus.records.model import Located
from salus.storage import Transaction

_EITHER = (
    " cross join lateral (select r.resource_key, r.id, r.type, r.chart_key, r.classes from records.resource r where {0}"
    " union all select d.resource_key, d.id, d.type, d.chart_key, d.classes from records.deleted d where {1}) x"
    " join records.chart c on c.chart_key = x.chart_key"
)
_BY_ID = _EITHER.format("r.id = q.id", "d.id = q.id")
_BY_KEY = _EITHER.format("r.resource_key = q.resource_key", "d.resource_key = q.resource_key")
_FOUND = "x.resource_key, x.id, x.type, v.version, x.chart_key, c.kind, c.facility, v.at, x.classes, v.body, v.deleted"


def lock_current(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """Lock resources that are there, always in one order."""
    found = tx.rows(
        "select r.id, r.resource_key, r.type, r.chart_key, r.version, c.kind, c.facility, r.updated_at, r.classes,"
        " false from records.resource r join records.chart c on c.chart_key = r.chart_key"
        " where r.id = any(%s::uuid[]) order by r.resource_key for update of r",
        (list(ids),),
    )
    return {row[0]: _standing(row) for row in found}


def lock_deleted(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """Lock resources that are deleted, so that nobody else brings them back meanwhile."""
    found = tx.rows(
        "select d.id, d.resource_key, d.type, d.chart_key, d.version, c.kind, c.facility, d.at, d.classes, true"
        " from records.deleted d join records.chart c on c.chart_key = d.chart_key"
        " where d.id = any(%s::uuid[]) order by d.resource_key for update of d",
        (list(ids),),
    )
    return {row[0]: _standing(row) for row in found}


def targets_deleted(
    tx: Transaction, wanted: Sequence[tuple[str, UUID]]
) -> dict[tuple[str, UUID], tuple[int, str, str, int | None]]:
    """Return, for each deleted resource among `wanted`, its chart's key, kind and facility, and its classes."""
    found = tx.rows(
        "select d.type, d.id, d.chart_key, c.kind, c.facility, d.classes from unnest(%s::uuid[]) q(id)"
        " join records.deleted d on d.id = q.id join records.chart c on c.chart_key = d.chart_key",
        ([id_ for _, id_ in wanted],),
    )
    return {(name, id_): (chart, kind, facility, classes) for name, id_, chart, kind, facility, classes in found}


def delete(tx: Transaction, rows: Sequence[tuple[int, int, datetime]]) -> None:
    """Move locked resources aside, with their search rows: (key, version that says so, at)."""
    keys, versions, instants = (list(column) for column in zip(*rows, strict=True))
    tx.run(
        "insert into records.deleted (resource_key, id, type, chart_key, version, at, classes)"
        " select r.resource_key, r.id, r.type, r.chart_key, q.version, q.at, r.classes"
        " from unnest(%s::bigint[], %s::int[], %s::timestamptz[]) q(key, version, at)"
        " join records.resource r on r.resource_key = q.key",
        (keys, versions, instants),
    )
    tx.run("delete from records.resource where resource_key = any(%s::bigint[])", (keys,))
    tx.run("delete from records.token where resource_key = any(%s::bigint[])", (keys,))


def bring_back(tx: Transaction, keys: Sequence[int]) -> None:
    """Forget that locked resources are deleted; whoever does writes their next versions."""
    tx.run("delete from records.deleted where resource_key = any(%s::bigint[])", (list(keys),))


def insert_versions(tx: Transaction, rows: Sequence[tuple[int, int, int, int, datetime, bytes]]) -> None:
    """Add versions that say that something was deleted: (resource_key, version, chart_key, acceptance, at, body)."""
    tx.many(
        "insert into records.version (resource_key, version, chart_key, acceptance, at, body, deleted)"
        " values (%s, %s, %s, %s, %s, %s, true)",
        rows,
    )


def fetch_versions(tx: Transaction, wanted: Sequence[tuple[UUID, int]]) -> list[Located]:
    """Return those versions that exist, in one statement."""
    found = tx.rows(
        f"select {_FOUND} from unnest(%s::uuid[], %s::int[]) q(id, version){_BY_ID}"  # noqa: S608
        " join records.version v on v.resource_key = x.resource_key and v.version = q.version",
        ([id_ for id_, _ in wanted], [version for _, version in wanted]),
    )
    return [Located.of_row(row) for row in found]


def fetch_deleted(tx: Transaction, ids: Sequence[UUID]) -> list[Located]:
    """Return the versions that say that these resources were deleted, for those that were."""
    found = tx.rows(
        "select d.resource_key, d.id, d.type, d.version, d.chart_key, c.kind, c.facility, v.at, d.classes, v.body,"
        " v.deleted from records.deleted d join records.chart c on c.chart_key = d.chart_key"
        " join records.version v on v.resource_key = d.resource_key and v.version = d.version"
        " where d.id = any(%s::uuid[])",
        (list(ids),),
    )
    return [Located.of_row(row) for row in found]


def versions_of(
    tx: Transaction, key: int, since: datetime | None, current: tuple[datetime, datetime] | None, before: int, most: int
) -> list[tuple[Place, bool]]:
    """Return the newest `most` versions of one resource below a version, and whether each says that it was deleted."""
    where, params = _asked(since, current)
    found = tx.rows(
        "select v.at, v.acceptance, v.resource_key, v.version, v.deleted from records.version v"  # noqa: S608
        f" where v.resource_key = %s and v.version < %s{where} order by v.version desc limit %s",
        (key, before, *params, most),
    )
    return [_place(row) for row in found]


def written(
    tx: Transaction,
    facility: str,
    since: datetime | None,
    current: tuple[datetime, datetime] | None,
    before: Place | None,
    most: int,
) -> list[tuple[Place, bool]]:
    """Return the newest `most` versions that a facility wrote before a place, and whether each deletes.

    The bound on `a.at` is what the index is walked by; the rest of the place is compared on the way.
    """
    where, params = _asked(since, current)
    if before is not None:
        where += " and a.at <= %s and (a.at, a.acceptance, v.resource_key, v.version) < (%s, %s, %s, %s)"
        params += [before.at, before.at, before.acceptance, before.resource_key, before.version]
    found = tx.rows(
        "select a.at, a.acceptance, v.resource_key, v.version, v.deleted from records.acceptance a"  # noqa: S608
        f" join records.version v on v.acceptance = a.acceptance where a.facility = %s{where.replace('v.at', 'a.at')}"
        " order by a.at desc, a.acceptance desc, v.resource_key desc, v.version desc limit %s",
        (facility, *params, most),
    )
    return [_place(row) for row in found]


def longest_open(tx: Transaction) -> timedelta:
    """Return for how long the oldest other transaction of this duty has been open; nothing where there is none.

    One that ended before this was asked is seen by every statement that follows.
    """
    row = tx.row(
        "select max(clock_timestamp() - xact_start) from pg_stat_activity"
        " where usename = current_user and xact_start is not null and pid <> pg_backend_pid()"
    )
    return row[0] if row and row[0] is not None else timedelta()


def types_of(tx: Transaction, keys: Sequence[int]) -> dict[int, str]:
    """Return the type of each resource, deleted or not."""
    return dict(
        tx.rows(
            "select r.resource_key, r.type from records.resource r where r.resource_key = any(%s::bigint[])"
            " union all select d.resource_key, d.type from records.deleted d where d.resource_key = any(%s::bigint[])",
            (list(keys), list(keys)),
        )
    )


def bodies(tx: Transaction, places: Sequence[Place]) -> list[Located]:
    """Return the sealed versions that stand at these places, in no order."""
    found = tx.rows(
        f"select {_FOUND} from unnest(%s::bigint[], %s::int[]) q(resource_key, version){_BY_KEY}"  # noqa: S608
        " join records.version v on v.resource_key = x.resource_key and v.version = q.version",
        ([place.resource_key for place in places], [place.version for place in places]),
    )
    return [Located.of_row(row) for row in found]


def _asked(since: datetime | None, current: tuple[datetime, datetime] | None) -> tuple[str, list[object]]:
    where, params = "", []  # type: str, list[object]
    if since is not None:
        where, params = " and v.at >= %s", [since]
    if current is not None:
        where += (
            " and v.at < %s and not exists (select from records.version n"
            " where n.resource_key = v.resource_key and n.version = v.version + 1 and n.at <= %s)"
        )
        params += [current[1], current[0]]
    return where, params


def _standing(row: tuple[Any, ...]) -> Standing:
    _, key, type_, chart, version, kind, facility, at, classes, deleted = row
    return Standing(
        resource_key=key,
        type=type_,
        chart_key=chart,
        version=version,
        kind=kind,
        facility=facility,
        at=at,
        classes=classes,
        deleted=deleted,
    )


def _place(row: tuple[Any, ...]) -> tuple[Place, bool]:
    at, acceptance, key, version, deleted = row
    return Place(at=at, acceptance=acceptance, resource_key=key, version=version), deleted
