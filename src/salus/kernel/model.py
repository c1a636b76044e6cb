"""Shared value types: roles, purposes, identifiers, instants, canonical bytes. Pure; no room is known here."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID, uuid4

from salus.kernel.errors import Invalid

BUCKETS = 4096
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII)


class Purpose(StrEnum):
    """The closed list of purposes of use (HL7 v3 ActReason). None of them is policing."""

    TREAT = "TREAT"
    ETREAT = "ETREAT"
    PUBHLTH = "PUBHLTH"
    PATRQT = "PATRQT"
    HOPERAT = "HOPERAT"
    HRESCH = "HRESCH"


class Role(StrEnum):
    """The closed list of what a principal can be."""

    HOSPITAL_SYSTEM = "hospital-system"
    SAMPLING_SITE = "sampling-site"
    LABORATORY = "laboratory"
    DEPARTMENT_SYSTEM = "department-system"
    CLINICIAN = "clinician"
    RECEPTION = "reception"
    RESIDENT = "resident"
    EPIDEMIOLOGIST = "epidemiologist"
    COMMANDER = "commander"
    APPEAL_OFFICER = "appeal-officer"
    INDEX_REVIEWER = "index-reviewer"
    ACCESS_REVIEWER = "access-reviewer"
    AUDITOR = "auditor"
    OPERATOR = "operator"

    @property
    def software(self) -> bool:
        """Tell whether a facility's software acts in this role, and no person."""
        return self in _SOFTWARE


_SOFTWARE = {Role.HOSPITAL_SYSTEM, Role.SAMPLING_SITE, Role.LABORATORY, Role.DEPARTMENT_SYSTEM}


class Clock(Protocol):
    """Where the present instant comes from; only composition roots build one."""

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def new_id() -> UUID:
    """Make a random external identifier, derived from nothing."""
    return uuid4()


def bucket(external_id: UUID) -> int:
    """Return the placement bucket, 0 to 4095: the first 12 bits of SHA-256 over the 16 bytes."""
    digest = hashlib.sha256(external_id.bytes).digest()
    return (digest[0] << 4) | (digest[1] >> 4)


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 instant with an offset; the answer is in UTC.

    Raises Invalid for anything else, dates without an offset included.
    """
    if not _RFC3339.fullmatch(text):
        raise Invalid(f"not an RFC 3339 instant: {text[:40]!r}; write 2031-03-01T08:00:00Z", code="SALUS-K001")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(f"no such instant: {text[:40]!r}", code="SALUS-K001") from None


def format_instant(at: datetime) -> str:
    """Write an instant as RFC 3339 in UTC, with microseconds only where there are some."""
    if at.tzinfo is None:
        raise Invalid("an instant needs its offset", code="SALUS-K001")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


CIVIL_TIME = timezone(timedelta(hours=8))
"""One civil time in the whole country, without daylight saving: a fixed offset needs no time zone tables."""
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 as Douglas Crockford writes it (2002): no letter looks like a digit. Read are O as 0, I and L as 1."""


def civil_day(at: datetime) -> date:
    """Return the day that an instant belongs to for people."""
    return at.astimezone(CIVIL_TIME).date()


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def canonical(value: object) -> bytes:
    """Encode as canonical JSON after RFC 8785, restricted to strings, integers, booleans, null, lists and objects.

    Floats are refused, since two languages may write the same one differently; so are integers beyond 2**53 - 1.
    Keys sort by UTF-16 code units, as the standard asks.
    """
    return _ENCODER.encode(_checked(value)).encode("utf-8")


def nests_deeper(value: object, most: int) -> bool:
    """Tell whether parsed JSON has more than `most` lists and objects inside of each other. It never calls itself.

    How deep a parser follows depends on the release of Python: that of 3.11 about a thousand, that of 3.13 ten times as
    many, through which nobody can walk by recursion then.
    """
    inside: list[Any] = [value] if value.__class__ is dict or value.__class__ is list else []
    while inside:
        if most == 0:
            return True
        most -= 1
        inside = [
            each
            for one in inside
            for each in (one.values() if one.__class__ is dict else one)
            if each.__class__ is dict or each.__class__ is list
        ]
    return False


def spelt(name: object) -> str:
    """Return the name of an organisation as names are compared: in one width, case and spacing.

    By capitals, since JavaScript has no case folding: a door has to count as we do.
    """
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", str(name)).upper()).split())


def _checked(value: object) -> object:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) > 2**53 - 1:
            raise Invalid("an integer beyond 2^53-1 has no canonical form", code="SALUS-K003")
        return value
    if isinstance(value, list | tuple):
        return [_checked(item) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise Invalid("an object's keys are strings", code="SALUS-K003")
        # In ASCII code points and code units sort alike, and every leaf of the log comes through here.
        ordered = sorted(value) if "".join(value).isascii() else sorted(value, key=lambda key: key.encode("utf-16-be"))
        return {key: _checked(value[key]) for key in ordered}
    raise Invalid(f"no canonical form for {type(value).__name__}", code="SALUS-K003")
