"""A log far longer than any disk: tiles on the path to one entry and at the edge are made when they are asked for.

Every other hash is drawn from its place, as if something stood there; nobody could tell.
"""

from __future__ import annotations

from hashlib import shake_256

from salus.proof import frontier_at, leaf_hash, prove_inclusion
from salus.proof.tiles import TILE_WIDTH, TileName, TileReader, split_hashes
from salus.proof.tree import HASH_BYTES
from salus.proof.tree import root as root_of


class DeepLog:
    """A log of `size` entries in which `entry` stands at `index`. `tiles` counts what had to exist."""

    def __init__(self, size: int, index: int, entry: bytes) -> None:
        self.size, self.index = size, index
        self._leaf = leaf_hash(entry)
        self._tiles: dict[TileName, bytes] = {}
        reader = TileReader(self.tile, size)
        self.root = frontier_at(reader, size).root()
        self.proof = tuple(prove_inclusion(reader, index, size))

    @property
    def tiles(self) -> int:
        return len(self._tiles)

    def tile(self, name: TileName) -> bytes:
        """Return a tile: drawn from its name, but for the one hash that lies on the path."""
        if name not in self._tiles:
            level = name.level or 0
            content = bytearray(shake_256(f"{level} {name.index}".encode()).digest(TILE_WIDTH * HASH_BYTES))
            on_path = self.index >> 8 * level
            if on_path // TILE_WIDTH == name.index and on_path % TILE_WIDTH < name.width:
                place = on_path % TILE_WIDTH * HASH_BYTES
                content[place : place + HASH_BYTES] = self._below(level)
            self._tiles[name] = bytes(content[: name.width * HASH_BYTES])
        return self._tiles[name]

    def _below(self, level: int) -> bytes:
        """The hash on the path at this level: of the entry, or of the full tile below."""
        if level == 0:
            return self._leaf
        below = TileName(level=level - 1, index=self.index >> 8 * level)
        return root_of(split_hashes(self.tile(below)))
