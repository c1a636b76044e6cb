"""Put files in place so that a reader sees the old one, none, or the whole new one, also after a power cut."""

from __future__ import annotations

import os
from pathlib import Path

STAGING = ".new"


class Shelf:
    """A folder of published files. One writer at a time: the caller holds the lock.

    `put` makes a file's content durable, `settle` its name. A file is public once its own folder is settled.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._touched: set[Path] = set()
        self._known: set[Path] = set()

    def read(self, path: str) -> bytes | None:
        """Return the content of a file, or None if there is none."""
        try:
            return (self._folder / path).read_bytes()
        except FileNotFoundError:
            return None

    def put(self, path: str, content: bytes) -> None:
        """Write a file aside, force it to disk, and move it to its place."""
        target = self._folder / path
        self._folder_for(target.parent)
        self._touched.add(target.parent)
        if self.read(path) == content:
            return
        staging = self._folder / STAGING
        with staging.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        staging.replace(target)

    def settle(self) -> None:
        """Force every folder to disk that gained a name since the last time."""
        for folder in sorted(self._touched):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._touched.clear()

    def _folder_for(self, folder: Path) -> None:
        if folder in self._known:
            return
        if not folder.exists():
            self._folder_for(folder.parent)
            folder.mkdir(exist_ok=True)
            self._touched.add(folder.parent)
        self._known.add(folder)
