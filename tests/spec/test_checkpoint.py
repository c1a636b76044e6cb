"""Signed notes and checkpoints by example (C2SP signed-note and tlog-checkpoint)."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.proof import (
    Checkpoint,
    Note,
    ProofError,
    VerifierKey,
    open_checkpoint,
    root,
    sign_checkpoint,
)
from salus.proof.note import open_note, sign_note
from witness_keys import SeededSigner

ROOT = bytes(range(32))
NODE = SeededSigner("salus.example/log", 1)
OTHER = SeededSigner("witness.example", 2)
NODE_KEY, OTHER_KEY = VerifierKey.of(NODE), VerifierKey.of(OTHER)
HEAD = "salus.example/log\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


def signed(text: str, *signers: SeededSigner) -> str:
    notes = [sign_note(text, signer) for signer in signers]
    return str(Note(text=text, signatures=tuple(one for note in notes for one in note.signatures)))


def test_a_checkpoint_is_written_as_the_standard_says() -> None:
    checkpoint = sign_checkpoint(7, ROOT, NODE)

    text, _, signature = checkpoint.note.partition("\n\n")
    assert text + "\n" == HEAD == checkpoint.text
    line = signature.removeprefix("\u2014 salus.example/log ").removesuffix("\n")
    assert base64.b64decode(line) == NODE_KEY.key_id + NODE.sign(HEAD.encode())


def test_the_key_id_begins_the_hash_of_name_kind_and_key() -> None:
    kind_and_key = base64.b64encode(bytes([1]) + NODE.public_key).decode()

    assert str(NODE_KEY) == f"salus.example/log+63667aa2+{kind_and_key}"
    assert VerifierKey.parse(str(NODE_KEY)) == NODE_KEY


def test_a_checkpoint_comes_back_as_it_was_signed() -> None:
    checkpoint = sign_checkpoint(7, ROOT, NODE)

    assert open_checkpoint(checkpoint.note, [NODE_KEY]) == checkpoint
    assert checkpoint == Checkpoint(origin=NODE.name, size=7, root=ROOT, note=checkpoint.note)


def test_the_empty_log_has_a_checkpoint_of_size_zero() -> None:
    assert open_checkpoint(sign_checkpoint(0, root([]), NODE).note, [NODE_KEY]).size == 0


def test_signatures_of_strangers_are_passed_over() -> None:
    assert open_checkpoint(signed(HEAD, OTHER, NODE), [NODE_KEY]).size == 7


def test_a_wrong_signature_of_a_known_key_spoils_the_note_even_beside_a_right_one() -> None:
    right = signed(HEAD, NODE, OTHER)
    forged = signed(HEAD.replace("7", "8", 1), OTHER).rpartition("\n\n")[2]
    mixed = right.rpartition("\n\n")[0] + "\n\n" + signed(HEAD, NODE).rpartition("\n\n")[2] + forged

    with pytest.raises(ProofError, match=r"witness\.example does not verify"):
        open_note(mixed, [NODE_KEY, OTHER_KEY])


def test_a_key_of_another_name_cannot_speak_for_the_log() -> None:
    with pytest.raises(ProofError, match="origin"):
        open_checkpoint(signed(HEAD, OTHER), [OTHER_KEY])


def test_a_note_text_may_hold_empty_lines_and_ends_at_the_last_one() -> None:
    note, keys = open_note(signed("one\n\n\ntwo\n", NODE), [NODE_KEY])

    assert note.text == "one\n\n\ntwo\n"
    assert keys == (NODE_KEY,)


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("salus.example/log\n7\n", "three lines"),
        (HEAD + "extension\n", "three lines"),
        (HEAD.replace("\n7\n", "\n07\n"), "decimal"),
        (HEAD.replace("\n7\n", "\n-7\n"), "decimal"),
        (HEAD.replace("\n7\n", "\n７\n"), "decimal"),
        (HEAD.replace("\n7\n", "\n9223372036854775808\n"), "2\\^63"),
        (HEAD.replace("\n7\n", "\n99999999999999999999999\n"), "decimal"),
        (HEAD.replace("=", ""), "canonical"),
        (HEAD.replace("Hh8=", "Hh9="), "canonical"),
        (HEAD.replace("AAEC", "AA_C"), "canonical"),
        ("salus.example/log\n7\nAAEC\n", "32 bytes"),
        (HEAD.replace("salus", "other", 1), "origin"),
    ],
)
def test_a_malformed_checkpoint_is_refused_though_it_is_signed(head: str, why: str) -> None:
    with pytest.raises(ProofError, match=why):
        open_checkpoint(signed(head, NODE), [NODE_KEY])


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD,
        HEAD + "\n",
        signed(HEAD, NODE).removesuffix("\n"),
        signed(HEAD, NODE).replace("\u2014", "-"),
        signed(HEAD, NODE).replace("\u2014 ", "\u2014  "),
        signed(HEAD, NODE).replace("\n", "\r\n"),
        signed(HEAD, NODE).replace("salus", "sa\tlus"),
        signed(HEAD, NODE) + "\u2014 short AAAA\n",
        signed(HEAD, NODE) + "\u2014 pl+us AAAAAAAA\n",
        signed(HEAD, NODE) + signed(HEAD, OTHER).rpartition("\n\n")[2] * 100,
        signed(HEAD, NODE) + "\ud800",
        "x" * 70_000 + signed(HEAD, NODE),
    ],
)
def test_a_malformed_note_is_refused(text: str) -> None:
    with pytest.raises(ProofError):
        open_checkpoint(text, [NODE_KEY])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+0000000g+AQ==",
        str(NODE_KEY).replace("salus", "other"),
        str(NODE_KEY)[:-4],
        f"n+{'0' * 8}+{base64.b64encode(bytes([2]) * 33).decode()}",
    ],
)
def test_a_malformed_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(ProofError):
        VerifierKey.parse(text)


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_flipped_bit_survives(place: int, bit: int) -> None:
    raw = bytearray(sign_checkpoint(7, ROOT, NODE).note.encode())
    raw[place % len(raw)] ^= 1 << bit

    with pytest.raises(ProofError):
        open_checkpoint(bytes(raw).decode("utf-8", "surrogateescape"), [NODE_KEY])
