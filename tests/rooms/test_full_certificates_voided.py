"""Void full certificates: by their holder, a correction or a parting; and what doors and other systems read of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key
from test_full_certificates import a_resident, clinician, offered, vaccination

from nodes import a_node, asking, read_back, system, update
from salus import app, ledger
from salus.app import Node, check_node, close_batch
from salus.codec import CodecError
from salus.codec.certificates import mark_of
from salus.codec.certificates.voided import read_void_marks
from salus.codec.foreign import (
    Revoked,
    decode_hcert,
    decode_shc,
    keys_of_jwks,
    signers_of_pem,
    verify_hcert,
    verify_shc,
)
from salus.healthcode import certificates, full
from salus.healthcode.certificates import store as sql
from salus.healthcode.full import Form, FullRefused, HeldFull
from salus.healthcode.full import store as full_sql
from salus.kernel import FixedClock, Refused
from salus.parties import Principal
from salus.storage import Duty, Store

COUNTED = {"protocolApplied": [{"doseNumberPositiveInt": 2, "seriesDosesPositiveInt": 2}]}
_orders = count(700)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("void"), "H1") as opened:
        yield opened


@pytest.fixture
def who(node: Node) -> Principal:
    return a_resident(node, next(_orders), vaccination("511", **COUNTED))


def taken(node: Node, who: Principal, form: Form) -> HeldFull:
    return app.my_full_certificate(node, who, app.take_full_certificate(node, who, offered(node, who, form), form))


def void(node: Node, who: Principal, held: HeldFull) -> HeldFull:
    app.revoking.void_full_certificate(node, who, held.certificate_id)
    return app.my_full_certificate(node, who, held.certificate_id)


def doors_list(node: Node) -> tuple[bytes, bytes] | None:
    with node.store.transaction(Duty.CARE) as tx:
        return full.void_marks(tx, node.custodian, node.clock.now())


def marks(node: Node) -> frozenset[bytes]:
    """What the node's own list says that doors read."""
    told = doors_list(node)
    assert told is not None
    return read_void_marks(told[1], load_der_public_key(told[0])).marks  # type: ignore[arg-type]


def uvci(held: HeldFull) -> str:
    return dict(held.event.detail)["ci"]


@pytest.mark.parametrize("form", Form)
def test_a_holder_voids_one_and_takes_another(node: Node, who: Principal, form: Form) -> None:
    held = taken(node, who, form)
    gone = void(node, who, held)
    again = taken(node, who, form)

    assert (held.ground, gone.ground) == (None, "asked")
    assert not gone.good(node.clock.now())
    assert again.certificate_id != held.certificate_id
    assert again.good(node.clock.now())


def test_voiding_twice_changes_nothing(node: Node, who: Principal) -> None:
    held = taken(node, who, Form.SHC)
    void(node, who, held)
    before = app.revoking.revoked_cards(node)
    void(node, who, held)

    assert app.revoking.revoked_cards(node) == before


def test_nobody_else_voids_one(node: Node, who: Principal) -> None:
    held = taken(node, who, Form.SHC)
    other = a_resident(node, next(_orders), vaccination("140"))

    for stranger in (clinician("H1"), system("H1")):
        with pytest.raises(Refused):
            app.revoking.void_full_certificate(node, stranger, held.certificate_id)
    with pytest.raises(FullRefused):
        app.revoking.void_full_certificate(node, other, held.certificate_id)
    assert app.my_full_certificate(node, who, held.certificate_id).good(node.clock.now())


def test_a_refused_void_stands_in_the_register(node: Node, who: Principal) -> None:
    def looks() -> list[str]:
        return [one.what for one in app.who_looked(node, who).looks]

    before = looks()
    with pytest.raises(FullRefused):
        app.revoking.void_full_certificate(node, who, UUID(int=7))
    with pytest.raises(certificates.CertificateRefused):
        app.void_certificate(node, who, UUID(int=7))

    assert len(looks()) == len(before) + 2


@pytest.mark.parametrize("form", Form)
def test_one_of_more_than_a_page_shows_is_voided_too(node: Node, who: Principal, form: Form) -> None:
    held = taken(node, who, form)
    with node.store.transaction(Duty.CARE) as tx:
        (mine,) = tx.rows(
            "select resident_key from healthcode.full_certificate where certificate_id = %s", (held.certificate_id,)
        )[0]
        tx.run(  # as many newer ones as are shown; nobody opens them here
            "insert into healthcode.full_certificate"
            " (certificate_id, resident_key, resource_id, form, content, at, ends)"
            " select gen_random_uuid(), %s, gen_random_uuid(), 'SHC', '', %s, %s from generate_series(1, 200)",
            (mine, held.taken + timedelta(hours=1), held.ends),
        )
        assert held.certificate_id in [name for name, _ in full.living_full(tx, mine, held.taken)]
    app.revoking.void_full_certificate(node, who, held.certificate_id)

    name = uvci(held) if form is Form.HC1 else decode_shc(held.text).rid
    assert mark_of(name) in marks(node)


