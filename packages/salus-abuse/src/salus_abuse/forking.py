"""Processes that are forked from one which has loaded everything, so that none of them loads it again.

A control is taken away in such a process alone, which ends with what was done in it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

CORES = 2
_FORKING = get_context("forkserver")
_FORKING.set_forkserver_preload(["salus_abuse.loaded"])

Job = TypeVar("Job")
Done = TypeVar("Done")


class Fell(Exception):
    """What a process fell over; its text is the traceback, or that it ended without a word."""


def apart(job: Callable[..., object], *given: Any) -> tuple[Any, Connection]:
    """Start a process that does one job and is told over a pipe; return the process and our end of the pipe."""
    ours, theirs = _FORKING.Pipe()
    process = _FORKING.Process(target=_run, args=(theirs, job, given))
    process.start()
    theirs.close()
    return process, ours


def each(work: Callable[[Job], Done], jobs: Iterable[Job], most: int = CORES) -> Iterator[tuple[Job, Done | Fell]]:
    """Do each job in a process of its own, a few at once; yield them with what came of them, as they end."""
    waiting, running = list(jobs), dict[Any, tuple[Any, Job]]()
    try:
        while waiting or running:
            while waiting and len(running) < most:
                job = waiting.pop(0)
                process, ours = apart(_told, work, job)
                running[ours] = process, job
            for pipe in wait([*running]):
                process, job = running.pop(pipe)
                yield job, _heard(pipe)
                process.join()
    finally:
        for process, _ in running.values():
            process.terminate()
            process.join()


def _heard(pipe: Any) -> Any:
    with pipe:
        try:
            return pipe.recv()
        except (EOFError, ConnectionResetError):
            return Fell("the process ended without a word")


def _run(pipe: Connection, job: Callable[..., object], given: tuple[Any, ...]) -> None:
    job(pipe, *given)
    pipe.close()


def _told(pipe: Connection, work: Callable[[Job], object], job: Job) -> None:
    try:
        pipe.send(work(job))
    except Exception as error:
        pipe.send(Fell("".join(traceback.format_exception(error)[-4:])))
