"""How often one caller may ask: a bound that no setting changes, so that nobody asks the index for everybody."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from typing import Final

from salus.kernel import Refused

MATCHES_A_MINUTE: Final = 120
"""How often a hospital may ask who somebody is, with all its systems: its desks, and no list of the population."""
_WINDOW: Final = timedelta(minutes=1)
_MOST_CALLERS = 10_000


class TooFast(Refused):
    """A caller who asked too often; `seconds` until the next question is heard."""

    code = "SALUS-A052"
    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(f"at most {MATCHES_A_MINUTE} questions a minute: wait; each one too many is counted")
        self.seconds = seconds


class Pace:
    """Counts the questions of each caller within the last minute, in this process. Thread-safe."""

    def __init__(self, most: int = MATCHES_A_MINUTE) -> None:
        self._most = most
        self._asked: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, caller: str, at: datetime) -> None:
        """Count one question. Raises TooFast, and does not count it, beyond the bound."""
        with self._lock:
            asked = self._asked.setdefault(caller, deque(maxlen=self._most))
            self._asked.move_to_end(caller)
            while asked and asked[0] <= at - _WINDOW:
                asked.popleft()
            if len(asked) >= self._most:
                raise TooFast(max(1, -int((at - _WINDOW - asked[0]).total_seconds() // 1)))
            asked.append(at)
            if len(self._asked) > _MOST_CALLERS:
                self._asked.popitem(last=False)


__all__ = ["MATCHES_A_MINUTE", "Pace", "TooFast"]
