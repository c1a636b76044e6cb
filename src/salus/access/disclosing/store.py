"""SQL of disclosures. They are only ever inserted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from salus.storage import Transaction


def add(tx: Transaction, commitment: bytes, notice: datetime, at: datetime, pending_id: UUID) -> None:
    """Note what was handed to the log."""
    tx.run(
        "insert into access.disclosure (commitment, notice_at, handed_at, pending_id) values (%s, %s, %s, %s)",
        (commitment, notice, at, pending_id),
    )


def pending_of(tx: Transaction, commitment: bytes) -> UUID | None:
    """Return the name under which a disclosure's leaf waited."""
    row = tx.row("select pending_id from access.disclosure where commitment = %s", (commitment,))
    return row[0] if row else None


def add_done(
    tx: Transaction, commitment: bytes, resident: int, place: tuple[int, int], told: datetime, at: datetime
) -> bool:
    """Note that a disclosure was carried out; false if it was before."""
    sql = (
        "insert into access.disclosed (commitment, resident_key, batch, item, told_at, done_at)"
        " values (%s, %s, %s, %s, %s, %s) on conflict do nothing"
    )
    return tx.run(sql, (commitment, resident, *place, told, at)) == 1


def untold(tx: Transaction, residents: Sequence[int], at: datetime) -> set[tuple[int, int]]:
    """Return the places in the register of what these residents are told later.

    Only entries of that very disclosure, also as copied to whose chart it was, and for 90 days at most: no row hides
    anything else, or for longer.
    """
    found = tx.rows(
        "select e.batch, e.item from access.disclosed as d"
        " join access.entry as e on e.reader = encode(d.commitment, 'hex')"
        " where d.told_at > %(at)s and e.resident_key = any(%(residents)s::bigint[]) and e.action = 'disclose'"
        " and e.ground in ('court-order', 'parted') and e.at + interval '90 days' > %(at)s",
        {"residents": list(residents), "at": at},
    )
    return {(batch, item) for batch, item in found}


def done(tx: Transaction) -> list[tuple[bytes, datetime]]:
    """Return every disclosure that was carried out, with when its resident is told."""
    rows = tx.rows("select commitment, told_at from access.disclosed order by commitment")
    return [(bytes(commitment), told) for commitment, told in rows]
