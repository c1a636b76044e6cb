"""Every head that the log signed is published with each witness's first line, also one that came late."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from test_ledger_witnesses import START, TABLES, Log

from salus.ledger import latest
from salus.ledger import store as tables
from salus.ledger.sequencing.earlier import heads_path
from salus.proof import WitnessKey, cosign
from salus.proof.note import Note
from salus.proof.tiles import split_entries
from salus.storage import Duty, Store
from witness_keys import WITNESSES


@pytest.fixture
def log(store: Store, tmp_path: Path) -> Log:
    with store.connect(Duty.MIGRATION) as owner:
        owner.execute(f"truncate {', '.join(f'ledger.{table}' for table in TABLES)}")
    return Log(store, tmp_path)


def heads(log: Log, number: int = 0) -> list[Note]:
    return [Note.parse(one.decode()) for one in split_entries((log.files / heads_path(number)).read_bytes())]


def times(log: Log, note: Note) -> list[int]:
    return sorted(int((at - START).total_seconds()) for at in log.trust().times(note).values())


def test_each_head_is_told_with_the_first_word_of_each_witness(log: Log) -> None:
    for count in range(1, 4):
        log.grow(count)
        log.cosign({0: START + timedelta(seconds=count), 1: START + timedelta(seconds=10 + count)})
        log.cosign({0: START + timedelta(hours=1)})
        log.sequencer.publish()

    told = heads(log)

    assert [int(one.text.split("\n")[1]) for one in told] == [2, 3, 4]
    assert [times(log, one) for one in told] == [[1, 11], [2, 12], [3, 13]]


def test_a_line_that_came_late_is_told_with_the_next_head(log: Log) -> None:
    log.grow(1)
    first = latest(log.store)
    assert first is not None
    log.grow(2)
    assert times(log, heads(log)[0]) == []

    with log.store.transaction(Duty.LEDGER) as tx:
        line = str(cosign(first.text, START, WITNESSES[0]))
        tables.add_cosignature(tx, first.size, str(WitnessKey.of(WITNESSES[0])), START, line)
        tables.add_cosignature(tx, first.size, str(WitnessKey.of(WITNESSES[1])), START, line)  # planted: another's key
    log.grow(3)

    assert times(log, heads(log)[0]) == [0]
    assert len(heads(log)[0].signatures) == 2


def test_a_log_whose_heads_were_not_told_yet_tells_all_of_them(log: Log) -> None:
    log.grow(1)
    log.grow(2)
    (log.files / heads_path(0)).unlink()

    log.grow(3)

    assert len(heads(log)) == 3


def test_a_file_of_heads_that_was_damaged_is_repaired(log: Log) -> None:
    log.grow(1)
    whole = (log.files / heads_path(0)).read_bytes()
    (log.files / heads_path(0)).write_bytes(b"damaged")
    assert log.sequencer.publish() == 0

    log.sequencer.publish(anew=True)

    assert (log.files / heads_path(0)).read_bytes() == whole


def test_a_full_file_is_followed_by_another(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("salus.ledger.sequencing.earlier.TILE_WIDTH", 4)
    for count in range(1, 7):
        log.grow(count)

    assert [len(heads(log, number)) for number in (0, 1)] == [4, 2]
    assert heads_path(1000) == "heads/x001/000"
