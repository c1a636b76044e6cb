"""Merkle trees after RFC 6962 section 2.1 (unchanged in RFC 9162): hashes, growth, proofs and their checks.

Inclusion and consistency are both cases of the subtree proofs of draft-ietf-plants-merkle-tree-certs, section 4: an
entry is the subtree of one leaf, an older tree the subtree that begins at 0. One recursion makes them, one checks them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from salus.proof.errors import ProofError

HASH_BYTES = 32
MOST_LEAVES = 2**63 - 1
EMPTY_ROOT = sha256(b"").digest()

Reader = Callable[[int, int], bytes]
"""`reader(level, index)` is the hash of the complete subtree over the 2**level leaves from index * 2**level on."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash one entry of the log."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbouring subtrees into their parent."""
    return sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the tree's root over these leaf hashes; without any, the hash of nothing."""
    row = list(leaf_hashes)
    _check_hashes(row)
    while len(row) > 1:
        alone = row[-1:] if len(row) & 1 else []
        row = [*map(node_hash, row[::2], row[1::2]), *alone]
    return row[0] if row else EMPTY_ROOT


class Frontier:
    """The right edge of a growing tree: the complete subtrees that make up its size, largest first.

    It holds at most 63 hashes whatever the size. `Frontier(size, hashes)` resumes from stored ones; ProofError if
    their number does not fit the size.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        _check_size(size)
        self._hashes = list(hashes)
        self._size = size
        _check_hashes(self._hashes)
        if len(self._hashes) != size.bit_count():
            raise ProofError(f"a tree of {size} leaves has {size.bit_count()} edge hashes, not {len(self._hashes)}")

    @property
    def size(self) -> int:
        """The number of leaves so far."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The edge, largest subtree first."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add one leaf hash; return the subtrees that it completed as (level, index, hash), itself first.

        What is returned over time is exactly what a `Reader` of this tree may be asked for.
        """
        _check_hash(leaf)
        level, index, value = 0, self._size, leaf
        complete = [(level, index, value)]
        while index & 1:
            value = node_hash(self._hashes.pop(), value)
            level, index = level + 1, index >> 1
            complete.append((level, index, value))
        self._hashes.append(value)
        self._size += 1
        return complete

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        if not self._hashes:
            return EMPTY_ROOT
        value = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            value = node_hash(left, value)
        return value


def frontier_at(reader: Reader, size: int) -> Frontier:
    """Read the right edge of the tree of this size."""
    _check_size(size)
    hashes, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            hashes.append(reader(level, start >> level))
            start += 1 << level
    return Frontier(size, hashes)


def prove_inclusion(reader: Reader, index: int, size: int) -> list[bytes]:
    """Prove that leaf `index` stands in the tree of `size` leaves (RFC 6962 section 2.1.1)."""
    return prove_subtree(reader, index, index + 1, size)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check a proof of inclusion against a root that the caller trusts; ProofError unless it holds."""
    _check_hashes((leaf, root))
    verify_subtree(index, index + 1, size, proof, subtree_root=leaf, tree_root=root)


