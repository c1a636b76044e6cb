"""Ascending places as the gaps between them, in Golomb–Rice code (Golomb 1966; Rice and Plaunt 1971). Pure.

Places are drawn at random, so gaps are geometric, for which this code is within a hundredth of the entropy.
"""

from __future__ import annotations

from collections.abc import Sequence

from salus.codec.errors import CodecError, Fault

MOST_PLACES = 1 << 17
MOST_RICE = 36


def pack_gaps(places: Sequence[int]) -> tuple[int, bytes]:
    """Write ascending places; return how many low bits of a gap stand as they are, and the octets.

    A gap is the number of places in between. What it has above its low bits is counted in ones and ended by a zero; the
    low bits follow, most significant first. The last octet is filled up with zeros.
    """
    gaps = [place - before - 1 for before, place in zip([-1, *places], places, strict=False)]
    rice = _best(gaps)
    bits = "".join("1" * (gap >> rice) + "0" + f"{gap & (1 << rice) - 1:0{rice}b}"[: rice or 0] for gap in gaps)
    octets = -(-len(bits) // 8)
    return rice, int(bits.ljust(8 * octets, "0") or "0", 2).to_bytes(octets)


def unpack_gaps(octets: bytes, count: int, rice: int, size: int) -> tuple[int, ...]:
    """Read exactly `count` ascending places below `size`; CodecError for fewer, more, larger, or anything behind."""
    bits = f"{int.from_bytes(octets):0{8 * len(octets)}b}" if octets else ""
    found, at, place = [], 0, -1
    for _ in range(count):
        zero = bits.find("0", at)
        low = bits[zero + 1 : zero + 1 + rice]
        if zero < 0 or len(low) < rice:
            raise CodecError("a change ends before its last place", Fault.LENGTH)
        place += (zero - at << rice) + int(low or "0", 2) + 1
        if place >= size:
            raise CodecError("a change has a place beyond the lists", Fault.STRUCTURE)
        found.append(place)
        at = zero + 1 + rice
    if len(bits) - at >= 8 or "1" in bits[at:]:
        raise CodecError("a change has something behind its last place", Fault.CANONICAL)
    return tuple(found)


def _best(gaps: Sequence[int]) -> int:
    """Return the number of low bits for which the code is shortest, the smallest one of several."""
    near = (sum(gaps) // len(gaps)).bit_length() if gaps else 0
    return min(range(max(0, near - 3), near + 2), key=lambda rice: sum(gap >> rice for gap in gaps) + rice * len(gaps))
