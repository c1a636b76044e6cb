"""Take a message apart: delimiters as declared, segments, fields, repetitions, components. Tolerant, and bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from salus.records.v2.charset import decode
from salus.records.v2.errors import DATATYPE, SEQUENCE, TOO_LONG, V2Refused
from salus.records.v2.escapes import unescape
from salus.records.v2.model import Delimiters

MOST_BYTES = 4 * 1024 * 1024
MOST_SEGMENTS = 10_000
MOST_REPETITIONS = 1_000
MOST_CHARACTERS = 1024 * 1024
"""Of one text: FHIR R4's strings are no longer. Nor do they hold control characters, which are left out."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
DELETED = '""'
"""What a sender writes to say that a value is to be taken away; an empty field says nothing."""

# A line end begins a segment only where a name and a separator follow: text of a sender who breaks lines stays whole.
# The look behind keeps a run of line ends from being tried at each of its characters.
_STARTS = r"(?<![\r\n])[\r\n]+(?=[A-Z][A-Z0-9]{{2}}(?:{0}|[\r\n]|\Z))"


class Value:
    """One repetition of a field. Its components are taken apart when the first is asked for."""

    __slots__ = ("_parts", "delimiters", "encoding", "raw")

    def __init__(self, raw: str, delimiters: Delimiters, encoding: str) -> None:
        self.raw = raw
        self.delimiters = delimiters
        self.encoding = encoding
        self._parts: list[str] | None = None

    def part(self, component: int = 1, subcomponent: int = 1) -> str:
        """Return a part as text, without white space around it; empty where it is not there, or to be taken away."""
        parts = self._parts
        if parts is None:
            mark = self.delimiters.component
            parts = self._parts = self.raw.split(mark) if mark else [self.raw]
        try:
            text = parts[component - 1]
        except IndexError:
            return ""
        if not text:
            return ""
        mark = self.delimiters.subcomponent
        if subcomponent != 1 or (mark and mark in text):
            text = _nth(text, mark, subcomponent)
        return self._plain(text) if text and text != DELETED else ""

    @property
    def text(self) -> str:
        """The whole repetition as text: what a sender of plain text means who does not escape its separators."""
        return self._plain(self.raw)

    @property
    def cut(self) -> bool:
        """Whether the first component was cut off by its sender (truncation character of 2.7)."""
        mark = self.delimiters.truncation
        return bool(mark) and _nth(self.raw, self.delimiters.component, 1).endswith(mark)

    def _plain(self, text: str) -> str:
        marks = self.delimiters
        if text.isalnum() and len(text) < MOST_CHARACTERS:  # what nearly all is, and no separator can be
            return text
        if marks.truncation and text.endswith(marks.truncation):
            text = text[: -len(marks.truncation)] + "…"
        if marks.escape and marks.escape in text:
            text = unescape(text, marks, self.encoding)
        if len(text) > MOST_CHARACTERS:
            raise V2Refused(f"a text of more than {MOST_CHARACTERS:,} characters; send it in parts", TOO_LONG)
        return (text if text.isprintable() else _CONTROL.sub("", text)).strip()


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: `fields[n]` is field n, and `number` which of its name it is, from 1."""

    name: str
    number: int
    fields: tuple[str, ...] = field(repr=False)
    delimiters: Delimiters
    encoding: str

    def raw(self, number: int) -> str:
        """Return a field as it stands; empty where there is none."""
        return self.fields[number] if number < len(self.fields) else ""

    def text(self, number: int, component: int = 1, subcomponent: int = 1) -> str:
        """Return a part of the first repetition of a field."""
        fields = self.fields
        return self.first(number).part(component, subcomponent) if number < len(fields) and fields[number] else ""

    def first(self, number: int) -> Value:
        """Return the first repetition of a field."""
        raw, mark = self.raw(number), self.delimiters.repetition
        return Value(raw.split(mark, 1)[0] if mark else raw, self.delimiters, self.encoding)

    def values(self, number: int) -> list[Value]:
        """Return the repetitions of a field that say something. Raises V2Refused for more than 1,000."""
        raw = self.raw(number)
        if not raw or raw == DELETED:
            return []
        mark = self.delimiters.repetition
        if mark and raw.count(mark) >= MOST_REPETITIONS:
            raise V2Refused(f"more than {MOST_REPETITIONS:,} repetitions", TOO_LONG, self.where(number))
        found = raw.split(mark) if mark else [raw]
        return [Value(one, self.delimiters, self.encoding) for one in found if one not in ("", DELETED)]

    def says(self, number: int) -> bool:
        """Tell whether a field holds a value, or takes one away."""
        raw = self.raw(number)
        return raw != "" and raw.strip(self.delimiters.component + self.delimiters.repetition + " ") != ""

    def deletes(self, number: int) -> bool:
        """Tell whether a field takes its value away."""
        return self.raw(number) == DELETED

    def where(self, number: int) -> str:
        """Return the location of a field as ERR-2 writes it."""
        return f"{self.name}^{self.number}^{number}"


@dataclass(frozen=True, slots=True)
class Message:
    """A message: MSH first, then the other segments in order; Z segments are there, and nobody asks for them."""

    segments: tuple[Segment, ...]
    delimiters: Delimiters
    encoding: str
    text: str = field(repr=False)

    @property
    def literal(self) -> bool:
        """Whether what it tells stands in it as it is: no escapes, and no parts that are left out between others."""
        marks = (self.delimiters.escape, self.delimiters.subcomponent)
        return not any(mark and mark in self.text[16:] for mark in marks)

    @property
    def header(self) -> Segment:
        """MSH."""
        return self.segments[0]

    def first(self, name: str) -> Segment | None:
        """Return the first segment of a name."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[Segment]:
        """Yield the segments of a name in order."""
        return (one for one in self.segments if one.name == name)


