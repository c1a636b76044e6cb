"""SQL of certificate and voided. Rows are only ever inserted and read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from salus.storage import Transaction

OF_RESIDENT = """
    select c.certificate_id, c.resource_id, c.list_number, c.index, c.content, c.at, v.at, v.ground
    from healthcode.certificate c
    left join healthcode.voided v on v.list_number = c.list_number and v.index = c.index
    where c.resident_key = %s and not c.once order by c.at desc, c.certificate_id
"""
ONCE_OF_RESIDENT = """
    select c.certificate_id, c.resource_id, c.list_number, c.index, c.content, c.at, v.at, v.ground
    from healthcode.certificate c
    left join healthcode.voided v on v.list_number = c.list_number and v.index = c.index
    where c.resident_key = %s and c.at > %s and c.once order by c.certificate_id
"""
_INSERT = """
    insert into healthcode.certificate
        (certificate_id, resident_key, resource_id, list_number, index, content, at, once)
    values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (list_number, index) do nothing
"""
_VOID = """
    insert into healthcode.voided (list_number, index, ground, at)
    select list_number, index, %s, %s from healthcode.certificate
    where certificate_id = %s and resident_key = %s on conflict do nothing
"""
VOID_CORRECTED = """
    insert into healthcode.voided (list_number, index, ground, at)
    select list_number, index, 'corrected', %s from healthcode.certificate where resource_id = any(%s::uuid[])
    on conflict do nothing
"""

_VOID_PARTED = """
    insert into healthcode.voided (list_number, index, ground, at)
    select list_number, index, 'parted', %s from healthcode.certificate where certificate_id = any(%s::uuid[])
    on conflict do nothing
"""

Row = tuple[UUID, UUID, int, int, bytes, datetime, datetime | None, str | None]


def insert(
    tx: Transaction,
    certificate_id: UUID,
    resident_key: int,
    resource: UUID,
    place: tuple[int, int],
    content: bytes,
    at: datetime,
    *,
    once: bool,
) -> bool:
    """Add a certificate; false if its place in the list was taken."""
    return tx.run(_INSERT, (certificate_id, resident_key, resource, *place, content, at, once)) == 1


def of_resident(tx: Transaction, resident_key: int) -> list[Row]:
    """Return a resident's certificates, newest first."""
    return [(a, b, c, d, bytes(e), f, g, h) for a, b, c, d, e, f, g, h in tx.rows(OF_RESIDENT, (resident_key,))]


def once_of_resident(tx: Transaction, resident_key: int, since: datetime) -> list[Row]:
    """Return what a resident took to show once, after an instant."""
    rows = tx.rows(ONCE_OF_RESIDENT, (resident_key, since))
    return [(a, b, c, d, bytes(e), f, g, h) for a, b, c, d, e, f, g, h in rows]


def insert_void(tx: Transaction, certificate_id: UUID, resident_key: int, ground: str, at: datetime) -> None:
    """Void one certificate of a resident; nothing happens twice."""
    tx.run(_VOID, (ground, at, certificate_id, resident_key))


def insert_void_of(tx: Transaction, resources: Sequence[UUID], at: datetime) -> int:
    """Void every certificate that rests on one of these entries; return how many."""
    return tx.run(VOID_CORRECTED, (at, list(resources)))


def insert_void_parted(tx: Transaction, certificate_ids: Sequence[UUID], at: datetime) -> int:
    """Void these certificates, whose entries are another's; return how many."""
    return tx.run(_VOID_PARTED, (at, list(certificate_ids)))


def void_places(tx: Transaction) -> list[tuple[int, int]]:
    """Return every void place: list and index."""
    return [(number, index) for number, index in tx.rows("select list_number, index from healthcode.voided")]


def count_void(tx: Transaction) -> int:
    """Return how many certificates are void."""
    row = tx.row("select count(*) from healthcode.voided")
    return int(row[0]) if row else 0


def highest_list(tx: Transaction) -> int:
    """Return the number of the list that places are given out of; 1 before the first."""
    row = tx.row("select max(list_number) from healthcode.certificate")
    return int(row[0]) if row and row[0] else 1


def count_in(tx: Transaction, list_number: int) -> int:
    """Return how many places of a list are taken."""
    row = tx.row("select count(*) from healthcode.certificate where list_number = %s", (list_number,))
    return int(row[0]) if row else 0
