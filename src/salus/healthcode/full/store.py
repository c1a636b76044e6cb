"""SQL of full_certificate, and of those in `voided`. Rows are only ever inserted and read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from salus.storage import Transaction

OF_RESIDENT = """
    select f.certificate_id, f.resource_id, f.form, f.content, f.at, f.ends, v.ground
    from healthcode.full_certificate f
    left join healthcode.voided v on v.list_number = 0 and v.index = f.place
    where f.resident_key = %s order by f.at desc, f.certificate_id limit 200
"""
_INSERT = """
    insert into healthcode.full_certificate (certificate_id, resident_key, resource_id, form, content, at, ends)
    values (%s, %s, %s, %s, %s, %s, %s)
"""
VOIDED = """
    select f.certificate_id, f.resident_key, f.content, f.at, f.ends from healthcode.voided v
    join healthcode.full_certificate f on f.place = v.index
    where v.list_number = 0 and f.form = %s and f.ends > %s order by v.at, f.place
"""
LIVING = "select certificate_id, resource_id from healthcode.full_certificate where resident_key = %s and ends > %s"
_COUNTED = """
    select count(*), count(*) filter (where f.ends <= %s) from healthcode.voided v
    join healthcode.full_certificate f on f.place = v.index where v.list_number = 0 and f.form = any(%s)
"""

Row = tuple[UUID, UUID, str, bytes, datetime, datetime, str | None]
VoidedRow = tuple[UUID, int, bytes, datetime, datetime]
"""Name, whose, content, when it was taken, when it ends."""


def insert(
    tx: Transaction,
    certificate_id: UUID,
    resident_key: int,
    resource: UUID,
    form: str,
    content: bytes,
    life: tuple[datetime, datetime],
) -> None:
    """Add a full certificate."""
    tx.run(_INSERT, (certificate_id, resident_key, resource, form, content, *life))


def of_resident(tx: Transaction, resident_key: int) -> list[Row]:
    """Return a resident's full certificates, newest first, at most 200."""
    return [(a, b, c, bytes(d), e, f, g) for a, b, c, d, e, f, g in tx.rows(OF_RESIDENT, (resident_key,))]


def any_taken(tx: Transaction) -> bool:
    """Tell whether anybody ever took a full certificate."""
    return tx.row("select 1 from healthcode.full_certificate limit 1") is not None


def living(tx: Transaction, resident_key: int, at: datetime) -> list[tuple[UUID, UUID]]:
    """Return name and entry of all full certificates of a resident that have not ended."""
    return [(name, resource) for name, resource in tx.rows(LIVING, (resident_key, at))]


def voided(tx: Transaction, form: str, since: datetime) -> list[VoidedRow]:
    """Return the void certificates of a format that end after an instant, first voided first."""
    return [(a, b, bytes(c), d, e) for a, b, c, d, e in tx.rows(VOIDED, (form, since))]


def count_voided(tx: Transaction, forms: Sequence[str], at: datetime) -> tuple[int, int]:
    """Return how many certificates of these formats ever became void, and how many of them have ended."""
    row = tx.row(_COUNTED, (at, list(forms)))
    return (int(row[0]), int(row[1])) if row else (0, 0)
