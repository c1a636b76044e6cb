"""Let the private tree grow by committed batches, after the fact: no reader ever waits for it."""

from __future__ import annotations

from salus.access import store as sql
from salus.access.tree.leaf import entry_hash
from salus.proof import Frontier, frontier_at
from salus.proof.tiles import TILE_HEIGHT, TileReader
from salus.storage import Duty, Store, Transaction


def chain(store: Store, limit: int = 1_000) -> int:
    """Append up to `limit` waiting batches to the tree and return how many it took; 0 says that none waits.

    One transaction of duty RELAY: a crash leaves each batch either waiting or chained, and one caller works at a
    time. Batches are found by the queue and not by number, so one that commits late is chained late, not skipped.
    """
    with store.transaction(Duty.RELAY) as tx:
        sql.lock_chain(tx)
        batches = sql.claim(tx, limit)
        if batches:
            _append(tx, batches)
        return len(batches)


def reader(tx: Transaction, size: int) -> TileReader:
    """Return a reader of the tree of this size; each tile is fetched once."""
    return TileReader(lambda name: sql.tile(tx, name), size)


def edge(tx: Transaction, size: int) -> Frontier:
    """Return the right edge of the tree of this size."""
    return frontier_at(reader(tx, size), size)


def _append(tx: Transaction, batches: list[int]) -> None:
    entries = sql.entries(tx, batches)
    frontier = edge(tx, sql.chain_size(tx))
    chained: list[tuple[int, int | None, bytes]] = []
    complete: list[tuple[int, int, bytes]] = []
    for batch in batches:
        leaves = [entry_hash(row) for row in entries.get(batch, ())]
        chained.append((batch, frontier.size if leaves else None, b"".join(leaves)))
        for leaf in leaves:
            complete += [
                (level // TILE_HEIGHT, index, digest)
                for level, index, digest in frontier.append(leaf)
                if level and not level % TILE_HEIGHT
            ]
    sql.add_chained(tx, chained)
    sql.add_subtrees(tx, complete)
