"""Files of the log are put in their places together: whole, in order, or not at all, and none stays open."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus.kernel import FixedClock
from salus.keys import Ed25519Signer
from salus.ledger import Sequencer
from salus.ledger.files.placing import AT_ONCE, Shelf
from salus.storage import Store


def opened() -> int:
    """Count the descriptors of this process."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_files_get_their_names_when_all_of_them_are_durable(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for number in range(5):
        shelf.put(f"tile/{number}", bytes([number]))

    assert names(tmp_path) == [f".new{number}" for number in range(5)]
    assert shelf.read("tile/3") == b"\x03"
    assert names(tmp_path) == [f"tile/{number}" for number in range(5)]


def test_more_files_than_wait_together_are_put_in_turns(tmp_path: Path) -> None:
    shelf, before = Shelf(tmp_path), opened()
    for number in range(AT_ONCE + 1):
        shelf.put(f"tile/{number}", b"content")

    assert len(names(tmp_path / "tile")) == AT_ONCE
    assert opened() == before + 1
    shelf.settle()
    assert len(names(tmp_path / "tile")) == AT_ONCE + 1
    assert opened() == before


def test_a_disk_that_fills_up_while_files_are_put_leaves_none_of_them_open(store: Store, tmp_path: Path) -> None:
    def plan() -> Iterator[tuple[str, bytes]]:
        yield from ((f"tile/0/{number:03}", bytes(32)) for number in range(100))
        raise OSError(errno.ENOSPC, "No space left on device")

    signer = Ed25519Signer("salus.example/log", Ed25519PrivateKey.generate())
    sequencer = Sequencer(store, signer, tmp_path, FixedClock(datetime(2031, 3, 1, tzinfo=UTC)), Random(1))
    before = opened()
    for _ in range(3):
        with pytest.raises(OSError, match="space"):
            list(sequencer.place(plan()))

    assert opened() == before
    assert names(tmp_path / "tile") == []
    Shelf(tmp_path).put("key", b"of the next writer")
    assert names(tmp_path) == [".new0"]
