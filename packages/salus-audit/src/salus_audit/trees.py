"""Merkle trees after RFC 6962 as stacks of peaks: the complete subtrees that a number of leaves falls into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

Peak = tuple[int, bytes]
"""The height of a complete subtree, and its hash."""
WIDTH = 256


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return sha256(b"\0" + entry).digest()


def inner_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash over two subtrees."""
    return sha256(b"\1" + left + right).digest()


def push(peaks: list[Peak], height: int, value: bytes) -> None:
    """Add a complete subtree at the right, and join what has become complete with it."""
    while peaks and peaks[-1][0] == height:
        value = inner_hash(peaks.pop()[1], value)
        height += 1
    peaks.append((height, value))


def peaks_of(hashes: Iterable[bytes]) -> list[Peak]:
    """Return the peaks over leaves, the highest first."""
    peaks: list[Peak] = []
    for one in hashes:
        push(peaks, 0, one)
    return peaks


def root_of(peaks: Sequence[Peak]) -> bytes:
    """Return the root over peaks; that of no leaves is the hash of nothing."""
    if not peaks:
        return sha256(b"").digest()
    value = peaks[-1][1]
    for _, left in reversed(peaks[:-1]):
        value = inner_hash(left, value)
    return value


def proved_root(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that a path of inclusion leads to (RFC 9162, 2.1.3.2); None if it has another length."""
    if not 0 <= index < size:
        return None
    value, here, last = leaf, index, size - 1
    for one in path:
        if last == 0:
            return None
        if here & 1 or here == last:
            value = inner_hash(one, value)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            value = inner_hash(value, one)
        here, last = here >> 1, last >> 1
    return value if last == 0 else None


def tile_path(level: int | str, index: int, width: int) -> str:
    """Return where a tile of hashes, or with the level `entries` a bundle, lies (C2SP tlog-tiles)."""
    return f"tile/{level}/{number_path(index)}" + ("" if width == WIDTH else f".p/{width}")


def number_path(number: int) -> str:
    """Write a number in groups of three digits, all but the last with an x before them."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    return "/".join(groups)
