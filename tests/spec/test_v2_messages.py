"""How a message is read: separators as declared, line ends, escapes, encodings, dates, bounds. One table for each."""

from __future__ import annotations

import pytest

from salus.records.v2 import V2Refused, parse
from salus.records.v2.dates import clock, date_time, day, instant
from salus.records.v2.escapes import escape, unescape
from salus.records.v2.message import MOST_BYTES, MOST_REPETITIONS, MOST_SEGMENTS
from salus.records.v2.model import Delimiters

HEAD = "MSH|^~\\&|A|H1|||20310301080000||ADT^A01|1|P|2.5"
MARKS = Delimiters()

ESCAPES = {
    "\\F\\": "|",
    "\\S\\": "^",
    "\\T\\": "&",
    "\\R\\": "~",
    "\\E\\": "\\",
    "\\P\\": "#",
    "\\X41\\": "A",
    "\\XE5BCA0\\": "张",
    "\\X0D0A\\": "\r\n",
    "\\XE5\\": "\\XE5\\",
    "\\X4\\": "\\X4\\",
    "\\Xzz\\": "\\Xzz\\",
    "\\.br\\": "\n",
    "\\.sp2\\": "\n\n",
    "\\.in+4\\": "",
    "\\H\\": "",
    "\\N\\": "",
    "\\Zany thing\\": "",
    "\\C2842\\": "",
    "\\Q\\": "\\Q\\",
    "\\": "\\",
    "a\\": "a\\",
    "\\F": "\\F",
    "\\F\\\\F\\": "||",
    "\\E\\F\\E\\": "\\F\\",
    "plain": "plain",
    "": "",
}


@pytest.mark.parametrize("written", ESCAPES)
def test_an_escape_is_what_it_stands_for(written: str) -> None:
    assert unescape(written, MARKS, "utf-8") == ESCAPES[written]


def test_a_hexadecimal_escape_is_in_the_encoding_of_the_message() -> None:
    assert unescape("\\XD5C5\\", MARKS, "gb18030") == "张"


def test_what_is_written_with_escapes_holds_no_separator() -> None:
    written = escape("a|b^c~d\\e&f\r\ng", MARKS)

    assert not set(written.replace("\\", "")) & set("|^~&\r\n")
    assert unescape(written, MARKS, "utf-8") == "a|b^c~d\\e&f\r\ng"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r", "\n\r\n"])
def test_segments_end_as_their_sender_ends_them(end: str) -> None:
    message = parse(end.join([HEAD, "PID|1||7", "PV1|1|I", ""]).encode())

    assert [one.name for one in message.segments] == ["MSH", "PID", "PV1"]
    assert message.segments[1].text(3) == "7"


def test_text_that_breaks_its_lines_stays_one_field() -> None:
    message = parse(f"{HEAD}\rOBX|1|TX|a||first\nsecond: OK\nTHE|END\rNTE|1".encode())

    assert [one.name for one in message.segments] == ["MSH", "OBX", "THE", "NTE"]
    assert message.segments[1].text(5) == "first\nsecond: OK"


def test_separators_are_those_that_the_header_declares() -> None:
    message = parse(b"MSH$*%!@$A$H1$$$20310301$$ADT*A01$1$P$2.5\rPID$1$$7*x@y%8$$a!F!b")

    segment = message.first("PID")
    assert segment is not None
    assert [value.part(1) for value in segment.values(3)] == ["7", "8"]
    assert (segment.text(3, 2, 1), segment.text(3, 2, 2), segment.text(5)) == ("x", "y", "a$b")


def test_a_value_that_was_cut_off_says_so() -> None:
    message = parse(b"MSH|^~\\&#|A|H1|||20310301||ADT^A01|1|P|2.7\rPID|1||7#||Long nam#^X")

    segment = message.first("PID")
    assert segment is not None
    assert (segment.first(3).cut, segment.first(5).part(2)) == (True, "X")
    assert segment.text(5) == "Long nam…"


def test_without_its_declaration_a_hash_is_a_hash() -> None:
    segment = parse(f"{HEAD}\rPID|1||7#".encode()).first("PID")

    assert segment is not None
    assert (segment.text(3), segment.first(3).cut) == ("7#", False)


def test_what_is_to_be_taken_away_is_neither_text_nor_silence() -> None:
    segment = parse(f'{HEAD}\rPID|1||7|""||""^X'.encode()).first("PID")

    assert segment is not None
    assert (segment.text(4), segment.deletes(4), segment.says(4)) == ("", True, True)
    assert (segment.deletes(5), segment.says(5), segment.text(6), segment.text(6, 2)) == (False, False, "", "X")


def test_segments_that_nobody_knows_are_passed_over() -> None:
    message = parse(f"{HEAD}\rZXX|a^b|c\rZ99\rPID|1||7".encode())

    assert message.first("PID") is not None


