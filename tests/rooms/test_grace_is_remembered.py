"""What shows that a node was brought forward is looked for in each leaf once, and found wherever it stands."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus import ledger
from salus.app.grace import SINCE, Forward
from salus.kernel import FixedClock, format_instant
from salus.keys import Ed25519Signer
from salus.ledger import Leaf, Sequencer, append, begin, in_one_batch, node_leaf
from salus.storage import Duty, Store

AT = datetime(2026, 12, 1, 8, tzinfo=UTC)
ROOT = "A" * 43 + "="
SIGNATURE = "A" * 86 + "=="
TABLES = "pending, leaf, tile, checkpoint, cosignature, document, parked".split(", ")
STANDING = import_module("salus.app.grace.standing")
USED = Leaf(kind="unwraps", body={"custodian": "H1", "day": "2026-12-01", "entries": 1, "unwraps": 1, "declared": 1})


def published(kind: str, version: int) -> Leaf:
    body = {"kind": kind, "name": "care", "version": version, "digest": ROOT, "starts": format_instant(AT)}
    return Leaf(kind="publication", body=body | {"ends": format_instant(AT), "signatures": {"S1": SIGNATURE}})


class Log:
    """A log whose leaves come in the batches that a test closes."""

    def __init__(self, store: Store, files: Path) -> None:
        self.store = store
        signer = Ed25519Signer("salus.example/log", Ed25519PrivateKey.generate())
        self.sequencer = Sequencer(store, signer, files, FixedClock(AT), Random(7))
        begin(store, node_leaf("production", "test-node"))
        self.close()

    def close(self, *given: Leaf) -> int:
        """Close a batch with these leaves; return the size of the log."""
        with self.store.transaction(Duty.LEDGER) as tx:
            for one in given:
                append(tx, one)
        found = self.sequencer.close_batch()
        assert found is not None
        return found.size


@pytest.fixture
def log(store: Store, tmp_path: Path) -> Log:
    with store.connect(Duty.MIGRATION) as owner:
        owner.execute(f"truncate {', '.join(f'ledger.{table}' for table in TABLES)}")
    return Log(store, tmp_path / "log")


@pytest.mark.parametrize("shows", [USED, published("admission", 1)])
def test_it_is_found_whenever_it_comes_and_stays_the_first(log: Log, shows: Leaf) -> None:
    remembered = Forward()
    log.close(published("emergency", 1))
    before = STANDING._since(log.store, remembered)
    size = log.close(published("emergency", 2), shows)
    found = STANDING._since(log.store, remembered)
    log.close(USED, published("admission", 2))

    assert before is None
    assert found in range(size - 2, size)
    assert STANDING._since(log.store, remembered) == STANDING._since(log.store, Forward()) == found


def test_no_publication_is_read_twice(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered, asked = Forward(), list[int]()
    real = ledger.leaves

    def counted(store: Store, kind: str, since: int = 0) -> list[tuple[int, Leaf]]:
        found = real(store, kind, since)
        asked.append(len(found))
        return found

    monkeypatch.setattr(ledger, "leaves", counted)
    for version in (1, 2, 3):
        log.close(published("emergency", version))
        STANDING._since(log.store, remembered)
    STANDING._since(log.store, remembered)
    log.close(USED)
    STANDING._since(log.store, remembered)
    STANDING._since(log.store, remembered)

    assert asked == [1, 1, 1, 0, 0]


def test_only_an_earlier_batch_makes_an_entry_late(log: Log) -> None:
    size = log.close(USED, published("emergency", 1), published("emergency", 2))
    later = log.close(published("emergency", 3)) - 1
    first = STANDING._since(log.store, Forward())

    assert [STANDING._late(log.store, index, Forward()) for index in range(size)] == [False] * size
    assert STANDING._late(log.store, later, Forward())
    assert in_one_batch(log.store, first, size - 1)
    assert not in_one_batch(log.store, first, later)


def test_of_several_kinds_the_first_place_is_found(log: Log) -> None:
    assert ledger.first_of(log.store, SINCE) is None
    size = log.close(USED)
    log.close(USED)

    assert ledger.first_of(log.store, SINCE) == size - 1
    assert [index for index, _ in ledger.leaves(log.store, "unwraps", size)] == [size]
