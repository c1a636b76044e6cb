"""A day's batch of certificates, one for each door: what two doors can compare, and what they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from salus.codec.certificates import decode_certificate
from salus.healthcode.certificates import (
    ONCE_A_DAY,
    ONCE_LASTS,
    Fact,
    Held,
    held,
    once,
    take,
    take_once,
    void_corrected,
)
from salus.healthcode.certificates import store as sql
from salus.keys import Custodian
from salus.storage import Duty, Store

AT = datetime(2031, 3, 1, 8, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def custodian(tmp_path_factory: pytest.TempPathFactory) -> Custodian:
    return Custodian.open(tmp_path_factory.mktemp("keys"), b"only for these tests")


@pytest.fixture(scope="module")
def residents() -> Iterator[int]:
    return iter(range(70_000, 80_000))


@pytest.fixture
def fact() -> Fact:
    return Fact(resource=uuid4(), kind="vaccination", disease="influenza", at=AT - timedelta(days=3))


def batch(store: Store, custodian: Custodian, resident: int, fact: Fact, at: datetime = AT) -> list[UUID]:
    with store.transaction(Duty.CARE) as tx:
        return take_once(tx, custodian, resident, fact, at=at)


def living(store: Store, custodian: Custodian, resident: int, fact: Fact, at: datetime = AT) -> list[Held]:
    with store.transaction(Duty.CARE) as tx:
        return once(tx, custodian, resident, fact.resource, at)


def test_two_doors_see_two_texts_that_share_the_fact_and_the_hour_and_nothing_else(
    store: Store, custodian: Custodian, residents: Iterator[int], fact: Fact
) -> None:
    me, other = next(residents), next(residents)
    batch(store, custodian, me, fact)
    batch(store, custodian, other, fact)
    mine, theirs = living(store, custodian, me, fact), living(store, custodian, other, fact)
    shown = [decode_certificate(one.text) for one in [*mine, *theirs]]

    assert len(mine) == len(theirs) == ONCE_A_DAY
    assert len({one.certificate.index for one in shown}) == len(shown)
    assert len({one.signature for one in shown}) == len(shown)
    said = {(one.certificate.when, one.certificate.issued, one.certificate.expires) for one in shown}
    assert len(said) == 1, "what two residents with the same fact show is the same but for its place and signature"


def test_none_carries_a_hint_and_none_lives_longer_than_a_day(
    store: Store, custodian: Custodian, residents: Iterator[int], fact: Fact
) -> None:
    me = next(residents)
    batch(store, custodian, me, fact)

    for one in living(store, custodian, me, fact):
        assert one.certificate.hint is None
        assert one.certificate.expires == AT.replace(minute=0) + ONCE_LASTS


def test_within_a_day_the_same_batch_comes_back_and_then_another(
    store: Store, custodian: Custodian, residents: Iterator[int], fact: Fact
) -> None:
    me = next(residents)
    first = batch(store, custodian, me, fact)

    assert batch(store, custodian, me, fact, AT + ONCE_LASTS - timedelta(hours=1)) == first
    later = batch(store, custodian, me, fact, AT + ONCE_LASTS)
    assert len(later) == ONCE_A_DAY
    assert not set(first) & set(later)


def test_a_batch_is_no_certificate_that_is_kept(
    store: Store, custodian: Custodian, residents: Iterator[int], fact: Fact
) -> None:
    me = next(residents)
    batch(store, custodian, me, fact)
    with store.transaction(Duty.CARE) as tx:
        assert held(tx, custodian, me) == []
        kept = take(tx, custodian, me, fact, None, at=AT)

    assert kept not in {one.certificate_id for one in living(store, custodian, me, fact)}


def test_a_correction_voids_the_whole_batch(
    store: Store, custodian: Custodian, residents: Iterator[int], fact: Fact
) -> None:
    me = next(residents)
    batch(store, custodian, me, fact)
    with store.transaction(Duty.CARE) as tx:
        assert void_corrected(tx, [fact.resource], AT) == ONCE_A_DAY
        rows = sql.once_of_resident(tx, me, AT - ONCE_LASTS)
        assert {row[7] for row in rows} == {"corrected"}

    assert living(store, custodian, me, fact) == []


def test_a_correction_leaves_what_has_ended_of_a_batch_alone(
    store: Store, custodian: Custodian, residents: Iterator[int], fact: Fact
) -> None:
    me = next(residents)
    batch(store, custodian, me, fact)
    with store.transaction(Duty.CARE) as tx:
        take(tx, custodian, me, fact, None, at=AT)
        assert void_corrected(tx, [fact.resource], AT + ONCE_LASTS) == 1


def test_a_batch_is_found_by_an_index(store: Store) -> None:
    with store.transaction(Duty.MIGRATION) as tx:
        tx.run("set local enable_seqscan = off")
        plan = "\n".join(row[0] for row in tx.rows(f"explain {sql.ONCE_OF_RESIDENT}", (1, AT)))

    assert "certificate_resident" in plan