def parse(raw: bytes) -> Message:
    """Take one message apart. Raises V2Refused, whose text holds nothing of it."""
    if len(raw) > MOST_BYTES:
        raise V2Refused(f"larger than {MOST_BYTES // 1024 // 1024} MiB; send it in parts", TOO_LONG, rejected=True)
    if not raw.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"MSH"):
        raise V2Refused("a message begins with MSH; batches (BHS, FHS) are not taken, send one by one", SEQUENCE)
    text, encoding = decode(raw.lstrip(b" \r\n"))
    delimiters = declared(text)
    lines = re.split(_STARTS.format(re.escape(delimiters.field)), text.strip("\r\n"), maxsplit=MOST_SEGMENTS)
    if len(lines) > MOST_SEGMENTS:
        raise V2Refused(f"more than {MOST_SEGMENTS:,} segments; send it in parts", TOO_LONG)
    counts: dict[str, int] = {}
    segments = []
    for line in lines:
        fields = line.split(delimiters.field)
        name = fields[0]
        if name == "MSH":
            fields.insert(1, delimiters.field)  # MSH-1 is the separator itself
        counts[name] = counts.get(name, 0) + 1
        segments.append(Segment(name, counts[name], tuple(fields), delimiters, encoding))
    if counts.get("MSH") != 1:
        raise V2Refused("two messages in one frame; send one in each", SEQUENCE, "MSH^2")
    return Message(tuple(segments), delimiters, encoding, text)


def declared(text: str) -> Delimiters:
    """Read MSH-1 and MSH-2. Raises V2Refused for separators that cannot separate."""
    separator = text[3:4]
    marks = re.split(r"[\r\n]", text[4:16].split(separator, maxsplit=1)[0] if separator else "")[0]
    chosen = separator + marks
    good = 2 <= len(marks) <= 5 and len(set(chosen)) == len(chosen)
    if not good or not all(0x20 < ord(mark) < 0x7F and not mark.isalnum() for mark in chosen):
        raise V2Refused(
            "MSH-1 and MSH-2 declare the separators, each another character that is no letter or digit; write |^~\\&",
            DATATYPE,
            "MSH^1^2",
        )
    padded = (*marks, "", "", "", "")
    return Delimiters(
        field=separator,
        component=padded[0],
        repetition=padded[1],
        escape=padded[2],
        subcomponent=padded[3],
        truncation=padded[4],
    )


def _nth(text: str, mark: str, number: int) -> str:
    """Return the part of that number, from 1; without a separator there is one part."""
    if not mark or mark not in text:
        return text if number == 1 else ""
    parts = text.split(mark, number)
    return parts[number - 1] if number <= len(parts) else ""
