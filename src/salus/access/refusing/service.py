"""Keep refusals: durable before their caller is answered, but for those of a loop, which are counted and kept soon."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from salus.access.model import Refusal
from salus.access.refusing.model import Tally
from salus.access.service import record_refusal
from salus.storage import Store

SETTLE_SECONDS: Final = 10.0
"""How long what is counted may wait to be kept. A process that is killed loses the counts of so long, and no more."""


class Refusals:
    """The refusals of one node in this process. Thread-safe. Settle all of them before the store closes."""

    def __init__(self, store: Store, now: Callable[[], datetime], passed: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._now = now
        self._passed = passed
        self._tally = Tally()
        self._settled = passed()
        self._lock = threading.Lock()

    def keep(self, *refusals: Refusal) -> None:
        """Keep refusals in a transaction of their own, so that they stay when the refused request is rolled back.

        Of one kind to one caller the first hundred in an hour are kept whole before this returns; the others are
        counted, and a row tells how many they were. Raises StoreDown.
        """
        with self._lock:
            whole = [one for one in refusals if self._tally.whole(one)]
        self._write(whole, every=False)

    def settle(self, *, every: bool = False) -> None:
        """Keep what was counted ten seconds ago or longer, or `every` count at once. Asks no database for nothing."""
        self._write([], every=every)

    def _write(self, whole: list[Refusal], *, every: bool) -> None:
        with self._lock:
            due = every or self._passed() - self._settled >= SETTLE_SECONDS
            counted = self._tally.drawn(self._now()) if due else []
            if counted:
                self._settled = self._passed()
        if not whole and not counted:
            return
        try:
            record_refusal(self._store, *whole, *counted)
        except BaseException:  # perhaps it was stored: then it is counted twice rather than not at all
            with self._lock:
                self._tally.put_back(counted)
            raise
