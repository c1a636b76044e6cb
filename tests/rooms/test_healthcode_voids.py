"""Void certificates and the public log: each bit has its leaf, each leaf its bit, each month its count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from nodes import a_node
from salus import ledger
from salus.app import Node, check_node, close_batch, powers
from salus.healthcode import certificates
from salus.healthcode.certificates import Fact, VoidReason
from salus.healthcode.certificates import store as sql
from salus.healthcode.certificates.voids import GROUNDS, SMALLEST_TOLD, TOGETHER, Void, told_counts
from salus.storage import Duty

CODES = {"VOID-UNLOGGED", "VOID-BURIED", "VOID-CHANGED", "VOIDS-CHANGED"}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("voids"), "H1") as opened:
        yield opened


def a_certificate(node: Node, resident: int, at: datetime | None = None) -> tuple[UUID, UUID]:
    """Take one, and return its name and the entry that it rests on."""
    at = at or node.clock.now()
    fact = Fact(resource=uuid4(), kind="vaccination", disease="influenza", at=at - timedelta(days=3))
    with node.store.transaction(Duty.CARE) as tx:
        return certificates.take(tx, node.custodian, resident, fact, None, at=at), fact.resource


def voided(node: Node, resident: int, at: datetime) -> None:
    """Take a certificate and let its holder void it."""
    taken, _ = a_certificate(node, resident)
    with node.store.transaction(Duty.CARE) as tx:
        certificates.void(tx, [resident], taken, at)


def logged(node: Node, kind: str = "void") -> set[bytes]:
    return {leaf.encoded for _, leaf in ledger.leaves(node.store, kind)}


class _Undone(Exception):
    pass


def found(node: Node, tampering: str = "", *, waiting: set[bytes] | None = None) -> list[str]:
    """What is found if somebody tampered with the rows; it is undone."""
    waits = ledger.waiting_of(node.store) if waiting is None else waiting
    leaves, told = logged(node), logged(node, "voids")
    codes: list[str] = []
    with suppress(_Undone), node.store.transaction(Duty.MIGRATION) as tx:
        if tampering:
            tx.run(tampering)
        codes += [one.word for one in certificates.verify_voids(tx, leaves, told, waits)]
        raise _Undone
    return codes


def test_every_void_has_a_leaf_that_says_nothing_of_it(node: Node) -> None:
    at, before = node.clock.now(), len(logged(node))
    voided(node, 1, at)
    with node.store.transaction(Duty.CARE) as tx:
        count = certificates.void_corrected(tx, [a_certificate(node, 2)[1]], at)
        count += certificates.void_parted(tx, [a_certificate(node, 3)[0]], at)
        again = certificates.void_corrected(tx, [uuid4()], at)
    waiting = found(node)
    close_batch(node)

    leaves = [leaf.body for _, leaf in ledger.leaves(node.store, "void")]
    assert (count, again) == (2, 0)
    assert len({str(body["commitment"]) for body in leaves}) == len(leaves) == before + 3
    assert all(set(body) == {"commitment"} for body in leaves)
    assert waiting == found(node) == []
    assert [one for one in check_node(node) if one.code in CODES] == []
    assert powers(node).voids == before + 3


def test_voiding_twice_tells_the_log_once(node: Node) -> None:
    before = len(logged(node))
    taken, resource = a_certificate(node, 11)
    for _ in range(2):
        with node.store.transaction(Duty.CARE) as tx:
            certificates.void(tx, [11], taken, node.clock.now())
            certificates.void_corrected(tx, [resource], node.clock.now())
    close_batch(node)

    assert len(logged(node)) == before + 1


def test_a_leaf_is_found_by_nobody_who_lacks_the_blinding() -> None:
    one, other = (
        Void(list_number=1, index=7, reason=VoidReason.HOLDER, blinding=bytes([value]) * 32) for value in (1, 2)
    )

    assert one.leaf != other.leaf
    assert one.leaf != Void(list_number=1, index=7, reason=VoidReason.SUPERSEDED, blinding=bytes([1]) * 32).leaf


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("delete from healthcode.voided", "VOID-BURIED"),
        ("insert into healthcode.voided values (1, 99, 'asked', now())", "VOID-UNLOGGED"),
        ("delete from healthcode.void_leaf", "VOID-UNLOGGED"),
        ("update healthcode.voided set ground = 'parted'", "VOID-CHANGED"),
        ("update healthcode.void_leaf set commitment = blinding", "VOID-CHANGED"),
    ],
)
def test_what_the_log_does_not_stand_behind_is_found(node: Node, statement: str, code: str) -> None:
    voided(node, 21, node.clock.now())
    close_batch(node)

    assert found(node) == []
    assert code in found(node, statement)


def test_a_bit_whose_leaf_was_taken_from_the_queue_is_found(node: Node) -> None:
    voided(node, 31, node.clock.now())

    assert found(node) == []
    assert found(node, waiting=set()) == ["VOID-UNLOGGED"]


def test_what_was_void_before_the_log_was_told_of_voids_is_told_once(node: Node) -> None:
    close_batch(node)
    before = len(logged(node))
    with node.store.transaction(Duty.CARE) as tx:
        tx.run("insert into healthcode.voided values (1, %s, 'asked', %s)", (60_000 + before, node.clock.now()))
    unlogged = found(node)
    close_batch(node)
    close_batch(node)

    assert unlogged == ["VOID-UNLOGGED"]
    assert len(logged(node)) == before + 1
    assert found(node) == []


def test_a_month_is_told_when_it_is_over_and_what_comes_late_is_told_later(node: Node) -> None:
    now, before = node.clock.now(), powers(node).voids
    earlier = now - timedelta(days=62)
    for resident in range(41, 44):
        voided(node, resident, earlier)
    close_batch(node)
    for resident in range(44, 46):
        voided(node, resident, earlier + timedelta(hours=1))
    close_batch(node)

    told = [leaf.body for _, leaf in ledger.leaves(node.store, "voids")]
    month = f"{earlier.astimezone(UTC):%Y-%m}"
    assert told[0] == {"month": month, "reason": TOGETHER, "count": 3}
    assert [one["month"] for one in told].count(month) == 1
    assert powers(node).voids >= before + 5
    assert powers(node).voided[-1].count == 3
    assert found(node) == []
    assert set(found(node, "update healthcode.voids_told set count = 99")) == {"VOIDS-CHANGED"}


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ((0, 0, 0), {}),
        ((1, 0, 0), {TOGETHER: 1}),
        ((50, 12, 11), {"holder": 50, "superseded": 12, "not-ones-own": 11}),
        ((50, 12, 3), {"holder": 50, TOGETHER: 15}),
        ((50, 0, 3), {TOGETHER: 53}),
        ((50, 6, 4), {TOGETHER: 60}),
        ((50, 6, 3), {TOGETHER: 59}),
        ((0, 50, 0), {TOGETHER: 50}),
        ((0, 11, 0), {TOGETHER: 11}),
        ((9, 0, 11), {TOGETHER: 20}),
        ((0, 10, 10), {"superseded": 10, "not-ones-own": 10}),
    ],
)
def test_small_counts_stand_together(counts: tuple[int, int, int], told: dict[str, int]) -> None:
    found = told_counts(dict(zip(VoidReason, counts, strict=True)))

    assert found == told
    assert sum(found.values()) == sum(counts)
    assert len(found) < 2 or min(found.values()) >= SMALLEST_TOLD
    assert len(found) != 1 or set(found) == {TOGETHER}


def test_every_ground_of_a_row_has_a_reason_of_the_closed_list(node: Node) -> None:
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        rows = owner.execute(
            "select pg_get_constraintdef(oid) from pg_constraint where conname = 'voided_ground_check'"
        ).fetchall()

    assert [ground in rows[0][0] for ground in GROUNDS] == [True, True, True]
    assert set(GROUNDS.values()) == set(VoidReason)


def test_counting_a_month_uses_an_index_at_size(node: Node) -> None:
    close_batch(node)
    span = datetime(2003, 1, 1, tzinfo=UTC).date(), datetime(2003, 2, 1, tzinfo=UTC).date()
    with suppress(_Undone), node.store.transaction(Duty.MIGRATION) as tx:
        tx.run(
            "insert into healthcode.void_leaf select 9, n, sha256(n::text::bytea), sha256(n::text::bytea),"
            " gen_random_uuid(), date '2000-01-01' + mod(n, 300) * interval '1 month' from generate_series(1, 30000) n"
        )
        tx.run(
            "insert into healthcode.voided select list_number, index, 'asked', now() from healthcode.void_leaf"
            " where list_number = 9"
        )
        tx.run(
            "insert into healthcode.logged select substring(sha256(n::text::bytea) for 16),"
            " sha256(mod(n, 50)::text::bytea), gen_random_uuid(), now() from generate_series(1, 30000) n"
        )
        tx.run("analyze healthcode.void_leaf")
        tx.run("analyze healthcode.voided")
        tx.run("analyze healthcode.logged")
        plan = "\n".join(row[0] for row in tx.rows("explain " + sql.COUNTED, span))
        key = "\n".join(row[0] for row in tx.rows("explain " + sql.LOGGED, (bytes(32), datetime.now(UTC), 9)))
        raise _Undone

    assert "void_leaf_month" in plan, plan
    assert "logged_key" in key, key


def test_what_a_key_signed_is_fetched_by_whole_batches_the_newest_first_and_no_more_than_asked(node: Node) -> None:
    key, at = bytes([9]) * 32, node.clock.now()
    batches = [(uuid4(), [bytes([batch, one]) * 8 for one in range(3)]) for batch in range(4)]
    with suppress(_Undone), node.store.transaction(Duty.CARE) as tx:
        for hours, (pending, digests) in enumerate(batches):
            sql.insert_logged(tx, digests, key, pending, at + timedelta(hours=hours))
        told = {most: certificates.logged_batches(tx, key, at, most) for most in (2, 3, 5, 6, 11, 12, 100)}
        fetched = sql.logged(tx, key, at - timedelta(days=1), 5)
        raise _Undone

    newest = [pending for pending, _ in reversed(batches)]
    for most, found in told.items():
        assert [one.pending_id for one in found] == newest[: most // 3]
        assert all(set(one.digests) == set(dict(batches)[one.pending_id]) for one in found)
    assert len(fetched) == 5
