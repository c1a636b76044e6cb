"""The chain under the codes: status lists whose inflating is bounded, and COSE messages that are read strictly."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Callable

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.codec import CodecError, Fault, signer
from salus.codec.certificates.model import LIST_SIZE
from salus.codec.certificates.status import unpack_bits
from salus.codec.cose import Sign1, parse_sign1, to_be_signed, verify_sign1

LIST_OCTETS = LIST_SIZE // 8
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PROTECTED = b"\xa1\x01\x27"


def sign1(protected: bytes = PROTECTED, payload: bytes = b"payload") -> list[object]:
    return [protected, {}, payload, signer(KEY)(to_be_signed(protected, payload))]


def tagged(parts: object, tag: int = 18) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(tag, parts))


def test_a_bomb_is_refused_before_it_unfolds() -> None:
    bomb = zlib.compress(bytes(64 * 1024 * 1024), 9)
    tracemalloc.start()

    with pytest.raises(CodecError, match=Fault.LENGTH):
        unpack_bits(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 20 * LIST_OCTETS


def test_a_list_of_the_greatest_length_is_accepted_and_one_more_octet_is_not() -> None:
    assert unpack_bits(zlib.compress(bytes(LIST_OCTETS))) == bytes(LIST_OCTETS)
    with pytest.raises(CodecError, match=Fault.LENGTH):
        unpack_bits(zlib.compress(bytes(LIST_OCTETS + 1)))


@pytest.mark.parametrize("change", [lambda f: f[:-1], lambda f: f + b"\0", lambda f: f[:9] + b"\xff\xff" + f[11:]])
def test_broken_streams_and_streams_with_something_after_them_are_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(CodecError, match=Fault.COMPRESSION):
        unpack_bits(change(zlib.compress(b"message " * 50)))


def test_a_signed_message_verifies_and_one_over_other_headers_does_not() -> None:
    good = parse_sign1(tagged(sign1()))
    other = Sign1(protected=b"\xa2\x01\x27\x03\x00", unprotected={}, payload=good.payload, signature=good.signature)

    assert verify_sign1(good, KEY.public_key()) == b"payload"
    with pytest.raises(CodecError, match=Fault.SIGNATURE):
        verify_sign1(other, KEY.public_key())


MALFORMED = {
    "nothing": b"",
    "no tag": cbor2.dumps(sign1()),
    "another tag": tagged(sign1(), 98),
    "three parts": tagged(sign1()[:3]),
    "five parts": tagged([*sign1(), b""]),
    "detached payload": tagged([PROTECTED, {}, None, bytes(64)]),
    "headers as a map": tagged([{1: -8}, {}, b"", bytes(64)]),
    "something after the end": tagged(sign1()) + b"\0",
    "an indefinite array": b"\xd2\x9f" + cbor2.dumps(sign1())[1:] + b"\xff",
    "a repeated key": bytes.fromhex("d28443a10127a20000000141005840") + bytes(64),
    "a deep nest": b"\x81" * 5000 + b"\x00",
    "a length beyond the end": bytes.fromhex("d2845b7fffffffffffffff"),
    "an array of 2^62": bytes.fromhex("d29b4000000000000000"),
    "a cycle": bytes.fromhex("d28443a10127a100d81c81d81d004100") + b"\x58\x40" + bytes(63),
    "broken text": bytes.fromhex("d28443a10127a10061ff4100") + b"\x58\x40" + bytes(64),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_messages_are_refused(name: str) -> None:
    with pytest.raises(CodecError, match=Fault.STRUCTURE):
        parse_sign1(MALFORMED[name])


@pytest.mark.parametrize(
    "protected", [b"\x80", b"\x01", b"\xff", b"\xa1\x01", b"\xa2\x01\x27\x01\x27", b"\xa1\x01\x27\x00"]
)
def test_protected_headers_that_are_not_one_map_are_refused(protected: bytes) -> None:
    with pytest.raises(CodecError, match=Fault.STRUCTURE):
        verify_sign1(parse_sign1(tagged(sign1(protected))), KEY.public_key())


@pytest.mark.parametrize("header", [{}, {1: -7}, {1: "EdDSA"}, {1: -8.0}, {1: True}, {1: None}, {1: [-8]}, {"1": -8}])
def test_the_algorithm_is_the_number_in_the_protected_header_or_the_message_is_refused(header: object) -> None:
    message = parse_sign1(tagged(sign1(cbor2.dumps(header))))

    with pytest.raises(CodecError, match=Fault.ALGORITHM):
        verify_sign1(message, KEY.public_key())


def test_a_message_beyond_the_bound_is_not_even_read() -> None:
    with pytest.raises(CodecError, match=Fault.LENGTH):
        parse_sign1(bytes(16 * 1024 + 1))


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_any_octets_are_refused_without_another_exception(octets: bytes) -> None:
    for message in (octets, b"\xd2\x84" + octets, b"\xd2\x84\x43\xa1\x01\x27\xa1\x00" + octets):
        try:
            verify_sign1(parse_sign1(message), KEY.public_key())
        except CodecError:
            continue
        raise AssertionError("something that nobody signed was accepted")
