"""The log on a real database and real files: batches, crashes at every step, forks refused, proofs, duties."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus.kernel import FixedClock, new_id
from salus.keys import Ed25519Signer
from salus.ledger import (
    BATCH_EVERY,
    AnotherNode,
    Checkpoint,
    LogUnsafe,
    NotBegun,
    NotInLog,
    NotPublished,
    Pending,
    Sequencer,
    anchor_leaf,
    append,
    begin,
    checkpoints,
    consistency_for,
    index_of,
    latest,
    node_leaf,
    proof_for,
    verify_directory,
)
from salus.ledger import store as tables
from salus.ledger.store import PUBLISHING, SEQUENCING
from salus.proof import leaf_hash, verify_consistency, verify_inclusion
from salus.storage import Duty, Store, Transaction

START = datetime(2031, 3, 1, 8, tzinfo=UTC)
TABLES = "ledger.pending, ledger.leaf, ledger.tile, ledger.checkpoint, ledger.cosignature, ledger.parked"


class Log:
    """One log under test: an emptied ledger schema, a folder of its own, a clock that stands still."""

    def __init__(self, store: Store, files: Path) -> None:
        self.store, self.files = store, files
        self.clock = FixedClock(START)
        self.signer = Ed25519Signer("salus.example/log", Ed25519PrivateKey.generate())
        self.sequencer = self.another()

    def another(self) -> Sequencer:
        return Sequencer(self.store, self.signer, self.files, self.clock, Random(7))

    def begin(self) -> None:
        begin(self.store, node_leaf("demo", "test-node"))

    def hand_over(self, count: int, duty: Duty = Duty.RELAY) -> list[Pending]:
        with self.store.transaction(duty) as tx:
            return [append(tx, anchor_leaf("register", size, bytes([size % 256]) * 32)) for size in range(1, count + 1)]

    def grow(self, count: int) -> Checkpoint:
        self.hand_over(count)
        closed = self.sequencer.close_batch()
        assert closed is not None
        return closed

    def change(self, sql: str, *params: object) -> None:
        """Do as the database's owner what no duty may do."""
        with self.store.connect(Duty.MIGRATION, "salus") as owner:
            owner.execute(sql, params)

    def findings(self) -> list[str]:
        return [finding.code for finding in verify_directory(self.files, self.sequencer.key).findings]

    def count(self, table: str) -> int:
        with self.store.transaction(Duty.LEDGER) as tx:
            row = tx.row(f"select count(*) from ledger.{table}")
        assert row is not None
        return int(row[0])


@pytest.fixture
def log(store: Store, tmp_path: Path) -> Log:
    fresh = Log(store, tmp_path / "log")
    fresh.change(f"truncate {TABLES}")
    return fresh


def test_a_first_batch_is_published_and_verifies_from_its_files_alone(log: Log) -> None:
    log.begin()
    closed = log.grow(9)

    report = verify_directory(log.files, log.sequencer.key)
    assert report.good
    assert report.checkpoint == closed == latest(log.store)
    assert closed.size == 10
    assert report.node == node_leaf("demo", "test-node")


@pytest.mark.parametrize("steps", [[255], [256], [1, 254, 1, 1], [600, 3, 300]])
def test_logs_that_grow_across_the_edges_of_tiles_stay_whole(log: Log, steps: list[int]) -> None:
    log.begin()
    for step in steps:
        log.grow(step)

    assert log.findings() == []
    assert [one.size for one in checkpoints(log.store)] == [1 + sum(steps[: end + 1]) for end in range(len(steps))]


def test_the_log_is_consistent_with_every_checkpoint_ever_signed(log: Log) -> None:
    log.begin()
    for step in (1, 5, 250, 300):
        log.grow(step)
    newest = latest(log.store)
    assert newest is not None

    for old in checkpoints(log.store):
        proof = consistency_for(log.store, old.size, newest.size)
        verify_consistency(old.size, newest.size, old.root, newest.root, proof)


def test_each_leaf_that_was_handed_over_has_a_place_and_a_proof(log: Log) -> None:
    log.begin()
    pending = log.hand_over(300)
    assert index_of(log.store, pending[0].id) is None
    closed = log.sequencer.close_batch()
    assert closed is not None

    places = [index_of(log.store, one.id) for one in pending]
    assert sorted(places) == list(range(1, 301))  # type: ignore[type-var]
    for size, place in list(enumerate(places, start=1))[::37]:
        assert place is not None
        entry = anchor_leaf("register", size, bytes([size % 256]) * 32).encoded
        verify_inclusion(leaf_hash(entry), place, 301, proof_for(log.store, place, 301), closed.root)


