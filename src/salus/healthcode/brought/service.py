"""Bring facts, list them, take them out again, in the caller's transaction. Duty CARE. Nothing is decided by them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from salus.codec.recognising import Believed
from salus.healthcode.brought import store
from salus.healthcode.brought.errors import BroughtRefused
from salus.healthcode.brought.model import Brought, brought_of, read, written
from salus.kernel import new_id
from salus.keys import Custodian
from salus.storage import Transaction

MOST_BROUGHT: Final = 100
_DOMAIN = "healthcode.brought"


def bring(
    tx: Transaction,
    custodian: Custodian,
    resident_key: int,
    told: Believed,
    at: datetime,
    *,
    shown: bool = False,
    known_as: Collection[int] = (),
) -> UUID:
    """Keep the facts of a code; the same code is kept once, as it was said last whether it is `shown` in care.

    `known_as` are all keys of the resident: whatever says otherwise under any of them is taken out, since care sees
    what was brought under each. BroughtRefused for more than a hundred under the key that it is kept under.
    """
    keys = sorted({resident_key, *known_as})
    for key in keys:  # in order, so that two of one person do not wait for each other
        store.lock_bringing(tx, key)
    held = {key: brought(tx, custodian, key) for key in keys}
    known = [one for key in keys for one in held[key] if one.source == told.digest.hex()]
    otherwise = {one.brought_id for one in known if one.shown is not shown}
    for name in otherwise:
        store.insert_out(tx, name, at)
    if len(otherwise) < len(known):
        return next(one.brought_id for one in known if one.brought_id not in otherwise)
    if sum(one.brought_id not in otherwise for one in held[resident_key]) >= MOST_BROUGHT:
        raise BroughtRefused(f"at most {MOST_BROUGHT} certificates can be kept; take some out first")
    brought_id = new_id()
    kept = written(brought_of(told, brought_id, at, shown=shown))
    sealed = custodian.seal(_DOMAIN, kept, _place(brought_id, resident_key))
    store.insert(tx, brought_id, resident_key, sealed, at)
    return brought_id


def brought(tx: Transaction, custodian: Custodian, resident_key: int) -> list[Brought]:
    """Return what a resident has brought and not taken out, newest first."""
    return [
        read(name, custodian.open_sealed(_DOMAIN, sealed, _place(name, resident_key)), at)
        for name, sealed, at in store.of_resident(tx, resident_key)
    ]


def take_out(tx: Transaction, custodian: Custodian, resident_key: int, brought_id: UUID, at: datetime) -> None:
    """Take one out again: its content is deleted, that it was and when stays. BroughtRefused if it is another's."""
    if brought_id not in {one.brought_id for one in brought(tx, custodian, resident_key)}:
        raise BroughtRefused("there is no such fact among those that you brought")
    store.insert_out(tx, brought_id, at)


def _place(brought_id: UUID, resident_key: int) -> bytes:
    return b"healthcode.brought.content\x00" + brought_id.bytes + resident_key.to_bytes(8, signed=True)
