"""SQL of certificate and voided. Rows are only ever inserted and read.

Full certificates are void in the same table, under list 0 and their own number: no status list has that number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
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
TAKEN = """
    select certificate_id, resource_id from healthcode.certificate where resident_key = %s and (not once or at > %s)
"""
OWN = """
    select 1 from healthcode.certificate where certificate_id = %s and resident_key = any(%s::bigint[]) and not once
"""
OWN_FULL = """
    select 1 from healthcode.full_certificate where certificate_id = %s and resident_key = any(%s::bigint[])
"""
VOID = """
    insert into healthcode.voided (list_number, index, ground, at)
    select list_number, index, 'asked', %s from healthcode.certificate
    where certificate_id = %s on conflict do nothing returning list_number, index, ground, at
"""
VOID_CORRECTED = """
    insert into healthcode.voided (list_number, index, ground, at)
    select list_number, index, 'corrected', %s from healthcode.certificate
    where resource_id = any(%s::uuid[]) and (not once or at > %s)
    on conflict do nothing returning list_number, index, ground, at
"""
VOID_PARTED = """
    insert into healthcode.voided (list_number, index, ground, at)
    select list_number, index, 'parted', %s from healthcode.certificate where certificate_id = any(%s::uuid[])
    on conflict do nothing returning list_number, index, ground, at
"""
VOID_FULL = """
    insert into healthcode.voided (list_number, index, ground, at)
    select 0, place, 'asked', %s from healthcode.full_certificate
    where certificate_id = %s and ends > %s
    on conflict do nothing returning list_number, index, ground, at
"""
VOID_FULL_CORRECTED = """
    insert into healthcode.voided (list_number, index, ground, at)
    select 0, place, 'corrected', %s from healthcode.full_certificate
    where resource_id = any(%s::uuid[]) and ends > %s
    on conflict do nothing returning list_number, index, ground, at
"""
VOID_FULL_PARTED = """
    insert into healthcode.voided (list_number, index, ground, at)
    select 0, place, 'parted', %s from healthcode.full_certificate
    where certificate_id = any(%s::uuid[]) and ends > %s
    on conflict do nothing returning list_number, index, ground, at
"""

COUNTED = """
    select l.month, v.ground, count(*) from healthcode.void_leaf l
    join healthcode.voided v on v.list_number = l.list_number and v.index = l.index
    where l.month >= %s and l.month < %s group by l.month, v.ground order by l.month, v.ground
"""
LOGGED = """
    select pending_id, digest from healthcode.logged where key = %s and at > %s
    order by at desc, pending_id, digest limit %s
"""
_TELLING = 7_305_841
_TAKING = "select pg_advisory_xact_lock(hashtextextended('healthcode.certificate ' || %s::text, 0))"

Row = tuple[UUID, UUID, int, int, bytes, datetime, datetime | None, str | None]
VoidRow = tuple[int, int, str, datetime]
"""List, index, ground, since when."""
Counted = tuple[date, str, int]
"""Month, ground, how many."""


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


def lock_taking(tx: Transaction, resident_key: int) -> None:
    """Let one transaction at a time count what a resident has, and add to it."""
    tx.row(_TAKING, (resident_key,))


def taken(tx: Transaction, resident_key: int, once_since: datetime) -> list[tuple[UUID, UUID]]:
    """Return name and entry of all that a resident took; of a day's batches what was taken after an instant."""
    return [(name, resource) for name, resource in tx.rows(TAKEN, (resident_key, once_since))]


def is_own(tx: Transaction, certificate_id: UUID, resident_keys: Sequence[int]) -> bool:
    """Tell whether one of these residents took a certificate, and not to show it once."""
    return tx.row(OWN, (certificate_id, list(resident_keys))) is not None


def is_own_full(tx: Transaction, certificate_id: UUID, resident_keys: Sequence[int]) -> bool:
    """Tell whether one of these residents took a full certificate."""
    return tx.row(OWN_FULL, (certificate_id, list(resident_keys))) is not None


def insert_void(tx: Transaction, certificate_id: UUID, at: datetime) -> list[VoidRow]:
    """Void one certificate because its holder asks, and return its row; none where it was void."""
    return tx.rows(VOID, (at, certificate_id))


def insert_void_full(tx: Transaction, certificate_id: UUID, at: datetime) -> list[VoidRow]:
    """Void one full certificate that has not ended, and return its row; none where it was void."""
    return tx.rows(VOID_FULL, (at, certificate_id, at))


def insert_void_of(tx: Transaction, resources: Sequence[UUID], at: datetime, once_since: datetime) -> list[VoidRow]:
    """Void every certificate that rests on one of these entries, and return the new rows.

    Of those to be shown once it voids what was taken after an instant, of full ones what has not ended.
    """
    own = tx.rows(VOID_CORRECTED, (at, list(resources), once_since))
    return [*own, *tx.rows(VOID_FULL_CORRECTED, (at, list(resources), at))]


def insert_void_parted(tx: Transaction, certificate_ids: Sequence[UUID], at: datetime) -> list[VoidRow]:
    """Void these certificates, whose entries are another's, and return the new rows."""
    own = tx.rows(VOID_PARTED, (at, list(certificate_ids)))
    return [*own, *tx.rows(VOID_FULL_PARTED, (at, list(certificate_ids), at))]


