"""Token Status List against the working group's own example lists and token; one bit for each place only."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from salus.codec import CodecError
from salus.codec.certificates import StatusList
from salus.codec.certificates.status import pack_bits, unpack_bits
from salus.codec.cose import load_cbor, parse_sign1
from support import corpus

# Section 4.1 of the draft gives these statuses for the two octets of its example.
EXAMPLE = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
# Section on size comparison and test vectors: which places of 2**20 are set in the long one-bit list.
SET = {0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345}


def from_json(path: Path) -> tuple[bytes, int]:
    text = re.sub(r"\s+", "", path.read_text("utf-8").replace("byte_array", "").split("encoded:")[-1])
    value = json.loads(text)
    lst = value["lst"]
    return base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4)), value["bits"]


def from_cbor(path: Path) -> tuple[bytes, int]:
    text = re.sub(r"\s+", "", path.read_text("utf-8").split("encoded:")[-1])
    value = load_cbor(bytes.fromhex(text), most=1 << 22)
    return value["lst"], value["bits"]


def void(bits: bytes) -> StatusList:
    at = datetime(2031, 1, 1, tzinfo=UTC)
    return StatusList(subject="x", issued=at, expires=at, kid=b"", bits=bits)


@pytest.mark.parametrize(
    ("name", "read"), [("status_list_encoding_json.md", from_json), ("status_list_encoding_cbor.md", from_cbor)]
)
def test_the_drafts_example_of_sixteen_places_is_read_place_by_place(name: str, read: object) -> None:
    packed, bits = read(corpus("status-list") / name)  # type: ignore[operator]
    found = void(unpack_bits(packed, bits))

    assert [int(found.void(place)) for place in range(16)] == EXAMPLE
    assert found.void(16)


@pytest.mark.parametrize(
    ("name", "read"),
    [("status_list_encoding1_long_json.md", from_json), ("status_list_encoding1_long_cbor.md", from_cbor)],
)
def test_the_long_list_of_one_bit_has_exactly_its_places_set(name: str, read: object) -> None:
    packed, bits = read(corpus("status-list") / name)  # type: ignore[operator]
    unpacked = unpack_bits(packed, bits)
    found = void(unpacked)

    assert len(unpacked) * 8 == 1 << 20
    assert {place for place in range(1 << 20) if unpacked[place >> 3] and found.void(place)} == SET
    assert unpack_bits(pack_bits(SET)) == unpacked


@pytest.mark.parametrize("width", [2, 4, 8])
def test_lists_of_more_bits_are_refused(width: int) -> None:
    packed, bits = from_json(corpus("status-list") / f"status_list_encoding{width}_json.md")

    assert bits == width
    with pytest.raises(CodecError):
        unpack_bits(packed, bits)


def test_our_tokens_have_the_claims_of_the_drafts_token() -> None:
    text = re.sub(r"\s+", "", (corpus("status-list") / "status_list_cwt.md").read_text("utf-8"))
    theirs = parse_sign1(bytes.fromhex(text))
    claims = load_cbor(theirs.payload)

    assert theirs.headers[16] == "application/statuslist+cwt"
    assert set(claims) == {2, 4, 6, 65533, 65534}
    assert unpack_bits(claims[65533]["lst"], claims[65533]["bits"]) == bytes([0xB9, 0xA3])
