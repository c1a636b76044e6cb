"""The witness against the public test log of litewitness (FiloSottile/torchwood, cmd/litewitness/testdata, ISC).

Its answers are held against C2SP tlog-witness, which asks for 404 where litewitness says 403 to an unknown log.
A signature whose base64 has stray bits is malformed here, and does not verify there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from salus.kernel import FixedClock, parse_instant
from salus.proof import VerifierKey
from salus.proof.note import parse_signature
from salus.witness import Settings, Witness, WitnessRefusal
from salus.witness.store import Folder

ORIGIN = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
LOG = VerifierKey(
    name=ORIGIN, public_key=bytes.fromhex("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f")
)
NOW = parse_instant("2031-03-01T08:00:00Z")
ONE = "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
TWO = "KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
FOUR = "KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
HEADS = {
    1: (
        "KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=",
    ),
    3: (
        "RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=",
        "UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go=",
    ),
    5: (
        "QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=",
        "UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww=",
    ),
}
TO_THREE = (ONE, TWO)
TO_FIVE = (ONE, "+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=", FOUR)


def asked(old: int, proof: tuple[str, ...], size: int) -> bytes:
    root, signature = HEADS[size]
    lines = [f"old {old}", *proof, "", ORIGIN, str(size), root, "", f"\u2014 {ORIGIN} {signature}", ""]
    return "\n".join(lines).encode()


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    folder = Folder(tmp_path)
    yield Witness(Settings(data=tmp_path, name="example.com/witness", logs=(LOG,), port=0), folder, FixedClock(NOW))
    folder.close()


def refusal(witness: Witness, body: bytes) -> int:
    with pytest.raises(WitnessRefusal) as refused:
        witness.add_checkpoint(body)
    return refused.value.status


@pytest.mark.parametrize(("size", "proof"), [(3, TO_THREE), (5, TO_FIVE)])
def test_a_head_that_grew_is_cosigned(witness: Witness, size: int, proof: tuple[str, ...]) -> None:
    assert witness.add_checkpoint(asked(0, (), 1)).startswith("\u2014 example.com/witness ")
    line = witness.add_checkpoint(asked(1, proof, size))

    text = f"{ORIGIN}\n{size}\n{HEADS[size][0]}\n"
    assert witness.key.time_of(text, parse_signature(line.removesuffix("\n"))) == NOW


def test_the_refusals_of_the_standard(witness: Witness) -> None:
    witness.add_checkpoint(asked(0, (), 1))
    right = asked(1, TO_THREE, 3)

    assert refusal(witness, right.replace(b"go=\n", b"gs=\n")) == 403
    assert refusal(witness, right.replace(b"go=\n", b"gx=\n")) == 400
    assert refusal(witness, right.replace(b"e562\n3", b"e563\n3")) == 404
    assert refusal(witness, asked(1, (), 3)) == 422
    assert refusal(witness, right.replace(TWO.encode(), TWO.replace("AAA=", "ABA=").encode())) == 422
    assert refusal(witness, asked(0, TO_THREE, 3)) == 409
    assert refusal(witness, asked(4, TO_THREE, 3)) == 400
    assert witness.add_checkpoint(right)
    assert refusal(witness, asked(1, TO_FIVE, 5)) == 409


def test_of_two_at_once_the_second_is_told_the_new_size(witness: Witness) -> None:
    witness.add_checkpoint(asked(0, (), 1))
    witness.add_checkpoint(asked(1, TO_FIVE, 5))

    assert refusal(witness, asked(1, TO_THREE, 3)) == 409
    assert f"{ORIGIN}\n5\n" in str(witness.checkpoint(ORIGIN))
