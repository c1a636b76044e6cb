"""Full certificates: only their resident takes one, knowingly; it ends, is shown as read, and others can check it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from nodes import START, a_node, a_number, a_patient, clinician, send, system, the_resident
from salus import app, identity
from salus.app import Node
from salus.codec.foreign import decode_hcert, decode_shc, keys_of_jwks, signers_of_pem, verify_hcert, verify_shc
from salus.healthcode.full import Form, FullRefused
from salus.healthcode.full import store as sql
from salus.kernel import FixedClock, Refused
from salus.parties import Principal
from salus.storage import Duty, Store

CVX = "http://hl7.org/fhir/sid/cvx"
ME = "urn:uuid:00000000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("full"), "H1") as opened:
        yield opened


def vaccination(code: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": CVX, "code": code}]},
        "occurrenceDateTime": (START - timedelta(days=20)).date().isoformat(),
        "patient": {"reference": ME},
        **more,
    }


def a_resident(node: Node, order: int, *entries: dict[str, Any], **more: Any) -> Principal:
    told = a_patient(a_number(order), **{"name": [{"text": "王芳"}], "birthDate": "1980-01-01", **more}, fullUrl=ME)
    done = send(node, system("H1"), told, *entries)
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.resident_by_key(tx, done.residents[done.outcomes[0].chart_key])
    assert found is not None
    return the_resident(found.resident_id)


@pytest.fixture(scope="module")
def who(node: Node) -> Principal:
    counted = {"protocolApplied": [{"doseNumberPositiveInt": 2, "seriesDosesPositiveInt": 2}]}
    return a_resident(node, 1, vaccination("140"), vaccination("511", **counted))


def offered(node: Node, who: Principal, form: Form) -> UUID:
    return next(one.fact.resource for one in app.my_full_certificates(node, who).offers if form in one.forms)


def test_only_formats_that_have_words_for_it_are_offered(node: Node, who: Principal) -> None:
    offers = {one.fact.disease: one.forms for one in app.my_full_certificates(node, who).offers}

    assert offers == {"influenza": (Form.SHC,), "covid-19": (Form.HC1, Form.SHC)}


def test_nothing_is_made_unasked(node: Node) -> None:
    who = a_resident(node, 2, vaccination("140"))

    assert app.my_full_certificates(node, who).held == ()


def test_others_check_an_hc1_with_the_certificate_that_the_node_publishes(node: Node, who: Principal) -> None:
    name = app.take_full_certificate(node, who, offered(node, who, Form.HC1), Form.HC1)
    held = app.my_full_certificate(node, who, name)
    trusted = verify_hcert(decode_hcert(held.text), signers_of_pem(app.signer_certificates(node)), node.clock.now())

    assert (trusted.holder.family, trusted.holder.given, trusted.holder.born) == ("王", "芳", "1980-01-01")
    assert dict(trusted.event.detail)["mp"] == "CoronaVac"
    assert held.ends - node.clock.now() <= timedelta(days=30)


def test_others_check_a_card_with_the_keys_that_the_node_publishes(node: Node, who: Principal) -> None:
    name = app.take_full_certificate(node, who, offered(node, who, Form.SHC), Form.SHC)
    held = app.my_full_certificate(node, who, name)
    issuer = f"https://{node.name}/cards"

    card = verify_shc(decode_shc(held.text), {issuer: keys_of_jwks(app.card_keys(node))}, node.clock.now())
    assert card.holder.born == "1980-01-01"


def test_asking_again_gives_the_same_one(node: Node, who: Principal) -> None:
    entry = offered(node, who, Form.HC1)

    assert len({app.take_full_certificate(node, who, entry, Form.HC1) for _ in range(3)}) == 1


def test_each_is_in_the_register_that_its_resident_sees(node: Node, who: Principal) -> None:
    before = len([one for one in app.who_looked(node, who).looks if one.what == "full-certificate"])
    app.take_full_certificate(node, who, offered(node, who, Form.SHC), Form.SHC)

    after = len([one for one in app.who_looked(node, who).looks if one.what == "full-certificate"])
    assert after > before


def test_nobody_else_takes_or_sees_one(node: Node, who: Principal) -> None:
    entry = offered(node, who, Form.SHC)
    name = app.take_full_certificate(node, who, entry, Form.SHC)
    other = a_resident(node, 3, vaccination("140"))

    for stranger in (clinician("H1"), system("H1")):
        with pytest.raises(Refused):
            app.take_full_certificate(node, stranger, entry, Form.SHC)
    with pytest.raises(FullRefused):
        app.take_full_certificate(node, other, entry, Form.SHC)
    with pytest.raises(FullRefused):
        app.my_full_certificate(node, other, name)


def test_without_a_name_that_can_be_spelled_or_a_birth_date_nothing_is_offered(node: Node) -> None:
    unspelled = a_resident(node, 4, vaccination("140"), name=[{"text": "Иван Петров"}])
    unborn = a_resident(node, 5, vaccination("140"), birthDate="1980")

    for one in (unspelled, unborn):
        assert app.my_full_certificates(node, one).named is False


def test_others_check_in_january_what_was_signed_in_december_before_another_certificate_begins(node: Node) -> None:
    now, december = node.clock.now(), datetime(2031, 12, 31, 12, tzinfo=UTC)
    counted = {"protocolApplied": [{"doseNumberPositiveInt": 2, "seriesDosesPositiveInt": 2}]}
    try:
        node.clock = FixedClock(december)
        who = a_resident(node, 6, vaccination("511", **counted))
        name = app.take_full_certificate(node, who, offered(node, who, Form.HC1), Form.HC1)
        held = app.my_full_certificate(node, who, name)
        node.clock = FixedClock(december + timedelta(days=3))
        keys = signers_of_pem(app.signer_certificates(node))

        assert len(keys) == 3
        assert verify_hcert(decode_hcert(held.text), keys, node.clock.now()).holder.born == "1980-01-01"
    finally:
        node.clock = FixedClock(now)


def test_the_signers_certificate_is_the_same_until_another_begins(node: Node) -> None:
    told, now = app.signer_certificates(node), node.clock.now()
    try:
        node.clock = FixedClock(now + timedelta(hours=5))
        assert app.signer_certificates(node) == told
        node.clock = FixedClock(now + timedelta(days=731))
        assert app.signer_certificates(node) != told
    finally:
        node.clock = FixedClock(now)


def test_a_residents_own_are_found_by_an_index(store: Store) -> None:
    with store.transaction(Duty.CARE) as tx:
        tx.run("set local enable_seqscan = off")
        plan = "\n".join(str(row[0]) for row in tx.rows("explain " + sql.OF_RESIDENT, (1,)))

    assert "full_certificate_resident" in plan


def test_no_row_is_changed_or_deleted(store: Store) -> None:
    with store.transaction(Duty.CARE) as tx:
        (found,) = tx.rows(
            "select count(*) from information_schema.role_table_grants where table_schema = 'healthcode'"
            " and table_name = 'full_certificate' and grantee = 'salus_care' and privilege_type in ('UPDATE', 'DELETE')"
        )

    assert found[0] == 0
