"""The log under kill -9: no acknowledged leaf is lost, no signed head is forgotten, the published files stay whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus.kernel import FixedClock
from salus.keys import Ed25519Signer
from salus.ledger import (
    Sequencer,
    anchor_leaf,
    append,
    begin,
    checkpoints,
    consistency_for,
    index_of,
    latest,
    node_leaf,
    verify_directory,
)
from salus.proof import Checkpoint, Note, VerifierKey, open_checkpoint, verify_consistency
from salus.storage import Duty, Store

KILLS = 12
MOST_KILLS = int(os.environ.get("SALUS_LOG_KILLS", "150"))
"""SALUS_LOG_KILLS=500 takes some ten minutes."""
MOST_LOGS = 8
SECRET = bytes(range(32))
SIGNER = Ed25519Signer("salus.example/log", Ed25519PrivateKey.from_private_bytes(SECRET))
KEY = VerifierKey.of(SIGNER)


def run_and_kill(store: Store, files: Path, seed: int) -> list[UUID]:
    """Let a writer run for a moment, kill it, and return the leaves that it had acknowledged."""
    arguments = [str(store.settings.data), store.settings.postgres, str(files), SECRET.hex(), str(seed)]
    writer = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("ledger_writer.py")), *arguments],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    acknowledged = writer.stdout.readline()
    time.sleep(Random(seed).uniform(0, 0.3))
    writer.kill()
    acknowledged += writer.stdout.read()
    writer.wait()
    return [UUID(word) for word in acknowledged.split() if len(word) == 36]


@pytest.mark.slow
def test_no_acknowledged_leaf_and_no_signed_head_is_lost_by_killing_the_sequencer(store: Store, tmp_path: Path) -> None:
    files = tmp_path / "log"
    begin(store, node_leaf("demo", "crash-test"))
    acknowledged: list[UUID] = []
    seen = []
    for seed in range(KILLS):
        acknowledged += run_and_kill(store, files, seed)
        if (files / "checkpoint").exists():
            assert verify_directory(files, KEY).findings == ()
            seen.append(open_checkpoint((files / "checkpoint").read_text("utf-8"), [KEY]))

    Sequencer(store, SIGNER, files, FixedClock(datetime(2031, 3, 1, tzinfo=UTC)), Random(1)).close_batch()

    assert len(acknowledged) >= KILLS
    assert [one for one in acknowledged if index_of(store, one) is None] == []
    newest = latest(store)
    assert newest is not None
    assert verify_directory(files, KEY).checkpoint == newest
    assert set(seen) <= set(checkpoints(store))
    for old in checkpoints(store):
        proof = consistency_for(store, old.size, newest.size)
        verify_consistency(old.size, newest.size, old.root, newest.root, proof)


# Every write, before it and after it


EVERY = {
    "insert into ledger.pending",
    "delete from ledger.pending",
    "copy ledger.leaf",
    "copy ledger.tile",
    "insert into ledger.checkpoint",
    "insert into ledger.cosignature",
    "signature of the log",
    "signature of the witness",
    "commit",
    "move of tile",
    "move of checkpoint",
    "move of the witness's head",
    "fsync of a file",
    "fsync of a folder",
}
TABLES = ", ".join(f"ledger.{one}" for one in ("pending", "leaf", "tile", "checkpoint", "cosignature", "document"))


class Dying:
    """A process whose children close one batch each and die at the write that they are told."""

    def __init__(self, store: Store, folder: Path, process: subprocess.Popen[str]) -> None:
        self._store, self._process = store, process
        self.files, self.witness = folder / "log", folder / "witness"
        self.acknowledged: list[UUID] = []

    def close(self, point: int, seed: int) -> str | None:
        """Let one close a batch; return the write at which it died, or None if it lived."""
        settings = self._store.settings
        asked = {
            "data": str(settings.data),
            "postgres": settings.postgres,
            "files": str(self.files),
            "witness": str(self.witness),
            "key": SECRET.hex(),
            "point": point,
            "seed": seed,
            "torn": seed % 2 == 1,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        said = {word: value for one in answer["said"] for word, value in one.items()}
        assert "broke" not in said, said["broke"]
        assert answer["killed"] == ("at" in said)
        self.acknowledged += map(UUID, said.get("acknowledged", []))
        at = said.get("at")
        return None if at is None else str(at)

    def check(self) -> None:
        """Whatever left the process is remembered, and what is published is whole."""
        heads = {one.size: one.root for one in checkpoints(self._store)}
        shown = [
            self.files / "checkpoint",
            self.witness / "logs" / sha256(KEY.name.encode()).hexdigest() / "checkpoint",
        ]
        for path in shown:
            if path.exists() and path.stat().st_size:
                head = open_checkpoint(path.read_text("utf-8"), [KEY])
                assert heads[head.size] == head.root, path
        if shown[0].exists():
            assert verify_directory(self.files, KEY).findings == ()

    def end(self) -> None:
        """After one quiet batch nothing is lost, no head contradicts another, and the witness goes along."""
        assert self.close(0, 0) is None
        self.check()
        lost = [one for one in self.acknowledged if index_of(self._store, one) is None]
        assert lost == []
        heads: list[Checkpoint] = checkpoints(self._store)
        for old, new in pairwise(heads):
            proof = consistency_for(self._store, old.size, new.size)
            verify_consistency(old.size, new.size, old.root, new.root, proof)
        note = Note.parse((self.files / "checkpoint").read_text("utf-8"))
        assert open_checkpoint(str(note), [KEY]) == latest_published(heads[-1], note)
        assert [one.name for one in note.signatures] == [KEY.name, "witness.example"]


def latest_published(head: Checkpoint, note: Note) -> Checkpoint:
    return Checkpoint(origin=head.origin, size=head.size, root=head.root, note=str(note))


@contextmanager
def dying(store: Store, folder: Path) -> Iterator[Dying]:
    """Begin a log of 250 leaves, so that a tile fills up soon, and a process that others are forked from."""
    folder.mkdir()
    with store.connect(Duty.MIGRATION) as owner:
        owner.execute(f"truncate {TABLES}")
    begin(store, node_leaf("demo", "crash-test"))
    with store.transaction(Duty.RELAY) as tx:
        for size in range(1, 250):
            append(tx, anchor_leaf("register", size, bytes(32)))
    Sequencer(store, SIGNER, folder / "log", FixedClock(datetime(2031, 3, 1, tzinfo=UTC)), Random(1)).close_batch()
    script = str(Path(__file__).with_name("ledger_dying.py"))
    with subprocess.Popen(
        [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Dying(store, folder, process)
        assert process.stdin is not None
        process.stdin.close()


def die_everywhere(store: Store, folder: Path, *, step: int, seed: int) -> Counter[str]:
    """Die at every `step`-th write, until a child lives to its end; return where they died."""
    died: Counter[str] = Counter()
    with dying(store, folder) as one:
        point = 1
        while (at := one.close(point, seed=seed + point)) is not None:
            died[at] += 1
            one.check()
            point += step
        one.check()
        one.end()
    return died


def test_a_sample_of_writes_may_each_be_the_last(store: Store, tmp_path: Path) -> None:
    died = die_everywhere(store, tmp_path / "one", step=2, seed=0)

    assert died.total() >= 25


@pytest.mark.slow
def test_every_write_may_be_the_last_and_no_signed_head_is_lost_or_contradicted(store: Store, tmp_path: Path) -> None:
    died: Counter[str] = Counter()
    wanted, rounds = {f"{when} {write}" for write in EVERY for when in ("before", "after")}, 0
    # what a crash left undone comes first in the next batch, so that a log alone does not meet every write
    while died.total() < MOST_KILLS or (not wanted <= set(died) and rounds < MOST_LOGS):
        died += die_everywhere(store, tmp_path / str(rounds), step=1, seed=999 * rounds)
        rounds += 1

    print(f"{died.total()} kills in {rounds} logs, at {len(died)} kinds of writes: {dict(died)}")
    assert wanted <= set(died)
