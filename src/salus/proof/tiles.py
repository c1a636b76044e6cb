"""The static files of a log after C2SP tlog-tiles: paths, tiles of height 8, entry bundles. Only bytes and names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from salus.proof.errors import TileError
from salus.proof.tree import HASH_BYTES, root

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MOST_ENTRY_BYTES = 0xFFFF
CHECKPOINT_PATH = "checkpoint"
KEY_PATH = "vkey"

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9]|[1-5][0-9]|6[0-3])/(?P<index>(x[0-9]{3}/)*[0-9]{3})"
    r"(\.p/(?P<width>[1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TileName:
    """One tile of hashes, or with `level` None one bundle of entries; `width` 256 is full, 1 to 255 partial."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if self.level is not None and not 0 <= self.level <= 63:
            raise TileError(f"a tile's level is 0 to 63, not {self.level}")
        if self.index < 0 or not 1 <= self.width <= TILE_WIDTH:
            raise TileError(f"no tile with index {self.index} and width {self.width}")

    @property
    def path(self) -> str:
        """The path below the log's prefix, such as tile/0/x001/x234/067.p/8."""
        kind = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{kind}/{_index_path(self.index)}{partial}"

    @property
    def first(self) -> int:
        """The place of the first hash within its level, or of the first entry in the log."""
        return self.index * TILE_WIDTH


def parse_tile_path(path: str) -> TileName:
    """Read a path as `TileName.path` writes it; TileError for any other spelling."""
    match = _PATH.fullmatch(path)
    if not match:
        raise TileError("not a tile path after tlog-tiles")
    level = None if match["level"] == "entries" else int(match["level"])
    index = int(match["index"].replace("x", "").replace("/", ""))
    name = TileName(level=level, index=index, width=int(match["width"] or TILE_WIDTH))
    if name.path != path:
        raise TileError("a tile path has no needless zeroes")
    return name


def tiles_of(size: int) -> Iterator[TileName]:
    """Name every tile of hashes that a tree of this size has, level by level, the partial one last in each."""
    level, width = 0, size
    while width:
        full, rest = divmod(width, TILE_WIDTH)
        yield from (TileName(level=level, index=index) for index in range(full))
        if rest:
            yield TileName(level=level, index=full, width=rest)
        level, width = level + 1, full


def bundles_of(size: int) -> Iterator[TileName]:
    """Name every bundle of entries that a log of this size has."""
    full, rest = divmod(size, TILE_WIDTH)
    yield from (TileName(level=None, index=index) for index in range(full))
    if rest:
        yield TileName(level=None, index=full, width=rest)


def edge_of(size: int) -> list[TileName]:
    """Name the partial tiles of a tree of this size, lowest level first; their hashes determine its root."""
    edge, level, width = [], 0, size
    while width:
        full, rest = divmod(width, TILE_WIDTH)
        if rest:
            edge.append(TileName(level=level, index=full, width=rest))
        level, width = level + 1, full
    return edge


def grow(size: int, edge: Mapping[int, bytes], leaf_hashes: Sequence[bytes]) -> dict[TileName, bytes]:
    """Return every tile that a tree of `size` leaves gains or changes when these leaf hashes are appended.

    `edge` holds the content of its partial tiles by level. A tile that was partial comes back wider or full.
    """
    tiles: dict[TileName, bytes] = {}
    level, before, fresh = 0, size, b"".join(leaf_hashes)
    while fresh:
        start, rest = divmod(before, TILE_WIDTH)
        content = _edge_tile(edge, level, rest) + fresh
        fresh = b""
        for offset in range(0, len(content), TILE_WIDTH * HASH_BYTES):
            piece = content[offset : offset + TILE_WIDTH * HASH_BYTES]
            name = TileName(level=level, index=start, width=len(piece) // HASH_BYTES)
            tiles[name] = piece
            if name.width == TILE_WIDTH:
                fresh += root(split_hashes(piece))
            start += 1
        level, before = level + 1, before // TILE_WIDTH
    return tiles


def _edge_tile(edge: Mapping[int, bytes], level: int, width: int) -> bytes:
    content = edge.get(level, b"")
    if len(content) != width * HASH_BYTES:
        raise TileError(f"the edge tile at level {level} should have {width} hashes, not {len(content) // HASH_BYTES}")
    return content


class TileReader:
    """A `Reader` of complete subtrees over tiles; each tile is fetched once.

    `fetch(level, index, width)` returns the tile's content, at least `width` hashes of it; the reader cuts the rest.
    """

    __slots__ = ("_fetch", "_size", "_tiles")

    def __init__(self, fetch: Callable[[TileName], bytes], size: int) -> None:
        self._fetch = fetch
        self._size = size
        self._tiles: dict[TileName, bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree of 2**level leaves at `index`."""
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        name = self._name(tile_level, first // TILE_WIDTH)
        offset, count = first % TILE_WIDTH, 1 << height
        if name is None or offset + count > name.width:
            raise TileError(f"a tree of {self._size} leaves has no complete subtree {index} of height {level}")
        return root(split_hashes(self._tile(name)[offset * HASH_BYTES : (offset + count) * HASH_BYTES]))

    def _name(self, level: int, index: int) -> TileName | None:
        width = min((self._size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH, TILE_WIDTH)
        return TileName(level=level, index=index, width=width) if width > 0 else None

    def _tile(self, name: TileName) -> bytes:
        if name not in self._tiles:
            content = self._fetch(name)[: name.width * HASH_BYTES]
            if len(content) != name.width * HASH_BYTES:
                raise TileError(f"{name.path} is cut short")
            self._tiles[name] = content
        return self._tiles[name]


def split_hashes(content: bytes) -> list[bytes]:
    """Cut a tile into its hashes."""
    if len(content) % HASH_BYTES:
        raise TileError(f"a tile is a multiple of {HASH_BYTES} bytes long, not {len(content)}")
    return [content[offset : offset + HASH_BYTES] for offset in range(0, len(content), HASH_BYTES)]


def join_entries(entries: Iterable[bytes]) -> bytes:
    """Write an entry bundle: each entry after its length, two bytes, big-endian."""
    parts = []
    for entry in entries:
        if len(entry) > MOST_ENTRY_BYTES:
            raise TileError(f"an entry has at most {MOST_ENTRY_BYTES} bytes, not {len(entry)}")
        parts += [len(entry).to_bytes(2), entry]
    return b"".join(parts)


def split_entries(bundle: bytes) -> list[bytes]:
    """Read an entry bundle; TileError where it ends inside an entry."""
    entries: list[bytes] = []
    offset = 0
    while offset < len(bundle):
        start = offset + 2
        offset = start + int.from_bytes(bundle[offset:start])
        if start > len(bundle) or offset > len(bundle):
            raise TileError(f"the bundle ends inside entry {len(entries)}")
        entries.append(bundle[start:offset])
    return entries


def _index_path(index: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
