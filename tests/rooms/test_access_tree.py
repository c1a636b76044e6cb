"""The chain over the register: nothing twice, nothing skipped, and no change that is not found."""

from __future__ import annotations

import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reads import PublicLog, a_read, empty, registered
from salus import ledger
from salus.access import Fault, Finding, ReadProof, anchor, chain, proof_of, proved, register, verify_register
from salus.access import store as tables
from salus.access.tree.growth import edge
from salus.access.tree.leaf import entry_bytes, entry_hash
from salus.kernel import canonical
from salus.proof import ProofError, root
from salus.storage import Duty, Store

COPY_ENTRY = (
    "insert into access.entry select {}, reader_role, reader, facility, resident_key, chart_keys, what, count,"
    " action, purpose, ground, unwraps, at, nonce from access.entry where batch = %(batch)s and item = 0"
)
TAMPERED: list[tuple[str, str, list[Finding]]] = [
    (
        "a changed reader",
        "update access.entry set reader = 'someone-else' where batch = %(batch)s and item = 1",
        [Finding(fault=Fault.ENTRY_CHANGED, batch=-1, item=1)],
    ),
    (
        "a value that no read may have",
        "update access.entry set what = 'a long story' where batch = %(batch)s and item = 2",
        [Finding(fault=Fault.ENTRY_CHANGED, batch=-1, item=2)],
    ),
    (
        "a deleted entry",
        "delete from access.entry where batch = %(batch)s and item = 0",
        [Finding(fault=Fault.ENTRY_MISSING, batch=-1, item=0)],
    ),
    (
        "an entry put into a chained batch",
        COPY_ENTRY.format("batch, 3"),
        [Finding(fault=Fault.ENTRY_INSERTED, batch=-1, item=3)],
    ),
    (
        "a batch that nobody registered",
        COPY_ENTRY.format("900000, 0"),
        [Finding(fault=Fault.ENTRY_INSERTED, batch=900000)],
    ),
    (
        "a stored subtree",
        "update access.subtree set hash = %(hash)s where level = 1 and index = 0",
        [Finding(fault=Fault.SUBTREE_WRONG, size=903)],
    ),
    (
        "a lost subtree",
        "delete from access.subtree where level = 1 and index = 2",
        [Finding(fault=Fault.SUBTREE_WRONG, size=903)] * 2,
    ),
]


@pytest.fixture(autouse=True)
def _from_nothing(store: Store) -> None:
    empty(store)


@pytest.fixture(scope="module")
def log(store: Store, tmp_path_factory: pytest.TempPathFactory) -> PublicLog:
    return PublicLog(store, tmp_path_factory.mktemp("log"))


def test_the_tree_is_the_merkle_tree_over_all_entries_in_the_order_of_their_chaining(store: Store) -> None:
    sizes = [1, 64, 255, 256, 257, 3, 700, 1, 513]
    for size in sizes:
        registered(store, *(a_read() for _ in range(size)))
        if size % 2:
            chain(store)
    chain(store)

    with store.transaction(Duty.RELAY) as tx:
        leaves = in_order(store)
        assert tables.chain_size(tx) == sum(sizes) == len(leaves)
        assert edge(tx, sum(sizes)).root() == root(leaves)
        for size in (1, 2, 255, 256, 257, 1000):
            assert edge(tx, size).root() == root(leaves[:size])


def test_chaining_takes_no_more_than_it_is_asked_for_and_says_when_nothing_waits(store: Store) -> None:
    for _ in range(5):
        registered(store, a_read())

    assert [chain(store, 2), chain(store, 2), chain(store, 2), chain(store, 2)] == [2, 2, 1, 0]


def test_a_batch_that_commits_late_is_chained_late_and_not_skipped(store: Store) -> None:
    with store.transaction(Duty.CARE) as slow:
        early = register(slow, [a_read()])
        late = registered(store, a_read())
        assert early < late
        assert chain(store) == 1

    assert chain(store) == 1
    assert [batch for page in pages(store) for batch, _, _ in page] == [late, early]
    assert verify_register(store) == []


def test_many_committers_and_chainers_at_once_chain_each_entry_exactly_once(store: Store) -> None:
    writing = threading.Event()
    writing.set()
    expected: list[int] = []

    def write(seed: int) -> None:
        random = Random(seed)
        for _ in range(40):
            reads = [a_read(resident=seed) for _ in range(random.randrange(1, 30))]
            with store.transaction(Duty.CARE) as tx:
                register(tx, reads)
                if random.random() < 0.5:
                    tx.rows("select pg_sleep(0.01)")
            expected.append(len(reads))

    def grow() -> None:
        while writing.is_set() or chain(store, 3):
            chain(store, 3)

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    chainers = [threading.Thread(target=grow) for _ in range(2)]
    for thread in (*writers, *chainers):
        thread.start()
    for thread in writers:
        thread.join()
    writing.clear()
    for thread in chainers:
        thread.join()

    assert len(in_order(store)) == sum(expected)
    assert len(set(in_order(store))) == sum(expected)
    assert verify_register(store) == []


