"""SQL of brought and brought_out. Rows are inserted and read, and lose their content when they are taken out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from salus.storage import Transaction

OF_RESIDENT = """
    select b.brought_id, b.content, b.at from healthcode.brought b
    left join healthcode.brought_out o on o.brought_id = b.brought_id
    where b.resident_key = %s and o.brought_id is null order by b.at desc, b.brought_id limit 200
"""
_BRINGING = "select pg_advisory_xact_lock(hashtextextended('healthcode.brought ' || %s::text, 0))"
EMPTY = "update healthcode.brought set content = null where brought_id = %s"

Row = tuple[UUID, bytes, datetime]


def lock_bringing(tx: Transaction, resident_key: int) -> None:
    """Let one transaction at a time look at what a resident brought, and add to it."""
    tx.row(_BRINGING, (resident_key,))


def insert(tx: Transaction, brought_id: UUID, resident_key: int, content: bytes, at: datetime) -> None:
    """Add what was brought."""
    tx.run(
        "insert into healthcode.brought (brought_id, resident_key, content, at) values (%s, %s, %s, %s)",
        (brought_id, resident_key, content, at),
    )


def insert_out(tx: Transaction, brought_id: UUID, at: datetime) -> None:
    """Take one out and delete its content; nothing happens twice."""
    tx.run(
        "insert into healthcode.brought_out (brought_id, at) values (%s, %s) on conflict do nothing", (brought_id, at)
    )
    tx.run(EMPTY, (brought_id,))


def of_resident(tx: Transaction, resident_key: int) -> list[Row]:
    """Return what a resident has brought and not taken out, newest first, at most 200."""
    return [(a, bytes(b), c) for a, b, c in tx.rows(OF_RESIDENT, (resident_key,))]
