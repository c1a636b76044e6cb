"""Asks that come together share one piece of work; whoever comes alone waits for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from salus.app.coalesce import MOST_TOGETHER, Coalescer


class Work:
    """Remembers the batches that it was given; answers an ask with its square, an odd one over 100 with an error."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def run(self, asks: Sequence[int]) -> list[int | BaseException]:
        self.batches.append(len(asks))
        return [ValueError(str(one)) if one > 100 and one % 2 else one * one for one in asks]


def _with(play: Callable[[Coalescer[int, int]], Coroutine[Any, Any, None]], threads: int = 1) -> list[int]:
    work = Work()

    async def whole() -> None:
        coalescer: Coalescer[int, int] = Coalescer(work.run, threads)
        try:
            await play(coalescer)
        finally:
            coalescer.close()

    asyncio.run(whole())
    return work.batches


async def _all(coalescer: Coalescer[int, int], asks: Sequence[int]) -> list[int | BaseException]:
    return await asyncio.gather(*(coalescer.ask(one) for one in asks), return_exceptions=True)


def test_who_asks_alone_goes_alone_each_time() -> None:
    async def play(coalescer: Coalescer[int, int]) -> None:
        for one in range(5):
            assert await coalescer.ask(one) == one * one
            assert coalescer._patience is None

    assert _with(play) == [1] * 5


def test_each_is_told_its_own_answer_and_errors_are_its_own() -> None:
    async def play(coalescer: Coalescer[int, int]) -> None:
        answers = await _all(coalescer, [1, 101, 3, 102])

        assert [answers[0], answers[2], answers[3]] == [1, 9, 102 * 102]
        assert isinstance(answers[1], ValueError)

    _with(play)


def test_those_who_were_answered_together_go_together_again() -> None:
    async def client(coalescer: Coalescer[int, int]) -> None:
        for one in range(20):
            await coalescer.ask(one)

    async def play(coalescer: Coalescer[int, int]) -> None:
        await asyncio.gather(*(client(coalescer) for _ in range(12)))

    batches = _with(play)

    assert sum(batches) == 240
    assert batches.count(1) <= 4  # the first goes at once; on a slow machine somebody may come too late now and then


def test_no_batch_is_larger_than_the_most() -> None:
    async def play(coalescer: Coalescer[int, int]) -> None:
        await _all(coalescer, list(range(0, 400, 2)))

    batches = _with(play)

    assert sum(batches) == 200
    assert max(batches) == MOST_TOGETHER


def test_fewer_than_before_are_answered_all_the_same() -> None:
    async def play(coalescer: Coalescer[int, int]) -> None:
        await _all(coalescer, list(range(30)))
        assert await coalescer.ask(7) == 49
        assert await coalescer.ask(8) == 64

    assert sum(_with(play)) == 32


def test_work_that_breaks_is_told_to_all_who_shared_it() -> None:
    def broken(_: Sequence[int]) -> list[int]:
        raise RuntimeError("broken")

    async def whole() -> None:
        coalescer: Coalescer[int, int] = Coalescer(broken)
        for _ in range(2):
            told = await _all(coalescer, [1, 2, 3])
            assert all(isinstance(one, RuntimeError) for one in told)
        coalescer.close()

    asyncio.run(whole())


def test_who_went_away_keeps_nobody_from_an_answer() -> None:
    async def play(coalescer: Coalescer[int, int]) -> None:
        first = asyncio.ensure_future(coalescer.ask(1))
        second = asyncio.ensure_future(coalescer.ask(2))
        await asyncio.sleep(0)
        second.cancel()

        assert await first == 1
        with pytest.raises(asyncio.CancelledError):
            await second
        assert await coalescer.ask(3) == 9

    _with(play, threads=2)


def test_who_asks_after_the_end_is_told_and_waits_for_nothing() -> None:
    async def play() -> None:
        coalescer: Coalescer[int, int] = Coalescer(lambda asks: asks)
        coalescer.close()
        for _ in range(3):
            with pytest.raises(RuntimeError):
                await asyncio.wait_for(coalescer.ask(1), 60)

    asyncio.run(play())
