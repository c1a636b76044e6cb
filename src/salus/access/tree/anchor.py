"""Put the tree's root into the public log, and prove from there that an entry stands in the register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from salus import ledger
from salus.access import store as sql
from salus.access.errors import ReadInvalid
from salus.access.tree.growth import edge, reader
from salus.access.tree.leaf import Row, entry_bytes
from salus.proof import (
    Checkpoint,
    ProofError,
    VerifierKey,
    leaf_hash,
    open_checkpoint,
    prove_inclusion,
    verify_inclusion,
)
from salus.storage import Duty, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProof:
    """An entry of the register, its way to an anchored root, and that root's way to a published checkpoint.

    It shows one entry and random hashes; `entry` names keys of the resident, so it is for that resident alone.
    """

    entry: bytes
    position: int
    size: int
    path: tuple[bytes, ...]
    custodian: str
    root: bytes
    log_index: int
    log_path: tuple[bytes, ...]
    checkpoint: str

    @property
    def anchor(self) -> bytes:
        """The entry of the public log that holds the root."""
        return ledger.anchor_leaf(self.custodian, self.size, self.root).encoded

    def as_file(self) -> dict[str, object]:
        """Return this proof as a JSON object that `of_file` reads; octets are hexadecimal."""
        return {
            "salus": "read-proof-1",
            "entry": self.entry.decode(),
            "position": self.position,
            "size": self.size,
            "path": [node.hex() for node in self.path],
            "custodian": self.custodian,
            "root": self.root.hex(),
            "log_index": self.log_index,
            "log_path": [node.hex() for node in self.log_path],
            "checkpoint": self.checkpoint,
        }

    @classmethod
    def of_file(cls, told: Mapping[str, Any]) -> ReadProof:
        """Read what `as_file` wrote. Raises ReadInvalid for anything else."""
        try:
            return cls(
                entry=str(told["entry"]).encode(),
                position=int(told["position"]),
                size=int(told["size"]),
                path=tuple(bytes.fromhex(node) for node in told["path"]),
                custodian=str(told["custodian"]),
                root=bytes.fromhex(told["root"]),
                log_index=int(told["log_index"]),
                log_path=tuple(bytes.fromhex(node) for node in told["log_path"]),
                checkpoint=str(told["checkpoint"]),
            )
        except (KeyError, ValueError, TypeError):
            raise ReadInvalid("this file is no proof of a read; download it again") from None

    def check(self, keys: Sequence[VerifierKey]) -> Checkpoint:
        """Check everything, trusting only the log's keys, and return the checkpoint; ProofError unless all holds."""
        checkpoint = open_checkpoint(self.checkpoint, keys)
        verify_inclusion(leaf_hash(self.entry), self.position, self.size, self.path, self.root)
        verify_inclusion(leaf_hash(self.anchor), self.log_index, checkpoint.size, self.log_path, checkpoint.root)
        return checkpoint


def anchor(store: Store, custodian: str) -> ledger.Pending | None:
    """Hand the tree's root to the public log if the tree grew since the last time; None if it did not.

    One transaction of duty RELAY: the leaf and the memory of it exist together or not at all.
    """
    with store.transaction(Duty.RELAY) as tx:
        sql.lock_chain(tx)
        size = sql.chain_size(tx)
        if size == 0 or size == sql.anchored_size(tx):
            return None
        root = edge(tx, size).root()
        pending = ledger.append(tx, ledger.anchor_leaf(custodian, size, root))
        sql.add_anchor(tx, size, root, custodian, pending.id)
        return pending


def proof_of(store: Store, batch: int, item: int) -> ReadProof | None:
    """Prove that an entry stands in the register, by the newest root of it that a published checkpoint covers.

    None while there is no such root, or no such entry. Give it to nobody but the resident whom the entry is about.
    """
    checkpoint = ledger.latest(store)
    with store.transaction(Duty.CARE) as tx:
        row, position = sql.entry(tx, batch, item), sql.position(tx, batch, item)
        anchors = sql.anchors(tx, above=position) if position is not None else []
    if row is None or position is None or checkpoint is None:
        return None
    published = _published(store, anchors, checkpoint)
    return _proof(store, row, position, published, checkpoint) if published else None


def proved(store: Store, places: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return those entries, named by batch and item, that `proof_of` can prove now."""
    checkpoint = ledger.latest(store)
    with store.transaction(Duty.CARE) as tx:
        firsts = sql.positions(tx, sorted({batch for batch, _ in places}))
        anchors = sql.anchors(tx)
    published = _published(store, anchors, checkpoint) if checkpoint else None
    size = published.size if published else 0
    return {(batch, item) for batch, item in places if batch in firsts and firsts[batch] + item < size}


def _published(store: Store, anchors: Sequence[sql.Anchor], checkpoint: Checkpoint) -> _Anchored | None:
    """Return the newest of these anchors that a checkpoint covers."""
    for size, root, custodian, pending_id in reversed(anchors):
        log_index = ledger.index_of(store, pending_id)
        if log_index is not None and log_index < checkpoint.size:
            return _Anchored(size=size, root=root, custodian=custodian, log_index=log_index)
    return None


def in_log(store: Store, anchored: sql.Anchor, checkpoint: Checkpoint | None) -> bool:
    """Tell whether the public log holds this anchor as it is remembered here; true as well while it waits."""
    size, root, custodian, pending_id = anchored
    log_index = ledger.index_of(store, pending_id)
    if checkpoint is None or log_index is None or log_index >= checkpoint.size:
        return True
    leaf = leaf_hash(ledger.anchor_leaf(custodian, size, root).encoded)
    path = ledger.proof_for(store, log_index, checkpoint.size)
    try:
        verify_inclusion(leaf, log_index, checkpoint.size, path, checkpoint.root)
    except ProofError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anchored:
    size: int
    root: bytes
    custodian: str
    log_index: int


def _proof(store: Store, row: Row, position: int, anchored: _Anchored, checkpoint: Checkpoint) -> ReadProof:
    with store.transaction(Duty.CARE) as tx:
        path = prove_inclusion(reader(tx, anchored.size), position, anchored.size)
    return ReadProof(
        entry=entry_bytes(row),
        position=position,
        size=anchored.size,
        path=tuple(path),
        custodian=anchored.custodian,
        root=anchored.root,
        log_index=anchored.log_index,
        log_path=tuple(ledger.proof_for(store, anchored.log_index, checkpoint.size)),
        checkpoint=checkpoint.note,
    )
