"""Let requests that arrive together share one piece of work: up to 64 a batch, few batches at a time.

Who was just answered asks again: the first of them waits a moment for the others, or each time one would go alone and
all others after it. Who asks alone waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from salus.app.threads import Threads

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")

MOST_TOGETHER = 64
MOST_WAIT_SECONDS = 0.004
"""How long the first of a batch waits for as many as came together before."""


class Coalescer(Generic[Ask, Answer]):
    """Hand waiting asks to `run` in batches; while all its threads work, or for a moment, the next batch gathers.

    `run` returns one answer for each ask, in order; an answer that is an exception is raised to its asker. If `run`
    itself raises, every asker of the batch gets that. Use from one event loop.
    """

    def __init__(self, run: Callable[[Sequence[Ask]], Sequence[Answer | BaseException]], threads: int = 1) -> None:
        self._run = run
        self._free = threads
        self._threads = Threads(threads, "coalesced")
        self._waiting: deque[tuple[Ask, asyncio.Future[Answer]]] = deque()
        self._sizes: deque[int] = deque((1, 1), 2)
        self._patience: asyncio.TimerHandle | None = None

    async def ask(self, ask: Ask) -> Answer:
        """Return the answer to one ask."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((ask, answer))
        self._start(loop)
        return await answer

    def close(self) -> None:
        """Finish what runs and take no more."""
        self._threads.close()

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start what can be started, unless more are expected in a moment: as many as one of the last two batches."""
        if not self._waiting or not self._free:
            return
        if len(self._waiting) >= max(self._sizes):
            self._run_waiting(loop)
        elif self._patience is None:
            self._patience = loop.call_later(MOST_WAIT_SECONDS, self._run_waiting, loop)

    def _run_waiting(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        while self._waiting and self._free:
            batch = [self._waiting.popleft() for _ in range(min(MOST_TOGETHER, len(self._waiting)))]
            self._free -= 1
            self._sizes.append(len(batch))
            work = partial(self._run, [ask for ask, _ in batch])
            try:
                self._threads.begin(work, partial(self._finish, loop, batch))
            except RuntimeError as none:  # closed, or no thread to be had: whoever asked hears of it
                self._finish(loop, batch, None, none)

    def _finish(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: list[tuple[Ask, asyncio.Future[Answer]]],
        done: Sequence[Answer | BaseException] | None,
        broken: BaseException | None,
    ) -> None:
        self._free += 1
        answers = [broken] * len(batch) if broken is not None else done or ()
        for (_, waiting), answer in zip(batch, answers, strict=True):
            if waiting.cancelled():
                continue
            if isinstance(answer, BaseException):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)
        self._start(loop)
