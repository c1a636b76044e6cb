"""SQL of the table `healthcode.phone`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from salus.healthcode.phones.model import Known, Phone
from salus.storage import Transaction

OF_RESIDENTS = """
    select phone_id, registered_at, token_ends from healthcode.phone
    where resident_key = any(%s) order by registered_at, phone_id
"""
FIND = "select phone_id, resident_key, point, token_ends from healthcode.phone where token = %s"
POINT = "select point from healthcode.phone where phone_id = %s and resident_key = any(%s) for update"
NEWEST_STEP = "select newest_step from healthcode.phone where phone_id = %s"
_INSERT = """
    insert into healthcode.phone (phone_id, resident_key, slot, point, registered_at)
    values (%s, %s, %s, %s, %s) on conflict (resident_key, slot) do nothing
"""
_GIVE = "update healthcode.phone set token = %s, token_ends = %s, newest_step = null where phone_id = %s"
_TAKE_STEP = """
    update healthcode.phone set newest_step = %s
    where phone_id = %s and token = %s and (newest_step is null or newest_step < %s)
"""
_DELETE = "delete from healthcode.phone where phone_id = %s and resident_key = any(%s)"
DELETE_ALL = "delete from healthcode.phone where resident_key = any(%s)"


def of_residents(tx: Transaction, resident_keys: Sequence[int]) -> list[Phone]:
    """Return the telephones of these residents, the first registered first."""
    rows = tx.rows(OF_RESIDENTS, (list(resident_keys),))
    return [Phone(phone_id=phone_id, registered=since, ends=ends) for phone_id, since, ends in rows]


def insert(tx: Transaction, phone_id: UUID, resident_key: int, slot: int, point: bytes, at: datetime) -> bool:
    """Add a telephone; false if its place is taken."""
    return tx.run(_INSERT, (phone_id, resident_key, slot, point, at)) == 1


def point_of(tx: Transaction, phone_id: UUID, resident_keys: Sequence[int]) -> bytes | None:
    """Return the key of a telephone of these residents, and keep others from changing it until the commit."""
    row = tx.row(POINT, (phone_id, list(resident_keys)))
    return None if row is None else bytes(row[0])


def give_token(tx: Transaction, phone_id: UUID, digest: bytes, ends: datetime) -> None:
    """Let a telephone have this token, and no other."""
    tx.run(_GIVE, (digest, ends, phone_id))


def by_token(tx: Transaction, digest: bytes) -> Known | None:
    """Return the telephone that has this token now."""
    row = tx.row(FIND, (digest,))
    if row is None:
        return None
    phone_id, resident_key, point, ends = row
    return Known(phone_id=phone_id, resident_key=resident_key, point=bytes(point), ends=ends)


def take_step(tx: Transaction, phone_id: UUID, digest: bytes, step: int) -> bool:
    """Take a step of a token; false if it or a later one was taken. Of two at once one waits for the other."""
    return tx.run(_TAKE_STEP, (step, phone_id, digest, step)) == 1


def newest_step(tx: Transaction, phone_id: UUID) -> int | None:
    """Return the latest step that was taken of a telephone's token."""
    row = tx.row(NEWEST_STEP, (phone_id,))
    return None if row is None else row[0]


def delete(tx: Transaction, phone_id: UUID, resident_keys: Sequence[int]) -> bool:
    """Delete a telephone of these residents; false if there is none."""
    return tx.run(_DELETE, (phone_id, list(resident_keys))) == 1


def delete_all(tx: Transaction, resident_keys: Sequence[int]) -> int:
    """Delete all telephones of these residents; return how many."""
    return tx.run(DELETE_ALL, (list(resident_keys),))