def test_places_within_a_batch_do_not_show_who_came_first(log: Log) -> None:
    log.begin()
    pending = log.hand_over(100)
    log.sequencer.close_batch()

    places = [index_of(log.store, one.id) for one in pending]
    assert places != sorted(places)  # type: ignore[type-var]


def test_no_proof_is_given_for_what_the_log_does_not_hold(log: Log) -> None:
    log.begin()
    log.grow(3)

    for index, size in ((4, 4), (0, 5), (-1, 4), (0, 0)):
        with pytest.raises(NotInLog):
            proof_for(log.store, index, size)


def test_nothing_waiting_means_no_new_checkpoint(log: Log) -> None:
    assert log.sequencer.close_batch() is None
    log.begin()
    log.grow(1)

    assert log.sequencer.close_batch() is None
    assert log.count("checkpoint") == 1


def test_a_leaf_whose_transaction_is_rolled_back_never_existed(log: Log) -> None:
    log.begin()
    with log.store.connect(Duty.CARE) as connection:
        append(Transaction(connection, Duty.CARE), anchor_leaf("register", 1, bytes(32)))
        connection.rollback()
    closed = log.sequencer.close_batch()

    assert closed is not None
    assert closed.size == 1


def test_batches_are_due_an_hour_after_the_last_checkpoint(log: Log) -> None:
    log.begin()
    assert log.sequencer.close_batch_if_due() is not None
    log.hand_over(1)
    log.clock.at = START + BATCH_EVERY - timedelta(seconds=1)
    assert log.sequencer.close_batch_if_due() is None
    log.clock.at = START + BATCH_EVERY

    assert log.sequencer.close_batch_if_due() is not None


def test_a_log_does_not_begin_before_it_is_said_what_the_node_is(log: Log) -> None:
    log.hand_over(2)
    with pytest.raises(NotBegun):
        log.sequencer.close_batch()
    assert log.count("pending") == 2
    log.begin()

    closed = log.sequencer.close_batch()
    assert closed is not None
    assert closed.size == 3
    assert log.findings() == []


def test_a_demo_node_can_never_become_another_kind(log: Log) -> None:
    log.begin()
    log.begin()
    assert log.count("pending") == 1
    for closing in (lambda: None, log.sequencer.close_batch):
        closing()
        for other in (node_leaf("production", "test-node"), node_leaf("demo", "renamed")):
            with pytest.raises(AnotherNode):
                begin(log.store, other)
    log.begin()
    assert log.count("pending") == 0


def test_what_may_not_stand_in_the_log_is_set_aside_and_the_rest_goes_on(log: Log) -> None:
    log.begin()
    log.grow(1)
    bad = [
        b'{"person":{"name":"anybody"}}',
        b"\xff\x00",
        b"[" * 1000,
        node_leaf("production", "usurper").encoded,
        b'{"anchor":{"custodian":"a","root":"' + b"A" * 43 + b'=","size":1,"size":2}}',
    ]
    with log.store.transaction(Duty.CARE) as tx:
        for entry in bad:
            tx.run("insert into ledger.pending (pending_id, entry) values (%s, %s)", (new_id(), entry))
    closed = log.grow(2)

    assert closed.size == 4
    assert log.count("parked") == len(bad)
    assert log.count("pending") == 0
    assert log.findings() == []


def test_a_name_used_twice_does_not_stop_the_log(log: Log) -> None:
    log.begin()
    (first,) = log.hand_over(1)
    log.sequencer.close_batch()
    with log.store.transaction(Duty.CARE) as tx:
        tx.run(
            "insert into ledger.pending (pending_id, entry) values (%s, %s)",
            (first.id, anchor_leaf("register", 9, bytes(32)).encoded),
        )
    closed = log.grow(1)

    assert closed.size == 3
    assert log.count("parked") == 1


def test_after_a_crash_between_commit_and_publication_the_next_start_publishes(log: Log) -> None:
    log.begin()
    log.grow(300)
    log.hand_over(300)
    committed = log.sequencer.sequence()
    assert verify_directory(log.files, log.sequencer.key).checkpoint != committed
    assert log.findings() == []
    log.hand_over(5)
    log.another().sequence()

    log.another().publish()

    assert log.findings() == []
    assert verify_directory(log.files, log.sequencer.key).checkpoint == latest(log.store)


