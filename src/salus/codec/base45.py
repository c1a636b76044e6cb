"""Base45 (RFC 9285, 2022), strict in both directions: what would not come back as it was is refused."""

from __future__ import annotations

from functools import lru_cache

from salus.codec.errors import CodecError, Fault

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_OUTSIDE = 255
_CHARACTERS = ALPHABET.encode().ljust(256, b"?")
_VALUES = bytes(ALPHABET.find(chr(code)) if chr(code) in ALPHABET else _OUTSIDE for code in range(256))


def encode(octets: bytes) -> str:
    """Write octets as base45: two octets as three characters, a last single one as two (RFC 9285, section 4)."""
    whole, odd = divmod(len(octets), 2)
    values = _values_of(octets, whole)
    if odd:
        values += bytes((octets[-1] % 45, octets[-1] // 45))
    return values.translate(_CHARACTERS).decode("ascii")


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
    read = _octets_of(values, whole)
    if not rest:
        return read
    number = values[-2] + values[-1] * 45
    if number > 0xFF:
        raise CodecError("the last base45 group stands for more than one octet", Fault.ALPHABET)
    return read + bytes([number])


def _values_of(octets: bytes, groups: int) -> bytearray:
    """Return three values for each two octets, of all groups at once: each has 32 bits of one large number.

    It is faster than a table of 65,536 groups, which would not be in the processor's cache after a signature. Division
    by 45 is multiplication by 46,604 / 2^21, which is exact for 16 bits and stays within 32.
    """
    end, lanes, size = 2 * groups, bytearray(4 * groups), 4 * groups
    lanes[::4], lanes[1::4] = octets[1:end:2], octets[:end:2]
    numbers, quotients = int.from_bytes(lanes, "little"), _quotients(groups)
    upper = (numbers * 46604 >> 21) & quotients
    third = (upper * 46604 >> 21) & quotients
    values = bytearray(3 * groups)
    for place, found in enumerate((numbers - 45 * upper, upper - 45 * third, third)):
        values[place::3] = found.to_bytes(size, "little")[::4]
    return values


@lru_cache(maxsize=256)
def _quotients(groups: int) -> int:
    """Return which bits a quotient has, in every group: 65,535 / 45 has 11."""
    return int.from_bytes(b"\xff\x07\0\0" * groups, "little")


def _octets_of(values: bytes, groups: int) -> bytes:
    """Return two octets for each three values, of all groups at once: each is 24 bits of one large number.

    The greatest group, 44 + 44 * 45 + 44 * 2025, needs 17 of them, so that nothing is carried into the next.
    """
    size, lowest = 3 * groups, _lowest(groups)
    written = int.from_bytes(values[:size], "little")
    numbers = (written & lowest) + 45 * (written >> 8 & lowest) + 2025 * (written >> 16 & lowest)
    found = numbers.to_bytes(size, "little")
    if found[2::3].strip(b"\0"):
        raise CodecError("a base45 group stands for more than two octets", Fault.ALPHABET)
    octets = bytearray(2 * groups)
    octets[::2], octets[1::2] = found[1::3], found[::3]
    return bytes(octets)


@lru_cache(maxsize=256)
def _lowest(groups: int) -> int:
    """Return which bits the first value has, in every group."""
    return int.from_bytes(b"\xff\0\0" * groups, "little")
