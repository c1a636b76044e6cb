"""Bring facts, list them, take them out again, in the caller's transaction. Duty CARE. Nothing is decided by them."""

from __future__ import annotations

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
    tx: Transaction, custodian: Custodian, resident_key: int, told: Believed, at: datetime, *, shown: bool = False
) -> UUID:
    """Keep the facts of a code; the same code is kept once, as it was said last whether it is `shown` in care.

    BroughtRefused for more than a hundred.
    """
    held = brought(tx, custodian, resident_key)
    known = next((one for one in held if one.source == told.digest.hex()), None)
    if known is not None and known.shown is shown:
        return known.brought_id
    if known is not None:
        store.insert_out(tx, known.brought_id, at)
    elif len(held) >= MOST_BROUGHT:
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