ENCODINGS = [
    ("", "ascii", "Zhang", True),
    ("ASCII", "ascii", "Zhang", True),
    ("8859/1", "latin-1", "Müller", True),
    ("UNICODE UTF-8", "utf-8", "张𠀀", True),
    ("utf-8", "utf-8", "张", True),
    ("GB18030", "gb18030", "张𠀀㐀", True),
    ("GB 18030-2000", "gb18030", "张", True),
    ("GBK", "gb18030", "张", True),
    ("GB18030~ASCII", "gb18030", "张", True),
    ("", "utf-8", "张", False),
    ("ASCII", "gb18030", "张", False),
    ("UNICODE UTF-8", "gb18030", "张", False),
    ("ISO IR87", "ascii", "Zhang", False),
    ("UNICODE", "utf-8", "张", False),
]


@pytest.mark.parametrize(("named", "encoding", "name", "good"), ENCODINGS)
def test_a_message_is_read_in_the_encoding_that_it_names(named: str, encoding: str, name: str, good: bool) -> None:
    raw = f"{HEAD}||||||{named}\rPID|1||7||{name}".encode(encoding)
    if not good:
        with pytest.raises(V2Refused) as refused:
            parse(raw)
        assert refused.value.where == "MSH^1^18"
        return

    segment = parse(raw).first("PID")
    assert segment is not None
    assert segment.text(5) == name


def test_a_character_whose_second_byte_is_a_separator_is_no_separator() -> None:
    facility, name = "".join("亅亖俕"), "亅^俕"
    assert b"|" in facility.encode("gb18030")
    raw = f"MSH|^~\\&|A|{facility}|||20310301||ADT^A01|1|P|2.5||||||GB18030\rPID|1||7||{name}".encode("gb18030")

    message = parse(raw)
    assert message.header.text(4) == facility
    assert message.segments[1].text(5, 2) == "俕"


DATES = [
    ("2031", "2031"),
    ("203103", "2031-03"),
    ("20310301", "2031-03-01"),
    ("2031030108", "2031-03-01T08:00:00+08:00"),
    ("203103010805", "2031-03-01T08:05:00+08:00"),
    ("20310301080530", "2031-03-01T08:05:30+08:00"),
    ("20310301080530.1234", "2031-03-01T08:05:30.1234+08:00"),
    ("20310301080530-0330", "2031-03-01T08:05:30-03:30"),
    ("20310301080530+0000", "2031-03-01T08:05:30+00:00"),
    ("20320229", "2032-02-29"),
    ("20310229", None),
    ("20311301", None),
    ("00000000", None),
    ("0000", None),
    ("2031030125", None),
    ("20310301080060", None),
    ("20310301080530+1500", None),
    ("20310301080530+0860", None),
    ("2031-03-01", None),
    ("２０３１", None),
    ("203", None),
    ("", None),
]


@pytest.mark.parametrize(("written", "read"), DATES)
def test_a_date_is_read_at_the_precision_it_was_sent_with(written: str, read: str | None) -> None:
    assert date_time(written) == read
    assert day(written) == (read and read[:10])
    assert (instant(written) is None) == (read is None)


def test_a_time_without_offset_is_of_civil_time() -> None:
    assert instant("20310301080000") == instant("20310301080000+0800") == instant("20310301000000+0000")


@pytest.mark.parametrize(
    ("written", "read"),
    [("0805", "08:05:00"), ("080530.12", "08:05:30.12"), ("08", "08:00:00"), ("2460", None), ("24", None), ("x", None)],
)
def test_a_time_of_day_is_read(written: str, read: str | None) -> None:
    assert clock(written) == read


@pytest.mark.parametrize(
    ("raw", "condition"),
    [
        (b"x", 100),
        (b"", 100),
        (b"BHS|^~\\&", 100),
        (b"MSH", 102),
        (b"MSH|", 102),
        (b"MSH|^", 102),
        (b"MSH|^^\\&|", 102),
        (b"MSH|^~\\&#$|", 102),
        (b"MSHA^~\\&A", 102),
        (b"MSH|ab\\&|", 102),
        (HEAD.encode() + b"\r" + HEAD.encode(), 100),
        (b"MSH|^~\\&|" + b"x" * MOST_BYTES, 104),
        (HEAD.encode() + b"\rNTE|1" * MOST_SEGMENTS, 104),
    ],
)
def test_what_cannot_be_read_is_refused_and_not_repeated(raw: bytes, condition: int) -> None:
    with pytest.raises(V2Refused) as refused:
        parse(raw)

    assert refused.value.condition == condition
    assert "xxx" not in refused.value.text


def test_repetitions_are_bounded() -> None:
    segment = parse((HEAD + "\rPID|1||" + "~".join(["7"] * (MOST_REPETITIONS + 1))).encode()).first("PID")
    assert segment is not None

    with pytest.raises(V2Refused) as refused:
        segment.values(3)
    assert refused.value.where == "PID^1^3"


def test_a_message_does_not_show_itself() -> None:
    message = parse(f"{HEAD}\rPID|1||7||Secret^Name".encode())

    assert "Secret" not in repr(message)