def test_a_correction_of_the_entry_voids_it_and_not_what_rests_on_others(node: Node) -> None:
    who = a_resident(node, next(_orders), vaccination("140"), vaccination("511", **COUNTED))
    held = [taken(node, who, form) for form in Form]
    (influenza,) = [one.fact.resource for one in app.my_full_certificates(node, who).offers if one.forms == (Form.SHC,)]
    other = app.take_full_certificate(node, who, influenza, Form.SHC)
    (entry,) = read_back(node, held[0].resource)
    update(node, system(), entry | {"status": "entered-in-error"})
    stands = {one.certificate_id: one.ground for one in app.my_full_certificates(node, who).held}

    assert stands == {**{one.certificate_id: "corrected" for one in held}, other: None}
    assert {mark_of(decode_shc(held[1].text).rid), mark_of(uvci(held[0]))} <= marks(node)


def test_what_rests_on_anothers_entry_is_void_after_a_parting(node: Node, who: Principal) -> None:
    held = taken(node, who, Form.HC1)
    with node.store.transaction(Duty.CARE) as tx:
        assert certificates.void_parted(tx, [held.certificate_id], node.clock.now()) == 1

    assert app.my_full_certificate(node, who, held.certificate_id).ground == "parted"


def test_who_reads_the_list_of_revoked_cards_refuses_it(node: Node, who: Principal) -> None:
    held, other = taken(node, who, Form.SHC), taken(node, a_resident(node, next(_orders), vaccination("140")), Form.SHC)
    with asking(node) as anybody:
        before = anybody.ask("GET", "/cards/.well-known/jwks.json").json()
        void(node, who, held)
        jwks = anybody.ask("GET", "/cards/.well-known/jwks.json").json()
        (key,) = jwks["keys"]
        told = anybody.ask("GET", f"/cards/.well-known/crl/{key['kid']}.json")
        unknown = anybody.ask("GET", "/cards/.well-known/crl/another.json")
    card = decode_shc(held.text)
    public = keys_of_jwks(jwks)[key["kid"]]

    assert key["crlVersion"] == before["keys"][0]["crlVersion"] + 1 == told.json()["ctr"]
    assert told.json() | {"rids": [card.rid]} == {**told.json(), "kid": card.kid, "method": "rid", "rids": [card.rid]}
    assert card.rid in told.json()["rids"]
    assert len(card.rid) == 22
    assert told.headers["access-control-allow-origin"] == "*"
    assert unknown.status_code == 404
    revoked = Revoked.of([told.json()], {})
    revoked.require_card(
        verify_shc(decode_shc(other.text), {card.issuer: {key["kid"]: public}}, other.taken), public, other.taken
    )
    with pytest.raises(CodecError, match="void"):
        revoked.require_card(card, public, held.taken)


def test_who_takes_the_gateways_batches_refuses_an_hc1(node: Node, who: Principal) -> None:
    held = taken(node, who, Form.HC1)
    void(node, who, held)
    with asking(node) as anybody:
        told = anybody.ask("GET", "/cards/revoked-hc1.json").json()
    found = decode_hcert(held.text)
    trusted = verify_hcert(found, signers_of_pem(app.signer_certificates(node)), held.taken)

    (batch,) = told
    assert set(batch) == {"country", "expires", "kid", "hashType", "entries"}
    assert (batch["hashType"], base64.b64decode(batch["kid"])) == ("UCI", trusted.signer.kid)
    assert {"hash": base64.b64encode(mark_of(uvci(held))).decode()} in batch["entries"]
    with pytest.raises(CodecError, match="void"):
        Revoked.of([told], {}).require_hcert(found, trusted, held.taken)


def test_no_list_has_a_name_or_says_whose_they_are(node: Node, who: Principal) -> None:
    held = [taken(node, who, form) for form in Form]
    for one in held:
        void(node, who, one)
    told = json.dumps([app.revoking.revoked_cards(node), app.revoking.revoked_hcerts(node)], ensure_ascii=False)

    hidden = [uvci(held[0]), "王", "1980-01-01", *(str(one.certificate_id) for one in held)]
    hidden += [one.text[:60] for one in held]
    assert not [one for one in hidden if one in told]


