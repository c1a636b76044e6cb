"""Read a whole log, stretch by stretch, in as many processes as there are processors, and hold it against its tree.

Memory stays bounded: of the kinds of which a log has very many, places and hashes go to disk.
"""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from salus_audit.finding import Findings
from salus_audit.places import Missing, Place, Unreadable
from salus_audit.reading.chunks import (
    DECIDED,
    DUTIES,
    MOST_KEYS,
    PLACED,
    WAITING,
    Chunk,
    Unsettled,
    joined,
    read_chunk,
)
from salus_audit.reading.spill import Buckets, Tape
from salus_audit.spelling import octets
from salus_audit.trees import WIDTH, Peak, push, root_of, tile_path

STRETCH = 32
"""How many bundles a process reads at once."""
_ALONE = 4 * STRETCH
MOST_OLDER = 100_000
"""So many times in all, and once a leaf, a key is tried that is older than the newest of its party."""

Leaves = list[tuple[int, dict[str, Any]]]


@dataclass(slots=True)
class Log:
    """All of a log that judging takes. `roots` are its roots at each of the `marks`, the sizes of its known heads."""

    size: int
    marks: Sequence[int]
    findings: Findings
    roots: dict[int, bytes] = field(default_factory=dict)
    rare: dict[str, Leaves] = field(default_factory=dict)
    decisions: Tape = field(default_factory=lambda: Tape(DECIDED))
    tags: Buckets = field(default_factory=Buckets)
    placed: dict[str, Buckets] = field(default_factory=lambda: {kind: Buckets() for kind in DUTIES})
    counted: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    whole: bool = True

    def of(self, kind: str) -> Leaves:
        """Return the leaves of a kind, each with its place, in the log's order."""
        return self.rare.get(kind, [])

    def stretch(self, index: int) -> int:
        """Return how many marks stand before a leaf; two leaves of one stretch came in one batch."""
        return bisect_right(self.marks, index)

    def total(self, kind: str) -> int:
        """Count the leaves of a kind."""
        return len(self.of(kind)) + sum(count for (one, _, _), count in self.counted.items() if one == kind)


def walk(place: Place, size: int, root: bytes, marks: Iterable[int], findings: Findings, workers: int = 0) -> Log:
    """Read a log of this size and hold it against its signed root. What is wrong with it is found, never raised."""
    log = Log(size, sorted({one for one in marks if 0 < one <= size} | ({size} if size else set())), findings)
    reading = _Reading(log)
    for chunk in _chunks(place, log, reading, workers or os.cpu_count() or 1):
        reading.take(chunk)
        if chunk.lost:
            log.whole = False
            findings.add("LOG-ROOT", chunk.first, None, "neither entries nor hashes: the rest of the log is lost")
            return log
    if root_of(reading.peaks) != root:
        log.whole = False
        findings.add("LOG-ROOT", None, None, "the entries lead to another root than the one that was signed")
    _upper(place, size, reading.full, findings)
    return log


