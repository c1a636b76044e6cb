"""Work is handed to a bounded number of threads and back; what it raises is told, and who goes away stops nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from salus.app import Threads


def _with(play: Callable[[Threads], Coroutine[Any, Any, None]], most: int = 1) -> None:
    async def whole() -> None:
        threads = Threads(most, "tested")
        try:
            await play(threads)
        finally:
            threads.close()

    asyncio.run(whole())


def test_work_runs_on_a_thread_and_its_result_comes_back() -> None:
    async def play(threads: Threads) -> None:
        name = await threads.run(lambda: threading.current_thread().name)

        assert name.startswith("tested")
        assert await threads.run(lambda: None) is None

    _with(play)


def test_what_work_raises_is_raised_to_whoever_asked_and_the_thread_goes_on() -> None:
    async def play(threads: Threads) -> None:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await threads.run(lambda: 1 // 0)

        assert await threads.run(lambda: 7) == 7

    _with(play)


def test_work_that_looks_beyond_the_end_of_an_iterator_is_answered_too() -> None:
    async def play(threads: Threads) -> None:
        with pytest.raises(RuntimeError, match="StopIteration"):
            await asyncio.wait_for(threads.run(lambda: next(iter(()))), 60)

    _with(play)


def test_no_more_work_is_under_way_than_there_are_threads() -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        threading.Event().wait(0.01)
        with lock:
            under_way -= 1

    async def play(threads: Threads) -> None:
        await asyncio.gather(*(threads.run(work) for _ in range(12)))

    _with(play, most=3)

    assert most == 3


def test_work_that_nobody_waits_for_any_more_is_finished() -> None:
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(60)
        done.set()

    async def play(threads: Threads) -> None:
        asked = asyncio.ensure_future(threads.run(work))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert not done.is_set()

        go_on.set()

        assert await threads.run(lambda: 3) == 3

    _with(play)

    assert done.is_set()


def test_closing_waits_for_what_was_handed_over() -> None:
    done: list[int] = []

    async def play(threads: Threads) -> None:
        for number in range(5):
            threads.begin(lambda number=number: done.append(number), lambda *_: None)  # type: ignore[misc]

    _with(play)

    assert done == [0, 1, 2, 3, 4]


def test_work_that_nobody_waits_for_any_more_does_not_begin() -> None:
    done = []

    async def play(threads: Threads) -> None:
        held = threading.Event()
        first = asyncio.create_task(threads.run(held.wait))
        rest = [asyncio.create_task(threads.run(lambda: done.append(1))) for _ in range(5)]
        await asyncio.sleep(0)
        for one in rest:
            one.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        held.set()
        await first

    _with(play)

    assert done == []
