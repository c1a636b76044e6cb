"""Every read of a record is shown to the resident: who, where, why, when; provably, and for good."""

from __future__ import annotations

import inspect
from collections import Counter
from pathlib import Path
from random import Random

import orjson
import psycopg
import pytest

from reads import PublicLog, a_read, registered
from salus import access
from salus.access import Read, anchor, chain, proof_of, reads_of, register, verify_register
from salus.kernel import Purpose, Role
from salus.storage import Duty, Store


@pytest.fixture(scope="module")
def log(store: Store, tmp_path_factory: pytest.TempPathFactory) -> PublicLog:
    folder: Path = tmp_path_factory.mktemp("log")
    return PublicLog(store, folder)


def test_each_read_appears_in_the_register_of_its_resident_and_in_no_other(store: Store) -> None:
    random = Random(11)
    shown: dict[int, Counter[Read]] = {resident: Counter() for resident in range(100, 120)}
    for _ in range(30):
        reads = [a_read(resident=random.choice(list(shown))) for _ in range(random.randrange(1, 40))]
        registered(store, *reads)
        for read in reads:
            shown[read.resident_key or 0][read] += 1

    with store.transaction(Duty.CARE) as tx:
        for resident, expected in shown.items():
            assert Counter(one.read for one in reads_of(tx, [resident], limit=10_000)) == expected


def test_a_read_says_who_where_what_why_on_which_ground_and_when() -> None:
    told = {"reader_role", "reader", "facility", "what", "count", "action", "purpose", "ground", "at"}

    assert told <= set(Read.__slots__)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("purpose", Purpose)
def test_no_role_and_no_purpose_is_hidden_from_the_resident(store: Store, role: Role, purpose: Purpose) -> None:
    batch = registered(store, a_read(resident=130, reader_role=role, purpose=purpose))

    with store.transaction(Duty.CARE) as tx:
        newest = reads_of(tx, [130], limit=1)[0]
    assert (newest.batch, newest.read.reader_role, newest.read.purpose) == (batch, role, purpose)


def test_there_is_no_way_to_leave_a_read_out() -> None:
    """Neither registering nor showing takes anything by which a read could be marked as hidden."""
    switches = {"hidden", "secret", "silent", "sealed", "visible", "exclude", "suppress", "delay"}

    assert not switches & set(Read.__slots__)
    assert not switches & set(inspect.signature(register).parameters)
    assert not switches & set(inspect.signature(reads_of).parameters)
    assert not [name for name in access.__all__ if "hide" in name.lower() or "delete" in name.lower()]


def test_the_read_and_its_entry_are_one_commit(store: Store) -> None:
    """What is read in a transaction that fails was never sent; what was sent is registered."""
    with pytest.raises(psycopg.errors.CheckViolation), store.transaction(Duty.CARE) as tx:
        register(tx, [a_read(resident=131), a_read(resident=131, purpose="LAWENF")])

    with store.transaction(Duty.CARE) as tx:
        assert reads_of(tx, [131]) == []


def test_the_resident_can_prove_each_read_with_the_public_log_alone(store: Store, log: PublicLog) -> None:
    for _ in range(4):
        registered(store, *(a_read(resident=number) for number in range(140, 240)))
    while chain(store):
        pass
    anchor(store, "test-node")
    log.close_batch()

    with store.transaction(Duty.CARE) as tx:
        mine = reads_of(tx, [140])
    assert len(mine) == 4
    for one in mine:
        proof = proof_of(store, one.batch, one.item)
        assert proof is not None
        proof.check(log.keys)
        assert orjson.loads(proof.entry)["reader"] == one.read.reader
        assert orjson.loads(proof.entry)["resident_key"] == "140"


@pytest.mark.parametrize("statement", ["update access.entry set resident_key = null", "delete from access.entry"])
def test_whoever_takes_a_shown_read_back_is_found(store: Store, log: PublicLog, statement: str) -> None:
    batch = registered(store, a_read(resident=250))
    while chain(store):
        pass
    anchor(store, "test-node")
    log.close_batch()
    before = verify_register(store)
    with store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute(statement + " where batch = %s", (batch,))

    assert [finding.batch for finding in verify_register(store) if finding not in before] == [batch]
