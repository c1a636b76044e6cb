"""Processes that help with an import, one for each core: each examines a chunk, waits for its turn, and writes it.

Chunks are let go in their order. One waits for those before it only where it gives what they ask for, or asks for what
they give; so the outcome is that of one after the other. A worker opens the node's keys itself: none is handed around.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType

from salus.app.importing.taking import Taker
from salus.app.importing.telling import Chunk, ImportBroken, Taken, Turned
from salus.app.node import join_node
from salus.app.settings import NodeSettings
from salus.kernel import SalusError
from salus.records import Footprint

_ENDED = "a process that helped with the import ended; what it had taken in stays, start the same import again"
_YOUNG = 50_000


@dataclass(slots=True, eq=False)
class _Worker:
    process: BaseProcess
    connection: Connection


@dataclass(slots=True, eq=False)
class _Flight:
    """A chunk under way."""

    worker: _Worker
    footprint: Footprint | None = None
    going: bool = False
    taken: Taken | None = field(default=None, repr=False)


class Crew:
    """Workers of one import. Use it as a context manager."""

    def __init__(self, settings: NodeSettings, facility: str, workers: int) -> None:
        self._settings, self._facility, self._most = settings, facility, workers
        self._workers: list[_Worker] = []

    def __enter__(self) -> Crew:
        context = multiprocessing.get_context("spawn")
        for _ in range(self._most):
            ours, theirs = context.Pipe()
            process = context.Process(target=_help, args=(theirs, self._settings, self._facility), daemon=True)
            process.start()
            theirs.close()
            self._workers.append(_Worker(process, ours))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for one in self._workers:
            one.connection.close()
        for one in self._workers:
            one.process.join(60)

    def taken(self, chunks: Iterable[Chunk]) -> Iterator[Taken]:
        """Let chunks be taken in; yield what became of each, in their order."""
        source = iter(chunks)
        idle, flying, more = list(self._workers), list[_Flight](), True
        while more or flying:
            while more and idle:
                chunk = next(source, None)
                more = chunk is not None
                if chunk is not None:
                    flying.append(_Flight(idle.pop()))
                    _send(flying[-1].worker, chunk)
            idle += _heard(flying)
            _let_go(flying)
            while flying and (first := flying[0].taken) is not None:
                flying.pop(0)
                yield first


def _send(worker: _Worker, told: Chunk | bool) -> None:
    """Tell a worker something. Of one that ended before, what it said last is heard first: it may tell why."""
    try:
        worker.connection.send(told)
    except OSError:
        raise _last_said(worker) from None


def _last_said(worker: _Worker) -> SalusError:
    try:
        while worker.connection.poll():
            told = worker.connection.recv()
            if isinstance(told, Turned):
                return told.error
    except (EOFError, OSError):
        pass
    return ImportBroken(_ENDED)


def _heard(flying: list[_Flight]) -> list[_Worker]:
    """Wait until workers say something; return those that are done with their chunk."""
    waiting = {one.worker.connection: one for one in flying if one.taken is None}
    done = []
    for connection in wait(waiting) if waiting else ():
        one = waiting[connection]  # type: ignore[index]
        try:
            told = one.worker.connection.recv()
        except (EOFError, OSError):
            raise ImportBroken(_ENDED) from None
        if isinstance(told, Turned):
            raise told.error
        if isinstance(told, Footprint):
            one.footprint = told
        else:
            one.taken = told
            done.append(one.worker)
    return done


def _let_go(flying: list[_Flight]) -> None:
    """Let chunks write in their order, each once nothing before it that it depends on is still under way."""
    for place, one in enumerate(flying):
        if one.footprint is None:
            return
        if one.going:
            continue
        if any(before.taken is None and _meets(before, one) for before in flying[:place]):
            return
        one.going = True
        _send(one.worker, True)


def _meets(one: _Flight, other: _Flight) -> bool:
    return one.footprint is None or other.footprint is None or one.footprint.meets(other.footprint)


def _help(connection: Connection, settings: NodeSettings, facility: str) -> None:
    """Take in chunks until nobody sends any. Whoever ends the import by hand ends it there, not here."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    collect_seldom()
    try:
        with join_node(settings) as node:
            _take_all(connection, Taker(node, facility))
    except (EOFError, ConnectionError):
        return
    except SalusError as error:
        _tell(connection, error)
    except Exception as error:
        why = f"a process that helps with the import could not begin: {type(error).__name__}"
        _tell(connection, ImportBroken(why))


def _tell(connection: Connection, error: SalusError) -> None:
    with suppress(OSError):
        connection.send(Turned.by(0, error))


def _take_all(connection: Connection, taker: Taker) -> None:
    """Take in chunk after chunk. What nobody foresaw is told by its type and lines: its text may hold what was sent."""
    while True:
        chunk = connection.recv()
        try:
            connection.send(taker.prepare(chunk))
            connection.recv()
            connection.send(taker.take())
        except (SalusError, EOFError, ConnectionError):
            raise
        except Exception as error:
            raise _unforeseen(chunk, error) from None


def _unforeseen(chunk: Chunk, error: Exception) -> ImportBroken:
    lines = [number for number, _ in chunk.lines]
    return ImportBroken(
        f"lines {lines[0]} to {lines[-1]} met {type(error).__name__}, which is a fault of Salus; what was taken in"
        " before stays: take these lines out, import the rest, and report it"
    )


def collect_seldom() -> None:
    """Look for cycles of garbage every 50,000 objects: parsed JSON has none, and is made of many objects."""
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)


__all__ = ["Crew", "collect_seldom"]