def prove_consistency(reader: Reader, old: int, new: int) -> list[bytes]:
    """Prove that the tree of `new` leaves begins with the tree of `old` leaves (RFC 6962 section 2.1.2); 1 <= old."""
    return prove_subtree(reader, 0, old, new)


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check a proof of consistency between two roots; ProofError unless it holds.

    An old size of 0 is refused: every tree extends the empty one, so such a proof says nothing.
    """
    if old < 1:
        raise ProofError("a proof from an empty tree proves nothing; begin at size 1 or more")
    verify_subtree(0, old, new, proof, subtree_root=old_root, tree_root=new_root)


def prove_subtree(reader: Reader, start: int, end: int, size: int) -> list[bytes]:
    """Prove that the subtree of leaves start <= i < end lies in the tree of `size` leaves."""
    _check_range(start, end, size)
    if start == end:
        return []
    proof: list[bytes] = []
    _prove(reader, (start, end), (0, size), proof, known=True)
    return proof


def verify_subtree(
    start: int, end: int, size: int, proof: Sequence[bytes], *, subtree_root: bytes, tree_root: bytes
) -> None:
    """Check that a subtree with this root lies in the tree with that root; ProofError unless it holds.

    The empty subtree (start == end) has the hash of nothing as its root and an empty proof, in any tree.
    """
    _check_range(start, end, size)
    _check_hashes(proof)
    if start == end:
        if proof or subtree_root != EMPTY_ROOT:
            raise ProofError("an empty subtree has an empty proof and the root of nothing")
        return
    if (start, end) != (0, size):
        _check_hashes((subtree_root, tree_root))
    left = list(proof)
    found = _recompute((start, end), size, left, subtree_root)
    if left:
        raise ProofError(f"the proof has {len(left)} hashes too many")
    if found != (subtree_root, tree_root):
        raise ProofError("the proof leads to another root")


def _prove(reader: Reader, part: tuple[int, int], whole: tuple[int, int], proof: list[bytes], *, known: bool) -> None:
    """Collect innermost first, in absolute leaf numbers; `known`: the checker holds the hash of `part`."""
    (start, end), (low, high) = part, whole
    if part == whole:
        if not known:
            proof.append(_range_hash(reader, low, high))
        return
    middle = low + _split(high - low)
    if end <= middle:
        _prove(reader, part, (low, middle), proof, known=known)
        proof.append(_range_hash(reader, middle, high))
    elif middle <= start:
        _prove(reader, part, (middle, high), proof, known=known)
        proof.append(_range_hash(reader, low, middle))
    else:
        _prove(reader, (middle, end), (middle, high), proof, known=False)
        proof.append(_range_hash(reader, low, middle))


def _recompute(part: tuple[int, int], size: int, proof: list[bytes], known: bytes | None) -> tuple[bytes, bytes]:
    """Return the roots of the part and of the whole, taking hashes from the proof's end, which is the outermost."""
    start, end = part
    if part == (0, size):
        value = known if known is not None else _take(proof)
        return value, value
    middle = _split(size)
    other = _take(proof)
    if end <= middle:
        inner, outer = _recompute(part, middle, proof, known)
        return inner, node_hash(outer, other)
    if middle <= start:
        inner, outer = _recompute((start - middle, end - middle), size - middle, proof, known)
        return inner, node_hash(other, outer)
    inner, outer = _recompute((0, end - middle), size - middle, proof, None)
    return node_hash(other, inner), node_hash(other, outer)


def _take(proof: list[bytes]) -> bytes:
    if not proof:
        raise ProofError("the proof is too short for these sizes")
    return proof.pop()


def _range_hash(reader: Reader, low: int, high: int) -> bytes:
    size = high - low
    if size.bit_count() == 1:
        level = size.bit_length() - 1
        return reader(level, low >> level)
    middle = low + _split(size)
    return node_hash(_range_hash(reader, low, middle), _range_hash(reader, middle, high))


def _split(size: int) -> int:
    """The largest power of two below `size`; size >= 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _check_range(start: int, end: int, size: int) -> None:
    _check_size(size)
    if not 0 <= start <= end <= size:
        raise ProofError(f"no leaves {start} to {end} in a tree of {size}")
    span = 1 << (end - start - 1).bit_length() if end > start else 1
    if start % span:
        raise ProofError(f"leaves {start} to {end} are no subtree: {start} is not a multiple of {span}")


def _check_size(size: int) -> None:
    if not 0 <= size <= MOST_LEAVES:
        raise ProofError("a tree has between 0 and 2^63-1 leaves")


def _check_hash(value: bytes) -> None:
    if len(value) != HASH_BYTES:
        raise ProofError(f"a hash has {HASH_BYTES} bytes, not {len(value)}")


def _check_hashes(values: Iterable[bytes]) -> None:
    for value in values:
        _check_hash(value)
