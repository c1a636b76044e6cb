"""Certificates bound to a telephone, on the real database: taken for its key, voided like others, shown by it alone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from itertools import count
from threading import Barrier

import pytest
from test_full_certificates import a_resident, vaccination

from nodes import START, a_node, asking, clinician, system
from salus import app
from salus.app import Node
from salus.codec import base45, signer
from salus.codec.certificates import decode_bound, decode_certificate, encode_shown
from salus.codec.errors import CodecError
from salus.codec.stepping import step_at
from salus.healthcode.certificates import CertificateRefused, Held
from salus.healthcode.certificates.service import MOST_BOUND
from salus.kernel import Refused, Role
from salus.parties import Principal
from telephones import Telephone

_orders = count(900)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("bound"), "H1") as opened:
        yield opened


@pytest.fixture
def who(node: Node) -> Principal:
    return a_resident(node, next(_orders), vaccination("140"))


def taken(node: Node, who: Principal, phone: Telephone, *, hinted: bool = False) -> Held:
    (fact,) = app.my_certificates(node, who).facts
    return app.take_bound(node, who, fact.resource, phone.point, hinted=hinted)


def test_what_is_handed_out_names_the_telephones_key_and_is_no_certificate_alone(node: Node, who: Principal) -> None:
    phone = Telephone()
    held = taken(node, who, phone)
    bound = decode_bound(held.text)

    assert held.bound
    assert bound.point == phone.point
    assert bound.presented.certificate == held.certificate
    with pytest.raises(CodecError):
        decode_certificate(held.text)
    shown = decode_bound(encode_shown(base45.decode(held.text[4:]), step_at(START), signer(phone.key)))
    shown.require_holder()
    assert shown.fresh(START)
    assert not shown.fresh(START + timedelta(minutes=2))


def test_one_on_paper_and_two_on_telephones_stand_beside_each_other(node: Node, who: Principal) -> None:
    phones = [taken(node, who, Telephone()) for _ in range(2)]
    paper = app.take_certificate(node, who, phones[0].resource, hinted=False)
    again = app.take_certificate(node, who, phones[0].resource, hinted=False)
    held = app.my_certificates(node, who).held

    assert paper == again
    assert {one.certificate_id: one.bound for one in held} == {
        **{one.certificate_id: True for one in phones},
        paper: False,
    }
    places = {(one.certificate.list_number, one.certificate.index) for one in held}
    assert len(places) == 3


def test_there_is_an_end_to_how_many_telephones_have_one(node: Node, who: Principal) -> None:
    first, *_ = [taken(node, who, Telephone()) for _ in range(MOST_BOUND)]
    with pytest.raises(CertificateRefused, match="as many phones"):
        taken(node, who, Telephone())
    app.void_certificate(node, who, first.certificate_id)

    assert taken(node, who, Telephone()).bound


def test_no_more_have_one_when_they_take_it_at_once(node: Node, who: Principal) -> None:
    together = Barrier(MOST_BOUND + 2)

    def race(_: int) -> bool:
        together.wait()
        with suppress(CertificateRefused):
            return taken(node, who, Telephone()).bound
        return False

    with ThreadPoolExecutor(MOST_BOUND + 2) as pool:
        assert sum(pool.map(race, range(MOST_BOUND + 2))) == MOST_BOUND


def test_its_holder_voids_it_from_anywhere(node: Node, who: Principal) -> None:
    held = taken(node, who, Telephone())
    app.void_certificate(node, who, held.certificate_id)

    assert app.my_certificate(node, who, held.certificate_id).ground == "asked"


def test_what_is_no_key_is_refused(node: Node, who: Principal) -> None:
    (fact,) = app.my_certificates(node, who).facts

    for point in (b"", bytes(65), Telephone().point[:-1], b"\x04" + bytes(64)):
        with pytest.raises(CertificateRefused, match="key"):
            app.take_bound(node, who, fact.resource, point, hinted=False)


def test_nobody_else_takes_one(node: Node, who: Principal) -> None:
    (fact,) = app.my_certificates(node, who).facts
    other = a_resident(node, next(_orders), vaccination("140"))

    for stranger in (clinician("H1"), system("H1")):
        with pytest.raises(Refused):
            app.take_bound(node, stranger, fact.resource, Telephone().point, hinted=False)
    with pytest.raises(CertificateRefused):
        app.take_bound(node, other, fact.resource, Telephone().point, hinted=False)


def test_the_page_is_the_same_for_everybody_and_its_script_is_told_nothing_without_signing_in(node: Node) -> None:
    with asking(node) as anybody, asking(node, Role.CLINICIAN) as staff:
        pages = [one.ask("GET", "/me/certificates/on-phone?lang=en") for one in (anybody, staff)]
        state = anybody.ask("GET", "/me/certificates/on-phone/state")

    assert pages[0].status_code == 200
    assert pages[0].text == pages[1].text
    assert state.status_code == 303
