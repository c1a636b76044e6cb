"""Work through messages in batches: all are read in their order, then taken, several batches at a time.

No two batches under way are about the same thing, and what is about the same thing is taken in the order in which it
came.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from salus.records.v2 import Answer

MOST_TOGETHER = 128
MOST_LOCKS = 512
"""Of a batch that is more than one: the database has room for some thousand."""
LOOKED_AT = 4 * MOST_TOGETHER
"""How far ahead is looked for something that nobody else is about."""
WORTH = 32
"""While a batch is under way another begins once it holds as many: each of a small one costs more."""

Ask = TypeVar("Ask")


@dataclass(slots=True, eq=False)
class Turn:
    """What was read: the numbers of what it is about, and its answer as soon as there is one."""

    locks: frozenset[int] = frozenset()
    answer: Answer | None = None


Read = TypeVar("Read", bound=Turn)


def apart(turns: Sequence[Read], busy: Collection[int] = ()) -> list[Read]:
    """Return a batch of those that are about other things than what is `busy`, and than every one before them."""
    taken, chosen, held = set(busy), list[Read](), 0
    for one in turns:
        if taken.isdisjoint(one.locks) and (not chosen or held + len(one.locks) <= MOST_LOCKS):
            chosen.append(one)
            held += len(one.locks)
            if len(chosen) == MOST_TOGETHER:
                break
        taken |= one.locks
    return chosen


class Turns(Generic[Ask, Read]):
    """Hand what is asked to `read`, and what was read and is not answered yet to `take`, which answers all of it.

    Use from one event loop. Neither may raise: what breaks there is answered with `broken`.
    """

    def __init__(
        self,
        read: Callable[[Sequence[Ask]], Sequence[Read]],
        take: Callable[[Sequence[Read]], None],
        broken: Answer,
        threads: int = 2,
    ) -> None:
        self._read, self._take, self._broken = read, take, broken
        self._pool = ThreadPoolExecutor(threads + 1, thread_name_prefix="turns")
        self._reads, self._threads, self._under_way, self._closed = False, threads, 0, False
        self._unread: deque[tuple[Ask, asyncio.Future[Answer]]] = deque()
        self._waiting: list[Read] = []
        self._askers: dict[Read, asyncio.Future[Answer]] = {}
        self._busy: set[int] = set()

    def submit(self, ask: Ask) -> asyncio.Future[Answer]:
        """Take a place behind everything that was submitted before; return what becomes the answer."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._unread.append((ask, answer))
        self._go_on()
        return answer

    def close(self) -> None:
        """Finish what runs; what waits is not answered."""
        self._closed = True
        self._pool.shutdown(wait=True)

    def _go_on(self) -> None:
        if self._closed:
            return
        if self._unread and not self._reads:
            self._reads = True
            batch = [self._unread.popleft() for _ in range(min(MOST_TOGETHER, len(self._unread)))]
            self._run(lambda: self._read([ask for ask, _ in batch]), lambda turns: self._was_read(batch, turns))
        while self._waiting and self._under_way < self._threads:
            chosen = apart(self._waiting[:LOOKED_AT], self._busy)
            if not chosen or (self._under_way and len(chosen) < WORTH):
                return
            self._begin(chosen)

    def _begin(self, chosen: Sequence[Read]) -> None:
        mine = set(chosen)
        self._waiting = [one for one in self._waiting if one not in mine]
        self._busy.update(*(one.locks for one in chosen))
        self._under_way += 1
        self._run(lambda: self._take(chosen), lambda _: self._was_taken(chosen))

    def _run(self, work: Callable[[], object], then: Callable[..., None]) -> None:
        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        running.add_done_callback(lambda done: then(None if done.cancelled() or done.exception() else done.result()))

    def _was_read(self, batch: Sequence[tuple[Ask, asyncio.Future[Answer]]], turns: Sequence[Read] | None) -> None:
        self._reads = False
        if turns is None:
            for _, asker in batch:
                self._tell(asker, None)
        for (_, asker), turn in zip(batch, turns or (), strict=turns is not None):
            if turn.answer is not None:
                self._tell(asker, turn)
            else:
                self._askers[turn] = asker
                self._waiting.append(turn)
        self._go_on()

    def _was_taken(self, chosen: Sequence[Read]) -> None:
        self._under_way -= 1
        self._busy.difference_update(*(one.locks for one in chosen))
        for one in chosen:
            self._tell(self._askers.pop(one), one)
        self._go_on()

    def _tell(self, asker: asyncio.Future[Answer], turn: Turn | None) -> None:
        if not asker.done():
            asker.set_result((turn and turn.answer) or self._broken)