def test_what_has_ended_leaves_the_lists_and_the_version_goes_on(node: Node, who: Principal) -> None:
    held = taken(node, who, Form.SHC)
    void(node, who, held)
    before, now = app.revoking.revoked_cards(node), node.clock.now()
    try:
        node.clock = FixedClock(held.ends + timedelta(minutes=1))
        after = app.revoking.revoked_cards(node)
        app.revoking.void_full_certificate(node, who, held.certificate_id)

        assert decode_shc(held.text).rid in before["rids"]
        assert after["rids"] == []
        assert after["ctr"] > before["ctr"]
        assert app.revoking.revoked_hcerts(node) == []
        name = mark_of(decode_shc(held.text).rid)
        assert name in marks(node)  # to a door whose clock is an hour slow it has not ended yet
        node.clock = FixedClock(held.ends + timedelta(hours=2))
        assert marks(node) == frozenset()
    finally:
        node.clock = FixedClock(now)


def test_the_doors_list_is_there_from_the_first_that_was_taken(tmp_path: Path) -> None:
    with a_node(tmp_path, "H1") as fresh:
        who = a_resident(fresh, 1, vaccination("140"))
        before = doors_list(fresh)
        taken(fresh, who, Form.SHC)

        assert before is None
        assert marks(fresh) == frozenset()


def test_the_doors_list_is_as_of_the_second(node: Node, who: Principal) -> None:
    void(node, who, taken(node, who, Form.SHC))
    now = node.clock.now()
    try:
        node.clock = FixedClock(now.replace(minute=17, second=23))
        told = doors_list(node)
        assert told is not None
        listed = read_void_marks(told[1], load_der_public_key(told[0]))  # type: ignore[arg-type]
        assert listed.issued == node.clock.now().replace(microsecond=0)
    finally:
        node.clock = FixedClock(now)


def test_one_that_has_ended_is_not_voided(node: Node, who: Principal) -> None:
    held, now = taken(node, who, Form.SHC), node.clock.now()
    try:
        node.clock = FixedClock(held.ends)

        assert void(node, who, held).ground is None
    finally:
        node.clock = FixedClock(now)


def test_each_has_its_leaf_in_the_log_and_none_without_is_passed_over(node: Node, who: Principal) -> None:
    before = len([*ledger.leaves(node.store, "void")])
    void(node, who, taken(node, who, Form.HC1))
    close_batch(node)
    after = len([*ledger.leaves(node.store, "void")])
    codes = {one.code for one in check_node(node)}
    with node.store.transaction(Duty.MIGRATION) as tx:
        tx.run("insert into healthcode.voided (list_number, index, ground, at) values (0, 999999, 'asked', now())")
    unlogged = {one.code for one in check_node(node)}
    with node.store.transaction(Duty.MIGRATION) as tx:
        tx.run("delete from healthcode.voided where list_number = 0 and index = 999999")

    assert after > before
    assert not codes & {"VOID-UNLOGGED", "VOID-BURIED", "VOID-CHANGED"}
    assert "VOID-UNLOGGED" in unlogged


def test_a_void_full_certificate_takes_no_place_of_a_status_list(node: Node, who: Principal) -> None:
    void(node, who, taken(node, who, Form.HC1))
    with node.store.transaction(Duty.CARE) as tx:
        places = sql.void_places(tx)

    assert all(number > 0 for number, _ in places)


@pytest.mark.parametrize(
    ("query", "parameters", "index"),
    [
        (full_sql.VOIDED, ("SHC", "2031-01-01"), "voided_pkey"),
        (sql.VOID_FULL_CORRECTED, ("2031-01-01", [UUID(int=7)], "2031-01-01"), "full_certificate_resource"),
        (sql.VOID_FULL_PARTED, ("2031-01-01", [UUID(int=7)], "2031-01-01"), "full_certificate_pkey"),
        (sql.VOID_FULL, ("2031-01-01", UUID(int=7), "2031-01-01"), "full_certificate_pkey"),
        (sql.OWN_FULL, (UUID(int=7), [7]), "full_certificate_pkey"),
        (sql.OWN, (UUID(int=7), [7]), "certificate_pkey"),
        (sql.TAKEN, (7, "2031-01-01"), "certificate_resident"),
        (full_sql.LIVING, (7, "2031-01-01"), "full_certificate_resident"),
    ],
)
def test_they_are_found_by_an_index(store: Store, query: str, parameters: tuple[Any, ...], index: str) -> None:
    with store.transaction(Duty.CARE) as tx:
        tx.run("set local enable_seqscan = off")
        plan = "\n".join(str(row[0]) for row in tx.rows("explain " + query, parameters))

    assert index in plan