def test_the_published_log_is_whole_after_a_crash_at_any_file(log: Log) -> None:
    log.begin()
    old = log.grow(500)
    log.hand_over(300)
    new = log.sequencer.sequence()
    with log.store.transaction(Duty.LEDGER) as tx:
        steps = len(list(log.sequencer.plan(tx, old.size)))

    seen = []
    for crash_after in range(1, steps + 1):
        with log.store.transaction(Duty.LEDGER) as tx:
            placing = log.another().place(log.sequencer.plan(tx, old.size))
            for _ in range(crash_after):
                next(placing)
        (log.files / ".new0").write_bytes(b"half a fi")
        report = verify_directory(log.files, log.sequencer.key)
        assert report.findings == ()
        seen.append(report.checkpoint)

    assert seen == [old] * (steps - 1) + [new]
    assert log.another().publish() == 0
    log.grow(1)
    assert list(log.files.glob(".new*")) == []


def test_lost_or_damaged_files_are_found_and_can_be_published_anew(log: Log) -> None:
    log.begin()
    log.grow(300)
    (log.files / "tile/0/000").unlink()
    (log.files / "tile/entries/000").write_bytes(b"")
    assert log.findings() == ["LOG-MISSING", "LOG-TRUNCATED", "LOG-ROOT"]

    log.sequencer.publish(anew=True)

    assert log.findings() == []


def test_files_that_cannot_be_written_do_not_endanger_the_log(log: Log) -> None:
    log.begin()
    log.files.mkdir()
    obstacle = log.files / "tile"
    obstacle.write_text("a file where a folder should be")
    with pytest.raises(NotPublished):
        log.sequencer.close_batch()
    obstacle.unlink()

    assert log.sequencer.close_batch() is None
    assert log.findings() == []


def test_nothing_is_signed_while_the_published_head_cannot_be_read(log: Log) -> None:
    log.begin()
    log.files.write_text("a file where the folder should be")

    with pytest.raises(NotPublished):
        log.sequencer.sequence()

    assert log.count("checkpoint") == 0


def test_two_sequencers_at_once_do_not_fork_the_log(log: Log) -> None:
    log.begin()
    failures: list[BaseException] = []

    def work(seed: int) -> None:
        sequencer = Sequencer(log.store, log.signer, log.files, log.clock, Random(seed))
        try:
            for _ in range(8):
                log.hand_over(7)
                sequencer.close_batch()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert log.findings() == []
    newest = latest(log.store)
    assert newest is not None
    assert newest.size == 1 + 3 * 8 * 7
    assert verify_directory(log.files, log.sequencer.key).checkpoint == newest


@pytest.mark.parametrize("turn", [SEQUENCING, PUBLISHING])
def test_a_second_sequencer_waits_for_its_turn(log: Log, turn: int) -> None:
    log.begin()
    second = threading.Thread(target=log.another().close_batch)
    with log.store.connect(Duty.LEDGER) as first:
        first.execute("select pg_advisory_xact_lock(%s)", (turn,))
        second.start()
        second.join(0.5)
        waited = second.is_alive()
        first.rollback()
    second.join()

    assert waited
    assert log.findings() == []


def test_a_place_cannot_be_given_twice_even_without_turns(log: Log) -> None:
    log.begin()
    log.grow(3)

    with pytest.raises(psycopg.errors.UniqueViolation), log.store.transaction(Duty.LEDGER) as tx:
        tables.add_leaves(tx, 3, [(new_id(), b"{}")])


def test_a_published_file_is_replaced_and_never_rewritten_in_place(log: Log) -> None:
    log.begin()
    old = log.grow(1)
    (log.files / "reader").hardlink_to(log.files / "checkpoint")
    log.grow(1)

    assert (log.files / "reader").read_text("utf-8") == old.note
    assert (log.files / "checkpoint").read_text("utf-8") != old.note


