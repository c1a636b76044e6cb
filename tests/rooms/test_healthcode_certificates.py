"""Certificates on the real database: taken, listed, voided by their holder or by a correction; lists of void ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from salus.codec.certificates import CertificateKind, Hint, read_status_list
from salus.codec.certificates.model import LIST_SIZE
from salus.healthcode.certificates import (
    CERTIFICATE_KEY,
    CertificateRefused,
    Fact,
    Held,
    held,
    hint_of,
    issuer_leaf,
    status_lists,
    take,
    void,
    void_corrected,
)
from salus.healthcode.certificates import store as sql
from salus.healthcode.service import issuer_keys
from salus.keys import Custodian
from salus.storage import Duty, Store

AT = datetime(2031, 3, 1, 8, 20, tzinfo=UTC)
NODE = "certificates.example"
HINT = Hint(initials="SX", month=2, day=29, last_two="3X")


@pytest.fixture(scope="module")
def custodian(tmp_path_factory: pytest.TempPathFactory) -> Custodian:
    return Custodian.open(tmp_path_factory.mktemp("keys"), b"only for these tests")


@pytest.fixture(scope="module")
def residents() -> Iterator[int]:
    return iter(range(50_000, 60_000))


def fact(kind: str = "vaccination", disease: str = "influenza", ago: timedelta = timedelta(days=3)) -> Fact:
    return Fact(resource=uuid4(), kind=kind, disease=disease, at=AT - ago)


def taken(store: Store, custodian: Custodian, resident: int, given: Fact, hint: Hint | None = None) -> UUID:
    with store.transaction(Duty.CARE) as tx:
        return take(tx, custodian, resident, given, hint, at=AT)


def kept(store: Store, custodian: Custodian, resident: int) -> list[Held]:
    with store.transaction(Duty.CARE) as tx:
        return held(tx, custodian, resident)


def listed_void(store: Store, custodian: Custodian, one: Held, at: datetime = AT) -> bool:
    keys = issuer_keys(custodian, [CERTIFICATE_KEY])
    with store.transaction(Duty.CARE) as tx:
        tokens = status_lists(tx, custodian, NODE, at)
    lists = [read_status_list(token, keys) for token in tokens]
    assert [found.subject for found in lists] == [
        f"urn:salus:status:{NODE}/issuer:{number}" for number in range(1, len(lists) + 1)
    ]
    return lists[one.certificate.list_number - 1].void(one.certificate.index)


def test_a_certificate_says_what_the_fact_said(store: Store, custodian: Custodian, residents: Iterator[int]) -> None:
    me, given = next(residents), fact("test", "covid-19", timedelta(hours=5))
    taken(store, custodian, me, given, HINT)

    (mine,) = kept(store, custodian, me)
    certificate = mine.certificate
    assert (certificate.kind.word, certificate.disease.word, certificate.hint) == ("test", "covid-19", HINT)
    assert certificate.hour == given.at.replace(minute=0)
    assert certificate.expires == given.at.replace(minute=0) + timedelta(hours=72)
    assert certificate.issued == AT.replace(minute=0)
    assert mine.resource == given.resource
    assert mine.good(AT)


def test_without_being_asked_it_carries_no_hint(store: Store, custodian: Custodian, residents: Iterator[int]) -> None:
    me = next(residents)
    taken(store, custodian, me, fact())

    assert kept(store, custodian, me)[0].certificate.hint is None


def test_a_resident_sees_only_their_own(store: Store, custodian: Custodian, residents: Iterator[int]) -> None:
    me, other = next(residents), next(residents)
    mine = taken(store, custodian, me, fact())
    taken(store, custodian, other, fact())

    assert [one.certificate_id for one in kept(store, custodian, me)] == [mine]


def test_two_of_one_fact_share_no_place(store: Store, custodian: Custodian, residents: Iterator[int]) -> None:
    me, given = next(residents), fact()
    taken(store, custodian, me, given)
    taken(store, custodian, me, given, HINT)

    assert len({one.certificate.index for one in kept(store, custodian, me)}) == 2


def test_one_that_lives_is_not_taken_a_second_time(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    me, given = next(residents), fact()
    first = taken(store, custodian, me, given)
    plain = [taken(store, custodian, me, given) for _ in range(3)]
    hinted = [taken(store, custodian, me, given, HINT) for _ in range(3)]
    with store.transaction(Duty.CARE) as tx:
        void(tx, [me], first, AT)
        again = take(tx, custodian, me, given, None, at=AT)
        late = take(tx, custodian, me, given, None, at=AT + timedelta(days=60))

    assert set(plain) == {first}
    assert len(set(hinted)) == 1
    assert len({first, *hinted, again, late}) == 4
    assert len(kept(store, custodian, me)) == 4


def test_a_place_that_is_taken_is_not_given_again(store: Store, custodian: Custodian, residents: Iterator[int]) -> None:
    me = next(residents)
    dice = iter([4711, 4711, 4712])
    with store.transaction(Duty.CARE) as tx:
        take(tx, custodian, me, fact(), None, at=AT, below=lambda _: next(dice))
        take(tx, custodian, me, fact(), None, at=AT, below=lambda _: next(dice))

    assert {one.certificate.index for one in kept(store, custodian, me)} == {4711, 4712}


@pytest.mark.parametrize(
    ("kind", "disease", "ago"),
    [("test", "covid-19", timedelta(hours=73)), ("test", "plague", timedelta(0)), ("finding", "measles", timedelta(0))],
)
def test_what_is_too_old_or_of_no_kind_is_refused(
    store: Store, custodian: Custodian, residents: Iterator[int], kind: str, disease: str, ago: timedelta
) -> None:
    me = next(residents)
    with pytest.raises(CertificateRefused):
        taken(store, custodian, me, fact(kind, disease, ago))

    assert kept(store, custodian, me) == []


def test_a_holder_voids_their_own_and_nobody_elses(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    me, other = next(residents), next(residents)
    mine = taken(store, custodian, me, fact())
    with store.transaction(Duty.CARE) as tx:
        assert not void(tx, [other], mine, AT)
    before = listed_void(store, custodian, kept(store, custodian, me)[0])
    for _ in range(2):
        with store.transaction(Duty.CARE) as tx:
            void(tx, [me], mine, AT + timedelta(hours=1))

    (now,) = kept(store, custodian, me)
    assert (now.voided, now.ground) == (AT + timedelta(hours=1), "asked")
    assert not now.good(AT + timedelta(hours=2))
    assert not before
    assert listed_void(store, custodian, now)


def test_a_correction_voids_every_certificate_that_rests_on_the_entry(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    me, given, other = next(residents), fact(), fact()
    for one, hint in ((given, None), (given, HINT), (other, None)):
        taken(store, custodian, me, one, hint)
    with store.transaction(Duty.CARE) as tx:
        count = void_corrected(tx, [given.resource], AT)

    grounds = {one.resource: one.ground for one in kept(store, custodian, me)}
    assert count == 2
    assert grounds == {given.resource: "corrected", other.resource: None}


def test_the_log_names_the_key_by_its_digest_and_says_who_issues(custodian: Custodian) -> None:
    leaf = issuer_leaf(custodian, NODE)

    assert leaf.kind == "party-key"
    assert {name: leaf.body[name] for name in ("party", "organisation", "duty")} == {
        "party": f"{NODE}/issuer",
        "organisation": NODE,
        "duty": "issuer",
    }


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Sun Xinxiao", "SX"), ("孙欣晓", "孙"), ("o'Neill", "O"), ("a b c d e f", "ABCD"), ("", None), ("123", None)],
)
def test_a_hint_is_made_of_initials_and_no_more(name: str, initials: str | None) -> None:
    hint = hint_of(name, datetime(1980, 2, 29, tzinfo=UTC).date(), "3X")

    assert (hint and hint.initials) == initials
    assert hint_of(name, None, "3X") is None
    assert hint_of(name, datetime(1980, 2, 29, tzinfo=UTC).date(), None) is None


@pytest.mark.parametrize("table", ["certificate", "voided"])
def test_rows_are_only_ever_added(store: Store, table: str) -> None:
    for statement in (f"update healthcode.{table} set at = now()", f"delete from healthcode.{table}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), store.transaction(Duty.CARE) as tx:
            tx.run(statement)


@pytest.mark.parametrize("duty", [Duty.REGISTRY, Duty.LEDGER, Duty.RELAY, Duty.SURVEILLANCE, Duty.COMMAND])
def test_no_other_duty_reaches_certificates(store: Store, duty: Duty) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), store.transaction(duty) as tx:
        tx.rows("select * from healthcode.certificate")


def test_queries_use_an_index_at_size(store: Store) -> None:
    with store.transaction(Duty.CARE) as tx:
        tx.run(
            "insert into healthcode.certificate select gen_random_uuid(), -n, gen_random_uuid(), 60000, n, '', now()"
            " from generate_series(1, 20000) n"
        )
    with store.transaction(Duty.MIGRATION) as tx:
        tx.run("analyze healthcode.certificate")
    with store.transaction(Duty.CARE) as tx:
        for query, parameters in ((sql.OF_RESIDENT, (-7,)), (sql.VOID_CORRECTED, (AT, [uuid4()], AT))):
            plan = "\n".join(row[0] for row in tx.rows("explain " + query, parameters))
            assert "Seq Scan on certificate" not in plan, plan
    with store.transaction(Duty.MIGRATION) as tx:
        tx.run("delete from healthcode.certificate where list_number = 60000")


def test_every_kind_of_certificate_has_an_end_and_a_list_has_a_million_places(tmp_path: Path) -> None:
    assert LIST_SIZE == 1 << 20
    assert {kind.word for kind in CertificateKind} == {"vaccination", "test", "recovery"}
