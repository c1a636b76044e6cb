"""A scene prepared once, in a folder that every other scene is a copy of: its cluster, its keys, its log."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from salus_abuse.forking import Fell, each

MEMORY, ROOM = Path("/dev/shm"), 4 << 30
PLACE = "postgres.place"
"""Where a data folder notes where its cluster lies; a copy's lies in the copy."""


def _memory() -> Path | None:
    """Return a folder in memory where there is room for some scenes, so that nobody waits for a disk; else None."""
    try:
        return MEMORY if shutil.disk_usage(MEMORY).free >= ROOM else None
    except OSError:
        return None


@contextmanager
def a_prepared_scene() -> Iterator[Path]:
    """Lend the folder of a scene in which nothing happened yet, and in which nobody is."""
    with tempfile.TemporaryDirectory(prefix="salus-abuse-", dir=_memory(), ignore_cleanup_errors=True) as kept:
        folder = Path(kept) / "prepared"
        folder.mkdir()
        for _, fell in each(_prepare, [folder]):
            if isinstance(fell, Fell):
                raise fell
        yield folder


def _prepare(folder: Path) -> None:
    from salus_abuse.scene import a_scene

    with a_scene(folder):
        pass


def copied(prepared: Path, folder: Path) -> None:
    """Copy a prepared scene into an empty folder. PostgreSQL's files keep their owner, who may be another user."""
    if not (prepared / "data" / "postgres" / "data").is_dir():
        raise FileNotFoundError(f"{prepared} holds no cluster of its own")
    subprocess.run(["cp", "-a", f"{prepared}/.", str(folder)], check=True)
    (folder / "data" / PLACE).unlink()


@contextmanager
def scenes_folder(prepared: Path | None) -> Iterator[Path]:
    """Lend an empty folder for a scene, or one that is a copy of a prepared scene."""
    folder = Path(tempfile.mkdtemp(prefix="salus-abuse-", dir=_memory()))
    try:
        if prepared is not None:
            copied(prepared, folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