@pytest.mark.parametrize("step", ["claim", "add_chained", "add_subtrees"])
def test_a_crash_at_any_step_leaves_each_batch_waiting_or_chained(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    for _ in range(3):
        registered(store, *(a_read() for _ in range(200)))
    _crash_at(monkeypatch, step)

    with pytest.raises(InterruptedError):
        chain(store)
    monkeypatch.undo()
    assert chain(store) == 3
    assert len(in_order(store)) == 600
    assert verify_register(store) == []


def test_a_chainer_that_is_killed_leaves_nothing_half_done(store: Store) -> None:
    for _ in range(200):
        registered(store, *(a_read() for _ in range(5)))
    for rounds in (1, 2, 3, 5):
        command = [sys.executable, "-c", CHAINER, str(store.settings.data)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(b"\n" * (rounds + 1))  # and no further, however late the kill comes
            child.stdin.flush()
            for _ in range(rounds):
                assert child.stdout.readline()
            child.kill()
        assert 0 < len(in_order(store)) < 1000
        assert verify_register(store) == []

    while chain(store):
        pass
    assert len(in_order(store)) == 1000
    assert verify_register(store) == []


@pytest.mark.parametrize(("what", "statement", "findings"), TAMPERED, ids=[what for what, _, _ in TAMPERED])
def test_whoever_changes_the_register_behind_its_back_is_found(
    store: Store, what: str, statement: str, findings: list[Finding]
) -> None:
    batch = registered(store, *(a_read() for _ in range(3)))
    registered(store, *(a_read() for _ in range(900)))
    chain(store)
    assert verify_register(store) == []
    owner(store, statement, batch=batch, hash=bytes(32))

    found = [
        Finding(fault=one.fault, batch=-1 if one.batch == batch else one.batch, item=one.item, size=one.size)
        for one in verify_register(store)
    ]
    assert found == findings, what


def test_a_change_that_also_rewrites_the_chain_is_found_by_the_anchored_root(store: Store, log: PublicLog) -> None:
    batch = registered(store, *(a_read() for _ in range(300)))
    chain(store)
    anchor(store, "node")
    log.close_batch()
    owner(store, "update access.entry set reader = 'someone-else' where batch = %(batch)s and item = 7", batch=batch)
    rechain(store)

    assert verify_register(store) == [Finding(fault=Fault.ANCHOR_MISMATCH, size=300)]


def test_a_change_that_also_rewrites_the_anchor_is_found_by_the_public_log(store: Store, log: PublicLog) -> None:
    batch = registered(store, *(a_read() for _ in range(300)))
    chain(store)
    anchor(store, "node")
    log.close_batch()
    owner(store, "update access.entry set reader = 'someone-else' where batch = %(batch)s and item = 7", batch=batch)
    rechain(store)
    owner(store, "update access.anchored set root = %(root)s", root=root(in_order(store)))

    assert verify_register(store) == [Finding(fault=Fault.ANCHOR_NOT_IN_LOG, size=300)]


def test_a_register_cut_back_with_its_anchors_is_found_by_the_leaves_of_the_public_log(
    store: Store, log: PublicLog
) -> None:
    kept = registered(store, a_read())
    chain(store)
    gone = registered(store, a_read())
    chain(store)
    anchor(store, "node")
    log.close_batch()
    published = ledger.anchor_leaf("node", 2, root(in_order(store)))
    for table in ("entry", "chained"):
        owner(store, f"delete from access.{table} where batch = %(batch)s", batch=gone)
    owner(store, "delete from access.anchored")

    assert kept < gone
    assert verify_register(store) == []
    assert verify_register(store, [published]) == [Finding(fault=Fault.ANCHOR_MISMATCH, size=2)]


def test_entries_that_vanish_before_they_are_chained_are_found(store: Store) -> None:
    batch = registered(store, a_read())
    owner(store, "delete from access.entry where batch = %(batch)s", batch=batch)
    chain(store)

    assert verify_register(store) == [Finding(fault=Fault.ENTRY_MISSING, batch=batch)]


def test_a_link_cut_out_of_the_chain_is_found(store: Store) -> None:
    first, second, _ = (registered(store, a_read()) for _ in range(3))
    chain(store)
    owner(store, "delete from access.chained where batch = %(batch)s", batch=second)

    assert first < second
    assert {one.fault for one in verify_register(store)} == {Fault.CHAIN_GAP, Fault.ENTRY_INSERTED}


def test_the_root_is_anchored_once_for_each_growth(store: Store, log: PublicLog) -> None:
    assert anchor(store, "node") is None
    registered(store, a_read())
    assert anchor(store, "node") is None
    chain(store)

    assert anchor(store, "node") is not None
    assert anchor(store, "node") is None


def test_each_entry_is_proved_by_the_newest_published_root_and_by_none_before(store: Store, log: PublicLog) -> None:
    batch = registered(store, *(a_read() for _ in range(300)))
    assert proof_of(store, batch, 7) is None
    chain(store)
    assert proof_of(store, batch, 7) is None
    anchor(store, "node")
    assert proof_of(store, batch, 7) is None
    log.close_batch()
    first = proof_of(store, batch, 7)
    registered(store, *(a_read() for _ in range(500)))
    chain(store)
    anchor(store, "node")
    assert proof_of(store, batch, 7) == first
    log.close_batch()

    second = proof_of(store, batch, 7)
    assert first is not None
    assert second is not None
    assert (first.size, second.size) == (300, 800)
    assert orjson.loads(second.entry)["item"] == 7
    assert first.check(log.keys).size < second.check(log.keys).size
    assert proof_of(store, batch, 300) is None
    assert proof_of(store, batch + 1_000, 0) is None


def test_the_entries_that_can_be_proved_are_told_at_once(store: Store, log: PublicLog) -> None:
    batches = [registered(store, *(a_read() for _ in range(3))) for _ in range(3)]
    places = [(batch, item) for batch in batches for item in range(3)]
    assert proved(store, places) == set()
    chain(store, 2)
    anchor(store, "node")
    assert proved(store, places) == set()
    log.close_batch()
    chain(store)
    anchor(store, "node")

    assert proved(store, [*places, (10**9, 0)]) == set(places[:6])
    assert {place for place in places if proof_of(store, *place)} == set(places[:6])
    log.close_batch()
    assert proved(store, places) == set(places)


def test_a_proof_that_was_altered_anywhere_does_not_hold(store: Store, log: PublicLog) -> None:
    batch = registered(store, *(a_read() for _ in range(10)))
    chain(store)
    anchor(store, "node")
    log.close_batch()
    proof = proof_of(store, batch, 3)
    assert proof is not None

    for changed in altered(proof):
        with pytest.raises(ProofError):
            changed.check(log.keys)


@given(
    st.text(),
    st.integers(0, 2**31 - 1),
    st.integers(-(2**63), 2**63 - 1) | st.none(),
    st.datetimes(min_value=datetime(1900, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001
)
def test_an_entrys_bytes_are_canonical_json(reader: str, count: int, key: int | None, at: datetime) -> None:
    row = (1, 2, "clinician", reader, None, key, [2**63 - 1], "Patient", count, "read", "TREAT", "x", 1, at, bytes(16))
    written = entry_bytes(row)

    assert canonical(orjson.loads(written)) == written
    assert orjson.loads(written)["reader"] == reader


def test_equal_reads_have_different_leaves_since_each_has_a_nonce(store: Store) -> None:
    same = a_read()
    registered(store, same, same)
    chain(store)

    assert len(set(in_order(store))) == 2


CHAINER = """
import sys
from pathlib import Path
from salus.access import chain
from salus.storage import Settings, open_store
store = open_store(Settings(data=Path(sys.argv[1]), postgres="wheel"))
for _ in sys.stdin:
    chain(store, 7)
    print(flush=True)
"""


def altered(proof: ReadProof) -> Iterator[ReadProof]:
    """Change one thing at a time."""
    fields = {name: getattr(proof, name) for name in ReadProof.__slots__}
    checkpoint = proof.checkpoint.splitlines(keepends=True)
    checkpoint[2] = b64encode(bytes(32)).decode() + "\n"
    changes: dict[str, object] = {
        "entry": proof.entry.replace(b"H1", b"H2"),
        "position": proof.position + 1,
        "size": proof.size + 1,
        "path": proof.path[1:],
        "custodian": "other",
        "root": bytes(32),
        "log_path": (*proof.log_path, bytes(32)),
        "checkpoint": "".join(checkpoint),
    }
    for name, value in changes.items():
        yield ReadProof(**(fields | {name: value}))


def pages(store: Store) -> list[list[tuple[int, int, bytes]]]:
    """Return the chain by pages."""
    with store.transaction(Duty.RELAY) as tx:
        return list(tables.chained(tx))


def in_order(store: Store) -> list[bytes]:
    """Return the hashes of all chained entries by position, computed from the entries."""
    with store.transaction(Duty.RELAY) as tx:
        batches = [batch for page in tables.chained(tx) for batch, _, _ in page]
        rows = tables.entries(tx, batches)
    return [entry_hash(row) for batch in batches for row in rows[batch]]


def owner(store: Store, statement: str, **params: object) -> None:
    """Do what only the database's owner can."""
    with store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute(statement, params)


def rechain(store: Store) -> None:
    """Rewrite the chain to fit the entries, as a clever owner of the database would."""
    for page in pages(store):
        for batch, _, _ in page:
            with store.transaction(Duty.RELAY) as tx:
                hashes = b"".join(entry_hash(row) for row in tables.entries(tx, [batch])[batch])
            owner(store, "update access.chained set hashes = %(h)s where batch = %(batch)s", h=hashes, batch=batch)
    owner(store, "update access.subtree set hash = %(hash)s where index = 0", hash=root(in_order(store)[:256]))


def _crash_at(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    done: Callable[..., object] = getattr(tables, step)

    def crash(*arguments: object) -> object:
        done(*arguments)
        raise InterruptedError

    monkeypatch.setattr(tables, step, crash)
