"""How a message is answered: original and enhanced mode, ERR, the separators and encoding of what is answered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hl7_messages import message, pid
from salus.records.v2 import Answer, acknowledge

AT = datetime(2031, 3, 1, tzinfo=UTC)
GOOD = Answer(code="AA")
WRONG = Answer(code="AE", condition=101, element="PID^1^3", salus="SALUS-R210", text="no number; send it|here")


def answered(raw: bytes, answer: Answer) -> list[list[str]]:
    """Return the segments of each answer."""
    return [one.decode().rstrip("\r").split("\r") for one in acknowledge(raw, answer, AT)]


def test_an_answer_turns_the_header_round() -> None:
    ((header, told),) = answered(message("ADT^A01", "77", header={6: "NODE", 12: "2.4"}), GOOD)

    fields = header.split("|")
    assert fields[1:7] == ["^~\\&", "SALUS", "NODE", "HIS", "H1", "20310301080000+0800"]
    assert (fields[8], fields[10], fields[11], fields[17]) == ("ACK^A01^ACK", "P", "2.4", "UNICODE UTF-8")
    assert told == "MSA|AA|77"


def test_an_error_names_its_place_and_its_condition() -> None:
    ((_, told, error),) = answered(message("ADT^A01", "77", pid()), WRONG)

    assert told == "MSA|AE|77|no number; send it\\F\\here"
    assert error.split("|") == ["ERR", "", "PID^1^3", "101^Required field missing^HL70357", "E", "SALUS-R210", "", "",
                                "no number; send it\\F\\here"]  # fmt: skip


def test_what_was_left_out_is_told_with_the_answer() -> None:
    good = Answer(code="AA", notes=(("PV1^1^3", "taken out"),))
    ((_, told, note),) = answered(message("ADT^A01", "77"), good)

    assert told == "MSA|AA|77"
    assert note == "ERR||PV1^1^3|0^Message accepted^HL70357|I||||taken out"


MODES = [
    ("", "", "AA", ["AA"]),
    ("", "", "AE", ["AE"]),
    ("AL", "NE", "AA", ["CA"]),
    ("AL", "NE", "AE", ["CE"]),
    ("AL", "", "AR", ["CR"]),
    ("NE", "AL", "AA", ["AA"]),
    ("AL", "AL", "AE", ["CE", "AE"]),
    ("ER", "SU", "AA", ["AA"]),
    ("ER", "SU", "AE", ["CE"]),
    ("NE", "NE", "AA", []),
    ("SU", "ER", "AR", ["AR"]),
    ("SU", "ER", "AA", ["CA"]),
]


@pytest.mark.parametrize(("accept", "application", "code", "sent"), MODES)
def test_an_answer_is_given_in_the_mode_that_was_asked_for(
    accept: str, application: str, code: str, sent: list[str]
) -> None:
    found = answered(message("ADT^A01", "77", header={15: accept, 16: application}), Answer(code=code))

    assert [one[1].split("|")[1] for one in found] == sent


def test_separators_and_encoding_are_those_of_the_message() -> None:
    raw = "MSH$*%!@$A$市医院$S$$20310301$$ADT*A01$9$P$2.5$$$$$$GB18030\rPID$1".encode("gb18030")
    (answer,) = acknowledge(raw, WRONG, AT)

    header, told, error = answer.decode("gb18030").rstrip("\r").split("\r")
    assert header.startswith("MSH$*%!@$S$$A$市医院$")
    assert told.startswith("MSA$AE$9$")
    assert error.split("$")[2] == "PID*1*3"


@pytest.mark.parametrize("raw", [b"", b"MSH", b"\xff\xff", b"MSH|", b"BHS|^~\\&", b"MSH\r\r", b"MSH|^~\\&|\x00"])
def test_what_is_no_message_is_answered_all_the_same(raw: bytes) -> None:
    ((header, told, *_),) = answered(raw, WRONG)

    assert header.startswith("MSH|^~\\&|")
    assert told.startswith("MSA|AE|")


def test_an_answer_repeats_no_more_of_a_header_than_it_needs() -> None:
    (answer,) = acknowledge(message("ADT^A01", "x" * 100_000), GOOD, AT)

    assert len(answer) < 1_000
