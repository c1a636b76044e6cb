"""The tree against a slow twin that follows the definitions of RFC 6962 word by word."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.proof import (
    Frontier,
    ProofError,
    frontier_at,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    root,
    verify_consistency,
    verify_inclusion,
)
from salus.proof.tiles import (
    TILE_WIDTH,
    TileName,
    TileReader,
    bundles_of,
    edge_of,
    grow,
    join_entries,
    parse_tile_path,
    split_entries,
    tiles_of,
)
from salus.proof.tree import prove_subtree, verify_subtree

LEAVES = [leaf_hash(str(number).encode()) for number in range(2_000)]
sizes = st.integers(1, 300)


def slow_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1: MTH."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256().digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\x01" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def slow_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.1: PATH."""
    if len(leaves) == 1:
        return []
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m < k:
        return [*slow_path(m, leaves[:k]), slow_root(leaves[k:])]
    return [*slow_path(m - k, leaves[k:]), slow_root(leaves[:k])]


def slow_proof(m: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """RFC 6962 section 2.1.2: SUBPROOF, from the start with `whole` true."""
    if m == len(leaves):
        return [] if whole else [slow_root(leaves)]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m <= k:
        return [*slow_proof(m, leaves[:k], whole=whole), slow_root(leaves[k:])]
    return [*slow_proof(m - k, leaves[k:], whole=False), slow_root(leaves[:k])]


def slow_reader(level: int, index: int) -> bytes:
    return slow_root(LEAVES[index << level : (index + 1) << level])


def grown(*steps: int) -> tuple[int, dict[TileName, bytes]]:
    """Grow a log by these steps and keep every tile that ever was."""
    size, kept = 0, dict[TileName, bytes]()
    for step in steps:
        edge = {name.level: kept[name] for name in edge_of(size)}
        kept |= grow(size, edge, LEAVES[size : size + step])  # type: ignore[arg-type]
        size += step
    return size, kept


@given(size=st.integers(0, 300))
def test_the_frontier_has_the_root_of_the_definition_and_resumes_from_its_hashes(size: int) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)

    assert frontier.root() == root(LEAVES[:size]) == slow_root(LEAVES[:size])
    assert Frontier(size, frontier.hashes).root() == frontier.root()
    assert frontier_at(slow_reader, size).hashes == frontier.hashes


@given(size=sizes)
def test_the_frontier_returns_each_complete_subtree_exactly_once(size: int) -> None:
    frontier = Frontier()
    nodes = [node for leaf in LEAVES[:size] for node in frontier.append(leaf)]

    assert sorted((level, index) for level, index, _ in nodes) == [
        (level, index) for level in range(size.bit_length()) for index in range(size >> level)
    ]
    assert all(value == slow_reader(level, index) for level, index, value in nodes)


@given(size=sizes, data=st.data())
def test_inclusion_proofs_are_those_of_the_definition_and_verify(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))

    proof = prove_inclusion(slow_reader, index, size)

    assert proof == slow_path(index, LEAVES[:size])
    verify_inclusion(LEAVES[index], index, size, proof, slow_root(LEAVES[:size]))


@given(size=sizes, data=st.data())
def test_consistency_proofs_are_those_of_the_definition_and_verify(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))

    proof = prove_consistency(slow_reader, old, size)

    assert proof == slow_proof(old, LEAVES[:size])
    verify_consistency(old, size, slow_root(LEAVES[:old]), slow_root(LEAVES[:size]), proof)


@given(size=sizes, data=st.data())
def test_a_subtree_proof_verifies_and_no_other_subtree_passes_with_it(size: int, data: st.DataObject) -> None:
    level = data.draw(st.integers(0, size.bit_length() - 1))
    start = data.draw(st.integers(0, (size - 1) >> level)) << level
    end = data.draw(st.integers(start + 1, min(start + (1 << level), size)))

    proof = prove_subtree(slow_reader, start, end, size)

    roots = {"tree_root": slow_root(LEAVES[:size])}
    verify_subtree(start, end, size, proof, subtree_root=slow_root(LEAVES[start:end]), **roots)
    with pytest.raises(ProofError):
        verify_subtree(start, end, size, proof, subtree_root=LEAVES[1_999], **roots)


@given(size=sizes, data=st.data())
def test_a_proof_with_any_bit_flipped_or_hash_dropped_or_added_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = prove_inclusion(slow_reader, index, size)
    place = data.draw(st.integers(0, len(proof)))
    damaged = [[*proof[:place], bytes(32), *proof[place:]], proof[:place] + proof[place + 1 :]]
    if place < len(proof):
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(proof[place]) ^ (1 << bit)).to_bytes(32)
        damaged.append([*proof[:place], flipped, *proof[place + 1 :]])

    for other in damaged:
        if other != proof:
            with pytest.raises(ProofError):
                verify_inclusion(LEAVES[index], index, size, other, slow_root(LEAVES[:size]))


@given(steps=st.lists(st.integers(1, 700), min_size=1, max_size=4).filter(lambda steps: sum(steps) <= 2_000))
def test_tiles_grown_in_steps_are_those_of_the_definition(steps: list[int]) -> None:
    size, kept = grown(*steps)

    for name in tiles_of(size):
        spans = [slow_reader(8 * (name.level or 0), name.first + place) for place in range(name.width)]
        assert kept[name] == b"".join(spans)


@given(steps=st.lists(st.integers(1, 700), min_size=1, max_size=4).filter(lambda steps: sum(steps) <= 2_000))
def test_tiles_answer_every_proof_of_every_size_that_had_a_checkpoint(steps: list[int]) -> None:
    size, kept = grown(*steps)
    reader, old = TileReader(kept.__getitem__, size), steps[0]

    verify_inclusion(LEAVES[old - 1], old - 1, size, prove_inclusion(reader, old - 1, size), root(LEAVES[:size]))
    verify_consistency(old, size, root(LEAVES[:old]), root(LEAVES[:size]), prove_consistency(reader, old, size))
    assert frontier_at(reader, size).root() == root(LEAVES[:size])


@given(level=st.none() | st.integers(0, 63), index=st.integers(0, 2**55), width=st.integers(1, TILE_WIDTH))
def test_tile_paths_come_back_as_the_tile_they_name(level: int | None, index: int, width: int) -> None:
    name = TileName(level=level, index=index, width=width)

    assert parse_tile_path(name.path) == name


@given(size=st.integers(1, 70_000))
def test_bundles_and_lowest_tiles_go_hand_in_hand(size: int) -> None:
    lowest = [(name.index, name.width) for name in tiles_of(size) if name.level == 0]

    assert [(name.index, name.width) for name in bundles_of(size)] == lowest
    assert sum(width for _, width in lowest) == size


@given(entries=st.lists(st.binary(max_size=300)), cut=st.integers(1, 10))
def test_bundles_come_back_whole_and_a_cut_one_is_never_taken_for_whole(entries: list[bytes], cut: int) -> None:
    bundle = join_entries(entries)

    assert split_entries(bundle) == entries
    with suppress(ProofError):
        assert len(split_entries(bundle[:-cut])) < len(entries) or not entries
