"""What a batch adds to the log, worked out without a store: judged leaves, tiles, a head that extends the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from uuid import UUID

from salus.ledger.errors import LeafRefused, LogUnsafe, NotBegun
from salus.ledger.model import parse_leaf
from salus.proof import (
    Checkpoint,
    Frontier,
    ProofError,
    Signer,
    VerifierKey,
    frontier_at,
    leaf_hash,
    open_checkpoint,
    prove_consistency,
    sign_checkpoint,
    verify_consistency,
)
from salus.proof.tiles import TileName, TileReader, grow, split_hashes

Waiting = tuple[UUID, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A claimed batch: leaves in the order in which they join the log, and what may not, each with its reason."""

    leaves: tuple[Waiting, ...]
    refused: tuple[tuple[UUID, bytes, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The state that a batch extends: the last signed checkpoint and the partial tiles that determine its root."""

    checkpoint: Checkpoint | None = None
    edge: Mapping[TileName, bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The number of leaves so far."""
        return self.checkpoint.size if self.checkpoint else 0

    def frontier(self) -> Frontier:
        """The right edge of the tree, as its tiles say."""
        return frontier_at(TileReader(lambda name: self.edge.get(name, b""), self.size), self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What one batch adds."""

    checkpoint: Checkpoint
    tiles: Mapping[TileName, bytes]


def judge(claimed: Sequence[Waiting], taken: Set[UUID], *, empty: bool) -> Judged:
    """Admit leaves of closed kinds; of kind `node` exactly one, as the first leaf of an `empty` log.

    `taken` are names under which a leaf stands in the log already. Raises NotBegun if an empty log would begin
    with anything else.
    """
    leaves: list[Waiting] = []
    refused: list[tuple[UUID, bytes, str]] = []
    begun = not empty
    for pending_id, entry in claimed:
        reason = "its name is taken" if pending_id in taken else _reason(entry, begun=begun)
        if reason:
            refused.append((pending_id, entry, reason))
        elif is_node(entry):
            begun = True
            leaves.insert(0, (pending_id, entry))
        else:
            leaves.append((pending_id, entry))
    if leaves and not begun:
        raise NotBegun("the log has no first leaf yet; say with `begin` what kind of node this is. The leaves wait")
    return Judged(leaves=tuple(leaves), refused=tuple(refused))


def is_node(entry: bytes) -> bool:
    """Tell whether an entry says what the node is."""
    return entry.startswith(b'{"node":')


def _reason(entry: bytes, *, begun: bool) -> str | None:
    try:
        parse_leaf(entry)
    except LeafRefused as refusal:
        return refusal.text
    return "only the first leaf says what the node is" if begun and is_node(entry) else None


def resume(checkpoint: Checkpoint, key: VerifierKey, edge: Mapping[TileName, bytes], last: Sequence[bytes]) -> Head:
    """Take up the log where the last checkpoint left it; LogUnsafe unless the stored state is what was signed.

    `last` are the entries of the last bundle; they are held against the lowest tile of the edge.
    """
    head = Head(checkpoint=checkpoint, edge=edge)
    try:
        signed = open_checkpoint(checkpoint.note, [key])
        root = head.frontier().root()
    except ProofError as reason:
        raise LogUnsafe(f"the last checkpoint or the tiles under it are damaged: {reason.text}") from None
    if signed != checkpoint or signed.root != root:
        raise LogUnsafe(f"the tiles at size {head.size} lead to another root than the one that was signed")
    partial = [split_hashes(content) for name, content in edge.items() if name.level == 0]
    if partial and partial[0] != [leaf_hash(entry) for entry in last]:
        raise LogUnsafe(f"the last leaves below {head.size} are not those that were signed")
    return head


def extend(head: Head, entries: Sequence[bytes], signer: Signer) -> Growth:
    """Append entries and sign the new head, once two ways to its root agree and it is proved to extend the last one."""
    hashes = [leaf_hash(entry) for entry in entries]
    frontier = head.frontier()
    for one in hashes:
        frontier.append(one)
    edge = {name.level: content for name, content in head.edge.items() if name.level is not None}
    tiles = grow(head.size, edge, hashes)
    known = {**head.edge, **tiles}
    reader = TileReader(lambda name: known.get(name, b""), frontier.size)
    root = frontier.root()
    try:
        if frontier_at(reader, frontier.size).root() != root:
            raise LogUnsafe("two ways to the new root disagree; nothing was signed")
        if head.checkpoint:
            proof = prove_consistency(reader, head.size, frontier.size)
            verify_consistency(head.size, frontier.size, head.checkpoint.root, root, proof)
        checkpoint = sign_checkpoint(frontier.size, root, signer)
        open_checkpoint(checkpoint.note, [VerifierKey.of(signer)])
    except ProofError as reason:
        raise LogUnsafe(f"the new head does not extend the last one, or its signature fails: {reason.text}") from None
    return Growth(checkpoint=checkpoint, tiles=tiles)
