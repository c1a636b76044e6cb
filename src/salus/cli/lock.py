"""One server for one data folder: a lock that goes with the process, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from salus.storage import FolderRefused


@contextlib.contextmanager
def serving(data: Path) -> Iterator[None]:
    """Hold the folder's serving lock. Raises FolderRefused, naming the process, if another server holds it."""
    data.mkdir(parents=True, exist_ok=True, mode=0o711)
    lock = os.open(data / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise FolderRefused(
                f"{data} is being served already, by process {holder}; stop it first, or use another --data folder"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)
