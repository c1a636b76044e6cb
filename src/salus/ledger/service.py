"""The verbs of the public log: hand a leaf over, say what the node is, find, prove."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from salus.kernel import new_id
from salus.ledger import store as tables
from salus.ledger.errors import AnotherNode, LeafRefused, NotInLog
from salus.ledger.model import MOST_DOCUMENT_BYTES, Leaf, PartyKey, Pending, parse_leaf
from salus.ledger.sequencing.growth import is_node
from salus.proof import Checkpoint, prove_consistency, prove_inclusion
from salus.proof.tiles import TileReader
from salus.storage import Duty, Store, Transaction


def append(tx: Transaction, leaf: Leaf) -> Pending:
    """Hand a leaf over in the caller's transaction, under any duty; it waits for the next batch.

    `index_of` tells its place later. Handing the same leaf over twice makes two entries.
    """
    pending = Pending(id=new_id())
    tables.hand_over(tx, pending.id, leaf.encoded)
    return pending


def append_once(store: Store, leaf: Leaf) -> None:
    """Hand a leaf over unless the very same stands in the log or waits already: for what is said once, such as keys."""
    with store.transaction(Duty.LEDGER) as tx:
        tables.lock(tx, tables.SEQUENCING)
        said = [entry for _, entry in tables.entries_of(tx, leaf.kind)] + tables.waiting_entries(tx)
        if leaf.encoded not in said:
            append(tx, leaf)


def append_first(store: Store, leaf: Leaf) -> Leaf:
    """Hand a leaf over unless one of its kind stands in the log or waits already; return the one that was first."""
    with store.transaction(Duty.LEDGER) as tx:
        tables.lock(tx, tables.SEQUENCING)
        said = [entry for _, entry in tables.entries_of(tx, leaf.kind)]
        said += [entry for entry in tables.waiting_entries(tx) if entry.startswith(f'{{"{leaf.kind}":'.encode())]
        if not said:
            append(tx, leaf)
    return parse_leaf(said[0]) if said else leaf


def add_document(tx: Transaction, content: bytes) -> bytes:
    """Keep a public document in the caller's transaction, and return its SHA-256, by which publication leaves name it.

    It becomes the file published/<digest in hex>.json beside the log together with its leaf. Needs duty care or ledger.
    Raises LeafRefused beyond MOST_DOCUMENT_BYTES. It must hold no personal data: it can never be withdrawn.
    """
    if not 0 < len(content) <= MOST_DOCUMENT_BYTES:
        raise LeafRefused(f"a public document has 1 to {MOST_DOCUMENT_BYTES} bytes", where="publication.digest")
    digest = sha256(content).digest()
    tables.add_document(tx, digest, content)
    return digest


def document(store: Store, digest: bytes) -> bytes | None:
    """Return the public document with this SHA-256, or None."""
    with store.transaction(Duty.LEDGER) as tx:
        return tables.document(tx, digest)


def begin(store: Store, leaf: Leaf) -> None:
    """Say in the log's first leaf what this node is; do nothing where it says so already.

    Raises AnotherNode if it says something else: a demo node can never become another kind, nor change its name.
    """
    if leaf.kind != "node":
        raise LeafRefused("a log begins with a leaf of kind node", where="kind")
    with store.transaction(Duty.LEDGER) as tx:
        tables.lock(tx, tables.SEQUENCING)
        said = tables.entries(tx, 0, 1) or [entry for entry in tables.waiting_entries(tx) if is_node(entry)]
        if not said:
            append(tx, leaf)
        elif said[0] != leaf.encoded:
            raise AnotherNode("this log belongs to a node of another kind or name; open another data folder")


def latest(store: Store) -> Checkpoint | None:
    """Return the newest signed head, or None before the first batch."""
    with store.transaction(Duty.LEDGER) as tx:
        found = tables.head(tx)
    return found[0] if found else None


def latest_in(tx: Transaction) -> Checkpoint | None:
    """Return the newest signed head that this transaction sees; needs the right to read the log's tables."""
    found = tables.head(tx)
    return found[0] if found else None


