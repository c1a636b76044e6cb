"""`SL1:`, second form: what a certificate can say, that it has one text only, and what becomes of everything else."""

from __future__ import annotations

import dataclasses
import random
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.codec import Algorithm, CodecError, Fault, base45, decode_sl1, encode_sl1, key_id, signer
from salus.codec.certificates import (
    LONGEST,
    Certificate,
    CertificateKind,
    Disease,
    Hint,
    decode_certificate,
    encode_certificate,
)
from salus.codec.certificates.text import payload_of
from salus.codec.cose import to_be_signed

KEY = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
EDWARDS = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KID = key_id(KEY.public_key())
AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
DAY_OF = (AT.date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days
HINT = Hint(initials="SX", month=2, day=29, last_two="3X")
VACCINATION = Certificate(
    kind=CertificateKind.VACCINATION,
    disease=Disease.INFLUENZA,
    when=DAY_OF - 30,
    issued=AT,
    expires=AT + timedelta(days=90),
    list_number=1,
    index=1_000_003,
    hint=HINT,
)
TEST = dataclasses.replace(
    VACCINATION,
    kind=CertificateKind.TEST,
    when=DAY_OF * 24,
    expires=AT + timedelta(hours=64),
    hint=None,
)
TEXT = encode_certificate(VACCINATION, KID, signer(KEY))


def signed(payload: Any, protected: bytes | None = None, unprotected: Any = None) -> str:
    """Sign any payload at all with the true key, as no issuer would."""
    octets = payload if isinstance(payload, bytes) else cbor2.dumps(payload, canonical=True)
    protected = bytes.fromhex("a201260448") + KID if protected is None else protected
    signature = signer(KEY)(to_be_signed(protected, octets))
    message = cbor2.dumps(cbor2.CBORTag(18, [protected, {} if unprotected is None else unprotected, octets, signature]))
    return "SL1:" + base45.encode(message)


def claims(**changed: Any) -> dict[int, Any]:
    found: dict[int, Any] = cbor2.loads(payload_of(VACCINATION))
    for name, value in changed.items():
        place = {"expires": 4, "issued": 6}.get(name)
        if place:
            found[place] = value
        else:
            at = ("kind", "disease", "when", "list", "index", "hint").index(name)
            found[-65537][at : at + 1] = [value]
    return found


@pytest.mark.parametrize("certificate", [VACCINATION, TEST], ids=lambda one: one.kind.word)
@pytest.mark.parametrize(("key", "algorithm"), [(KEY, Algorithm.ES256), (EDWARDS, Algorithm.EDDSA)])
def test_a_certificate_comes_back_as_it_was_written(certificate: Certificate, key: Any, algorithm: Algorithm) -> None:
    text = encode_certificate(certificate, key_id(key.public_key()), signer(key), algorithm)
    presented = decode_certificate(text)
    presented.verify(key.public_key())

    assert presented.certificate == certificate
    assert presented.kid == key_id(key.public_key())


def test_it_holds_its_fact_and_no_more() -> None:
    assert {field.name for field in dataclasses.fields(Certificate)} == {
        "kind", "disease", "when", "issued", "expires", "list_number", "index", "hint",
    }  # fmt: skip
    assert {field.name for field in dataclasses.fields(Hint)} == {"initials", "month", "day", "last_two"}
    assert {kind.word for kind in CertificateKind} == {"vaccination", "test", "recovery"}


def test_without_a_hint_it_says_nothing_about_who() -> None:
    bare = dataclasses.replace(VACCINATION, hint=None)

    assert cbor2.loads(payload_of(bare)) == {
        4: int(bare.expires.timestamp()),
        6: int(bare.issued.timestamp()),
        -65537: [1, 2, bare.when, 1, 1_000_003],
    }


def test_the_claims_are_signed_as_cose_signs_them() -> None:
    message = cbor2.loads(base45.decode(TEXT[4:])).value

    assert message[1] == {}
    assert message[2] == payload_of(VACCINATION)
    decode_certificate(TEXT).verify(KEY.public_key())


def test_it_fits_a_small_picture() -> None:
    bare = encode_certificate(dataclasses.replace(VACCINATION, hint=None), KID, signer(KEY))

    assert len(bare) <= 178  # QR version 7 at level M takes 178 alphanumeric characters
    assert len(TEXT) <= 221  # version 8
    assert set(TEXT) <= set(base45.ALPHABET)


def test_compression_would_only_make_it_longer() -> None:
    message = base45.decode(TEXT[4:])

    assert len(zlib.compress(message, 9)) > len(message)
    with pytest.raises(CodecError):
        decode_certificate("SL1:" + base45.encode(zlib.compress(message, 9)))


EPOCH_HOURS = int(AT.timestamp())
REFUSED = {
    "no expiry": {6: EPOCH_HOURS, -65537: [1, 2, DAY_OF, 1, 1]},
    "no issue": {4: EPOCH_HOURS, -65537: [1, 2, DAY_OF, 1, 1]},
    "another claim": {**claims(), 1: "https://example.org"},
    "a subject": {**claims(), 2: "a name"},
    "an unknown kind": claims(kind=4),
    "kind zero": claims(kind=0),
    "an unknown disease": claims(disease=12),
    "true for one": claims(kind=True),
    "a float": claims(when=float(DAY_OF)),
    "a large number": claims(when=1 << 70),
    "a negative day": claims(when=-1),
    "text for a number": claims(index="1"),
    "an index beyond the list": claims(index=1 << 20),
    "a seventh item": {**claims(), -65537: [*claims()[-65537], 1]},
    "a fact without a place in a list": {**claims(), -65537: [1, 2, DAY_OF]},
    "a hint with a name": claims(hint=["Sun Xinxiao", 2, 29, "3X"]),
    "a hint with the year": claims(hint=["SX", 2, 29, "3X", 1980]),
    "a hint with a day that no calendar has": claims(hint=["SX", 2, 30, "3X"]),
    "a hint with the whole number": claims(hint=["SX", 2, 29, "110101198002293X"]),
    "half an hour": claims(expires=EPOCH_HOURS + 1800),
    "expired before it was issued": claims(expires=EPOCH_HOURS - 3600),
    "longer than any may live": claims(expires=EPOCH_HOURS + 366 * 86400),
    "no map": [1, 2, 3],
    "an identity code's claim": {7: bytes(16)},
    "a measure": {4: EPOCH_HOURS + 3600, 6: EPOCH_HOURS, -65537: ["precaution"]},
}


@pytest.mark.parametrize("payload", REFUSED.values(), ids=REFUSED.keys())
def test_a_true_signature_over_anything_else_is_refused(payload: Any) -> None:
    with pytest.raises(CodecError):
        decode_certificate(signed(payload))


def test_the_same_way_of_signing_makes_a_good_one() -> None:
    """Else the refusals above would prove nothing."""
    assert decode_certificate(signed(claims())).certificate == VACCINATION


NOT_CANONICAL = {
    "keys in another order": b"\xa3"
    + b"".join(cbor2.dumps(key) + cbor2.dumps(value) for key, value in reversed(claims().items())),
    "a key twice": b"\xa4" + payload_of(VACCINATION)[1:] + payload_of(VACCINATION)[1:7],
    "an indefinite map": b"\xbf" + payload_of(VACCINATION)[1:] + b"\xff",
    "an octet after the end": payload_of(VACCINATION) + b"\x00",
    "a number in more octets than it needs": payload_of(VACCINATION).replace(b"\x86\x01\x02", b"\x86\x01\x18\x02"),
    "too deep": b"\xa3\x04" + b"\x81" * 60,
}


@pytest.mark.parametrize("payload", NOT_CANONICAL.values(), ids=NOT_CANONICAL.keys())
def test_another_encoding_of_the_same_claims_is_refused(payload: bytes) -> None:
    with pytest.raises(CodecError):
        decode_certificate(signed(payload))


def test_only_the_protected_header_names_the_key() -> None:
    for unprotected in ({4: KID}, {1: -7}):
        with pytest.raises(CodecError):
            decode_certificate(signed(claims(), unprotected=unprotected))
    with pytest.raises(CodecError):
        decode_certificate(signed(claims(), protected=bytes.fromhex("a10126"), unprotected={4: KID}))


def test_the_higher_form_of_a_signature_is_refused() -> None:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    message = base45.decode(TEXT[4:])
    high = message[:-32] + (order - int.from_bytes(message[-32:])).to_bytes(32)

    with pytest.raises(CodecError) as refused:
        decode_certificate("SL1:" + base45.encode(high))
    assert refused.value.fault is Fault.CANONICAL


def test_neither_form_of_sl1_is_read_as_the_other() -> None:
    identity = encode_sl1(bytes(16), KID, signer(KEY))

    with pytest.raises(CodecError):
        decode_certificate(identity)
    with pytest.raises(CodecError):
        decode_sl1(TEXT, {KID: KEY.public_key()})


def test_a_test_certificate_lives_from_its_specimen_not_from_its_issue() -> None:
    taken = DAY_OF * 24 - 71

    with pytest.raises(CodecError):
        dataclasses.replace(TEST, when=taken, expires=AT + timedelta(hours=64))
    assert LONGEST[CertificateKind.TEST] == timedelta(hours=72)


@pytest.mark.parametrize("text", ["", "SL1:", "HC1:" + TEXT[4:], TEXT.lower(), TEXT + " ", "SL1:" + "A" * 600, None, 7])
def test_what_is_no_code_is_refused_in_the_same_way(text: object) -> None:
    with pytest.raises(CodecError):
        decode_certificate(text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=600) | st.binary(max_size=300).map(lambda octets: "SL1:" + base45.encode(octets)))
def test_no_text_raises_anything_else(text: str) -> None:
    with pytest.raises(CodecError):
        decode_certificate(text).verify(KEY.public_key())


def test_of_many_mutations_none_is_accepted_and_no_other_error_leaks() -> None:
    """Octets and characters changed, dropped, doubled and moved, by a fixed seed."""
    dice = random.Random(20310301)
    message = base45.decode(TEXT[4:])
    accepted = 0
    for _ in range(6000):
        octets = bytearray(message)
        for _ in range(dice.randint(1, 3)):
            place = dice.randrange(len(octets))
            match dice.randrange(4):
                case 0:
                    octets[place] ^= 1 << dice.randrange(8)
                case 1:
                    del octets[place]
                case 2:
                    octets.insert(place, dice.randrange(256))
                case _:
                    octets[place:] = octets[place:][::-1]
        if bytes(octets) == message:
            continue
        try:
            decode_certificate("SL1:" + base45.encode(bytes(octets))).verify(KEY.public_key())
        except CodecError:
            continue
        accepted += 1

    assert accepted == 0
