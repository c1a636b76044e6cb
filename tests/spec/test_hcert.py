"""`HC1:` as other issuers write it: what is accepted, and the fault under which everything else is refused."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from foreigners import AT, CERTIFICATE, VACCINATION, YEAR, Issuer, written
from salus.codec import CodecError, Fault, base45
from salus.codec.foreign import EventKind, decode_hcert, signer_of_certificate, signers_of_pem, verify_hcert

ISSUER = Issuer()
OTHER = Issuer(ec.derive_private_key(0x5A2, ec.SECP256R1()))
USAGE = "1.3.6.1.4.1.1847.2021.1."


def fault_of(action: Callable[[], object]) -> Fault:
    with pytest.raises(CodecError) as refused:
        action()
    return refused.value.fault


def test_a_good_certificate_gives_its_holder_its_event_and_its_signer() -> None:
    found = decode_hcert(ISSUER.text())
    told = verify_hcert(found, [OTHER.signer, ISSUER.signer], AT)

    assert (told.holder.family, told.holder.given, told.holder.born) == ("Beispiel", "Erika", "1980-02-03")
    assert (told.event.kind, told.event.target, told.event.on) == (EventKind.VACCINATION, "840539006", "2031-01-15")
    assert told.signer.kid == ISSUER.signer.kid
    assert (found.issuer, len(found.digest)) == ("XX", 32)
    assert "Beispiel" not in repr(told)
    assert "Beispiel" not in repr(found)


def test_a_key_of_rsa_signs_too() -> None:
    issuer = Issuer(rsa.generate_private_key(65537, 2048))

    assert verify_hcert(decode_hcert(issuer.text()), [issuer.signer], AT).event.kind is EventKind.VACCINATION


@pytest.mark.parametrize("tag", [None, 18])
def test_a_message_may_come_without_its_tag(tag: int | None) -> None:
    found = decode_hcert(written(ISSUER.message(ISSUER.claims(), tag=tag)))

    assert verify_hcert(found, [ISSUER.signer], AT)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("HC2:" + ISSUER.text()[4:], Fault.PREFIX),
        (ISSUER.text().lower(), Fault.PREFIX),
        (None, Fault.LENGTH),
        ("HC1:" + "0" * 9000, Fault.LENGTH),
        (ISSUER.text() + "~", Fault.ALPHABET),
        ("HC1:" + base45.encode(ISSUER.message(ISSUER.claims())), Fault.COMPRESSION),
        ("HC1:" + base45.encode(zlib.compress(ISSUER.message(ISSUER.claims())) + b"\0"), Fault.COMPRESSION),
        ("HC1:" + base45.encode(zlib.compress(b"\0" * 5_000_000)), Fault.LENGTH),
        (written(b"\xd2\x84\x40\xa0\x40"), Fault.STRUCTURE),
        (written(ISSUER.message(ISSUER.claims(), tag=17)), Fault.STRUCTURE),
        (written(ISSUER.message(b"\xbf\xff")), Fault.STRUCTURE),
        (written(ISSUER.message(b"\xa2\x01\x01\x01\x02")), Fault.STRUCTURE),
        (written(ISSUER.message(b"\x81" * 30 + b"\x01")), Fault.STRUCTURE),
        (written(ISSUER.message({4: 1, -260: {2: {}}})), Fault.STRUCTURE),
        (written(ISSUER.message({-260: {1: CERTIFICATE}})), Fault.STRUCTURE),
        (written(ISSUER.message({4: float("nan"), -260: {1: CERTIFICATE}})), Fault.STRUCTURE),
    ],
)
def test_what_is_no_health_certificate_is_refused_for_its_fault(text: object, fault: Fault) -> None:
    assert fault_of(lambda: decode_hcert(text)) is fault


@pytest.mark.parametrize(
    ("headers", "fault"),
    [
        ({1: -7}, Fault.KEY),
        ({1: -7, 4: b"12345678"}, Fault.KEY),
        ({1: -257, 4: ISSUER.signer.kid}, Fault.ALGORITHM),
        ({1: -37, 4: ISSUER.signer.kid}, Fault.ALGORITHM),
        ({1: -35, 4: ISSUER.signer.kid}, Fault.ALGORITHM),
        ({1: "ES256", 4: ISSUER.signer.kid}, Fault.ALGORITHM),
        ({4: ISSUER.signer.kid}, Fault.ALGORITHM),
    ],
)
def test_headers_that_name_another_key_or_algorithm_are_refused(headers: dict[int, Any], fault: Fault) -> None:
    found = decode_hcert(written(ISSUER.message(ISSUER.claims(), headers=headers)))

    assert fault_of(lambda: verify_hcert(found, [ISSUER.signer], AT)) is fault


def test_a_wrong_protected_name_is_not_mended_by_a_right_one_beside_it() -> None:
    tag = cbor2.loads(ISSUER.message(ISSUER.claims(), headers={1: -7, 4: b"12345678"}))
    protected, _, payload, signature = tag.value
    beside = cbor2.dumps(cbor2.CBORTag(18, [protected, {4: ISSUER.signer.kid}, payload, signature]))

    assert fault_of(lambda: verify_hcert(decode_hcert(written(beside)), [ISSUER.signer], AT)) is Fault.KEY


def test_a_forged_one_is_refused() -> None:
    tag = cbor2.loads(ISSUER.message(ISSUER.claims()))
    protected, unprotected, _, signature = tag.value
    altered = cbor2.dumps(ISSUER.claims({**CERTIFICATE, "dob": "1999-09-09"}))
    found = decode_hcert(written(cbor2.dumps(cbor2.CBORTag(18, [protected, unprotected, altered, signature]))))

    assert fault_of(lambda: verify_hcert(found, [ISSUER.signer], AT)) is Fault.SIGNATURE


@pytest.mark.parametrize(
    ("times", "at", "fault"),
    [
        ({"expires": AT - timedelta(seconds=1)}, AT, Fault.EXPIRED),
        ({"issued": AT + timedelta(hours=2)}, AT, Fault.NOT_YET),
        ({"expires": AT + 3 * YEAR}, AT + 2 * YEAR, Fault.KEY),
        ({"issued": AT - 3 * YEAR}, AT - 2 * YEAR, Fault.KEY),
    ],
)
def test_a_code_and_its_key_count_in_their_time_only(times: dict[str, Any], at: Any, fault: Fault) -> None:
    found = decode_hcert(ISSUER.text(**times))

    assert fault_of(lambda: verify_hcert(found, [ISSUER.signer], at)) is fault


@pytest.mark.parametrize(
    ("usages", "good"),
    [
        ((), True),
        (("1.3.6.1.5.5.7.3.2",), True),
        ((USAGE + "2",), True),
        (("1.3.6.1.4.1.0.1847.2021.1.2",), True),
        ((USAGE + "1", USAGE + "3"), False),
        (("2.23.136.1.1.14.2",), False),
    ],
)
def test_a_key_signs_what_its_certificate_says(usages: tuple[str, ...], good: bool) -> None:
    issuer = Issuer(usages=usages)
    found = decode_hcert(issuer.text())

    if good:
        assert verify_hcert(found, [issuer.signer], AT)
    else:
        assert fault_of(lambda: verify_hcert(found, [issuer.signer], AT)) is Fault.KEY


CHANGES: list[dict[str, Any]] = [
    {"ver": "1"},
    {"nam": {"fn": "X"}},
    {"nam": {"fnt": "lower"}},
    {"dob": "03.02.1980"},
    {"v": []},
    {"v": [VACCINATION, VACCINATION]},
    {"t": [{}]},
    {"r": "x"},
    {"v": [{**VACCINATION, "dn": -1}]},
    {"v": [{**VACCINATION, "dn": True}]},
    {"v": [{**VACCINATION, "dt": "yesterday"}]},
    {"v": [{**VACCINATION, "dt": ""}]},
    {"v": [{**VACCINATION, "co": "xx"}]},
    {"v": [{**VACCINATION, "colour": "red"}]},
    {"v": [{**VACCINATION, "is": "x" * 500}]},
    {"status": "red"},
    {"place": "900101"},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_payload_of_another_shape_is_refused_though_it_is_signed(change: dict[str, Any]) -> None:
    found = decode_hcert(ISSUER.text({**CERTIFICATE, **change}))

    assert fault_of(lambda: verify_hcert(found, [ISSUER.signer], AT)) is Fault.STRUCTURE


def test_a_file_of_certificates_gives_each_key() -> None:
    found = signers_of_pem("issuer of nowhere\n" + ISSUER.pem + "\n" + OTHER.pem)

    assert [one.kid for one in found] == [ISSUER.signer.kid, OTHER.signer.kid]
    assert fault_of(lambda: signers_of_pem("no certificate")) is Fault.STRUCTURE


@given(st.binary(max_size=200), st.integers(0, len(ISSUER.der) - 1))
def test_whatever_is_no_certificate_is_refused_without_another_exception(octets: bytes, place: int) -> None:
    for der in (octets, ISSUER.der[:place] + octets + ISSUER.der[place:], ISSUER.der[:place]):
        with suppress(CodecError):
            signer_of_certificate(der)


@given(st.text(max_size=60) | st.text(alphabet=base45.ALPHABET, max_size=80).map(lambda text: "HC1:" + text))
def test_no_text_raises_anything_else(text: str) -> None:
    with pytest.raises(CodecError):
        decode_hcert(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text() | st.binary(), st.lists, max_leaves=8))
def test_no_claims_raise_anything_else(value: object) -> None:
    for claims in (
        value,
        {4: value, -260: {1: value}},
        ISSUER.claims(value),
        ISSUER.claims({**CERTIFICATE, "v": value}),
    ):
        with pytest.raises(CodecError):
            verify_hcert(decode_hcert(written(ISSUER.message(claims))), [ISSUER.signer], AT)