def latest_at(store: Store) -> datetime | None:
    """Return when the newest head was signed, by this node's clock, or None before the first batch."""
    with store.transaction(Duty.LEDGER) as tx:
        found = tables.head(tx)
    return found[1] if found else None


def checkpoints(store: Store) -> list[Checkpoint]:
    """Return every head ever signed, oldest first: the log has to be consistent with each of them."""
    with store.transaction(Duty.LEDGER) as tx:
        return tables.checkpoints_after(tx, 0)


def index_of(store: Store, pending_id: UUID) -> int | None:
    """Return the place of a leaf that was handed over, or None while it waits or if it was set aside."""
    with store.transaction(Duty.LEDGER) as tx:
        return tables.index_of(tx, pending_id)


def waiting_of(store: Store) -> set[bytes]:
    """Return the entries that were handed over and wait for their place."""
    with store.transaction(Duty.LEDGER) as tx:
        return set(tables.waiting_entries(tx))


def waiting_leaves(store: Store, kind: str) -> list[Leaf]:
    """Return the leaves of a kind that were handed over and wait for their place, without what will be set aside."""
    with store.transaction(Duty.LEDGER) as tx:
        found = tables.waiting_of(tx, kind)
    read = []
    for entry in found:
        with suppress(LeafRefused):
            read.append(parse_leaf(entry))
    return read


def leaves(store: Store, kind: str, since: int = 0) -> list[tuple[int, Leaf]]:
    """Return every leaf of a kind with its place, in the log's order, whether or not a head covers it yet.

    Whoever asks again says from which place on: what stands before it never changes.
    """
    with store.transaction(Duty.LEDGER) as tx:
        found = tables.entries_of(tx, kind, since)
    return [(index, parse_leaf(entry)) for index, entry in found]


def first_of(store: Store, kinds: Iterable[str]) -> int | None:
    """Return the place of the first leaf of any of these kinds, or None before there is one."""
    with store.transaction(Duty.LEDGER) as tx:
        found = [tables.first_of(tx, kind) for kind in kinds]
    return min((index for index in found if index is not None), default=None)


def in_one_batch(store: Store, first: int, second: int) -> bool:
    """Tell whether no head was signed that holds one of two places, first <= second, and not the other."""
    with store.transaction(Duty.LEDGER) as tx:
        size = tables.size_beyond(tx, first)
    return size is None or size > second


def party_keys(store: Store) -> list[PartyKey]:
    """Return the keys that the log says belong to parties, in the log's order."""
    return [
        PartyKey(
            index=index,
            party=str(leaf.body["party"]),
            organisation=str(leaf.body["organisation"]),
            duty=str(leaf.body["duty"]),
            key=base64.b64decode(str(leaf.body["key"])),
        )
        for index, leaf in leaves(store, "party-key")
    ]


def set_aside(store: Store) -> list[tuple[UUID, str]]:
    """Return the name and the reason of each leaf that was handed over and may not stand in the log."""
    with store.transaction(Duty.LEDGER) as tx:
        return tables.parked(tx)


def proof_for(store: Store, index: int, size: int) -> list[bytes]:
    """Prove that leaf `index` stands in the log of `size` leaves; NotInLog if the log is shorter."""
    with store.transaction(Duty.LEDGER) as tx:
        return prove_inclusion(_reader(tx, index + 1, size), index, size)


def consistency_for(store: Store, old: int, new: int) -> list[bytes]:
    """Prove that the log of `new` leaves begins with the log of `old` leaves; NotInLog if it is shorter."""
    with store.transaction(Duty.LEDGER) as tx:
        return prove_consistency(_reader(tx, old, new), old, new)


def _reader(tx: Transaction, part: int, size: int) -> TileReader:
    if not 1 <= part <= size or size > tables.length(tx):
        raise NotInLog(f"the log has no {part} leaves within a size of {size}; ask for its latest size first")
    return TileReader(lambda name: tables.tile(tx, name), size)
