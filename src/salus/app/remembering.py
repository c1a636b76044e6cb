"""Remember for a moment what takes time in proportion to the log, so that asking for it again costs nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import TypeVar, cast

from salus import ledger
from salus.proof import Trust
from salus.storage import Store

_T = TypeVar("_T")


class Memory:
    """What was made last, by name, with the stamp that it was made under. Any number of threads may ask at once.

    There is one thing a name, and names are few words of this program: it cannot grow with what is asked.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._making: dict[str, threading.Lock] = {}
        self._made: dict[str, tuple[Hashable, object]] = {}

    def recall(self, name: str, stamp: Hashable, make: Callable[[], _T]) -> _T:
        """Return what was made under the same stamp, else make it; who asks meanwhile waits for the one that makes.

        What `make` raises is raised to who asked, and not remembered.
        """
        with self._guard:
            making = self._making.setdefault(name, threading.Lock())
        with making:
            known = self._made.get(name)
            if known is None or known[0] != stamp:
                known = self._made[name] = (stamp, make())
        return cast("_T", known[1])


def log_stamp(store: Store, trust: Trust | None, at: datetime) -> Hashable:
    """Say what figures about the log depend on: its size, the size cosigned, by which witnesses, the minute."""
    newest, cosigned = ledger.latest(store), ledger.cosigned(store, trust)
    sizes = newest.size if newest else 0, cosigned.checkpoint.size if cosigned else 0
    return *sizes, trust, at.replace(second=0, microsecond=0)
