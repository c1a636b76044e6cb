"""Void certificates, with a leaf of the public log for each; count them by month; and hold rows and leaves together.

Everything here happens in the caller's transaction, under duty CARE. A void touches nothing but the list: no measure,
no record, no resident.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from salus.healthcode.certificates import store
from salus.healthcode.certificates.service import ONCE_LASTS
from salus.healthcode.certificates.voids import GROUNDS, Void, VoidReason, told_counts, void_leaf, voids_leaf
from salus.ledger import append
from salus.storage import Transaction

GRACE = timedelta(days=1)
_BLINDING = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidFinding:
    """A void certificate and the public log that contradict each other. `item` names it by what is public of it."""

    word: str
    item: str
    text: str


def void(tx: Transaction, resident_keys: Sequence[int], certificate_id: UUID, at: datetime) -> bool:
    """Void a certificate because its holder asks; false if it is not among theirs. `resident_keys` are one person's."""
    mine = store.is_own(tx, certificate_id, resident_keys)
    if mine:
        _log(tx, store.insert_void(tx, certificate_id, at))
    return mine


def void_full(tx: Transaction, resident_keys: Sequence[int], certificate_id: UUID, at: datetime) -> bool:
    """Void a full certificate because its holder asks, if it has not ended; false if it is not among theirs."""
    mine = store.is_own_full(tx, certificate_id, resident_keys)
    if mine:
        _log(tx, store.insert_void_full(tx, certificate_id, at))
    return mine


def void_corrected(tx: Transaction, resources: Sequence[UUID], at: datetime) -> int:
    """Void every certificate that rests on an entry which was corrected; its holder may take a new one.

    One of a day's batch that has ended is left alone: it counts for nothing, and would only add to what is counted.
    """
    return _log(tx, store.insert_void_of(tx, resources, at, at - ONCE_LASTS)) if resources else 0


def void_parted(tx: Transaction, certificate_ids: Sequence[UUID], at: datetime) -> int:
    """Void certificates whose entries turned out to be another person's; return how many."""
    return _log(tx, store.insert_void_parted(tx, certificate_ids, at)) if certificate_ids else 0


def log_earlier(tx: Transaction) -> int:
    """Hand over the leaves of what was voided before the log was told of voids; return how many."""
    return _log(tx, store.without_leaf(tx))


def tell_voids(tx: Transaction, now: datetime) -> int:
    """Hand the counts of months that are over to the log, once each and a day later; return how many were told.

    Idempotent, and of two that come at once one waits for the other.
    """
    this_month = _month(now - GRACE)
    counted: dict[date, Counter[VoidReason]] = {}
    for month, ground, count in store.untold(tx, this_month):
        counted.setdefault(month, Counter())[GROUNDS[ground]] += count
    for month, counts in sorted(counted.items()):
        for reason, count in told_counts(counts).items():
            store.insert_told(tx, month, reason, count, append(tx, voids_leaf(month, reason, count)).id)
    return len(counted)


def verify_voids(tx: Transaction, logged: set[bytes], told: set[bytes], waiting: set[bytes]) -> Iterator[VoidFinding]:
    """Compare what is void here with the log's entries of kinds `void` and `voids`, and with those that wait.

    VOID-UNLOGGED: a bit of a list without its leaf. VOID-BURIED: a leaf without its bit. VOID-CHANGED: a leaf that is
    about another place or reason. VOIDS-CHANGED: a month that was told otherwise than it is counted.
    """
    mine: set[bytes] = set()
    for number, index, ground, blinding, commitment in store.voids(tx):
        item = f"list {number}, place {index}"
        if commitment is None or blinding is None:
            yield VoidFinding(word="VOID-UNLOGGED", item=item, text="it is void here, and the log was not told")
            continue
        entry = void_leaf(commitment).encoded
        mine.add(entry)
        void = Void(list_number=number, index=index, reason=GROUNDS[ground], blinding=blinding)
        if void.commitment != commitment:
            yield VoidFinding(word="VOID-CHANGED", item=item, text="its leaf is about another place or reason")
        elif entry not in logged and entry not in waiting:
            yield VoidFinding(word="VOID-UNLOGGED", item=item, text="it is void here, and the log does not say so")
    for entry in sorted(logged - mine):
        yield VoidFinding(word="VOID-BURIED", item=entry.decode(), text="the log tells of it, no list does any more")
    yield from _verify_told(tx, told, waiting)


def _verify_told(tx: Transaction, told: set[bytes], waiting: set[bytes]) -> Iterator[VoidFinding]:
    counted: dict[date, Counter[VoidReason]] = {}
    for month, ground, count in store.counted(tx):
        counted.setdefault(month, Counter())[GROUNDS[ground]] += count
    rows = {(month, reason): count for month, reason, count in store.told(tx)}
    mine = {voids_leaf(*cell, count).encoded for cell, count in rows.items()}
    text = "the log counted another number of them"
    for month in sorted({month for month, _ in rows}):
        here = {reason: count for (of, reason), count in rows.items() if of == month}
        if here != told_counts(counted.get(month, {})):
            yield VoidFinding(word="VOIDS-CHANGED", item=f"{month:%Y-%m}", text=text)
    for entry in sorted((told - mine) | (mine - told - waiting)):
        yield VoidFinding(word="VOIDS-CHANGED", item=entry.decode(), text=text)


def _log(tx: Transaction, rows: Sequence[store.VoidRow]) -> int:
    """Give each new void its leaf, in the transaction that voids it."""
    first = store.first_untold(tx) if rows else None
    for number, index, ground, at in rows:
        void = Void(list_number=number, index=index, reason=GROUNDS[ground], blinding=secrets.token_bytes(_BLINDING))
        month = max(_month(at), first or date.min)  # what comes late is counted in a month that was not told yet
        store.insert_leaf(tx, (number, index), void.blinding, void.commitment, append(tx, void.leaf).id, month)
    return len(rows)


def _month(at: datetime) -> date:
    return at.astimezone(UTC).date().replace(day=1)
