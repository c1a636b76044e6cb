"""The SQL of the log's own tables. Leaves, tiles and checkpoints are only ever added; nothing here can change one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from salus.proof import Checkpoint, ProofError, WitnessKey
from salus.proof.note import parse_signature
from salus.proof.tiles import TileName
from salus.storage import Transaction, listed

# Advisory locks of this room; a second sequencer or publisher waits for the first one's commit.
SEQUENCING = 7_305_820
PUBLISHING = 7_305_821

Waiting = tuple[UUID, bytes]

_KIND = "split_part(encode(substring(entry from 3 for 40), 'escape'), '\"', 1)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """A witness's line under a head, as it was kept; `witness` is its key as name+id+key."""

    witness: str
    cosigned: datetime
    line: str

    def true_under(self, head: Checkpoint) -> bool:
        """Tell whether this witness signed this line under this head, at the time that stands beside it."""
        return _signed_at(self.witness, self.line, head.text) == self.cosigned


@lru_cache(maxsize=4096)
def _signed_at(witness: str, line: str, text: str) -> datetime | None:
    try:
        return WitnessKey.parse(witness).time_of(text, parse_signature(line.removesuffix("\n")))
    except ProofError:
        return None


def lock(tx: Transaction, number: int) -> None:
    """Wait until no other transaction holds this lock; it is let go at the end of this one."""
    tx.row("select pg_advisory_xact_lock(%s)", (number,))


def hand_over(tx: Transaction, pending_id: UUID, entry: bytes) -> None:
    """Let an entry wait. Needs INSERT alone, which is all that other duties have."""
    tx.run("insert into ledger.pending (pending_id, entry) values (%s, %s)", (pending_id, entry))


def claim(tx: Transaction, most: int) -> list[Waiting]:
    """Take up to `most` waiting entries out of the queue.

    They are named by where they lie: rows here are never updated, and who claims holds the lock. By their names a plan
    made when the queue was short compared each with each.
    """
    return [
        (pending_id, bytes(entry))
        for pending_id, entry in tx.rows(
            "delete from ledger.pending where ctid = any(array(select ctid from ledger.pending limit %s))"
            " returning pending_id, entry",
            (most,),
        )
    ]


def waiting(tx: Transaction, most: int) -> int:
    """Count waiting entries, up to `most`."""
    row = tx.row("select count(*) from (select 1 from ledger.pending limit %s) as w", (most,))
    return int(row[0]) if row else 0


def known(tx: Transaction, pending_ids: Sequence[UUID]) -> set[UUID]:
    """Return those names under which a leaf stands in the log already."""
    return {
        pending_id
        for (pending_id,) in tx.rows(
            "select pending_id from unnest(%s::uuid[]) as asked (pending_id) join ledger.leaf using (pending_id)",
            (listed(pending_ids),),
        )
    }


def park(tx: Transaction, refused: Iterable[tuple[UUID, bytes, str]], at: datetime) -> None:
    """Set entries aside that may not stand in the log."""
    tx.many(
        "insert into ledger.parked (pending_id, entry, reason, parked) values (%s, %s, %s, %s)",
        [(*one, at) for one in refused],
    )


def parked(tx: Transaction) -> list[tuple[UUID, str]]:
    """Return the name and the reason of each entry that was set aside."""
    return [(pending_id, reason) for pending_id, reason in tx.rows("select pending_id, reason from ledger.parked")]


def add_leaves(tx: Transaction, first: int, leaves: Sequence[Waiting]) -> None:
    """Give these entries their places, from `first` on."""
    # Written as COPY reads it, since the driver takes longer to adapt three values than PostgreSQL to store them.
    rows = (
        f"{index}\t{pending_id}\t\\\\x{entry.hex()}\n" for index, (pending_id, entry) in enumerate(leaves, start=first)
    )
    tx.copy_in("copy ledger.leaf (leaf_index, pending_id, entry) from stdin", ["".join(rows).encode()])


def add_tiles(tx: Transaction, size: int, tiles: Mapping[TileName, bytes]) -> None:
    """Keep the tiles that a log of `size` leaves is the first to need."""
    rows = ((name.level, name.index, name.width, size, content) for name, content in tiles.items())
    tx.copy("ledger.tile", ("level", "tile_index", "width", "size", "hashes"), rows)


