"""Hold the register against its tree, its anchors and the public log. It reports, and repairs nothing."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain as concatenated

from salus import ledger
from salus.access import store as sql
from salus.access.model import Fault, Finding
from salus.access.tree.anchor import in_log
from salus.access.tree.leaf import ITEM, Row, entry_hash
from salus.proof import Frontier
from salus.proof.tiles import TILE_HEIGHT, split_hashes
from salus.storage import Duty, Store, Transaction

Place = tuple[int, int]


@dataclass(slots=True, kw_only=True)
class _Walk:
    """The tree as it is rebuilt from the stored leaf hashes, and the roots that it has to pass through."""

    wanted: dict[int, set[bytes]]
    frontier: Frontier = field(default_factory=Frontier)
    place: int | None = 0
    subtrees: int = 0


def verify_register(store: Store, logged: Iterable[ledger.Leaf] = ()) -> list[Finding]:
    """Compare every entry with its leaf hash, the leaf hashes with the tree, and the tree with every anchored root.

    `logged` are the anchor leaves of this register that stand in the public log, where the caller has read them
    there: they also find a register that was cut back together with its own memory of its anchors. Sees one instant
    of the database under duty RELAY; takes memory for a page of the chain, and time in proportion to the register.
    """
    with store.transaction(Duty.RELAY) as tx:
        sql.freeze(tx)
        anchors = sql.anchors(tx)
        findings = list(_of_tables(tx, _Walk(wanted=_wanted(anchors, logged))))
    checkpoint = ledger.latest(store)
    findings += [
        Finding(fault=Fault.ANCHOR_NOT_IN_LOG, size=anchored[0])
        for anchored in anchors
        if not in_log(store, anchored, checkpoint)
    ]
    return findings


def _wanted(anchors: Iterable[sql.Anchor], logged: Iterable[ledger.Leaf]) -> dict[int, set[bytes]]:
    wanted: dict[int, set[bytes]] = {}
    own = ((size, root) for size, root, _, _ in anchors)
    public = ((int(str(leaf.body["size"])), b64decode(str(leaf.body["root"]))) for leaf in logged)
    for size, root in concatenated(own, public):
        wanted.setdefault(size, set()).add(root)
    return wanted


def _of_tables(tx: Transaction, walk: _Walk) -> Iterator[Finding]:
    yield from (Finding(fault=Fault.ENTRY_MISSING, batch=batch) for batch in sql.emptied(tx))
    for page in sql.chained(tx):
        rows = sql.entries(tx, [batch for batch, _, _ in page])
        for batch, first, hashes in page:
            leaves = split_hashes(hashes)
            yield from _of_batch(batch, rows.get(batch, []), leaves)
            yield from _of_place(walk, batch, first, len(leaves))
        yield from _of_tree(tx, walk, [digest for _, _, hashes in page for digest in split_hashes(hashes)])
    yield from (Finding(fault=Fault.ENTRY_INSERTED, batch=batch) for batch in sql.foreign_batches(tx))
    if sql.subtree_count(tx) != walk.subtrees:
        yield Finding(fault=Fault.SUBTREE_WRONG, size=walk.frontier.size)
    yield from (Finding(fault=Fault.ANCHOR_MISMATCH, size=size) for size in sorted(walk.wanted))


def _of_batch(batch: int, rows: list[Row], leaves: list[bytes]) -> Iterator[Finding]:
    """Compare the entries of one batch with the leaf hashes that were chained."""
    found = {row[ITEM]: row for row in rows}
    for item, leaf in enumerate(leaves):
        row = found.pop(item, None)
        if row is None:
            yield Finding(fault=Fault.ENTRY_MISSING, batch=batch, item=item)
        elif entry_hash(row) != leaf:
            yield Finding(fault=Fault.ENTRY_CHANGED, batch=batch, item=item)
    yield from (Finding(fault=Fault.ENTRY_INSERTED, batch=batch, item=item) for item in found)


def _of_place(walk: _Walk, batch: int, first: int, count: int) -> Iterator[Finding]:
    """Compare a batch's place with the end of the one before it; only the first gap is told."""
    if walk.place is not None and walk.place != first:
        walk.place = None
        yield Finding(fault=Fault.CHAIN_GAP, batch=batch)
    elif walk.place is not None:
        walk.place += count


def _of_tree(tx: Transaction, walk: _Walk, leaves: list[bytes]) -> Iterator[Finding]:
    """Grow by these leaf hashes; compare complete subtrees with the stored ones, and roots with anchored ones."""
    complete: dict[Place, bytes] = {}
    for leaf in leaves:
        for level, index, digest in walk.frontier.append(leaf):
            if level and not level % TILE_HEIGHT:
                complete[level // TILE_HEIGHT, index] = digest
        roots = walk.wanted.pop(walk.frontier.size, None)
        if roots is not None and roots != {walk.frontier.root()}:
            yield Finding(fault=Fault.ANCHOR_MISMATCH, size=walk.frontier.size)
    walk.subtrees += len(complete)
    if complete and sql.subtrees(tx, list(complete)) != complete:
        yield Finding(fault=Fault.SUBTREE_WRONG, size=walk.frontier.size)
