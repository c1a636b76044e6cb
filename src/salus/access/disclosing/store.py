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
    """Return the places in the register of what these residents are told later."""
    found = tx.rows(
        "select batch, item from access.disclosed where resident_key = any(%s::bigint[]) and told_at > %s",
        (list(residents), at),
    )
    return {(batch, item) for batch, item in found}
