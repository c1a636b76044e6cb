"""Checkpoints as signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature), and the times of a quorum."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from salus_audit.signing import NamedKey, signed
from salus_audit.spelling import Misspelt, octets

MOST_NOTE = 65_536
MOST_LINES = 100
_LAST = 253_402_300_799  # the last second of the year 9999
_LINE = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/]+=*)")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class Unsigned(Exception):
    """A signature that has to be there is missing or false. The text says which."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line under a note: who claims to have signed, and what stands there."""

    name: str
    identifier: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a log as its log signed it. `lines` are all lines under it, not yet believed."""

    origin: str
    size: int
    root: bytes
    text: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """When a quorum of k saw a head: `at` is the k-th time from the earliest, `as_of` the k-th from the latest.

    `by_witness` are the times by the witnesses' names.
    """

    at: int
    as_of: int
    by_witness: Mapping[str, int] = field(default_factory=dict)


def read_head(raw: bytes, log: NamedKey) -> Head:
    """Read a checkpoint that this log signed; Misspelt or Unsigned otherwise."""
    if len(raw) > MOST_NOTE:
        raise Misspelt("a note has at most 64 KiB")
    try:
        whole = raw.decode()
    except UnicodeDecodeError:
        raise Misspelt("a note is UTF-8 text") from None
    body, _, tail = whole.rpartition("\n\n")
    text = body + "\n"
    rows = tail[:-1].split("\n")
    if not body or not tail.endswith("\n") or len(rows) > MOST_LINES:
        raise Misspelt("a note is a text, an empty line, and lines of signatures")
    lines = tuple(_line(row) for row in rows)
    mine = [one for one in lines if (one.name, one.identifier) == (log.name, log.identifier)]
    if not mine or not all(signed(log.key, text.encode(), one.value) for one in mine[:1]):
        raise Unsigned("the log's key has not signed this checkpoint")
    told = body.split("\n")
    if len(told) != 3 or told[0] != log.name or not _NUMBER.fullmatch(told[1]) or int(told[1]) >= 2**63:
        raise Misspelt("a checkpoint is the log's name, its size and its root")
    return Head(told[0], int(told[1]), octets(told[2], 32), text, lines)


def _line(row: str) -> Line:
    match = _LINE.fullmatch(row)
    if not match:
        raise Misspelt("a line of a signature is a dash, a name and base64")
    raw = octets(match[2])
    if len(raw) < 5:
        raise Misspelt("a line of a signature is too short")
    return Line(match[1], raw[:4], raw[4:])


def cosigned_at(head: Head, witness: NamedKey) -> int | None:
    """Return when a witness cosigned a head; None if it did not, Unsigned if a line of its name is false."""
    for line in head.lines:
        if (line.name, line.identifier) != (witness.name, witness.identifier):
            continue
        second = int.from_bytes(line.value[:8], "big")
        message = f"cosignature/v1\ntime {second}\n{head.text}".encode()
        if len(line.value) != 72 or not 0 < second <= _LAST or not signed(witness.key, message, line.value[8:]):
            raise Unsigned(f"the cosignature of {witness.name} is false")
        return second
    return None


def quorum_of(organisations: int) -> int:
    """Return how many of so many organisations are more than half of them."""
    return organisations // 2 + 1


def quorum_times(head: Head, witnesses: Iterable[NamedKey], until: Mapping[bytes, int] | None = None) -> Times | None:
    """Return when a quorum saw a head, None where too few did. An organisation counts once, whatever keys it has.

    `until` tells of keys that ended, by when they had to cosign. Whose key ended still counts in what is a quorum: or
    whoever ends keys could make one small.
    """
    chosen = list(witnesses)
    by_organisation: dict[str, int] = {}
    by_witness: dict[str, int] = {}
    for witness in chosen:
        at = cosigned_at(head, witness)
        if at is not None and at <= (until or {}).get(witness.key, at):
            by_witness[witness.name] = at
            by_organisation[witness.body] = min(at, by_organisation.get(witness.body, at))
    quorum = quorum_of(len({one.body for one in chosen}))
    in_order = sorted(by_organisation.values())
    if not chosen or len(in_order) < quorum:
        return None
    return Times(at=in_order[quorum - 1], as_of=in_order[-quorum], by_witness=by_witness)
