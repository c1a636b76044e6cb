"""Every head that a log ever signed, as files: what stood in the log by when can be told from these without the node.

`checkpoint` holds the newest head alone, whose times say nothing of older entries. Each file holds 256 heads, smallest
first, each after its length as in a bundle of entries, with the first line of every witness that cosigned it.
"""

from __future__ import annotations

from collections.abc import Iterator

from salus.ledger import store as tables
from salus.proof.tiles import TILE_WIDTH, TileName, join_entries
from salus.storage import Transaction


def heads_path(number: int) -> str:
    """Return where the file of heads with this number lies below the log's prefix."""
    return TileName(level=None, index=number).path.replace("tile/entries/", "heads/", 1)


def heads_between(tx: Transaction, since: int, size: int) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of each file that holds a head of since <= s <= size, or the head before those.

    The last file grows until it is full. That of the head before comes again, since a witness's line may come late.
    """
    first = max(tables.heads_before(tx, since) - 1, 0) // TILE_WIDTH
    for number in range(first, (tables.heads_before(tx, size + 1) - 1) // TILE_WIDTH + 1):
        heads = tables.heads_from(tx, number * TILE_WIDTH, TILE_WIDTH)
        kept = tables.first_cosignatures(tx, heads[0].size, heads[-1].size)
        lines = {
            head.size: [one.line for at, one in kept if at == head.size and one.true_under(head)] for head in heads
        }
        yield heads_path(number), join_entries((head.note + "".join(lines[head.size])).encode() for head in heads)
