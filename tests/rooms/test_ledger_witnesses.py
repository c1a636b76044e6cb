"""The log and its witnesses: hung, lying and late ones, receipts, leaves of a kind, documents, an index for each."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from random import Random
from typing import cast

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from explaining import Explaining
from salus.cli.witnesses import start
from salus.kernel import FixedClock, canonical, start_demo_clock
from salus.keys import Ed25519Signer
from salus.ledger import (
    Gathering,
    Leaf,
    LeafRefused,
    Pending,
    Sequencer,
    Witness,
    add_document,
    anchor_leaf,
    append,
    append_once,
    begin,
    cosigned,
    document,
    first_receipt,
    latest,
    latest_quorum_at,
    leaves,
    node_leaf,
    party_keys,
    receipt,
    receipt_at,
    verify_directory,
)
from salus.ledger import store as tables
from salus.ledger.model import MOST_DOCUMENT_BYTES
from salus.ledger.witnessing import asking
from salus.ledger.witnessing import gathering as rounds
from salus.proof import Trust, VerifierKey, WitnessKey, cosign, open_checkpoint
from salus.proof.note import Note
from salus.storage import Duty, Store, Transaction
from witness_keys import WITNESSES

START = datetime(2031, 3, 1, 8, tzinfo=UTC)
TABLES = "pending, leaf, tile, checkpoint, cosignature, document, parked".split(", ")


class Log:
    """One log under test: an emptied ledger schema, a folder of its own, a clock that stands still."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.files = store, folder / "log"
        self.clock = FixedClock(START)
        self.signer = Ed25519Signer("salus.example/log", Ed25519PrivateKey.generate())
        self.sequencer = Sequencer(store, self.signer, self.files, self.clock, Random(7))
        begin(store, node_leaf("demo", "test-node"))

    @property
    def key(self) -> VerifierKey:
        return self.sequencer.key

    def trust(self, count: int = 3) -> Trust:
        return Trust.of(self.key, map(WitnessKey.of, WITNESSES[:count]))

    def grow(self, *marks: int) -> list[Pending]:
        with self.store.transaction(Duty.RELAY) as tx:
            pending = [append(tx, anchor_leaf("register", mark, bytes(32))) for mark in marks]
        self.sequencer.close_batch()
        return pending

    def cosign(self, times: dict[int, datetime]) -> None:
        """Let witnesses with these numbers cosign the newest head at these times, and keep their lines."""
        head = latest(self.store)
        assert head is not None
        with self.store.transaction(Duty.LEDGER) as tx:
            for number, at in times.items():
                line = str(cosign(head.text, at, WITNESSES[number]))
                tables.add_cosignature(tx, head.size, str(WitnessKey.of(WITNESSES[number])), at, line)


@pytest.fixture
def log(store: Store, tmp_path: Path) -> Log:
    with store.connect(Duty.MIGRATION) as owner:
        owner.execute(f"truncate {', '.join(f'ledger.{table}' for table in TABLES)}")
    return Log(store, tmp_path)