@dataclass(slots=True)
class _Reading:
    """What has been read of a log so far."""

    log: Log
    peaks: list[Peak] = field(default_factory=list)
    full: list[bytes] = field(default_factory=list)
    keys: dict[tuple[str, str], list[tuple[int, bytes]]] = field(default_factory=dict)
    waiting: Tape = field(default_factory=lambda: Tape(WAITING))
    read: int = 0
    used: dict[tuple[str, str], list[tuple[int, bytes]]] = field(default_factory=dict)
    older: int = 0

    def newest(self) -> dict[tuple[str, str], Sequence[tuple[int, bytes]]]:
        """Return of each party the keys that are tried on what follows."""
        return {name: tuple(keys[-MOST_KEYS:]) for name, keys in self.keys.items()}

    def take(self, chunk: Chunk) -> None:
        """Add the next stretch."""
        log = self.log
        for one in chunk.findings:
            log.findings.add(one.code, one.leaf, one.key, one.text)
        for number, block in enumerate(chunk.blocks):
            for cut, (bundle, peaks) in chunk.cuts.items():
                if bundle == number:
                    upto = list(self.peaks)
                    joined([peaks], upto)
                    log.roots[cut] = root_of(upto)
            joined([block], self.peaks)
            if len(block) == 1 and 1 << block[0][0] == WIDTH:
                self.full.append(block[0][1])
        for index, kind, body in chunk.rare:
            log.rare.setdefault(kind, []).append((index, body))
            if kind == "party-key":
                name = (body["duty"], body["party"])
                self.keys.setdefault(name, []).append((index, octets(body["key"], 32)))
        self._mass(chunk)
        self._settle(chunk.unsettled, chunk.first + chunk.entries)

    def _mass(self, chunk: Chunk) -> None:
        log = self.log
        log.decisions.write(chunk.decisions)
        log.tags.add(b"".join(PLACED.pack(index, tag) for index, _, tag, *_ in DECIDED.iter_unpack(chunk.decisions)))
        for kind, records in chunk.placed.items():
            log.placed[kind].add(records)
        log.counted.update(chunk.counted)

    def _settle(self, unsettled: Iterable[Unsettled], read: int) -> None:
        """Look once more at evidence whose key was not known, when its batch has ended: the key may have come in it.

        What waits is of one batch, the last one that was begun, and lies on disk.
        """
        if self._ended(read):
            for one in self.waiting:
                self._again(Unsettled.of(*one))
            self.waiting.clear()
        self.read = read
        for each in unsettled:
            if self._batch_ends(each.leaf) > read:
                self.waiting.write(each.packed())
            else:
                self._again(each)

    def _ended(self, read: int) -> bool:
        """Tell whether the batch that was under way is read to its end."""
        return self.read > 0 and self._batch_ends(self.read - 1) <= read

    def _batch_ends(self, leaf: int) -> int:
        return self.log.marks[self.log.stretch(leaf)]

    def _again(self, one: Unsettled) -> None:
        name = (DUTIES[one.kind], one.party)
        keys, before = self.keys.get(name, ()), self._batch_ends(one.leaf)
        if not one.settled(keys, before) and not self._by_older(one, name, keys[: bisect_left(keys, (before,))]):
            text = f"no key that the log had for this {DUTIES[one.kind]} made the signature"
            self.log.findings.add("SIGNATURE", one.leaf, one.party, text)

    def _by_older(self, one: Unsettled, name: tuple[str, str], keys: Sequence[tuple[int, bytes]]) -> bool:
        """Tell whether one of a party's older keys made a signature: those first that made one before.

        How often that is tried is bounded for the whole log. Beyond that an older key is as none.
        """
        used = self.used.setdefault(name, [])
        for place, key in (*used, *reversed(keys[:-MOST_KEYS])):
            if self.older >= MOST_OLDER + one.leaf:
                return False
            self.older += 1
            if one.made_by(key) and place < self._batch_ends(one.leaf):
                if (place, key) not in used:
                    self.used[name] = [(place, key), *used[: MOST_KEYS - 1]]
                return True
        return False


def _chunks(place: Place, log: Log, reading: _Reading, workers: int) -> Iterator[Chunk]:
    """Yield the stretches of a log in order; a long one is read by several processes."""
    bundles = -(-log.size // WIDTH)
    starts = range(0, bundles, STRETCH)
    if workers == 1 or bundles < _ALONE:
        for first in starts:
            count = min(STRETCH, bundles - first)
            yield read_chunk(place, first, count, log.size, log.marks, reading.newest(), reading.read)
        return
    with ProcessPoolExecutor(workers) as pool:
        running: deque[Future[Chunk]] = deque()
        for first in starts:
            count = min(STRETCH, bundles - first)
            known = reading.newest(), reading.read
            running.append(pool.submit(read_chunk, place, first, count, log.size, log.marks, *known))
            if len(running) > 2 * workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _upper(place: Place, size: int, hashes: list[bytes], findings: Findings) -> None:
    """Hold the tiles above the lowest level against the hashes of the full tiles below them."""
    level, width = 1, size // WIDTH
    while width:
        above = []
        for index in range(-(-width // WIDTH)):
            mine = hashes[index * WIDTH : (index + 1) * WIDTH]
            path = tile_path(level, index, len(mine))
            try:
                if place.read(path, 32 * WIDTH) != b"".join(mine):
                    findings.add("LOG-TILE", None, None, f"{path} has other hashes than the tiles below it lead to")
            except Missing:
                findings.add("LOG-MISSING", None, None, f"{path} is missing")
            except Unreadable as reason:
                findings.add("LOG-UNREADABLE", None, None, f"{path} cannot be read: {reason}")
            if len(mine) == WIDTH:
                peaks: list[Peak] = []
                for one in mine:
                    push(peaks, 0, one)
                above.append(peaks[0][1])
        level, width, hashes = level + 1, width // WIDTH, above
