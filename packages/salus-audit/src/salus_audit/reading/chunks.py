"""One stretch of a log: its bundles held against their tiles, its entries against the kinds, evidence against keys.

A stretch is read by itself, so that several processes read several at once; what needs more than it goes back raw.
"""

from __future__ import annotations

import struct
from binascii import a2b_base64
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from salus_audit.finding import Finding
from salus_audit.leaves import MASS, decision_of, evidence_of, kind_of, read_leaf
from salus_audit.places import Missing, Place, Unreadable
from salus_audit.signing import signed
from salus_audit.spelling import Misspelt, octets
from salus_audit.trees import WIDTH, Peak, leaf_hash, peaks_of, push, tile_path

DUTIES = {"specimen": "sampling-site", "result": "laboratory"}
PLACED = struct.Struct(">Q32s")
"""A leaf's place with a commitment, or a tag."""
DECIDED = struct.Struct(">Q32s32s32s32s")
"""A decision: its place, its rules, its tag, its commitment, the key of its case's word; zeros where it names none."""
_MOST_BUNDLE = WIDTH * (2 + 0xFFFF)

Keys = Mapping[tuple[str, str], Sequence[tuple[int, bytes]]]
"""The keys of a duty and party, each with the place of its leaf, in the log's order."""
MOST_KEYS = 64
"""How many keys of one party are tried on each signature, the newest first: or a log could make each cost as it likes.

Older ones are tried as long as the whole log leaves something over for that."""
WAITING = struct.Struct(">QQQB128s44s64s")
"""Evidence that waits for its batch to end: leaf, what keys were tried already, kind, party, commitment, signature."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Evidence of which no key known so far made the signature.

    Tried were the keys that stand before `known`, and those from `since` on that stand before the leaf.
    """

    leaf: int
    known: int
    since: int
    kind: str
    party: str
    commitment: bytes
    signature: bytes

    def packed(self) -> bytes:
        """Write it as WAITING has it."""
        kind = int(self.kind == "result")
        return WAITING.pack(
            self.leaf, self.known, self.since, kind, self.party.encode(), self.commitment, self.signature
        )

    @classmethod
    def of(cls, leaf: int, known: int, since: int, kind: int, party: bytes, commitment: bytes, signed: bytes) -> Self:
        """Read what `packed` wrote."""
        name = party.rstrip(b"\0").decode()
        return cls(leaf, known, since, "result" if kind else "specimen", name, commitment, signed)

    def settled(self, keys: Sequence[tuple[int, bytes]], before: int) -> bool:
        """Tell whether one of these keys, of those before a place that were not tried yet, made the signature."""
        newest = keys[max(bisect_left(keys, (before,)) - MOST_KEYS, 0) : bisect_left(keys, (before,))]
        return any(
            self.made_by(key)
            for index, key in reversed(newest)
            if self.known <= index < self.since or index > self.leaf
        )

    def made_by(self, key: bytes) -> bool:
        """Tell whether a key made the signature."""
        message = evidence_message(self.kind, self.commitment, self.party.encode())
        return signed(key, message, self.signature)