@contextmanager
def answering(answer: Callable[[bytes], tuple[int, bytes]]) -> Iterator[str]:
    """Serve one who answers every request as `answer` says."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def gathered(log: Log, *urls: str, patience: float = 60.0) -> int:
    witnesses = [Witness(key=WitnessKey.of(WITNESSES[number]), url=url) for number, url in enumerate(urls)]
    gathering = Gathering(log.store, witnesses, log.clock)
    try:
        return gathering.gather(patience)
    finally:
        gathering.close()


# Asking


def test_a_hung_and_a_dead_witness_hold_nobody_up(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 600.0)  # when the hung one is given up
    start_demo_clock(tmp_path / "clock.json", START)
    one = start(tmp_path / "w", "body", log.key, tmp_path / "clock.json")
    log.grow(1)
    try:
        with socket.create_server(("127.0.0.1", 0)) as hung:
            witnesses = [
                Witness(key=WitnessKey.of(WITNESSES[0]), url=f"http://127.0.0.1:{hung.getsockname()[1]}"),
                Witness(key=WitnessKey.of(WITNESSES[1]), url="http://127.0.0.1:9"),
                Witness(key=one.key, url=one.url),
            ]
            gathering = Gathering(log.store, witnesses, log.clock)
            began, kept = time.monotonic(), 0
            while not kept and time.monotonic() - began < 300:
                kept = gathering.gather(patience=0.5)
            gathering.gather(patience=0)
            assert time.monotonic() - began < asking.ANSWER_SECONDS
            assert kept == 1
            gathering.close()
    finally:
        one.stop()


def test_a_late_answer_is_kept_and_counted_next_time(log: Log) -> None:
    log.grow(1)
    head = latest(log.store)
    assert head is not None
    let_go = threading.Event()

    def late(_: bytes) -> tuple[int, bytes]:
        let_go.wait(60)
        return 200, str(cosign(head.text, START, WITNESSES[0])).encode()

    with answering(late) as url:
        gathering = Gathering(log.store, [Witness(key=WitnessKey.of(WITNESSES[0]), url=url)], log.clock)
        assert gathering.gather(patience=0.1) == 0
        let_go.set()
        assert gathering.gather(patience=60) == 1
        gathering.close()
    assert log.sequencer.publish() == 2, "the checkpoint, and the heads with their first lines"
    assert log.sequencer.publish() == 0
    assert len(Note.parse((log.files / "checkpoint").read_text("utf-8")).signatures) == 2


def lies(log: Log) -> dict[str, Callable[[bytes], tuple[int, bytes]]]:
    head = latest(log.store)
    assert head is not None
    other = head.text.replace("\n2\n", "\n3\n")
    line = str(cosign(head.text, START, WITNESSES[0])).encode()
    return {
        "a line over another head": lambda _: (200, str(cosign(other, START, WITNESSES[0])).encode()),
        "the line of another": lambda _: (200, str(cosign(head.text, START, WITNESSES[1])).encode()),
        "a line that was altered": lambda _: (200, line.replace(b"A", b"B", 1)),
        "half a line": lambda _: (200, line[:40]),
        "nothing": lambda _: (200, b""),
        "bytes": lambda _: (200, bytes(range(256))),
        "far too much": lambda _: (200, line * 10_000),
        "a size without end": lambda _: (409, b"9" * 100 + b"\n"),
        "a size that is none": lambda _: (409, b"many\n"),
        "the size it was told": lambda body: (409, body.split(b"\n")[0].removeprefix(b"old ") + b"\n"),
        "a larger size": lambda _: (409, b"1000000\n"),
        "a redirect": lambda _: (307, b""),
        "an error": lambda _: (500, line),
    }


@pytest.mark.parametrize("lie", range(13))
def test_nothing_but_a_true_line_is_kept(log: Log, lie: int) -> None:
    log.grow(1)
    told = list(lies(log).values())
    assert len(told) == 13

    with answering(told[lie]) as url:
        kept = gathered(log, url)
    with log.store.transaction(Duty.LEDGER) as tx:
        lines = tables.cosignatures(tx, 2, newest=True)
    # Beside ten thousand times the true line there is the true line.
    assert kept == len(lines) == (1 if list(lies(log))[lie] == "far too much" else 0)


def test_no_one_is_asked_twice_within_the_hour_nor_at_once_after_a_failure(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "FIRST_PAUSE_SECONDS", rounds.LONGEST_PAUSE_SECONDS)
    log.grow(1)
    asked: list[bytes] = []

    def failing(body: bytes) -> tuple[int, bytes]:
        asked.append(body)
        return 500, b""

    with answering(failing) as url:
        witness = Witness(key=WitnessKey.of(WITNESSES[0]), url=url)
        first, second = (Gathering(log.store, [witness], log.clock) for _ in range(2))
        for _ in range(5):
            first.gather(patience=60)
        assert len(asked) == 1
        log.cosign({0: START})
        second.gather(patience=60)  # it knows of no failure
        assert len(asked) == 1
        first.close()
        second.close()


# Receipts


def test_without_a_quorum_there_is_no_receipt(log: Log) -> None:
    (pending,) = log.grow(1)
    for times in ({}, {0: START}):
        log.cosign(times)
        assert receipt(log.store, log.trust(), pending.id) is None
        assert cosigned(log.store, log.trust()) is None
        assert latest_quorum_at(log.store, log.trust()) is None
    log.cosign({1: START})

    found = receipt(log.store, log.trust(), pending.id)
    assert found is not None
    assert found.proof.check(found.entry, log.trust()) == found.cosigned
    assert receipt_at(log.store, log.trust(), found.index) == found
    assert receipt(log.store, None, pending.id) is None
    assert receipt_at(log.store, None, 0) is None
    assert receipt(log.store, log.trust(5), pending.id) is None


def test_a_leaf_that_waits_or_is_not_there_has_no_receipt(log: Log) -> None:
    log.grow(1)
    log.cosign({0: START, 1: START})
    with log.store.transaction(Duty.CARE) as tx:
        waiting = append(tx, anchor_leaf("register", 9, bytes(32)))

    assert receipt(log.store, log.trust(), waiting.id) is None
    assert receipt_at(log.store, log.trust(), 2) is None


def test_the_first_receipt_is_under_the_first_head_with_a_quorum(log: Log) -> None:
    (pending,) = log.grow(1)
    log.cosign({0: START})
    for hours in (1, 2, 3):
        log.grow(1 + hours)
        log.cosign(dict.fromkeys((0, 1, 2), START + timedelta(hours=hours)))
    log.grow(9)

    first, newest = (one(log.store, log.trust(), pending.id) for one in (first_receipt, receipt))
    assert first is not None
    assert newest is not None
    assert (first.cosigned.checkpoint.size, first.cosigned.at) == (3, START + timedelta(hours=1))
    assert (newest.cosigned.checkpoint.size, newest.cosigned.at) == (5, START + timedelta(hours=3))
    assert latest_quorum_at(log.store, log.trust()) == START + timedelta(hours=3)


def test_of_a_head_cosigned_again_the_first_receipt_keeps_the_first_times(log: Log) -> None:
    (pending,) = log.grow(1)
    for hours in (0, 5):
        log.cosign(dict.fromkeys((0, 1), START + timedelta(hours=hours)))

    first, newest = (one(log.store, log.trust(), pending.id) for one in (first_receipt, receipt))
    assert first is not None
    assert newest is not None
    assert first.cosigned.at == START
    assert newest.cosigned.as_of == START + timedelta(hours=5)


@pytest.mark.parametrize(
    "planted",
    [
        "replace(line, 'A', 'B')",
        "'\u2014 nonsense'",
        "''",
        "(select line from ledger.cosignature order by size limit 1)",
    ],
)
def test_planted_lines_are_passed_over_and_true_ones_still_count(log: Log, planted: str) -> None:
    (pending,) = log.grow(1)
    log.cosign({0: START, 1: START})
    log.grow(2)
    log.cosign({0: START, 1: START})
    with log.store.connect(Duty.MIGRATION) as owner:
        owner.execute(f"update ledger.cosignature set line = {planted} where size = 3")

    found = receipt(log.store, log.trust(), pending.id)
    assert found is not None
    assert found.cosigned.checkpoint.size == 2
    log.sequencer.publish()
    published = (log.files / "checkpoint").read_text("utf-8")
    assert published == open_checkpoint(published, [log.sequencer.key]).note
    assert len(Note.parse(published).signatures) == 1
    log.grow(1)
    assert verify_directory(log.files, log.sequencer.key).good


# Leaves of a kind, keys of parties


def key_leaf(party: str, seed: int, duty: str = "laboratory") -> Leaf:
    key = base64.b64encode(bytes([seed]) * 32).decode()
    return Leaf(kind="party-key", body={"party": party, "organisation": "body", "duty": duty, "key": key})


def test_what_is_said_once_stands_once(log: Log) -> None:
    for _ in range(2):
        append_once(log.store, key_leaf("lab-1", 1))
    log.sequencer.close_batch()
    append_once(log.store, key_leaf("lab-1", 1))
    append_once(log.store, key_leaf("lab-2", 2))
    log.sequencer.close_batch()

    assert [(one.party, one.organisation, one.duty, one.key) for one in party_keys(log.store)] == [
        ("lab-1", "body", "laboratory", bytes([1]) * 32),
        ("lab-2", "body", "laboratory", bytes([2]) * 32),
    ]


def test_leaves_are_found_by_their_kind_alone(log: Log) -> None:
    log.grow(1, 2, 3)
    append_once(log.store, key_leaf("anchor", 1))
    log.sequencer.close_batch()

    assert [index for index, _ in leaves(log.store, "anchor")] == [1, 2, 3]
    assert {leaf.kind for _, leaf in leaves(log.store, "anchor")} == {"anchor"}
    assert [leaf.body["party"] for _, leaf in leaves(log.store, "party-key")] == ["anchor"]
    assert [index for index, _ in leaves(log.store, "node")] == [0]
    assert leaves(log.store, "decision") == []


# Documents


def publication(content: bytes, version: int = 1) -> Leaf:
    body = {
        "kind": "declaration",
        "name": "venues",
        "version": version,
        "digest": base64.b64encode(sha256(content).digest()).decode(),
        "starts": "2031-03-01T08:00:00Z",
        "ends": "2031-04-01T08:00:00Z",
        "signatures": {"signer-1": base64.b64encode(bytes(64)).decode()},
    }
    return Leaf(kind="publication", body=body)


def publish(log: Log, content: bytes, version: int = 1) -> str:
    with log.store.transaction(Duty.CARE) as tx:
        digest = add_document(tx, content)
        append(tx, publication(content, version))
    log.sequencer.close_batch()
    return f"published/{digest.hex()}.json"


def test_a_document_is_published_together_with_the_leaf_that_names_it(log: Log) -> None:
    content = canonical({"declaration": {"venues": ["hospital-visit"]}})
    with log.store.transaction(Duty.CARE) as tx:
        digest = add_document(tx, content)
        assert add_document(tx, content) == digest
    log.grow(1)
    assert not (log.files / "published").exists()
    path = publish(log, content)

    assert (log.files / path).read_bytes() == content
    assert path == f"published/{sha256(content).hexdigest()}.json"
    assert document(log.store, digest) == content
    assert verify_directory(log.files, log.key).findings == ()
    assert log.sequencer.publish() == 0


@pytest.mark.parametrize(("harm", "code"), [("unlink", "LOG-MISSING"), ("write", "LOG-DOCUMENT")])
def test_a_missing_or_changed_document_is_found_and_published_anew(log: Log, harm: str, code: str) -> None:
    path = log.files / publish(log, b'{"a":1}')
    if harm == "unlink":
        path.unlink()
    else:
        path.write_bytes(b'{"a":2}')

    assert [(one.code, one.where) for one in verify_directory(log.files, log.key).findings] == [
        (code, str(path.relative_to(log.files)))
    ]
    log.sequencer.publish(anew=True)
    assert verify_directory(log.files, log.key).findings == ()


def test_a_leaf_whose_document_nobody_handed_over_is_found(log: Log) -> None:
    with log.store.transaction(Duty.CARE) as tx:
        append(tx, publication(b"nowhere"))
    log.sequencer.close_batch()

    assert [one.code for one in verify_directory(log.files, log.key).findings] == ["LOG-MISSING"]


def test_a_document_named_twice_is_one_file(log: Log) -> None:
    for version in (1, 2):
        publish(log, b'{"same":1}', version)

    assert len(list((log.files / "published").iterdir())) == 1
    assert verify_directory(log.files, log.key).findings == ()


def test_a_document_is_never_changed_and_never_too_large(log: Log) -> None:
    for content in (b"", b"x" * (MOST_DOCUMENT_BYTES + 1)):
        with pytest.raises(LeafRefused), log.store.transaction(Duty.CARE) as tx:
            add_document(tx, content)
    with pytest.raises(psycopg.errors.CheckViolation), log.store.transaction(Duty.LEDGER) as tx:
        tables.add_document(tx, bytes(32), b"something else")


# Queries


QUERIES: dict[str, Callable[[Transaction], object]] = {
    "entries_of": lambda tx: tables.entries_of(tx, "party-key"),
    "entries_of, from a place on": lambda tx: tables.entries_of(tx, "party-key", 40_000),
    "first_of": lambda tx: tables.first_of(tx, "party-key"),
    "first_of what there is not": lambda tx: tables.first_of(tx, "unwraps"),
    "size_beyond": lambda tx: tables.size_beyond(tx, 300),
    "cosignatures": lambda tx: tables.cosignatures(tx, 5_000, newest=True),
    "cosigned_by": lambda tx: tables.cosigned_by(tx, "w1"),
    "newest size": lambda tx: tables.cosigned_size(tx, ["w0", "w1"], 2, (7_000, None), newest=True),
    "first size": lambda tx: tables.cosigned_size(tx, ["w0", "w1"], 2, (7_000, 8_000), newest=False),
    "document": lambda tx: tables.document(tx, bytes(32)),
    "heads before": lambda tx: tables.heads_before(tx, 300),
    "heads from": lambda tx: tables.heads_from(tx, 256, 256),
    "first cosignatures": lambda tx: tables.first_cosignatures(tx, 5_000, 5_255),
}


def test_every_query_has_an_index_at_size(log: Log) -> None:
    with log.store.connect(Duty.MIGRATION) as owner:
        owner.execute(
            "insert into ledger.leaf select n, gen_random_uuid(), convert_to(case when n % 5000 = 7 then"
            " '{\"party-key\":{}}' else '{\"decision\":{}}' end, 'UTF8') from generate_series(0, 50000) n"
        )
        owner.execute(
            "insert into ledger.cosignature select n, 'w' || w, now(), 'x'"
            " from generate_series(1, 10000) n, generate_series(0, 2) w"
        )
        owner.execute(
            "insert into ledger.checkpoint select n, decode(repeat('00', 32), 'hex'), 'x', now()"
            " from generate_series(1, 10000) n"
        )
        owner.execute(
            "insert into ledger.document select sha256(convert_to(n::text, 'UTF8')), convert_to(n::text, 'UTF8')"
            " from generate_series(1, 5000) n"
        )
        owner.execute("analyze ledger.leaf, ledger.checkpoint, ledger.cosignature, ledger.document")

    with log.store.transaction(Duty.LEDGER) as tx:
        for name, query in QUERIES.items():
            explaining = Explaining(tx)
            query(cast("Transaction", explaining))
            assert explaining.plans, name
            assert not [plan for plan in explaining.plans if "Seq Scan" in plan], (name, explaining.plans)


def test_a_leaf_of_any_kind_begins_as_the_index_expects(log: Log) -> None:
    for leaf in (node_leaf("demo", "n"), anchor_leaf("r", 1, bytes(32)), key_leaf("p", 1), publication(b"x")):
        assert leaf.encoded.startswith(b'{"' + leaf.kind.encode() + b'":')
        assert list(json.loads(leaf.encoded)) == [leaf.kind]
