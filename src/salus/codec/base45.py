"""Base45 (RFC 9285, 2022), strict in both directions: what would not come back as it was is refused."""

from __future__ import annotations

import struct

from salus.codec.errors import CodecError, Fault

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_OUTSIDE = 255
_PAIRS = tuple(ALPHABET[number % 45] + ALPHABET[number // 45] for number in range(2025))
_VALUES = bytes(ALPHABET.find(chr(code)) if chr(code) in ALPHABET else _OUTSIDE for code in range(256))


def encode(octets: bytes) -> str:
    """Write octets as base45: two octets as three characters, a last single one as two (RFC 9285, section 4)."""
    whole, odd = divmod(len(octets), 2)
    numbers = struct.unpack(f">{whole}H", octets[: 2 * whole])
    written = [_PAIRS[number % 2025] + ALPHABET[number // 2025] for number in numbers]
    if odd:
        written.append(_PAIRS[octets[-1]])
    return "".join(written)


def decode(text: str) -> bytes:
    """Read base45; the inverse of `encode` and of nothing else.

    Raises CodecError for characters outside the alphabet, lower case included, for a length that no octets have, and
    for groups beyond 65,535 or 255.
    """
    if not text.isascii():
        raise CodecError("a character is outside the base45 alphabet", Fault.ALPHABET)
    values = text.encode("ascii").translate(_VALUES)
    if _OUTSIDE in values:
        raise CodecError("a character is outside the base45 alphabet", Fault.ALPHABET)
    whole, rest = divmod(len(values), 3)
    if rest == 1:
        raise CodecError("base45 text cannot have this length; a character is missing", Fault.ALPHABET)
    low, middle, high = (values[place : whole * 3 : 3] for place in range(3))
    numbers = [a + b * 45 + c * 2025 for a, b, c in zip(low, middle, high, strict=True)]
    if numbers and max(numbers) > 0xFFFF:
        raise CodecError("a base45 group stands for more than two octets", Fault.ALPHABET)
    read = struct.pack(f">{whole}H", *numbers)
    if not rest:
        return read
    number = values[-2] + values[-1] * 45
    if number > 0xFF:
        raise CodecError("the last base45 group stands for more than one octet", Fault.ALPHABET)
    return read + bytes([number])
