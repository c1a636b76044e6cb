"""A bounded number of threads for work that waits, such as for the database, handed over from one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar, cast

T = TypeVar("T")


class Threads:
    """Threads that take work in its order. Use from one event loop.

    Each piece is handed over and back once, past the layers that a loop's own executor and anyio put around that: they
    cost each request more than its way to its function. Work that has begun is never given up: whoever stops waiting
    only does not hear of its end.
    """

    def __init__(self, most: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=name)

    def begin(self, work: Callable[[], T], then: Callable[[T | None, BaseException | None], object]) -> Future[None]:
        """Run `work` on a thread, and then `then` on the event loop, with its result or with what it raised.

        Returns what tells whether it began; RuntimeError if no thread is to be had.
        """
        return self._pool.submit(_work, asyncio.get_running_loop(), work, then)

    async def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns on a thread, or raise what it raises."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        begun = self.begin(work, partial(_tell, answer))
        try:
            return await answer
        except asyncio.CancelledError:
            begun.cancel()  # what has not begun is not wanted any more
            raise

    def close(self) -> None:
        """Finish what was handed over and take no more."""
        self._pool.shutdown(wait=True)


def _work(
    loop: asyncio.AbstractEventLoop, work: Callable[[], T], then: Callable[[T | None, BaseException | None], object]
) -> None:
    try:
        result = work()
    except StopIteration as error:  # a future takes none of these: whoever asked would wait for ever
        loop.call_soon_threadsafe(then, None, RuntimeError(f"work raised {error!r}"))
    except BaseException as error:
        loop.call_soon_threadsafe(then, None, error)
    else:
        loop.call_soon_threadsafe(then, result, None)


def _tell(asker: asyncio.Future[T], result: T | None, broken: BaseException | None) -> None:
    if asker.cancelled():
        return
    if broken is not None:
        asker.set_exception(broken)
    else:
        asker.set_result(cast("T", result))  # None is a result, too
