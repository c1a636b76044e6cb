"""Base45 against RFC 9285: its worked examples, its alphabet, and a slow twin that computes as the text is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.codec import CodecError
from salus.codec.base45 import ALPHABET, decode, encode

# RFC 9285, sections 4.3 and 4.4
EXAMPLES = [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0")]


def by_the_letter(octets: bytes) -> str:
    """RFC 9285, section 4, step by step."""
    text = ""
    for place in range(0, len(octets), 2):
        pair = octets[place : place + 2]
        number = pair[0] * 256 + pair[1] if len(pair) == 2 else pair[0]
        for _ in range(len(pair) + 1):
            text += ALPHABET[number % 45]
            number //= 45
    return text


@pytest.mark.parametrize(("octets", "text"), EXAMPLES)
def test_the_examples_of_the_standard_hold_both_ways(octets: bytes, text: str) -> None:
    assert encode(octets) == text
    assert decode(text) == octets


def test_the_alphabet_is_table_one_of_the_standard() -> None:
    assert ALPHABET == "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def test_nothing_is_nothing() -> None:
    assert encode(b"") == ""
    assert decode("") == b""


@given(st.binary(max_size=300))
def test_any_octets_come_back_and_are_written_as_the_standard_says(octets: bytes) -> None:
    text = encode(octets)

    assert text == by_the_letter(octets)
    assert decode(text) == octets


def test_every_two_octets_and_every_single_one_are_written_and_read_by_the_letter() -> None:
    everything = b"".join(number.to_bytes(2) for number in range(1 << 16))

    assert encode(everything) == by_the_letter(everything)
    assert decode(encode(everything)) == everything
    assert [encode(bytes([one])) for one in range(256)] == [by_the_letter(bytes([one])) for one in range(256)]


def test_every_group_that_stands_for_more_than_two_octets_is_refused_wherever_it_is() -> None:
    beyond = range(1 << 16, 45**3)
    groups = [ALPHABET[one % 45] + ALPHABET[one // 45 % 45] + ALPHABET[one // 2025] for one in beyond]

    for place, group in enumerate(groups):
        text = "000" * (place % 7) + group + "ZZ0" * (place % 5)
        with pytest.raises(CodecError):
            decode(text)


@given(st.text(alphabet=ALPHABET, max_size=60))
def test_text_that_is_accepted_is_the_only_text_for_its_octets(text: str) -> None:
    try:
        octets = decode(text)
    except CodecError:
        return

    assert encode(octets) == text


def test_all_one_and_two_character_endings_are_refused_or_come_back() -> None:
    for first in ALPHABET:
        with pytest.raises(CodecError):
            decode(first)
        for second in ALPHABET:
            number = ALPHABET.index(first) + 45 * ALPHABET.index(second)
            if number > 255:
                with pytest.raises(CodecError):
                    decode(first + second)
            else:
                assert decode(first + second) == bytes([number])


@pytest.mark.parametrize("text", ["GGW", ":::", "::", "FGW:::", "BB8::"])
def test_groups_that_stand_for_too_much_are_refused(text: str) -> None:
    with pytest.raises(CodecError, match="SALUS-C002"):
        decode(text)


def test_the_largest_groups_are_accepted() -> None:
    assert decode("FGW") == b"\xff\xff"
    assert decode("U5") == b"\xff"


@pytest.mark.parametrize("text", ["bb8", "BB_", "BB\n", "\x00B8", "ＢB8", "BB8é", "ſ00", "B\udc80"])
def test_characters_outside_the_alphabet_are_refused(text: str) -> None:
    with pytest.raises(CodecError, match="SALUS-C002"):
        decode(text)


@given(st.text(max_size=40))
def test_no_text_raises_anything_but_a_codec_error(text: str) -> None:
    try:
        octets = decode(text)
    except CodecError:
        return

    assert encode(octets) == text
