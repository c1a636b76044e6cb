"""`SL1:`, first form: what it holds, that it has one form only, and what becomes of everything else."""

from __future__ import annotations

import json
from contextlib import suppress
from random import Random
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.codec import Algorithm, CodecError, Fault, PublicKey, base45, decode_sl1, encode_sl1, key_id, signer, trimmed
from salus.codec.cose import parse_sign1, verify, verify_sign1
from salus.codec.envelope import MOST_CHARACTERS
from support import REPOSITORY

VECTORS = json.loads((REPOSITORY / "vectors" / "sl1.json").read_text(encoding="utf-8"))
KEYS: dict[bytes, PublicKey] = {
    bytes.fromhex(key["kid"]): load_der_public_key(bytes.fromhex(key["public_spki"])) for key in VECTORS["keys"]
}  # type: ignore[misc]
GOOD, BAD = VECTORS["good"], VECTORS["bad"]
FIRST = GOOD[0]["text"]
FIRST_MESSAGE = bytes.fromhex(GOOD[0]["message"])


def private(kid: str) -> Any:
    key = next(key for key in VECTORS["keys"] if key["kid"] == kid)
    octets = bytes.fromhex(key["private"])
    if key["algorithm"] == "EDDSA":
        return Ed25519PrivateKey.from_private_bytes(octets)
    return ec.derive_private_key(int.from_bytes(octets), ec.SECP256R1())