@dataclass(slots=True)
class Chunk:
    """What a stretch holds. `blocks` are the peaks of each bundle, `cuts` those of its leaves below a wanted size.

    `rare` are the leaves of all kinds but those of which there are many. `counted` counts those by kind, party and the
    number of marks, sizes of heads, that stand before them.
    """

    first: int
    entries: int = 0
    blocks: list[list[Peak]] = field(default_factory=list)
    cuts: dict[int, tuple[int, list[Peak]]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    rare: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    decisions: bytearray = field(default_factory=bytearray)
    placed: dict[str, bytearray] = field(default_factory=lambda: {kind: bytearray() for kind in DUTIES})
    counted: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    unsettled: list[Unsettled] = field(default_factory=list)
    known: int = 0
    lost: bool = False

    def find(self, code: str, leaf: int | None, text: str) -> None:
        """Note what is wrong with a file or an entry."""
        self.findings.append(Finding(code, leaf, None, text))


def evidence_message(kind: str, commitment: bytes, party: bytes) -> bytes:
    """Return what a site or a laboratory signs."""
    return b'{"%s":{"commitment":"%s","party":"%s"}}' % (kind.encode(), commitment, party)


def read_chunk(place: Place, first: int, bundles: int, size: int, marks: Sequence[int], keys: Keys, upto: int) -> Chunk:
    """Read so many bundles of a log of `size` leaves, from bundle `first` on. `marks` are the sizes of its heads.

    `keys` are those of the first `upto` leaves.
    """
    chunk, known = Chunk(first=first * WIDTH, known=upto), dict(keys)
    for number in range(first, first + bundles):
        width = min(WIDTH, size - number * WIDTH)
        entries, hashes = _bundle(chunk, place, number, width)
        if hashes is None:
            chunk.lost = True
            return chunk
        chunk.blocks.append(peaks_of(hashes))
        begins = number * WIDTH
        for cut in marks[bisect_right(marks, begins) : bisect_right(marks, begins + width)]:
            chunk.cuts[cut] = (number - first, peaks_of(hashes[: cut - begins]))
        for index, entry in enumerate(entries, start=begins):
            _entry(chunk, index, entry, marks, known)
        chunk.entries += len(entries)
    return chunk


def _bundle(chunk: Chunk, place: Place, number: int, width: int) -> tuple[list[bytes], list[bytes] | None]:
    """Return a bundle's entries and the hashes of its leaves; those of the tile alone where the bundle is lost."""
    begins = number * WIDTH
    tile = _file(chunk, place, tile_path(0, number, width), 32 * WIDTH)
    if tile is not None and len(tile) != 32 * width:
        chunk.find("LOG-TRUNCATED", begins, f"{tile_path(0, number, width)} has not {width} hashes")
        tile = None
    told = [tile[at : at + 32] for at in range(0, len(tile), 32)] if tile else None
    path = tile_path("entries", number, width)
    raw = _file(chunk, place, path, _MOST_BUNDLE)
    entries = cut_bundle(raw) if raw is not None else None
    if raw is not None and (entries is None or len(entries) != width):
        chunk.find("LOG-TRUNCATED", begins, f"{path} does not hold {width} whole entries")
        entries = None
    if entries is None:
        return [], told
    hashes = [leaf_hash(entry) for entry in entries]
    for offset, (mine, theirs) in enumerate(zip(hashes, told or hashes, strict=True)):
        if mine != theirs:
            chunk.find("LOG-TILE", begins + offset, f"{tile_path(0, number, width)} has another hash than the entry")
    return entries, hashes


def cut_bundle(raw: bytes) -> list[bytes] | None:
    """Cut a file into entries, each after its length in two bytes; None where the last is cut short."""
    entries, at = [], 0
    while at < len(raw):
        begins = at + 2
        at = begins + int.from_bytes(raw[at:begins])
        entries.append(raw[begins:at])
    return entries if at == len(raw) else None


def _file(chunk: Chunk, place: Place, path: str, most: int) -> bytes | None:
    try:
        return place.read(path, most)
    except Missing:
        chunk.find("LOG-MISSING", None, f"{path} is missing")
    except Unreadable as reason:
        chunk.find("LOG-UNREADABLE", None, f"{path} cannot be read: {reason}")
    return None


def _entry(
    chunk: Chunk,
    index: int,
    entry: bytes,
    marks: Sequence[int],
    keys: dict[tuple[str, str], Sequence[tuple[int, bytes]]],
) -> None:
    """Judge one entry as far as that can be done by itself."""
    kind = kind_of(entry)
    if kind == "decision" and (told := decision_of(entry)):
        commitment, rules, tag, word = map(a2b_base64, told)  # the entry's expression takes the one spelling alone
        chunk.decisions += DECIDED.pack(index, rules, tag, commitment, word)
        chunk.counted[kind, "", bisect_right(marks, index)] += 1
    elif kind in DUTIES and (evidence := evidence_of(kind, entry)):
        _evidence(chunk, index, kind, evidence, keys)
        chunk.counted[kind, evidence[1].decode(), bisect_right(marks, index)] += 1
    else:
        _rare(chunk, index, entry, keys)


def _evidence(chunk: Chunk, index: int, kind: str, evidence: tuple[bytes, bytes, bytes], keys: Keys) -> None:
    commitment, party, signature = evidence
    chunk.placed[kind] += PLACED.pack(index, a2b_base64(commitment))
    raw, name = a2b_base64(signature), party.decode()
    message = evidence_message(kind, commitment, party)
    known = keys.get((DUTIES[kind], name), ())
    if not any(signed(key, message, raw) for _, key in known[: -MOST_KEYS - 1 : -1]):
        chunk.unsettled.append(Unsettled(index, chunk.known, chunk.first, kind, name, commitment, raw))


def _rare(chunk: Chunk, index: int, entry: bytes, keys: dict[tuple[str, str], Sequence[tuple[int, bytes]]]) -> None:
    try:
        kind, body = read_leaf(entry)
        if kind in MASS:
            raise Misspelt("this entry is not spelt like one of its kind")
    except Misspelt as reason:
        chunk.find("LOG-LEAF", index, str(reason))
        return
    if (kind == "node") != (index == 0):
        chunk.find("LOG-LEAF", index, "the first entry, and no other, says what the node is")
    if kind == "party-key":
        name = (body["duty"], body["party"])
        keys[name] = (*keys.get(name, ())[-MOST_KEYS:], (index, octets(body["key"], 32)))
    chunk.rare.append((index, kind, body))


def joined(blocks: Sequence[Sequence[Peak]], onto: list[Peak]) -> None:
    """Add the peaks of bundles to those of a tree."""
    for block in blocks:
        for height, value in block:
            push(onto, height, value)
