"""Put files in place so that a reader sees the old one, none, or the whole new one, also after a power cut."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

STAGING = ".new"
AT_ONCE = 128
"""The most files that wait for the disk together; each holds a descriptor."""
WAITING = 8
"""Threads that wait for the disk. A file system forces many files to disk in hardly more time than one."""


class Shelf:
    """A folder of published files. One writer at a time: the caller holds the lock.

    `put` writes a file aside. `settle` makes what was put durable, then public, in the order in which it was put. What
    a killed writer left aside goes with the next one. What is aside is open until `settle`, or `close`, which drops it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._aside: dict[Path, int] = {}
        self._touched: set[Path] = set()
        self._known: set[Path] = set()

    def read(self, path: str) -> bytes | None:
        """Return the content of a file, or None if there is none."""
        target = self._folder / path
        if target in self._aside:
            self.settle()
        try:
            return target.read_bytes()
        except FileNotFoundError:
            return None

    def put(self, path: str, content: bytes) -> None:
        """Write a file aside, unless it stands in its place already."""
        target = self._folder / path
        self._folder_for(target.parent)
        self._touched.add(target.parent)
        if self.read(path) == content:
            return
        if len(self._aside) == AT_ONCE:
            self._place()
        self._aside[target] = self._write(self._staging(len(self._aside)), content)

    def settle(self) -> None:
        """Put what is aside in its place, and force every folder to disk that gained a name since the last time."""
        self._place()
        for folder in sorted(self._touched):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._touched.clear()

    def close(self) -> None:
        """Let go of what is aside: it gets no name."""
        for descriptor in self._aside.values():
            os.close(descriptor)
        self._aside.clear()

    def _place(self) -> None:
        """Force the files aside to disk, all at once, and only then move each to its place."""
        targets, descriptors = list(self._aside), list(self._aside.values())
        try:
            if len(descriptors) > 1:
                with ThreadPoolExecutor(WAITING) as waiting:
                    list(waiting.map(os.fsync, descriptors))
            else:
                list(map(os.fsync, descriptors))
        finally:
            self.close()
        for number, target in enumerate(targets):
            self._staging(number).replace(target)

    def _write(self, staging: Path, content: bytes) -> int:
        """Write a file and return its descriptor, open: a fault of the disk is told to those who had it open."""
        if not self._aside:
            self._sweep()
        with staging.open("wb") as file:
            file.write(content)
            file.flush()
            return os.dup(file.fileno())

    def _sweep(self) -> None:
        for left in self._folder.glob(f"{STAGING}*"):
            left.unlink()

    def _staging(self, number: int) -> Path:
        return self._folder / f"{STAGING}{number}"

    def _folder_for(self, folder: Path) -> None:
        if folder in self._known:
            return
        if not folder.exists():
            self._folder_for(folder.parent)
            folder.mkdir(exist_ok=True)
            self._touched.add(folder.parent)
        self._known.add(folder)
