"""A demo's clock: a file that says how far it is ahead of the machine's. Several processes read it; it only goes on."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from salus.kernel.errors import Invalid

CLOCK_FILE = "clock.json"
_MOST_SECONDS = 100 * 366 * 86_400


class DemoClock:
    """The machine's clock, moved by what a file says: `{"shift": seconds}`. It is read again whenever it was replaced.

    Within one process it never goes back, whatever is done to the file.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._shift = read_shift(file)

    def now(self) -> datetime:
        """Return the present instant of the demo, aware and in UTC."""
        return datetime.now(UTC) + self.ahead()

    def ahead(self) -> timedelta:
        """Return how far the demo is ahead of the machine, and of every telephone beside it."""
        found = self._file.stat()
        if (found.st_ino, found.st_mtime_ns) != self._seen:
            self._seen = (found.st_ino, found.st_mtime_ns)
            self._shift = max(self._shift, read_shift(self._file))
        return self._shift


def read_shift(file: Path) -> timedelta:
    """Read how far the clock of this file is ahead of the machine's; Invalid if it does not say so."""
    try:
        seconds = json.loads(file.read_text("utf-8"))["shift"]
    except (OSError, ValueError, KeyError, TypeError):
        seconds = None
    if not isinstance(seconds, int) or isinstance(seconds, bool) or abs(seconds) > _MOST_SECONDS:
        raise Invalid(f'{file} is no demo\'s clock; it says {{"shift": seconds}}', code="SALUS-K004")
    return timedelta(seconds=seconds)


def start_demo_clock(file: Path, start: datetime | None) -> DemoClock:
    """Open the clock of this file; where there is none yet, begin it at `start`, or at the machine's time."""
    with _alone(file):
        if not file.exists():
            seconds = round((start - datetime.now(UTC)).total_seconds()) if start else 0
            _write(file, seconds)
    return DemoClock(file)


def advance_demo_clock(file: Path, by: timedelta) -> datetime:
    """Move the clock of this file forward for all who read it, and return its new time; Invalid for going back."""
    if by < timedelta(seconds=1):
        raise Invalid("a demo's clock goes forward only, by a second or more", code="SALUS-K004")
    with _alone(file):
        seconds = int((read_shift(file) + by).total_seconds())
        if abs(seconds) > _MOST_SECONDS:
            raise Invalid("a demo's clock stays within a century of the machine's", code="SALUS-K004")
        _write(file, seconds)
    return DemoClock(file).now()


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Hold the clock's lock, so that of two who move it neither is lost."""
    descriptor = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(file: Path, seconds: int) -> None:
    partial = file.with_suffix(".new")
    partial.write_text(json.dumps({"shift": seconds}) + "\n", "utf-8")
    partial.replace(file)
