"""Our reader of messages against a slow obvious one and the package `hl7`; and whatever comes, no crash and no hang."""

from __future__ import annotations

import re

import hl7 as peer
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hl7_messages import adt, message, oru, pid, pv1
from salus.kernel import SalusError, parse_instant
from salus.records.fhir import validation
from salus.records.v2 import Answer, V2Refused, acknowledge, map_message, parse
from salus.records.v2.dates import date_time, instant
from salus.records.v2.escapes import escape, unescape
from salus.records.v2.message import MOST_BYTES, Message
from salus.records.v2.model import Delimiters
from salus.records.v2.planning import plan

NOW = parse_instant("2031-03-01T08:00:00Z")
MARKS = Delimiters()
HEAD = "MSH|^~\\&|A|H1|||20310301||ADT^A28|1|P|2.5||||||UNICODE UTF-8"
plain = st.text(st.characters(codec="utf-8", exclude_characters="|^~\\&\r\n\x0b\x1c"), max_size=12)
anything = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x0b\x1c"), max_size=30)
fields = st.lists(st.lists(st.lists(st.lists(plain, min_size=1, max_size=3), min_size=1, max_size=4), min_size=1,
                           max_size=3), min_size=1, max_size=8)  # fmt: skip


def written(value: list[list[list[list[str]]]]) -> str:
    """Write fields of repetitions of components of subcomponents as one segment."""
    return "ZZZ|" + "|".join("~".join("^".join("&".join(c) for c in r) for r in f) for f in value)


@given(fields)
def test_a_segment_is_read_as_it_was_built(value: list[list[list[list[str]]]]) -> None:
    segment = parse(f"{HEAD}\r{written(value)}".encode()).segments[1]

    for place, field in enumerate(value, 1):
        told = [rep for rep in field if "^".join("&".join(c) for c in rep) != ""]
        read = segment.values(place)
        assert len(read) == len(told)
        for rep, one in zip(told, read, strict=True):
            for c, component in enumerate(rep, 1):
                assert [one.part(c, s) for s in range(1, len(component) + 1)] == [
                    CONTROL.sub("", part).strip() for part in component
                ]


@given(fields)
def test_the_package_hl7_reads_the_same(value: list[list[list[list[str]]]]) -> None:
    raw = f"{HEAD}\r{written(value)}\r"
    ours = parse(raw.encode()).segments[1]
    theirs = peer.parse(raw)[1]

    # The package takes white space from around a segment; of a value it is taken here when it is read.
    assert [str(one).strip() for one in theirs[1:]] == [one.strip() for one in ours.fields[1:]]


def slow_unescape(text: str) -> str:
    """Read the named escapes one character after the other."""
    named = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}
    result, place = "", 0
    while place < len(text):
        if text[place] == "\\" and text[place + 2 : place + 3] == "\\" and text[place + 1] in named:
            result, place = result + named[text[place + 1]], place + 3
        else:
            result, place = result + text[place], place + 1
    return result


@given(anything)
def test_what_was_escaped_is_read_back(text: str) -> None:
    assert unescape(escape(text, MARKS), MARKS, "utf-8") == text
    assert slow_unescape(escape(text, MARKS)) == text


@given(st.text("FSTRE\\ab", max_size=20))
def test_escapes_that_are_whole_are_read_as_the_slow_reader_does(text: str) -> None:
    whole = re.fullmatch(r"(?:[^\\]|\\[FSTRE]\\)*", text)

    if whole:
        assert unescape(text, MARKS, "utf-8") == slow_unescape(text)


@given(st.from_regex(r"[0-9]{0,14}(\.[0-9]{1,4})?([+-][0-9]{4})?", fullmatch=True))
def test_a_date_that_is_read_is_one_that_fhir_takes(text: str) -> None:
    found = date_time(text)

    assert (found is None) == (instant(text) is None)
    if found:
        observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
                       "effectiveDateTime": found}  # fmt: skip
        assert validation.problems(observation) == []


CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # FHIR holds none
GOOD = [
    adt("A01", "1", pid(p11="1 Road^^City", p13="1^PRN"), pv1(p3="W", p7="D^A^B")),
    oru("2", pid(), "ORC|RE|P|F", "OBR|1||F|P^P^L", "OBX|1|NM|X^X^LN||1.5|g/L^^UCUM|0-9|H|||F", "NTE|1||note"),
    message("ADT^A40", "3", pid(), "MRG|9"),
]
pieces = st.sampled_from([b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b"PID|", b"OBX|", b"MSH|", b'""', b"\\X41\\",
                          b"\xff", b"\xe5\xbc", b"\x00", b"9" * 40, b"|" * 50, b"#"])  # fmt: skip
changes = st.lists(st.tuples(st.integers(0, 600), st.integers(0, 8), pieces), min_size=1, max_size=12)


def answer_of(raw: bytes) -> str:
    """Read, map and plan a message; whatever it is, it is answered, and what is planned has the shape of FHIR."""
    code = "AA"
    try:
        found: Message = parse(raw)
        made = plan(map_message(found, "H1"), {}, 0)
        for intent in made.intents:
            assert [p for p in validation.problems(intent.resource) if p.text != "is empty"] == []
    except V2Refused as refused:
        code = "AR" if refused.rejected else "AE"
    except SalusError as error:
        pytest.fail(f"{error}")
    for one in acknowledge(raw, Answer(code=code), NOW):
        assert one.split(b"\r")[0][3:4] == one.split(b"\r")[1][3:4]
    return code


def test_the_messages_that_are_changed_are_good() -> None:
    assert [answer_of(raw) for raw in GOOD[:2]] == ["AA", "AA"]


@given(st.sampled_from(GOOD), changes)
@settings(max_examples=300)
def test_a_changed_message_is_answered(raw: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    for place, gone, piece in edits:
        raw = raw[:place] + piece + raw[place + gone :]

    answer_of(raw)


@pytest.mark.slow
@given(st.sampled_from(GOOD), changes)
@settings(max_examples=2_000, suppress_health_check=list(HealthCheck))
def test_two_thousand_changed_messages_are_answered(raw: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    for place, gone, piece in edits:
        raw = raw[:place] + piece + raw[place + gone :]

    answer_of(raw)


@pytest.mark.slow
@given(st.binary(max_size=3_000))
@settings(max_examples=5_000)
def test_any_bytes_are_answered(raw: bytes) -> None:
    answer_of(raw)
    answer_of(b"MSH|^~\\&|" + raw)


LONG = [b"\r", b"\n", b"\\", b"|", b"^", b"~", b"&", b"\\X", b"\\X41\\", b"\rPID|", b'""~', b"\r\n ", b"A\\"]


@pytest.mark.parametrize("piece", LONG)
def test_two_megabytes_of_one_thing_are_answered(piece: bytes) -> None:
    """Anything that cost time beyond the length of a message would hang here."""
    answer_of(HEAD.encode() + b"\r" + pid().encode() + b"|" + piece * (2_000_000 // len(piece)))


def test_a_message_of_the_largest_size_is_read() -> None:
    lines = [f"OBX|{n}|TX|X{n}^X^L||" + "文" * ((MOST_BYTES - 2_000) // 12) + "||||||F" for n in range(1, 5)]

    assert answer_of(oru("1", pid(), "OBR|1||F|P^P^L", *lines)) == "AA"


def test_a_text_that_is_longer_than_one_of_fhir_is_refused() -> None:
    obx = "OBX|1|TX|X^X^L||" + "a" * (1024 * 1024 + 1) + "||||||F"

    assert answer_of(oru("1", pid(), "OBR|1||F|P^P^L", obx)) == "AE"