@pytest.mark.parametrize(
    "tampering",
    [
        "delete from ledger.leaf where leaf_index = 299",
        "insert into ledger.leaf select 301, gen_random_uuid(), entry from ledger.leaf where leaf_index = 1",
        "update ledger.leaf set entry = '\\x7b7d' where leaf_index = 300",
        "update ledger.checkpoint set root = sha256('other') where size = 301",
        "update ledger.checkpoint set note = replace(note, '301', '302') where size = 301",
        "update ledger.tile set hashes = overlay(hashes placing '\\x00' from 5) where level = 0 and width = 45",
        "update ledger.tile set hashes = overlay(hashes placing '\\x00' from 5) where level = 1",
        "delete from ledger.tile where level = 1",
        "delete from ledger.checkpoint",
    ],
)
def test_nothing_more_is_signed_once_the_database_contradicts_what_was_signed(log: Log, tampering: str) -> None:
    log.begin()
    log.grow(300)
    before = (log.files / "checkpoint").read_bytes()
    log.change(tampering.replace("%", "%%"))
    log.hand_over(1)

    with pytest.raises(LogUnsafe):
        log.sequencer.close_batch()

    assert (log.files / "checkpoint").read_bytes() == before
    assert log.count("pending") == 1


def test_a_changed_leaf_deep_in_the_log_is_not_published(log: Log) -> None:
    log.begin()
    log.hand_over(300)
    log.sequencer.sequence()
    log.change("update ledger.leaf set entry = '\\x7b7d' where leaf_index = 17")

    with pytest.raises(LogUnsafe):
        log.sequencer.publish()


def test_an_old_copy_of_the_database_cannot_fork_the_published_log(log: Log) -> None:
    log.begin()
    log.grow(3)
    log.grow(3)
    log.change("delete from ledger.checkpoint where size > 4")
    log.change("delete from ledger.leaf where leaf_index >= 4")
    log.change("delete from ledger.tile where size > 4")
    log.hand_over(3)

    with pytest.raises(LogUnsafe, match="old copy"):
        log.sequencer.close_batch()
    assert log.findings() == []


def test_another_key_cannot_go_on_with_the_log(log: Log) -> None:
    log.begin()
    log.grow(3)
    log.hand_over(1)
    stranger = Ed25519Signer("salus.example/log", Ed25519PrivateKey.generate())

    with pytest.raises(LogUnsafe):
        Sequencer(log.store, stranger, log.files, log.clock, Random(7)).close_batch()


@pytest.mark.parametrize("duty", [Duty.CARE, Duty.REGISTRY, Duty.RELAY])
@pytest.mark.parametrize(
    "sql",
    [
        "select * from ledger.pending",
        "delete from ledger.pending",
        "update ledger.pending set entry = entry",
        "insert into ledger.pending (pending_id, entry) values (gen_random_uuid(), 'x') returning entry",
        "select * from ledger.leaf",
        "select * from ledger.tile",
        "select * from ledger.checkpoint",
        "select * from ledger.parked",
        "insert into ledger.leaf values (0, gen_random_uuid(), 'x')",
    ],
)
def test_other_duties_may_hand_leaves_over_and_nothing_else(log: Log, duty: Duty, sql: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), log.store.transaction(duty) as tx:
        tx.run(sql)


@pytest.mark.parametrize("table", ["leaf", "tile", "checkpoint", "parked"])
def test_not_even_the_ledger_duty_can_change_a_history(log: Log, table: str) -> None:
    for sql in (f"delete from ledger.{table}", f"truncate ledger.{table}", f"drop table ledger.{table}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), log.store.transaction(Duty.LEDGER) as tx:
            tx.run(sql)


def test_every_query_of_the_log_has_an_index_at_size(log: Log) -> None:
    log.begin()
    log.grow(3_000)
    log.change("analyze ledger.leaf, ledger.tile, ledger.checkpoint")
    queries = (
        "select leaf_index + 1 from ledger.leaf order by leaf_index desc limit 1",
        "select entry from ledger.leaf where leaf_index >= 10 and leaf_index < 20 order by leaf_index",
        f"select leaf_index from ledger.leaf where pending_id = '{new_id()}'",
        "select hashes from ledger.tile where level = 0 and tile_index = 3 and width >= 9 order by width limit 1",
        "select size from ledger.checkpoint where size > 3 order by size",
        "select level from ledger.tile where size > 3 and size <= 10 order by level, tile_index, width",
    )
    with log.store.transaction(Duty.LEDGER) as tx:
        tx.run("set local enable_seqscan = off")
        plans = ["\n".join(line for (line,) in tx.rows("explain " + query)) for query in queries]

    assert [query for query, plan in zip(queries, plans, strict=True) if "Seq Scan" in plan] == []
