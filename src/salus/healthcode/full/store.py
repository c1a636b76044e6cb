"""SQL of full_certificate. Rows are only ever inserted and read."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from salus.storage import Transaction

OF_RESIDENT = """
    select certificate_id, resource_id, form, content, at, ends from healthcode.full_certificate
    where resident_key = %s order by at desc, certificate_id limit 200
"""
_INSERT = """
    insert into healthcode.full_certificate (certificate_id, resident_key, resource_id, form, content, at, ends)
    values (%s, %s, %s, %s, %s, %s, %s)
"""

Row = tuple[UUID, UUID, str, bytes, datetime, datetime]


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
    return [(a, b, c, bytes(d), e, f) for a, b, c, d, e, f in tx.rows(OF_RESIDENT, (resident_key,))]
