"""Dates and times of HL7 v2 (DT, TM, DTM, TS) as FHIR writes them, at the precision that was sent."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from salus.kernel import CIVIL_TIME

_STAMP = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?)?)?)?)?([+-]\d{4})?", re.ASCII
)
_TIME = re.compile(r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?)?(?:[+-]\d{4})?", re.ASCII)


def date_time(text: str) -> str | None:
    """Return a FHIR dateTime; None for what is no date. A time without offset is of civil time, UTC+8."""
    match = _STAMP.fullmatch(text) if text else None
    if match is None or _instant(match) is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    found = "-".join(part for part in (year, month, day) if part)
    if hour is None:
        return found
    offset = f"{zone[:3]}:{zone[3:]}" if zone else "+08:00"
    return f"{found}T{hour}:{minute or '00'}:{second or '00'}{f'.{fraction}' if fraction else ''}{offset}"


def day(text: str) -> str | None:
    """Return a FHIR date, the time left out; None for what is no date."""
    found = date_time(text)
    return found and found[:10]


def clock(text: str) -> str | None:
    """Return a FHIR time; None for what is none."""
    match = _TIME.fullmatch(text)
    if match is None or int(match[1]) > 23 or int(match[2] or 0) > 59 or int(match[3] or 0) > 59:
        return None
    return f"{match[1]}:{match[2] or '00'}:{match[3] or '00'}" + (f".{match[4]}" if match[4] else "")


def instant(text: str) -> datetime | None:
    """Return the instant at which a time stamp begins, in UTC; None for what is none."""
    match = _STAMP.fullmatch(text)
    return None if match is None else _instant(match)


def _instant(match: re.Match[str]) -> datetime | None:
    year, month, day_, hour, minute, second, fraction, zone = match.groups()
    try:
        if zone and (int(zone[1:3]) > 14 or (int(zone[1:3]) == 14 and zone[3:] != "00") or int(zone[3:]) > 59):
            return None
        at = datetime.fromisoformat(
            f"{year}-{month or '01'}-{day_ or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}"
            f".{(fraction or '0').ljust(6, '0')}{f'{zone[:3]}:{zone[3:]}' if zone else ''}"
        )
        return (at if zone else at.replace(tzinfo=CIVIL_TIME)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
