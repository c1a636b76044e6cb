"""The log under kill -9: no acknowledged leaf is lost, no signed head is forgotten, the published files stay whole."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus.kernel import FixedClock
from salus.keys import Ed25519Signer
from salus.ledger import (
    Sequencer,
    begin,
    checkpoints,
    consistency_for,
    index_of,
    latest,
    node_leaf,
    verify_directory,
)
from salus.proof import VerifierKey, open_checkpoint, verify_consistency
from salus.storage import Store

KILLS = 12
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
