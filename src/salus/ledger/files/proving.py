"""Make the offline proof of an entry from the static files of a log or of a mirror: no node is asked."""

from __future__ import annotations

from salus.ledger.errors import NotInLog
from salus.ledger.files.authentic import Tiles, read_head
from salus.ledger.files.sources import source_of
from salus.proof import LeafProof, Trust, prove_inclusion
from salus.proof.tiles import TILE_WIDTH, TileName, bundles_of


def prove_entry(place: str, trust: Trust, wanted: int | bytes) -> tuple[bytes, LeafProof]:
    """Return an entry and the proof that it stands in the log at `place`, a folder or an address.

    `wanted` is its place in the log, or the entry itself: then all entries are read until it is found. Raises NotInLog
    where it is not there, NoQuorum or ProofError where the witnesses have not cosigned, and NotAsSigned where a file is
    not what was signed.
    """
    head = read_head(source := source_of(place), trust.log)
    trust.open(head.note)
    tiles = Tiles(head, source)
    index, entry = _at(tiles, wanted) if isinstance(wanted, int) else _found(tiles, wanted)
    hashes = prove_inclusion(tiles.reader(), index, head.size)
    proof = LeafProof(index=index, hashes=tuple(hashes), checkpoint=head.note)
    proof.check(entry, trust)
    return entry, proof


def _at(tiles: Tiles, index: int) -> tuple[int, bytes]:
    if not 0 <= index < tiles.head.size:
        raise NotInLog(f"the log has {tiles.head.size} entries, counted from 0")
    bundle = index // TILE_WIDTH
    width = min(tiles.head.size - bundle * TILE_WIDTH, TILE_WIDTH)
    return index, tiles.entries(TileName(level=None, index=bundle, width=width))[index % TILE_WIDTH]


def _found(tiles: Tiles, entry: bytes) -> tuple[int, bytes]:
    for bundle in bundles_of(tiles.head.size):
        for offset, one in enumerate(tiles.entries(bundle)):
            if one == entry:
                return bundle.first + offset, entry
    raise NotInLog("this entry does not stand in the log; it may wait for the next batch")
