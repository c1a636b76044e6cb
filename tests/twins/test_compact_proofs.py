"""Proofs in few bytes against the text of the standard, and at 10^12 entries, of which only the path exists."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deep_logs import DeepLog
from salus.proof import LeafProof, NoQuorum, ProofError, Trust, VerifierKey, WitnessKey, pack, unpack
from witness_keys import LOG, WITNESSES, cosigned, trust_in

NOON = datetime(2031, 3, 1, 12, tzinfo=UTC)
ENTRY = b'{"certificates":{}}'


def proof(size: int, index: int, witnesses: int = 3) -> LeafProof:
    deep = DeepLog(size, index, ENTRY)
    text = cosigned(size, deep.root, dict.fromkeys(range(witnesses), NOON))
    return LeafProof(index=index, hashes=deep.proof, checkpoint=text)


@given(size=st.integers(1, 2**40), place=st.integers(0, 2**40), witnesses=st.integers(1, 5))
def test_a_compact_proof_comes_back_as_the_text_of_the_standard(size: int, place: int, witnesses: int) -> None:
    one, trust = proof(size, place % size, witnesses), trust_in(witnesses)

    packed = pack(one, trust)

    assert unpack(packed, trust) == one == LeafProof.parse(str(one))
    assert unpack(packed, trust).check(ENTRY, trust) == one.check(ENTRY, trust)
    assert pack(unpack(packed, trust), trust) == packed


@given(size=st.integers(1, 2**62), place=st.integers(0, 2**62))
def test_a_path_is_found_in_a_tree_of_any_size(size: int, place: int) -> None:
    one = proof(size, place % size)

    assert one.check(ENTRY, trust_in(3)).checkpoint.size == size
    with pytest.raises(ProofError):
        one.check(ENTRY + b" ", trust_in(3))


def test_at_a_million_million_entries_a_proof_has_forty_hashes_and_fits_a_wallet() -> None:
    one = proof(10**12, 777_777_777_777)

    assert len(one.hashes) <= 40
    assert len(pack(one, trust_in(3))) <= 1_700
    assert one.check(ENTRY, trust_in(3)).at == NOON


def test_strangers_and_extra_bytes_are_left_out() -> None:
    one, trust = proof(700, 3, witnesses=5), trust_in(3)
    bare = LeafProof(index=one.index, hashes=one.hashes, checkpoint=proof(700, 3).checkpoint)

    assert unpack(pack(LeafProof(**{**fields(one), "extra": ENTRY}), trust), trust) == bare


def fields(one: LeafProof) -> dict[str, object]:
    return {"index": one.index, "hashes": one.hashes, "checkpoint": one.checkpoint}


def test_what_is_not_believed_is_not_packed() -> None:
    with pytest.raises(NoQuorum):
        pack(proof(700, 3, witnesses=1), trust_in(3))
    other = Trust.of(VerifierKey.of(WITNESSES[8]), map(WitnessKey.of, WITNESSES[:3]))
    with pytest.raises(ProofError):
        pack(proof(700, 3), other)


def test_other_keys_do_not_open_it() -> None:
    packed = pack(proof(700, 3), trust_in(3))

    with pytest.raises(ProofError, match="nobody who is trusted"):
        unpack(packed, Trust.of(VerifierKey.of(LOG), map(WitnessKey.of, WITNESSES[3:6])))
    other = Trust.of(VerifierKey.of(WITNESSES[8]), map(WitnessKey.of, WITNESSES[:3]))
    with pytest.raises(ProofError, match="does not verify"):
        unpack(packed, other).check(ENTRY, other)


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_flipped_bit_survives(place: int, bit: int) -> None:
    raw = bytearray(pack(proof(700, 3), trust_in(3)))
    raw[place % len(raw)] ^= 1 << bit

    with pytest.raises(ProofError):
        unpack(bytes(raw), trust_in(3)).check(ENTRY, trust_in(3))


@given(cut=st.integers(0, 10_000), more=st.binary(max_size=3))
def test_no_other_length_is_a_proof(cut: int, more: bytes) -> None:
    whole = pack(proof(700, 3), trust_in(3))
    other = whole[: cut % len(whole)] + more

    with pytest.raises(ProofError):
        unpack(other, trust_in(3)).check(ENTRY, trust_in(3))
    with pytest.raises(ProofError):
        unpack(whole + b"\x00", trust_in(3))


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with pytest.raises(ProofError):
        unpack(raw, trust_in(3))
