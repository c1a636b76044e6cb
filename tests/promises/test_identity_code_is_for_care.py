"""The identity code is for care.

It holds one random number and the signature of its node: no status, no colour, no name, no number, no place. It says
nothing to anybody who scans it, it can be replaced at will, and whoever has lost it is cared for all the same. On a
phone it is signed anew every 30 seconds, by the phone as well, and good once.
"""

from __future__ import annotations

import inspect
import itertools
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest

import salus.codec
import salus.healthcode
from salus.access import Action, Request, permit
from salus.codec import base45
from salus.codec.dynamic import STEP_SECONDS, step_at
from salus.healthcode import CodeUnknown, code_of, issuer_keys, phones, replace, resolve
from salus.kernel import Purpose, Role
from salus.keys import Custodian
from salus.storage import Duty, Store
from telephones import Telephone

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def custodian(tmp_path_factory: pytest.TempPathFactory) -> Custodian:
    return Custodian.open(tmp_path_factory.mktemp("keys"), b"only for these tests")


class Undone(Exception):
    """Rolls back what a block did."""


def issued(store: Store, custodian: Custodian, resident_key: int, at: datetime = AT) -> str:
    with store.transaction(Duty.CARE) as tx:
        return code_of(tx, custodian, resident_key, at=at)


def leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Walk everything that CBOR can hold, byte strings that are CBOR themselves included, down to single values."""
    if isinstance(value, cbor2.CBORTag):
        return leaves(value.value, f"{path}/tag {value.tag}")
    if isinstance(value, list | tuple):
        return [leaf for place, item in enumerate(value) for leaf in leaves(item, f"{path}/{place}")]
    if hasattr(value, "items"):
        return [leaf for key, item in value.items() for leaf in leaves(item, f"{path}/{key}")]
    if isinstance(value, bytes) and path.endswith(("/tag 18/0", "/tag 18/2")):  # protected header and payload are CBOR
        return leaves(cbor2.loads(value), path)
    return [(path, value)]


def test_every_field_of_a_code_is_known_and_none_says_anything_about_its_holder(
    store: Store, custodian: Custodian
) -> None:
    code = issued(store, custodian, 1)
    message = base45.decode(code.removeprefix("SL1:"))
    fields = dict(leaves(cbor2.loads(message)))
    (kid,) = issuer_keys(custodian)

    assert set(fields) == {
        "/tag 18/0/1",  # the signature algorithm
        "/tag 18/0/4",  # which key of the node
        "/tag 18/2/7",  # the random identifier
        "/tag 18/3",  # the signature
    }
    assert fields["/tag 18/0/1"] == -7
    assert fields["/tag 18/0/4"] == kid
    assert len(fields["/tag 18/2/7"]) == 16
    assert len(fields["/tag 18/3"]) == 64
    assert len(message) == 15 + 8 + 16 + 64  # and there is no octet besides


def test_two_people_with_the_same_randomness_would_have_the_same_code(store: Store, custodian: Custodian) -> None:
    """Nothing of the resident, and not the time, goes into the code: with chance held still, it does not change."""
    codes = set()
    for resident_key, at in ((21, AT), (22, AT), (21, AT + timedelta(days=900))):
        with store.transaction(Duty.CARE) as tx, suppress(Undone), tx.savepoint():
            codes.add(code_of(tx, custodian, resident_key, at=at, random=bytes))
            raise Undone

    assert len(codes) == 1


def test_codes_of_one_resident_have_no_more_in_common_than_those_of_two(store: Store, custodian: Custodian) -> None:
    first, other = issued(store, custodian, 31), issued(store, custodian, 32)
    with store.transaction(Duty.CARE) as tx:
        second = replace(tx, custodian, 31, at=AT)
    keys = issuer_keys(custodian)
    identifiers = {salus.codec.decode_sl1(code, keys) for code in (first, other, second)}

    assert len(identifiers) == 3
    assert all(a == b or not {a[i : i + 4] for i in range(13)} & {b[i : i + 4] for i in range(13)}
               for a in identifiers for b in identifiers)  # fmt: skip


def test_a_stranger_who_scans_a_code_learns_nothing_that_the_database_could_be_asked_for(
    store: Store, custodian: Custodian, tmp_path: Path
) -> None:
    code = issued(store, custodian, 41)
    identifier = salus.codec.decode_sl1(code, issuer_keys(custodian))
    with store.transaction(Duty.CARE) as tx:
        stored = tx.rows("select digest, identifier from healthcode.code where resident_key = 41")

    assert all(identifier not in bytes(column) for row in stored for column in row)
    elsewhere = Custodian.open(tmp_path, b"another node's keys")
    with store.transaction(Duty.CARE) as tx, pytest.raises(CodeUnknown):
        resolve(tx, elsewhere, code)


def every_request(action: Action) -> Iterator[Request]:
    facts = ("own_facility", "relation_open", "own_record", "care_facility", "independent")
    for role, purpose in itertools.product(Role, (None, *Purpose)):
        for values in itertools.product((False, True), repeat=len(facts)):
            yield Request(role=role, purpose=purpose, action=action, **dict(zip(facts, values, strict=True)))


def test_only_those_who_treat_in_a_care_facility_may_resolve_a_code() -> None:
    carers = {Role.HOSPITAL_SYSTEM, Role.CLINICIAN, Role.RECEPTION}
    for request in every_request(Action.RESOLVE_CODE):
        cares = request.role in carers and request.purpose is Purpose.TREAT and request.care_facility

        assert permit(request).allowed == cares, request


def test_only_the_resident_may_look_at_or_replace_the_own_code() -> None:
    for action in (Action.READ_CODE, Action.REPLACE_CODE):
        for request in every_request(action):
            own = request.role is Role.RESIDENT and request.purpose is Purpose.PATRQT and request.own_record

            assert permit(request).allowed == own, request


def test_a_card_is_printed_only_for_who_is_there_at_a_place_of_care() -> None:
    """And who agrees, by word or on a paper. An operator, and a facility that only keeps a chart, print none."""
    desks = {Role.HOSPITAL_SYSTEM, Role.CLINICIAN, Role.RECEPTION}
    for request in every_request(Action.PRINT_CODE):
        there = request.relation_open and request.care_facility
        desk = request.role in desks and request.purpose is Purpose.TREAT

        assert permit(request).allowed == (there and desk), request


def test_who_shows_the_code_of_another_was_let_and_reads_nothing_of_theirs() -> None:
    for request in every_request(Action.SHOW_GIVEN_CODE):
        let = request.role is Role.RESIDENT and request.purpose is Purpose.PATRQT and request.relation_open

        assert permit(request).allowed == let, request
    for action in set(Action) - {Action.SHOW_GIVEN_CODE}:
        asked = Request(role=Role.RESIDENT, purpose=Purpose.PATRQT, action=action, relation_open=True)

        assert not permit(asked).allowed, action


def test_who_comes_without_a_code_is_received_all_the_same() -> None:
    for role in (Role.RECEPTION, Role.CLINICIAN):
        desk = Request(role=role, purpose=Purpose.TREAT, action=Action.OPEN_RELATION, care_facility=True)

        assert permit(desk).allowed


def test_a_lost_code_is_replaced_and_the_finder_holds_nothing(store: Store, custodian: Custodian) -> None:
    lost = issued(store, custodian, 51)
    with store.transaction(Duty.CARE) as tx:
        new = replace(tx, custodian, 51, at=AT)

    with store.transaction(Duty.CARE) as tx:
        assert resolve(tx, custodian, new) == 51
        with pytest.raises(CodeUnknown) as refused:
            resolve(tx, custodian, lost)
    assert "care goes on without" in refused.value.text


def test_the_table_of_codes_has_no_column_for_a_status(store: Store) -> None:
    with store.transaction(Duty.MIGRATION) as tx:
        columns = tx.rows(
            "select table_name, column_name from information_schema.columns where table_schema = 'healthcode'"
            " and table_name = 'code'"
        )

    assert sorted(columns) == sorted(
        ("code", column) for column in ("digest", "resident_key", "ordinal", "identifier", "issued_at")
    )


def test_no_public_function_of_the_room_takes_a_status_or_a_place() -> None:
    taken = {
        parameter
        for name in salus.healthcode.__all__
        if inspect.isfunction(function := getattr(salus.healthcode, name))
        for parameter in inspect.signature(function).parameters
    }

    assert taken == {
        "tx", "custodian", "resident_key", "at", "random", "key_name", "text", "keys", "names", "title", "module_mm",
    }  # fmt: skip


def test_nothing_writes_down_that_a_code_was_scanned_or_where(store: Store, custodian: Custodian) -> None:
    """The register of reads is where care looks are shown; the room of the code itself keeps no trail."""
    code = issued(store, custodian, 61)

    def rows() -> list[tuple[Any, ...]]:
        with store.transaction(Duty.MIGRATION) as tx:
            return tx.rows("select * from healthcode.code order by digest")

    before = rows()
    with store.transaction(Duty.CARE) as tx:
        resolve(tx, custodian, code)

    assert rows() == before


def test_the_published_vectors_hold_codes_with_these_fields_only() -> None:
    path = Path(__file__).resolve().parents[2] / "vectors" / "sl1.json"
    for case in json.loads(path.read_text(encoding="utf-8"))["good"]:
        paths = {field for field, _ in leaves(cbor2.loads(bytes.fromhex(case["message"])))}

        assert paths == {"/tag 18/0/1", "/tag 18/0/4", "/tag 18/2/7", "/tag 18/3"}
        assert re.fullmatch(r"SL1:[0-9A-Z $%*+\-./:]{155}", case["text"])


def a_phone(store: Store, custodian: Custodian, resident_key: int) -> Telephone:
    phone = Telephone()
    with store.transaction(Duty.CARE) as tx:
        name = phones.register(tx, resident_key, phone.point, at=AT)
        phone.handed = phones.token(tx, custodian, [resident_key], name, at=AT)
    return phone


def shown(store: Store, custodian: Custodian, text: str, at: datetime = AT) -> phones.Presented:
    with store.transaction(Duty.CARE) as tx:
        return phones.present(tx, custodian, text, at=at)


def test_every_field_of_a_phones_code_is_known_and_none_says_anything_about_its_holder(
    store: Store, custodian: Custodian
) -> None:
    message = base45.decode(a_phone(store, custodian, 71).code(AT).removeprefix("SL1:"))
    fields = dict(leaves(cbor2.loads(message)))
    (kid,) = issuer_keys(custodian)

    inner = "/tag 18/2/tag 18"
    assert set(fields) == {
        "/tag 18/0/1",  # the signature algorithm
        "/tag 18/0/15/6",  # the beginning of the step
        "/tag 18/3",  # the phone's signature
        f"{inner}/0/1",  # the signature algorithm of the token
        f"{inner}/0/4",  # which key of the node
        f"{inner}/2/4",  # the token's end
        f"{inner}/2/7",  # its random identifier
        f"{inner}/2/8/3",  # what binds it to the phone's key
        f"{inner}/3",  # the node's signature
    }
    assert fields["/tag 18/0/15/6"] == step_at(AT) * STEP_SECONDS
    assert fields[f"{inner}/0/4"] == kid
    assert [len(fields[f"{inner}/2/{claim}"]) for claim in ("7", "8/3")] == [16, 16]
    assert len(message) == 213  # and there is no octet besides


def test_a_picture_of_a_phones_code_is_useless_a_minute_later(store: Store, custodian: Custodian) -> None:
    phone = a_phone(store, custodian, 72)
    begins = datetime.fromtimestamp(step_at(AT) * STEP_SECONDS, UTC)

    with pytest.raises(CodeUnknown):
        shown(store, custodian, phone.code(AT), begins + timedelta(seconds=60))
    assert shown(store, custodian, phone.code(AT), begins + timedelta(seconds=59)).first


def test_a_phones_code_is_good_once(store: Store, custodian: Custodian) -> None:
    phone = a_phone(store, custodian, 73)

    assert shown(store, custodian, phone.code(AT)).first
    assert not shown(store, custodian, phone.code(AT)).first


def test_a_lost_phone_is_removed_and_its_finder_holds_nothing(store: Store, custodian: Custodian) -> None:
    lost, paper = a_phone(store, custodian, 74), issued(store, custodian, 74)
    assert lost.handed
    with store.transaction(Duty.CARE) as tx:
        phones.remove(tx, [74], lost.handed.phone_id)

    with pytest.raises(CodeUnknown):
        shown(store, custodian, lost.code(AT))
    with store.transaction(Duty.CARE) as tx:
        assert resolve(tx, custodian, paper) == 74


def test_of_a_phones_code_no_more_is_kept_than_the_latest_step_that_was_taken(
    store: Store, custodian: Custodian
) -> None:
    phone = a_phone(store, custodian, 75)
    for step in range(3):
        at = AT + timedelta(seconds=step * STEP_SECONDS)
        shown(store, custodian, phone.code(at), at)
    with store.transaction(Duty.MIGRATION) as tx:
        columns = tx.rows("select column_name from information_schema.columns where table_name = 'phone'")
        (kept,) = tx.rows("select newest_step from healthcode.phone where resident_key = 75")

    assert {name for (name,) in columns} == {
        "phone_id", "resident_key", "slot", "point", "registered_at", "token", "token_ends", "newest_step",
    }  # fmt: skip
    assert kept == (step_at(AT) + 2,)
