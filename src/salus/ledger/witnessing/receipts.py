"""What rests on a quorum of witnesses: the newest head that has one, and receipts for leaves under such a head."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from salus.ledger import store as tables
from salus.ledger.model import Receipt
from salus.proof import Checkpoint, Cosigned, LeafProof, Note, ProofError, Trust, prove_inclusion
from salus.proof.tiles import TileReader
from salus.storage import Duty, Store, Transaction


def cosigned(store: Store, trust: Trust | None) -> Cosigned | None:
    """Return the newest head that a quorum of these witnesses has cosigned, with their latest times; None without."""
    if trust is None:
        return None
    with store.transaction(Duty.LEDGER) as tx:
        return next((found for _, found in _heads(tx, trust, 0, newest=True)), None)


def cosigned_note(store: Store, trust: Trust) -> tuple[str, dict[str, datetime]] | None:
    """Return the newest head as it is published, and which of the witnesses cosigned it when, by name."""
    with store.transaction(Duty.LEDGER) as tx:
        found = tables.head(tx)
        if not found:
            return None
        lines = list(_true_lines(found[0], trust, tables.cosignatures(tx, found[0].size, newest=True)))
    note = found[0].note + "".join(lines)
    return note, trust.times(Note.parse(note))


def latest_quorum_at(store: Store, trust: Trust | None) -> datetime | None:
    """Return the latest time at which a quorum still stood by the log's newest cosigned head; None without one."""
    found = cosigned(store, trust)
    return found.as_of if found else None


def receipt(store: Store, trust: Trust | None, pending_id: UUID) -> Receipt | None:
    """Prove a leaf under the newest head that a quorum has cosigned; None while there is none that covers it."""
    return _receipt(store, trust, pending_id, newest=True)


def first_receipt(store: Store, trust: Trust | None, pending_id: UUID, *, by: datetime | None = None) -> Receipt | None:
    """Prove a leaf under the first head that covers it and that a quorum has cosigned, with their first times.

    Its `cosigned.at` is the earliest instant by which it is provable that the leaf stood in the log. A head that has
    its quorum after `by` is passed over: where just enough witnesses answered, one can date it into the future.
    """
    return _receipt(store, trust, pending_id, newest=False, by=by)


def receipt_at(
    store: Store, trust: Trust | None, index: int, *, newest: bool = True, by: datetime | None = None
) -> Receipt | None:
    """Prove the leaf at a place, as `receipt` does, or as `first_receipt` does where `newest` is false."""
    if trust is None:
        return None
    with store.transaction(Duty.LEDGER) as tx:
        return _proved(tx, trust, index, newest=newest, by=by)


def false_cosignatures(store: Store, trust: Trust) -> list[int]:
    """Return the sizes of heads under which a line is kept that a witness never signed: somebody planted it."""
    with store.transaction(Duty.LEDGER) as tx:
        kept = [(head, tables.cosignatures(tx, head.size, newest=True)) for head in tables.checkpoints_after(tx, 0)]
    ours = {str(one) for one in trust.witnesses}
    return [
        head.size
        for head, lines in kept
        if sum(one.witness in ours for one in lines) != len(list(_true_lines(head, trust, lines)))
    ]


def _receipt(
    store: Store, trust: Trust | None, pending_id: UUID, *, newest: bool, by: datetime | None = None
) -> Receipt | None:
    if trust is None:
        return None
    with store.transaction(Duty.LEDGER) as tx:
        index = tables.index_of(tx, pending_id)
        return None if index is None else _proved(tx, trust, index, newest=newest, by=by)


def _proved(tx: Transaction, trust: Trust, index: int, *, newest: bool, by: datetime | None) -> Receipt | None:
    for text, found in _heads(tx, trust, index + 1, newest=newest):
        if by is not None and found.at > by:
            continue
        size = found.checkpoint.size
        hashes = prove_inclusion(TileReader(lambda name: tables.tile(tx, name), size), index, size)
        (entry,) = tables.entries(tx, index, index + 1)
        proof = LeafProof(index=index, hashes=tuple(hashes), checkpoint=text)
        return Receipt(index=index, entry=entry, proof=proof, cosigned=proof.check(entry, trust))
    return None


def _heads(tx: Transaction, trust: Trust, least: int, *, newest: bool) -> Iterator[tuple[str, Cosigned]]:
    """Yield heads of at least `least` leaves with a quorum, newest or earliest first, each with its note.

    Lines that do not verify, which only somebody with rights on the database can have planted, are left out.
    """
    witnesses = [str(one) for one in trust.witnesses]
    edge: int | None = None
    while (size := tables.cosigned_size(tx, witnesses, trust.quorum, (least, edge), newest=newest)) is not None:
        head = tables.checkpoint_at(tx, size)
        if head:
            text = head.note + "".join(_true_lines(head, trust, tables.cosignatures(tx, size, newest=newest)))
            found = _opened(trust, text)
            if found:
                yield text, found
        edge = size


def _opened(trust: Trust, text: str) -> Cosigned | None:
    try:
        return trust.open(text)
    except ProofError:  # fewer than a quorum of its lines are true; another head may do
        return None


def _true_lines(head: Checkpoint, trust: Trust, kept: Iterable[tables.Cosignature]) -> Iterator[str]:
    ours = {str(one) for one in trust.witnesses}
    return (one.line for one in kept if one.witness in ours and one.true_under(head))
