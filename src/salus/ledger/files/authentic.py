"""Read single files of a published log, each held against the signed head before it is believed.

Nothing is read that is not needed: a proof at 10^12 entries takes the tiles on its path, a mirror what is new.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from salus.ledger.errors import NotAsSigned
from salus.ledger.files.sources import Absent, Source, Unreadable
from salus.proof import Checkpoint, ProofError, VerifierKey, frontier_at, leaf_hash, open_checkpoint
from salus.proof.note import MOST_NOTE_BYTES
from salus.proof.tiles import (
    CHECKPOINT_PATH,
    KEY_PATH,
    MOST_ENTRY_BYTES,
    TILE_WIDTH,
    TileName,
    TileReader,
    edge_of,
    split_entries,
    split_hashes,
)
from salus.proof.tree import HASH_BYTES, root

MOST_KEY_BYTES = 1024
MOST_TILE_BYTES = TILE_WIDTH * HASH_BYTES
MOST_BUNDLE_BYTES = TILE_WIDTH * (2 + MOST_ENTRY_BYTES)
_KEPT = 64


def read_file(source: Source, path: str, most: int) -> bytes:
    """Read a file of a log; NotAsSigned where it is missing or cannot be read."""
    try:
        return source.fetch(path, most)
    except Absent:
        raise NotAsSigned("LOG-MISSING", path, "the file is missing") from None
    except Unreadable as reason:
        raise NotAsSigned("LOG-UNREADABLE", path, f"the file cannot be read: {reason}") from None


def read_key(source: Source, given: VerifierKey | None) -> VerifierKey:
    """Return the key to believe: the given one, or else the one that the log publishes."""
    if given:
        return given
    try:
        return VerifierKey.parse(read_file(source, KEY_PATH, MOST_KEY_BYTES).decode("utf-8", "replace"))
    except ProofError as reason:
        raise NotAsSigned("LOG-KEY", KEY_PATH, f"the published key is malformed: {reason.text}") from None


def read_head(source: Source, key: VerifierKey) -> Checkpoint:
    """Read the newest head and believe it if the log signed it; NotAsSigned otherwise."""
    return open_head(read_file(source, CHECKPOINT_PATH, MOST_NOTE_BYTES).decode("utf-8", "replace"), key)


def open_head(text: str, key: VerifierKey) -> Checkpoint:
    """Believe the text of a head if the log signed it; NotAsSigned otherwise."""
    try:
        return open_checkpoint(text, [key])
    except ProofError as reason:
        raise NotAsSigned("LOG-SIGNATURE", CHECKPOINT_PATH, reason.text) from None


class Tiles:
    """The tiles and entries under one head. What comes back led to the root that was signed; else NotAsSigned.

    `sources` are asked in their order, and the first that has the true file counts: an own copy, then the log itself.
    """

    def __init__(self, head: Checkpoint, *sources: Source) -> None:
        self.head = head
        self._sources = sources
        self._edge: dict[TileName, bytes] | None = None
        self._known: OrderedDict[TileName, bytes] = OrderedDict()

    def reader(self) -> TileReader:
        """Read complete subtrees, for proofs."""
        return TileReader(self.tile, self.head.size)

    def tile(self, name: TileName) -> bytes:
        """Return the hashes of a tile of this head, as wide as this head needs it."""
        if self._edge is None:
            self._edge = self._believed_edge()
        if name in self._edge:
            return self._edge[name]
        if name not in self._known:
            self._known[name] = self._full(name)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(name)
        return self._known[name]

    def entries(self, bundle: TileName) -> list[bytes]:
        """Return the entries of a bundle of this head, held against the tile of their hashes."""
        lowest = self.tile(TileName(level=0, index=bundle.index, width=bundle.width))
        for source in self._sources:
            for path in _paths(bundle):
                try:
                    found = split_entries(read_file(source, path, MOST_BUNDLE_BYTES))[: bundle.width]
                except (NotAsSigned, ProofError):
                    continue
                if b"".join(map(leaf_hash, found)) == lowest:
                    return found
        raise self._wrong(bundle, "the entries are missing, or are not those that the head was signed over")

    def _full(self, name: TileName) -> bytes:
        """Hold a full tile against its place in the tile above it, which is held against the one above that."""
        level, index = name.level or 0, name.index // TILE_WIDTH
        width = min((self.head.size >> 8 * (level + 1)) - index * TILE_WIDTH, TILE_WIDTH)
        place = name.index % TILE_WIDTH
        if name.width != TILE_WIDTH or place >= width:
            raise self._wrong(name, "the head needs no tile of this name")
        above = self.tile(TileName(level=level + 1, index=index, width=width))
        expected = above[place * HASH_BYTES : (place + 1) * HASH_BYTES]
        for source in self._sources:
            content = self._content(source, name)
            if content and root(split_hashes(content)) == expected:
                return content
        raise self._wrong(name, "the tile is missing, or does not lead to the root that was signed")

    def _believed_edge(self) -> dict[TileName, bytes]:
        """Read the partial tiles, which together determine the root, from the first source where they do."""
        names: Sequence[TileName] = edge_of(self.head.size)
        for source in self._sources:
            edge = {name: self._content(source, name) for name in names}
            try:
                found = frontier_at(TileReader(lambda name, edge=edge: edge[name], self.head.size), self.head.size)  # type: ignore[misc]
            except (KeyError, ProofError):
                continue
            if found.root() == self.head.root:
                return edge
        where = names[-1].path if names else CHECKPOINT_PATH
        raise NotAsSigned("LOG-ROOT", where, "the tiles at the edge are missing, or lead to another root")

    @staticmethod
    def _content(source: Source, name: TileName) -> bytes:
        for path in _paths(name):
            try:
                content = read_file(source, path, MOST_TILE_BYTES)[: name.width * HASH_BYTES]
            except NotAsSigned:
                continue
            if len(content) == name.width * HASH_BYTES:
                return content
        return b""

    @staticmethod
    def _wrong(name: TileName, text: str) -> NotAsSigned:
        return NotAsSigned("LOG-TILE" if name.level is not None else "LOG-ENTRIES", name.path, text)


def _paths(name: TileName) -> tuple[str, ...]:
    """Where a tile's content may lie: a log may drop a partial file once it has the full one."""
    full = TileName(level=name.level, index=name.index)
    return (name.path,) if name == full else (name.path, full.path)
