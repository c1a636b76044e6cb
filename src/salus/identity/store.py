"""SQL of the resident index. Numbers enter as keyed digests and sealed bytes only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from salus.storage import Transaction


def claim(tx: Transaction, digests: Sequence[bytes], candidates: Sequence[int]) -> dict[bytes, int]:
    """Give each digest to its candidate resident unless it is taken; return who holds each afterwards.

    A concurrent claim of the same digest waits here for the other transaction's end.
    """
    tx.run(
        "insert into identity.claim (digest, resident_key)"
        " select * from unnest(%s::bytea[], %s::bigint[]) order by 1 on conflict (digest) do nothing",
        (list(digests), list(candidates)),
    )
    return holders(tx, digests)


def holders(tx: Transaction, digests: Sequence[bytes]) -> dict[bytes, int]:
    """Return the resident of each known digest."""
    found = tx.rows(
        "select digest, resident_key from identity.claim where digest = any(%s::bytea[])",
        (list(digests),),
    )
    return {bytes(digest): key for digest, key in found}


def insert_residents(tx: Transaction, rows: Sequence[tuple[int, UUID, int, datetime]]) -> None:
    """Open residents: (key, id, bucket, at)."""
    tx.many(
        "insert into identity.resident (resident_key, resident_id, bucket, opened_at) values (%s, %s, %s, %s)", rows
    )


def first_number(tx: Transaction, resident_key: int) -> tuple[bytes, bytes] | None:
    """Return digest and sealed form of the number that a resident was first known by and still holds."""
    row = tx.row(
        "select n.digest, n.sealed from identity.number n join identity.claim c on c.digest = n.digest"
        " where n.resident_key = %s and c.resident_key = %s order by n.at, n.digest limit 1",
        (resident_key, resident_key),
    )
    return None if row is None else (bytes(row[0]), bytes(row[1]))


def insert_numbers(tx: Transaction, rows: Sequence[tuple[bytes, int, int, bytes, datetime]]) -> None:
    """Note sealed numbers: (digest, resident_key, chart_key, sealed, at)."""
    tx.many(
        "insert into identity.number (digest, resident_key, chart_key, sealed, at) values (%s, %s, %s, %s, %s)"
        " on conflict (digest, chart_key) do nothing",
        rows,
    )


def insert_assertions(tx: Transaction, rows: Sequence[tuple[int, int, bool, str, datetime]]) -> None:
    """Append that charts belong to residents: (chart_key, resident_key, same, ground, at)."""
    tx.many(
        "insert into identity.assertion (chart_key, resident_key, same, ground, at) values (%s, %s, %s, %s, %s)", rows
    )


def residents_of(tx: Transaction, chart_keys: Sequence[int]) -> dict[int, int]:
    """Return each chart's resident: the last assertion about it."""
    found = tx.rows(
        "select distinct on (chart_key) chart_key, resident_key, same from identity.assertion"
        " where chart_key = any(%s::bigint[]) order by chart_key, assertion desc",
        (list(chart_keys),),
    )
    return {chart: resident for chart, resident, same in found if same}


def charts_of(tx: Transaction, resident_key: int) -> list[int]:
    """Return the charts whose last assertion names this resident, oldest first."""
    candidates = tx.rows("select distinct chart_key from identity.assertion where resident_key = %s", (resident_key,))
    current = residents_of(tx, [chart for (chart,) in candidates])
    return sorted(chart for chart, resident in current.items() if resident == resident_key)


def key_of(tx: Transaction, resident_id: UUID) -> int | None:
    """Return a resident's physical key."""
    found = tx.row("select resident_key from identity.resident where resident_id = %s", (resident_id,))
    return found[0] if found else None


def id_of(tx: Transaction, resident_key: int) -> UUID | None:
    """Return a resident's external identifier."""
    found = tx.row("select resident_id from identity.resident where resident_key = %s", (resident_key,))
    return found[0] if found else None


def keys(tx: Transaction, count: int) -> list[int]:
    """Reserve time-ordered physical keys."""
    return [key for (key,) in tx.rows("select nextval('identity.resident_key') from generate_series(1, %s)", (count,))]