def named(cases: list[dict[str, str]]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


@named(VECTORS["keys"])
def test_a_key_is_named_by_the_digest_of_its_public_half(case: dict[str, str]) -> None:
    assert key_id(private(case["kid"]).public_key()).hex() == case["kid"]


@named(GOOD)
def test_a_good_code_gives_its_identifier(case: dict[str, str]) -> None:
    assert decode_sl1(case["text"], KEYS).hex() == case["identifier"]


@named(GOOD)
def test_the_same_identifier_and_key_give_the_same_text(case: dict[str, str]) -> None:
    sign, algorithm = signer(private(case["kid"])), Algorithm[case["algorithm"]]

    text = encode_sl1(bytes.fromhex(case["identifier"]), bytes.fromhex(case["kid"]), sign, algorithm)

    assert text == case["text"]
    assert base45.decode(text[4:]).hex() == case["message"]


@named(GOOD)
def test_a_code_is_a_cose_message_whose_every_field_is_counted(case: dict[str, str]) -> None:
    octets = bytes.fromhex(case["message"])
    message = parse_sign1(octets)

    assert message.headers == {1: Algorithm[case["algorithm"]].value, 4: bytes.fromhex(case["kid"])}
    assert message.unprotected == {}
    assert cbor2.loads(message.payload) == {7: bytes.fromhex(case["identifier"])}
    assert verify_sign1(message, KEYS[bytes.fromhex(case["kid"])]) == message.payload
    parts = [message.protected, dict(message.unprotected), message.payload, message.signature]
    assert cbor2.dumps(cbor2.CBORTag(18, parts), canonical=True) == octets


@named(GOOD)
def test_every_code_has_the_same_length_and_fits_a_qr_alphanumeric_segment(case: dict[str, str]) -> None:
    assert len(case["text"]) == 159
    assert len(case["message"]) == 2 * 103
    assert set(case["text"]) <= set(base45.ALPHABET)
    assert case["text"] == case["text"].strip()


@named(BAD)
def test_a_bad_code_is_refused_with_its_fault(case: dict[str, str]) -> None:
    with pytest.raises(CodecError) as refused:
        decode_sl1(case["text"], KEYS)

    assert refused.value.code == case["fault"]
    assert len(case["text"]) < 8 or case["text"][4:] not in refused.value.text


def test_every_fault_that_a_code_can_have_occurs_among_the_bad_cases() -> None:
    # of messages that are not of a fixed layout, of codes that have times, and of trust files
    elsewhere = {
        Fault.COMPRESSION,
        Fault.STRUCTURE,
        Fault.EXPIRED,
        Fault.NOT_YET,
        Fault.ROLLBACK,
        Fault.VOID,
        Fault.OUT_OF_DATE,
    }

    assert {case["fault"] for case in BAD} == {fault.value for fault in Fault} - elsewhere


@named(VECTORS["trimmed"])
def test_trimming_takes_white_space_off_the_ends_and_folds_ascii_letters_only(case: dict[str, str]) -> None:
    assert trimmed(case["scanned"]) == case["text"]


def test_nothing_is_trimmed_unless_asked() -> None:
    for text in (FIRST + "\n", " " + FIRST, FIRST.lower()):
        with pytest.raises(CodecError):
            decode_sl1(text, KEYS)
        assert decode_sl1(trimmed(text), KEYS).hex() == GOOD[0]["identifier"]


def test_a_long_text_is_not_cut_to_a_good_one_by_trimming() -> None:
    with pytest.raises(CodecError, match=Fault.LENGTH):
        decode_sl1(trimmed(FIRST + " " * 5000 + "X"), KEYS)


@pytest.mark.parametrize("text", [None, 7, b"SL1:", ["SL1:"]])
def test_what_is_not_text_is_refused_as_a_code(text: Any) -> None:
    with pytest.raises(CodecError, match=Fault.LENGTH):
        decode_sl1(text, KEYS)


def test_a_signature_by_the_right_key_over_another_form_is_refused() -> None:
    """The signature alone decides nothing: cases of this kind are rightly signed."""
    cases = [case for case in BAD if "rightly signed" in case["name"]]
    whole = 0
    for case in cases:
        message = parse_sign1(base45.decode(case["text"][4:]))
        with suppress(CodecError):
            whole += verify_sign1(message, KEYS[bytes.fromhex(GOOD[0]["kid"])]) == message.payload
        with pytest.raises(CodecError):
            decode_sl1(case["text"], KEYS)

    assert whole >= 6


@pytest.mark.parametrize("length", [0, 15, 17])
def test_an_identifier_of_another_length_cannot_be_issued(length: int) -> None:
    kid = GOOD[0]["kid"]

    with pytest.raises(CodecError, match=Fault.STRUCTURE):
        encode_sl1(bytes(length), bytes.fromhex(kid), signer(private(kid)))


def test_a_signer_that_returns_something_else_is_refused_when_issuing() -> None:
    kid = bytes.fromhex(GOOD[0]["kid"])

    for signature in (b"", bytes(63), bytes(65), bytes(32) + b"\xff" * 32):
        with pytest.raises(CodecError):
            encode_sl1(bytes(16), kid, lambda _, made=signature: made)


def test_a_key_id_of_another_length_cannot_be_used() -> None:
    with pytest.raises(CodecError, match=Fault.STRUCTURE):
        encode_sl1(bytes(16), b"short", signer(private(GOOD[0]["kid"])))


def test_keys_of_other_kinds_neither_sign_nor_verify() -> None:
    other = ec.derive_private_key(3, ec.SECP384R1())

    with pytest.raises(CodecError, match=Fault.KEY):
        signer(other)
    with pytest.raises(CodecError, match=Fault.KEY):
        decode_sl1(FIRST, {bytes.fromhex(GOOD[0]["kid"]): other.public_key()})


def test_without_keys_nothing_is_accepted() -> None:
    for case in GOOD:
        with pytest.raises(CodecError, match=Fault.KEY):
            decode_sl1(case["text"], {})


def test_a_key_that_has_gone_still_verifies_while_it_is_given() -> None:
    old, new = ec.derive_private_key(5, ec.SECP256R1()), ec.derive_private_key(6, ec.SECP256R1())
    code = encode_sl1(bytes(16), key_id(old.public_key()), signer(old))

    assert decode_sl1(code, {key_id(k.public_key()): k.public_key() for k in (old, new)}) == bytes(16)
    with pytest.raises(CodecError, match=Fault.KEY):
        decode_sl1(code, {key_id(new.public_key()): new.public_key()})


@pytest.mark.parametrize("case", [GOOD[0], GOOD[2]], ids=["ES256", "EdDSA"])
def test_no_single_changed_bit_is_accepted(case: dict[str, str]) -> None:
    octets = bytes.fromhex(case["message"])
    for bit in range(8 * len(octets)):
        changed = bytearray(octets)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CodecError):
            decode_sl1("SL1:" + base45.encode(bytes(changed)), KEYS)