def add_checkpoint(tx: Transaction, checkpoint: Checkpoint, at: datetime) -> None:
    """Keep a signed head."""
    tx.run(
        "insert into ledger.checkpoint (size, root, note, signed) values (%s, %s, %s, %s)",
        (checkpoint.size, checkpoint.root, checkpoint.note, at),
    )


def head(tx: Transaction) -> tuple[Checkpoint, datetime] | None:
    """Return the newest signed head and when it was signed."""
    row = tx.row("select size, root, note, signed from ledger.checkpoint order by size desc limit 1")
    return (_checkpoint(row[0], row[1], row[2]), row[3]) if row else None


def checkpoint_at(tx: Transaction, size: int) -> Checkpoint | None:
    """Return the head that was signed at this size, if one was."""
    row = tx.row("select size, root, note from ledger.checkpoint where size = %s", (size,))
    return _checkpoint(*row) if row else None


def checkpoints_after(tx: Transaction, since: int) -> list[Checkpoint]:
    """Return every head ever signed above this size, oldest first."""
    rows = tx.rows("select size, root, note from ledger.checkpoint where size > %s order by size", (since,))
    return [_checkpoint(*row) for row in rows]


def size_beyond(tx: Transaction, size: int) -> int | None:
    """Return the size of the first head that was signed beyond a size."""
    row = tx.row("select size from ledger.checkpoint where size > %s order by size limit 1", (size,))
    return int(row[0]) if row else None


def heads_before(tx: Transaction, size: int) -> int:
    """Count the heads that were signed below this size."""
    row = tx.row("select count(*) from ledger.checkpoint where size < %s", (size,))
    return int(row[0]) if row else 0


def heads_from(tx: Transaction, place: int, most: int) -> list[Checkpoint]:
    """Return up to `most` heads, smallest first, leaving out the first `place` of them."""
    rows = tx.rows("select size, root, note from ledger.checkpoint order by size offset %s limit %s", (place, most))
    return [_checkpoint(*row) for row in rows]


def first_cosignatures(tx: Transaction, low: int, high: int) -> list[tuple[int, Cosignature]]:
    """Return each witness's first line under each head of low <= size <= high, with the size."""
    rows = tx.rows(
        "select distinct on (size, witness) size, witness, cosigned, line from ledger.cosignature"
        " where size >= %s and size <= %s order by size, witness, cosigned",
        (low, high),
    )
    return [(int(size), Cosignature(witness=witness, cosigned=at, line=line)) for size, witness, at, line in rows]


def length(tx: Transaction) -> int:
    """Return the place after the last leaf."""
    row = tx.row("select leaf_index + 1 from ledger.leaf order by leaf_index desc limit 1")
    return int(row[0]) if row else 0


def entries(tx: Transaction, start: int, end: int) -> list[bytes]:
    """Return the entries start <= i < end, in their order; fewer where leaves are missing."""
    rows = tx.rows(
        "select entry from ledger.leaf where leaf_index >= %s and leaf_index < %s order by leaf_index", (start, end)
    )
    return [bytes(entry) for (entry,) in rows]


def entries_of(tx: Transaction, kind: str, since: int = 0) -> list[tuple[int, bytes]]:
    """Return place and bytes of each entry of a kind from a place on, in the log's order."""
    asked = f"select leaf_index, entry from ledger.leaf where {_KIND} = %s and leaf_index >= %s order by leaf_index"  # noqa: S608
    return [(int(index), bytes(entry)) for index, entry in tx.rows(asked, (kind, since))]


def first_of(tx: Transaction, kind: str) -> int | None:
    """Return the place of the first entry of a kind."""
    asked = f"select leaf_index from ledger.leaf where {_KIND} = %s order by leaf_index limit 1"  # noqa: S608
    row = tx.row(asked, (kind,))
    return int(row[0]) if row else None


