"""Codes of telephones on the real database: taken once, by one desk, for a minute; removed telephones stop at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from nodes import a_node, a_patient, clinician, resident_of, send, system, the_resident
from salus import access, app
from salus.app import Node
from salus.codec.dynamic import STEP_SECONDS
from salus.healthcode import CodeUnknown, phones
from salus.healthcode.phones import MOST_PHONES, TOKEN_LASTS, KeyRefused, PhonesFull, PhoneUnknown, Presented
from salus.healthcode.phones import store as sql
from salus.kernel import FixedClock, Refused, new_id
from salus.keys import Custodian
from salus.parties import Principal
from salus.storage import Duty, Store
from telephones import Telephone

AT = datetime(2031, 3, 1, 8, 0, 12, tzinfo=UTC)
STEP = timedelta(seconds=STEP_SECONDS)


@pytest.fixture(scope="module")
def custodian(tmp_path_factory: pytest.TempPathFactory) -> Custodian:
    return Custodian.open(tmp_path_factory.mktemp("keys"), b"only for these tests")


@pytest.fixture(scope="module")
def residents() -> Iterator[int]:
    return iter(range(50_000, 60_000))


def registered(store: Store, custodian: Custodian, resident: int, at: datetime = AT) -> Telephone:
    one = Telephone()
    with store.transaction(Duty.CARE) as tx:
        phone_id = phones.register(tx, resident, one.point, at=at)
        one.handed = phones.token(tx, custodian, [resident], phone_id, at=at)
    return one


def presented(store: Store, custodian: Custodian, text: str, at: datetime = AT) -> Presented:
    with store.transaction(Duty.CARE) as tx:
        return phones.present(tx, custodian, text, at=at)


def unknown(store: Store, custodian: Custodian, text: str, at: datetime = AT) -> str:
    with pytest.raises(CodeUnknown) as refused:
        presented(store, custodian, text, at)
    return f"{refused.value.code} {refused.value.status} {refused.value.text}"


def test_a_telephones_code_leads_to_its_resident_and_changes_with_the_step(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    resident = next(residents)
    phone = registered(store, custodian, resident)

    assert phone.code(AT) != phone.code(AT + STEP)
    assert presented(store, custodian, phone.code(AT)) == Presented(resident_key=resident, first=True)
    later = presented(store, custodian, f" {phone.code(AT + STEP).lower()}\r\n", AT + STEP)
    assert later == Presented(resident_key=resident, first=True)


def test_a_step_is_taken_once_and_no_older_one_after_it(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    resident = next(residents)
    phone = registered(store, custodian, resident)
    presented(store, custodian, phone.code(AT))

    assert presented(store, custodian, phone.code(AT)) == Presented(resident_key=resident, first=False)
    unknown(store, custodian, phone.code(AT, steps=-1))


def test_of_two_desks_that_scan_at_once_one_is_first(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    phone = registered(store, custodian, next(residents))
    text, start, firsts = phone.code(AT), threading.Barrier(4), []

    def scan() -> None:
        start.wait()
        firsts.append(presented(store, custodian, text).first)

    threads = [threading.Thread(target=scan) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(firsts) == [False, False, False, True]


def test_whatever_is_no_code_of_now_gets_one_and_the_same_answer(
    store: Store, custodian: Custodian, residents: Iterator[int], tmp_path: Path
) -> None:
    resident = next(residents)
    phone, removed = registered(store, custodian, resident), registered(store, custodian, resident)
    assert removed.handed
    with store.transaction(Duty.CARE) as tx:
        phones.remove(tx, [resident], removed.handed.phone_id)
    elsewhere = Custodian.open(tmp_path, b"another node's keys")
    foreign = registered(store, elsewhere, resident)
    good = phone.code(AT)
    answers = {
        unknown(store, custodian, text, at)
        for text, at in (
            (phone.code(AT, steps=2), AT),
            (phone.code(AT, steps=-2), AT),
            (good, AT + timedelta(seconds=60)),
            (phone.code(AT + TOKEN_LASTS), AT + TOKEN_LASTS),
            (removed.code(AT), AT),
            (foreign.code(AT), AT),
            (Telephone(handed=phone.handed).code(AT), AT),  # another key around this telephone's token
            (good[:-1], AT),
            (good[:40] + ("B" if good[40] == "A" else "A") + good[41:], AT),
            ("SL1:", AT),
            ("", AT),
        )
    }

    assert len(answers) == 1
    assert answers.pop().startswith("SALUS-H001 404 ")
    assert presented(store, custodian, good).first


def test_a_new_token_ends_the_one_before(store: Store, custodian: Custodian, residents: Iterator[int]) -> None:
    resident = next(residents)
    phone = registered(store, custodian, resident)
    old = phone.code(AT)
    assert phone.handed
    with store.transaction(Duty.CARE) as tx:
        phone.handed = phones.token(tx, custodian, [resident], phone.handed.phone_id, at=AT)

    unknown(store, custodian, old)
    assert presented(store, custodian, phone.code(AT)).first
    assert phone.handed.ends - AT.replace(microsecond=0) == TOKEN_LASTS == timedelta(hours=24)


def test_a_resident_has_four_telephones_at_most(store: Store, custodian: Custodian, residents: Iterator[int]) -> None:
    resident = next(residents)
    mine = [registered(store, custodian, resident) for _ in range(MOST_PHONES)]
    with pytest.raises(PhonesFull):
        registered(store, custodian, resident)
    assert mine[1].handed
    with store.transaction(Duty.CARE) as tx:
        phones.remove(tx, [resident], mine[1].handed.phone_id)

    registered(store, custodian, resident)
    with store.transaction(Duty.CARE) as tx:
        assert len(phones.phones(tx, [resident])) == MOST_PHONES == 4
        assert phones.remove_all(tx, [resident]) == 4
        assert phones.phones(tx, [resident]) == []


def test_nobody_renews_or_removes_another_residents_telephone(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    mine, other = next(residents), next(residents)
    phone = registered(store, custodian, mine)
    assert phone.handed
    for name in (phone.handed.phone_id, new_id()):
        with store.transaction(Duty.CARE) as tx:
            with pytest.raises(PhoneUnknown):
                phones.token(tx, custodian, [other], name, at=AT)
            with pytest.raises(PhoneUnknown):
                phones.remove(tx, [other], name)

    assert presented(store, custodian, phone.code(AT)).resident_key == mine


@pytest.mark.parametrize("point", [b"", bytes(65), b"\x04" + bytes(64), bytes(33)])
def test_what_is_no_key_registers_no_telephone(store: Store, point: bytes) -> None:
    with pytest.raises(KeyRefused), store.transaction(Duty.CARE) as tx:
        phones.register(tx, 1, point, at=AT)


def test_nothing_of_a_token_stands_in_the_database_in_the_clear_and_nothing_is_left_of_a_removed_telephone(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    resident = next(residents)
    phone = registered(store, custodian, resident)
    assert phone.handed
    with store.transaction(Duty.CARE) as tx:
        row = tx.row("select * from healthcode.phone where resident_key = %s", (resident,))
        assert row
        assert not any(isinstance(one, bytes) and one in phone.handed.message for one in row)
        phones.remove(tx, [resident], phone.handed.phone_id)
        assert tx.row("select * from healthcode.phone where resident_key = %s", (resident,)) is None


def test_every_query_of_telephones_uses_an_index_at_size(store: Store) -> None:
    with store.transaction(Duty.CARE) as tx:
        tx.run(
            "insert into healthcode.phone select gen_random_uuid(), -n, 0, decode(repeat('04', 65), 'hex'), now(),"
            " decode(md5(n::text), 'hex'), now(), null from generate_series(1, 20000) n"
        )
    with store.transaction(Duty.MIGRATION) as tx:
        tx.run("analyze healthcode.phone")
    with store.transaction(Duty.CARE) as tx:
        for query, parameters in (
            (sql.OF_RESIDENTS, ([-7, -9],)),
            (sql.FIND, (bytes(16),)),
            (sql.POINT, (UUID(int=1), [-7])),
            (sql.NEWEST_STEP, (UUID(int=1),)),
            (sql.DELETE_ALL, ([-7],)),
        ):
            plan = "\n".join(row[0] for row in tx.rows("explain " + query, parameters))
            assert "Index" in plan
            assert "Seq Scan" not in plan


def test_who_a_telephone_belongs_to_cannot_be_changed(store: Store) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), store.transaction(Duty.CARE) as tx:
        tx.run("update healthcode.phone set resident_key = 1")


# --- at a desk


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("phones"), "H1", "H2") as opened:
        yield opened


@pytest.fixture
def me(node: Node) -> Iterator[Principal]:
    node.clock = FixedClock(AT)
    key = resident_of(node, send(node, system(), a_patient()))
    with node.store.transaction(Duty.CARE) as tx:
        resident = tx.row("select resident_id from identity.resident where resident_key = %s", (key,))
    assert resident
    yield the_resident(resident[0])
    node.clock = FixedClock(AT)


def a_phone(node: Node, who: Principal) -> Telephone:
    phone = Telephone()
    phone.handed = app.register_phone(node, who, phone.point)
    return phone


def test_a_desk_takes_the_code_once_and_scanning_it_twice_does_no_harm(node: Node, me: Principal) -> None:
    text = a_phone(node, me).code(AT)

    here = app.arrive(node, clinician("H1"), text)
    again = app.arrive(node, clinician("H1"), text)

    assert here.resident_id == again.resident_id == me.resident


def test_another_desk_does_not_take_the_same_code_and_takes_the_next(node: Node, me: Principal) -> None:
    phone = a_phone(node, me)
    text = phone.code(AT)
    app.arrive(node, clinician("H1"), text)
    with pytest.raises(CodeUnknown):
        app.arrive(node, clinician("H2"), text)
    node.clock = FixedClock(AT + STEP)

    assert app.arrive(node, clinician("H2"), phone.code(AT + STEP)).resident_id == me.resident


def test_a_desk_that_knew_the_resident_before_cannot_use_what_another_desk_took(node: Node, me: Principal) -> None:
    phone = a_phone(node, me)
    app.arrive(node, clinician("H2"), phone.code(AT))
    node.clock = FixedClock(AT + timedelta(hours=3))
    text = phone.code(AT + timedelta(hours=3))
    app.arrive(node, clinician("H1"), text)

    with pytest.raises(CodeUnknown):
        app.arrive(node, clinician("H2"), text)


def test_a_removed_telephone_stops_at_once_and_paper_goes_on(node: Node, me: Principal) -> None:
    phone, paper = a_phone(node, me), app.my_code(node, me).code
    (listed,) = app.my_phones(node, me)
    app.remove_phone(node, me, listed.phone_id)

    with pytest.raises(CodeUnknown):
        app.arrive(node, clinician("H1"), phone.code(AT))
    assert app.arrive(node, clinician("H1"), paper).resident_id == me.resident
    with pytest.raises(PhoneUnknown):
        app.renew_phone(node, me, listed.phone_id)


def test_who_replaces_the_code_stops_every_telephone(node: Node, me: Principal) -> None:
    mine = [a_phone(node, me), a_phone(node, me)]
    app.replace_code(node, me)

    assert app.my_phones(node, me) == []
    for phone in mine:
        with pytest.raises(CodeUnknown):
            app.arrive(node, clinician("H1"), phone.code(AT))


def test_the_resident_sees_that_a_telephone_was_added_and_who_took_its_code(node: Node, me: Principal) -> None:
    phone = a_phone(node, me)
    app.arrive(node, clinician("H1"), phone.code(AT))
    seen = app.who_looked(node, me).looks

    assert [(one.role.value, one.what) for one in seen[:2]] == [("clinician", "identity"), ("resident", "phone")]


def test_only_the_resident_adds_a_telephone(node: Node, me: Principal) -> None:
    with pytest.raises(Refused):
        app.register_phone(node, clinician("H1"), Telephone().point)
    with pytest.raises(Refused):
        app.my_phones(node, system())


def test_the_window_in_which_a_desk_may_scan_again_is_that_of_the_code() -> None:
    from salus.app.desk import CODE_LASTS

    assert timedelta(seconds=90) == CODE_LASTS < access.RELATION_LASTS