def void_places(tx: Transaction) -> list[tuple[int, int]]:
    """Return every void place of the status lists: list and index."""
    rows = tx.rows("select list_number, index from healthcode.voided where list_number > 0")
    return [(number, index) for number, index in rows]


def void_before(tx: Transaction, at: datetime) -> list[tuple[int, int]]:
    """Return every place of the status lists that was void before an instant."""
    return tx.rows("select list_number, index from healthcode.voided where list_number > 0 and at < %s", (at,))


def void_from(tx: Transaction, since: datetime, until: datetime | None) -> list[tuple[int, int]]:
    """Return every place of the status lists that became void from one instant on, before another if there is one."""
    return tx.rows(
        "select list_number, index from healthcode.voided where list_number > 0 and at >= %s"
        " and at < coalesce(%s, timestamptz 'infinity')",
        (since, until),
    )


def count_void_by(tx: Transaction, bounds: Sequence[datetime]) -> dict[int, int]:
    """Count the void places of the status lists by how many of these instants, in order, they did not come before."""
    rows = tx.rows(
        "select width_bucket(at, %s::timestamptz[]), count(*) from healthcode.voided where list_number > 0 group by 1",
        (list(bounds),),
    )
    return {int(passed): int(count) for passed, count in rows}


def count_void(tx: Transaction) -> int:
    """Return how many certificates are void, full ones too."""
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


def without_leaf(tx: Transaction) -> list[VoidRow]:
    """Return void certificates of which the log was not told; other callers wait until this commits."""
    tx.row("select pg_advisory_xact_lock(%s)", (_TELLING,))
    return tx.rows(
        "select v.list_number, v.index, v.ground, v.at from healthcode.voided v where not exists (select 1"
        " from healthcode.void_leaf l where l.list_number = v.list_number and l.index = v.index)"
    )


def insert_leaf(
    tx: Transaction, place: tuple[int, int], blinding: bytes, commitment: bytes, pending_id: UUID, month: date
) -> None:
    """Remember the leaf of a void certificate."""
    tx.run(
        "insert into healthcode.void_leaf (list_number, index, blinding, commitment, pending_id, month)"
        " values (%s, %s, %s, %s, %s, %s)",
        (*place, blinding, commitment, pending_id, month),
    )


def voids(tx: Transaction) -> list[tuple[int, int, str, bytes | None, bytes | None]]:
    """Return every void certificate with its leaf's blinding and commitment, None where it has no leaf."""
    rows = tx.rows(
        "select v.list_number, v.index, v.ground, l.blinding, l.commitment from healthcode.voided v"
        " left join healthcode.void_leaf l on l.list_number = v.list_number and l.index = v.index"
        " order by v.list_number, v.index"
    )
    return [(a, b, c, d and bytes(d), e and bytes(e)) for a, b, c, d, e in rows]


def first_untold(tx: Transaction) -> date | None:
    """Return the first month after those that the log was told of, or None before the first.

    No month is told until this transaction ends, so that none is told without what is counted in it here.
    """
    tx.row("select pg_advisory_xact_lock_shared(%s)", (_TELLING,))
    row = tx.row("select (max(month) + interval '1 month')::date from healthcode.voids_told")
    return row[0] if row else None


def untold(tx: Transaction, before: date) -> list[Counted]:
    """Count, by month and ground, months before this one that were not told; other callers wait until this commits."""
    tx.row("select pg_advisory_xact_lock(%s)", (_TELLING,))
    return tx.rows(COUNTED, (first_untold(tx) or date.min, before))


def counted(tx: Transaction) -> list[Counted]:
    """Count every void certificate by month and ground."""
    return tx.rows(COUNTED, (date.min, date.max))


def insert_told(tx: Transaction, month: date, reason: str, count: int, pending_id: UUID) -> None:
    """Remember what the log was told of a month."""
    tx.run(
        "insert into healthcode.voids_told (month, reason, count, pending_id) values (%s, %s, %s, %s)",
        (month, reason, count, pending_id),
    )


def told(tx: Transaction) -> list[tuple[date, str, int]]:
    """Return what the log was told: month, reason, count."""
    return tx.rows("select month, reason, count from healthcode.voids_told order by month, reason")


def insert_unlogged(tx: Transaction, digest: bytes, key: bytes) -> None:
    """Let a certificate wait for its leaf."""
    tx.run("insert into healthcode.unlogged (digest, key) values (%s, %s)", (digest, key))


def take_unlogged(tx: Transaction) -> list[tuple[bytes, bytes]]:
    """Return digest and key of every certificate that waits, and let none of them wait any longer."""
    rows = tx.rows("delete from healthcode.unlogged returning digest, key")
    return [(bytes(digest), bytes(key)) for digest, key in rows]


def insert_logged(tx: Transaction, digests: Sequence[bytes], key: bytes, pending_id: UUID, at: datetime) -> None:
    """Remember which leaf tells of certificates."""
    tx.run(
        "insert into healthcode.logged (digest, key, pending_id, at) select digest, %s, %s, %s"
        " from unnest(%s::bytea[]) as digest",
        (key, pending_id, at, list(digests)),
    )


def logged(tx: Transaction, key: bytes, since: datetime, most: int) -> list[tuple[UUID, bytes]]:
    """Return leaf and digest of certificates of a key that the log was told of after an instant.

    The newest leaves come first, `most` certificates at most; of the last leaf some may be missing.
    """
    return [(pending_id, bytes(digest)) for pending_id, digest in tx.rows(LOGGED, (key, since, most))]