@pytest.mark.parametrize("case", [GOOD[0], GOOD[2]], ids=["ES256", "EdDSA"])
def test_no_truncation_and_no_extension_is_accepted(case: dict[str, str]) -> None:
    text = case["text"]
    for end in range(len(text)):
        with pytest.raises(CodecError):
            decode_sl1(text[:end], KEYS)
    for more in base45.ALPHABET:
        with pytest.raises(CodecError):
            decode_sl1(text + more, KEYS)


def refused_or_the_same(text: str) -> None:
    """The property of this form: whatever is accepted is the text that its parts are encoded to."""
    try:
        identifier = decode_sl1(text, KEYS)
    except CodecError:
        return
    message = base45.decode(text[4:])
    assert encode_sl1(identifier, message[8:16], lambda _: message[39:], Algorithm(-1 - (message[5] - 0x20))) == text
    assert text in {case["text"] for case in GOOD}


@given(st.integers(0, len(FIRST)), st.integers(0, 4), st.text(alphabet=base45.ALPHABET, max_size=4))
@settings(max_examples=400)
def test_edits_of_a_good_code_are_refused(place: int, taken: int, given_text: str) -> None:
    refused_or_the_same(FIRST[:place] + given_text + FIRST[place + taken :])


@given(st.integers(0, 102), st.binary(min_size=1, max_size=12), st.sampled_from([case["message"] for case in GOOD]))
@settings(max_examples=400)
def test_overwritten_messages_are_refused(place: int, octets: bytes, message: str) -> None:
    changed = bytearray.fromhex(message)
    changed[place : place + len(octets)] = octets

    refused_or_the_same("SL1:" + base45.encode(bytes(changed)))


@given(st.binary(max_size=340))
@settings(max_examples=200)
def test_any_message_is_refused_without_another_exception(message: bytes) -> None:
    refused_or_the_same("SL1:" + base45.encode(message))


@given(st.text(max_size=MOST_CHARACTERS + 20))
@settings(max_examples=200)
def test_any_text_is_refused_without_another_exception(text: str) -> None:
    refused_or_the_same(text)
    refused_or_the_same("SL1:" + text)
    refused_or_the_same(trimmed(text))


@pytest.mark.slow
def test_twenty_thousand_spliced_codes_are_refused() -> None:
    dice, good = Random(4), [bytes.fromhex(case["message"]) for case in GOOD]
    for _ in range(20_000):
        left, right = dice.choice(good), dice.choice(good)
        cut = dice.randint(0, 103)
        spliced = bytearray(left[:cut] + right[cut:])
        for _ in range(dice.randint(0, 3)):
            spliced[dice.randint(0, 102)] = dice.randint(0, 255)

        refused_or_the_same("SL1:" + base45.encode(bytes(spliced)))


def test_signatures_whose_numbers_begin_with_zeros_or_need_one_more_octet_are_checked() -> None:
    key = ec.derive_private_key(7, ec.SECP256R1())
    sign, seen = signer(key), set()
    for number in range(2_000):
        octets = number.to_bytes(2)
        signature = sign(octets)
        seen.update({(0, signature[0] == 0, signature[0] > 0x7F), (32, signature[32] == 0, False)})
        if 0 in {signature[0], signature[32]} or number < 100:
            verify(key.public_key(), signature, octets)
            with pytest.raises(CodecError):
                verify(key.public_key(), signature, octets + b"!")

    assert seen >= {(0, True, False), (0, False, True), (0, False, False), (32, True, False)}


@pytest.mark.parametrize("signature", [bytes(64), b"\xff" * 64, bytes(32) + b"\x01" * 32], ids=["0", "all", "r is 0"])
def test_numbers_that_no_signature_has_are_refused(signature: bytes) -> None:
    with pytest.raises(CodecError) as refused:
        verify(ec.derive_private_key(7, ec.SECP256R1()).public_key(), signature, b"octets")

    assert refused.value.fault is Fault.SIGNATURE
