"""The quick look before the thorough one: a message that would write a measure is never waved through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.records import may_hold_measure
from salus.records.intake.attempts import NAMES, TAGS, VALUES, measures_in

word = st.sampled_from(sorted(NAMES | VALUES | TAGS)) | st.text(max_size=6)
joint = st.sampled_from(["", " ", "^", "|", "_", "-", ".", "~", "\r"])


@given(st.lists(st.tuples(word, joint), max_size=4))
def test_whatever_the_thorough_look_finds_the_quick_one_suspects(pieces: list[tuple[str, str]]) -> None:
    raw = "".join(text + mark for text, mark in pieces)
    joined = "".join(text for text, _ in pieces)
    for text in (joined, raw, *(text for text, _ in pieces)):
        for resource in (
            {"resourceType": "Observation", "code": {"text": text}},
            {"resourceType": "Observation", "code": {"coding": [{"system": f"urn:x:{text}"}]}},
            {"resourceType": "Patient", "name": [{"text": text.upper()}]},
        ):
            if measures_in(resource):
                assert may_hold_measure(raw)


@pytest.mark.parametrize("text", ["红^码", "Red-Code", "health_code_red", "urn:x:Measure"])
def test_a_measure_in_pieces_is_suspected(text: str) -> None:
    assert may_hold_measure(text)


def test_an_ordinary_message_is_not() -> None:
    assert not may_hold_measure("PID|1||7^^^HIS^MR||张^三||19800101|M\rOBX|1|NM|718-7^Hb^LN||140|g/L|||||F")
