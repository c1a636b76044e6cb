"""Acknowledgements: MSH, MSA and ERR, in original mode (AA, AE, AR) and, where asked for, enhanced (CA, CE, CR)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from salus.kernel import CIVIL_TIME
from salus.records.v2.charset import decode
from salus.records.v2.errors import CONDITIONS, V2Refused
from salus.records.v2.escapes import escape
from salus.records.v2.message import declared
from salus.records.v2.model import Answer, Delimiters

_COMMIT = {"AA": "CA", "AE": "CE", "AR": "CR"}
_SHOWN_CHARSETS = {"utf-8": "UNICODE UTF-8", "gb18030": "GB18030", "iso-8859-1": "8859/1"}
_LONGEST, _LONGEST_HEAD = 200, 4096
MOST_NOTES = 50


@dataclass(frozen=True, slots=True)
class _Header:
    """What an answer takes from the header that it answers, as it stands there."""

    delimiters: Delimiters
    encoding: str
    fields: tuple[str, ...]

    def raw(self, number: int) -> str:
        return self.fields[number][:_LONGEST] if number < len(self.fields) else ""


def acknowledge(raw: bytes, answer: Answer, now: datetime) -> list[bytes]:
    """Return the messages that answer one: one in original mode; in enhanced mode what MSH-15 and MSH-16 ask for.

    Works for whatever can be read of a header, so that a broken message is answered too.
    """
    header = _header(raw)
    accept, application = header.raw(15).strip().upper(), header.raw(16).strip().upper()
    if not accept and not application:
        return [_message(header, answer, answer.code, now)]
    sent = []
    if _asked(accept, answer):
        sent.append(_message(header, answer, _COMMIT[answer.code], now))
    if _asked(application, answer):
        sent.append(_message(header, answer, answer.code, now))
    return sent


def _asked(condition: str, answer: Answer) -> bool:
    """Read table 0155: always, never, on errors, on success. An empty one beside a filled one is never."""
    good = answer.code == "AA"
    return condition == "AL" or (condition == "SU" and good) or (condition == "ER" and not good)


def _header(raw: bytes) -> _Header:
    head = raw.lstrip(b"\xef\xbb\xbf \r\n")[:_LONGEST_HEAD].replace(b"\n", b"\r").split(b"\r")[0]
    try:
        text, encoding = decode(head)
    except V2Refused:
        text, encoding = head.decode("ascii", "replace").replace("�", "?"), "ascii"
    try:
        delimiters = declared(text)
    except V2Refused:
        return _Header(Delimiters(), "ascii", ())
    return _Header(delimiters, encoding, ("MSH", delimiters.field, *text.split(delimiters.field)[1:]))


def _message(header: _Header, answer: Answer, code: str, now: datetime) -> bytes:
    marks = header.delimiters
    declared = marks.component + marks.repetition + marks.escape + marks.subcomponent + marks.truncation
    at = (answer.at or now).astimezone(CIVIL_TIME).strftime("%Y%m%d%H%M%S+0800")
    control = (answer.seal.hex()[:18] if answer.seal else f"{now.timestamp():.6f}".replace(".", "")[-18:]) + code
    trigger = _part(header.raw(9), marks.component, 1)
    kind = "ACK" + (f"{marks.component}{trigger}{marks.component}ACK" if trigger else "")
    lines = [
        ["MSH", declared, header.raw(5), header.raw(6), header.raw(3), header.raw(4), at, "", kind, control,
         header.raw(11) or "P", header.raw(12) or "2.5", "", "", "", "", "", _SHOWN_CHARSETS.get(header.encoding, "")],
        ["MSA", code, header.raw(10), escape(answer.text[:_LONGEST], marks)],
    ]  # fmt: skip
    if answer.condition:
        severity = "E"
        lines.append(_error(marks, answer.element, answer.condition, severity, answer.salus, answer.text))
    for where, text in answer.notes[:MOST_NOTES]:
        lines.append(_error(marks, where, 0, "I", "", text))
    text = "".join(marks.field.join(line).rstrip(marks.field) + "\r" for line in lines)
    return text.encode(header.encoding, "replace")


def _error(marks: Delimiters, where: str | None, condition: int, severity: str, code: str, text: str) -> list[str]:
    shown = CONDITIONS.get(condition, "Message accepted")
    coded = marks.component.join((str(condition), shown, "HL70357"))
    place = (where or "").replace("^", marks.component)
    return ["ERR", "", place, coded, severity, code, "", "", escape(text, marks)]


def _part(text: str, mark: str, number: int) -> str:
    parts = text.split(mark)
    return parts[number] if number < len(parts) else ""