def index_of(tx: Transaction, pending_id: UUID) -> int | None:
    """Return the place of the leaf that waited under this name."""
    row = tx.row("select leaf_index from ledger.leaf where pending_id = %s", (pending_id,))
    return int(row[0]) if row else None


def tile(tx: Transaction, name: TileName) -> bytes:
    """Return a tile at least as wide as named; nothing if there is none."""
    row = tx.row(
        "select hashes from ledger.tile where level = %s and tile_index = %s and width >= %s order by width limit 1",
        (name.level, name.index, name.width),
    )
    return bytes(row[0]) if row else b""


def tiles_between(tx: Transaction, since: int, size: int) -> list[tuple[TileName, bytes]]:
    """Return every tile that logs of since < s <= size were the first to need."""
    rows = tx.rows(
        "select level, tile_index, width, hashes from ledger.tile where size > %s and size <= %s"
        " order by level, tile_index, width",
        (since, size),
    )
    return [(TileName(level=level, index=index, width=width), bytes(hashes)) for level, index, width, hashes in rows]


def add_cosignature(tx: Transaction, size: int, witness: str, at: datetime, line: str) -> None:
    """Keep what a witness signed; the same line again changes nothing."""
    tx.run(
        "insert into ledger.cosignature (size, witness, cosigned, line) values (%s, %s, %s, %s) on conflict do nothing",
        (size, witness, at, line),
    )


def cosignatures(tx: Transaction, size: int, *, newest: bool) -> list[Cosignature]:
    """Return each witness's newest line under the head of this size, or its first; in the order of their keys."""
    order = "desc" if newest else "asc"
    rows = tx.rows(
        "select distinct on (witness) witness, cosigned, line from ledger.cosignature where size = %s"  # noqa: S608
        f" order by witness, cosigned {order}",
        (size,),
    )
    return [Cosignature(witness=witness, cosigned=at, line=line) for witness, at, line in rows]


def cosigned_by(tx: Transaction, witness: str) -> int:
    """Return the largest size that a witness has cosigned, as far as we know; 0 if none."""
    row = tx.row("select size from ledger.cosignature where witness = %s order by size desc limit 1", (witness,))
    return int(row[0]) if row else 0


def cosigned_size(
    tx: Transaction, witnesses: Sequence[str], quorum: int, within: tuple[int, int | None], *, newest: bool
) -> int | None:
    """Return the largest size from `within[0]` on with lines of so many of these witnesses; or the smallest.

    `within[1]` is where an earlier call ended: what comes back lies beyond it.
    """
    least, edge = within
    beyond = "size < coalesce(%s, 9223372036854775807)" if newest else "size > coalesce(%s, -1)"
    row = tx.row(
        f"select size from ledger.cosignature where size >= %s and {beyond} and witness = any(%s)"  # noqa: S608
        f" group by size having count(distinct witness) >= %s order by size {'desc' if newest else 'asc'} limit 1",
        (least, edge, list(witnesses), quorum),
    )
    return int(row[0]) if row else None


def add_document(tx: Transaction, digest: bytes, content: bytes) -> None:
    """Keep a public document; the same one again changes nothing. Needs INSERT alone."""
    tx.run("insert into ledger.document (digest, content) values (%s, %s) on conflict do nothing", (digest, content))


def document(tx: Transaction, digest: bytes) -> bytes | None:
    """Return a public document."""
    row = tx.row("select content from ledger.document where digest = %s", (digest,))
    return bytes(row[0]) if row else None


def waiting_entries(tx: Transaction) -> list[bytes]:
    """Return the entries that wait."""
    return [bytes(entry) for (entry,) in tx.rows("select entry from ledger.pending")]


def waiting_of(tx: Transaction, kind: str) -> list[bytes]:
    """Return the entries of a kind that wait; an entry begins with its kind."""
    begins = f'{{"{kind}":'.encode()
    asked = "select entry from ledger.pending where substring(entry from 1 for %s) = %s"
    return [bytes(entry) for (entry,) in tx.rows(asked, (len(begins), begins))]


def _checkpoint(size: int, root: bytes, note: str) -> Checkpoint:
    return Checkpoint(origin=note.partition("\n")[0], size=size, root=bytes(root), note=note)
