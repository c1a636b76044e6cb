"""Run an import: what is in already is skipped, a refused line is told and loses no other, and somebody may watch.

An import may be killed between a commit and the words about it. A line that was not refused then is in, and its refusal
cannot be missing; what is odd in it can, and is told when the import goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from salus import records
from salus.app.importing.reading import LINES_AT_ONCE, Passed, chunks, digest_of
from salus.app.importing.taking import Taker, odd_in
from salus.app.importing.telling import Chunk, Doubtful, Imported, ImportRefused, Taken, Turned
from salus.app.importing.working import Crew
from salus.app.node import Node
from salus.kernel import SalusError, civil_day
from salus.records import Problem
from salus.storage import Duty

_WORTH_HELPERS: Final = 8 * 1024 * 1024
"""Smaller files are in before workers have started."""
Progress = Callable[[Imported], None]
Told = Callable[[Path, int, SalusError], None]
Warned = Callable[[Path, int, Sequence[Problem]], None]
Known = Callable[[Path, Collection[int]], Collection[int]]
Takes = Callable[[Iterable[Chunk]], Iterator[Taken]]


def workers_for(files: Sequence[Path]) -> int:
    """Return how many workers these files are worth: one for each core, or none."""
    size = sum(_size(path) * (1 if path.suffix in (".ndjson", ".json") else 8) for path in files)
    return (os.cpu_count() or 1) if size >= _WORTH_HELPERS else 0


def import_files(
    node: Node,
    facility: str,
    files: Sequence[Path],
    progress: Progress = lambda _: None,
    told: Told = lambda *_: None,
    workers: int = 0,
    at_once: int = LINES_AT_ONCE,
    warned: Warned = lambda *_: None,
    known: Known = lambda *_: (),
) -> Imported:
    """Import files as sent by a facility, in order. A refused line is told of and loses no other.

    What is odd in a line that goes in is warned of. Before a file's lines go in, `known` is told which are in already,
    and says of which of them was warned: whatever else is odd in them is warned of now, and counted nowhere.
    A line that went in before, by the same facility from the same content, is skipped. `workers` processes help; with
    none all is done here. Up to `at_once` lines share a transaction. Whatever is told has been committed, or refused.
    """
    node.facility(facility)
    done = Imported(size=sum(_size(path) for path in files))
    with Crew(node.settings, facility, workers) if workers else nullcontext() as crew:
        takes = crew.taken if crew else _one_by_one(Taker(node, facility))
        before = 0
        for path in files:
            digest = digest_of(path, facility)
            with node.store.transaction(Duty.CARE) as tx:
                there = records.imported(tx, digest)
            passed = _again(node, path, known(path, there), warned)
            for taken in _of_file(there, takes, chunks(path, digest, there, at_once, passed)):
                _tell(path, taken, told, warned)
                done.add(path.name, taken)
                done.read = before + taken.read
                progress(done)
            before += _size(path)
    return done


def _tell(path: Path, taken: Taken, told: Told, warned: Warned) -> None:
    several: list[Turned | Doubtful] = [*taken.turned, *taken.doubtful]
    for one in sorted(several, key=lambda one: one.line):
        if isinstance(one, Turned):
            told(path, one.line, one.error)
        else:
            warned(path, one.line, one.odd)


def _again(node: Node, path: Path, warned_of: Collection[int], warned: Warned) -> Passed:
    today = civil_day(node.clock.now())

    def passed(line: int, raw: bytes) -> None:
        if line not in warned_of and (odd := odd_in(raw, today)):
            warned(path, line, odd)

    return passed


def _of_file(there: Collection[int], takes: Takes, several: Iterable[Chunk]) -> Iterator[Taken]:
    if there:
        yield Taken(number=0, read=0, skipped=len(there))
    yield from takes(several)


def _one_by_one(taker: Taker) -> Takes:
    def taken(several: Iterable[Chunk]) -> Iterator[Taken]:
        for chunk in several:
            taker.prepare(chunk)
            yield taker.take()

    return taken


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror}") from None
