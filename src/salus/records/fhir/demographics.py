"""What finds a Patient by who it is: names by their keys, birth dates, sex, telephones (IHE PDQm, ITI-78). Pure.

Stored and asked for as tokens, which become keyed digests: no name, date or number stands in a search row. A name is
found whole, by how it sounds, in Chinese or Latin letters; never by its beginning, since beginnings list people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from salus.identity.documents import read_phone
from salus.identity.names import Name, read_name
from salus.records.fhir.facts import names, plain, split

NAME, GENDER, BIRTH, TELECOM = 4, 5, 6, 7
_GENDERS = frozenset({"male", "female", "other", "unknown"})
_GENDER_SYSTEM = "http://hl7.org/fhir/administrative-gender"
_SYSTEMS = ("phone", "fax", "email", "pager", "url", "sms", "other")
_DIALLED = frozenset({"phone", "fax", "pager", "sms"})
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1850, 2150


class Unanswerable(ValueError):
    """A value that cannot be asked for; its text says how to write one, and repeats nothing."""


def demographic_tokens(resource: Mapping[str, Any]) -> set[tuple[int, str]]:
    """Return (parameter, token) of everything by which a Patient is found; nothing for any other type."""
    if resource["resourceType"] != "Patient":
        return set()
    return {
        *((NAME, token) for token in _name_tokens(resource)),
        *((TELECOM, token) for one in resource.get("telecom") or () for token in contact_tokens(one)),
        *((BIRTH, token) for token in birth_tokens(resource.get("birthDate"))),
        *((GENDER, code) for code in (resource.get("gender"),) if code),
    }


def asked_demographics(name: str, value: str) -> tuple[int, set[str]]:
    """Return the parameter and the tokens of which any finds a match, for one value of a search.

    Raises Unanswerable.
    """
    if name == "birthdate":
        return BIRTH, set(_asked_birth(value))
    if name == "gender":
        return GENDER, {_asked_gender(value)}
    if name in ("email", "phone", "telecom"):
        return TELECOM, set(asked_contact(name, value))
    return NAME, set(_asked_name(name, plain(value)))


def _name_tokens(patient: Mapping[str, Any]) -> Iterator[str]:
    for one in patient.get("name") or ():
        for text in names({"name": [one]}):
            read = read_name(text)
            yield from (f"whole|{key}" for key in read.keys)
            yield from (f"{part}|{key}" for part, key in (("family", read.family), ("given", read.given)) if key)
            if not _says_its_parts(read, one):
                yield from _part_tokens(one)


def _says_its_parts(read: Name, one: Mapping[str, Any]) -> bool:
    """Tell whether a whole name was split as it is written in parts, and reads in one way: then parts add nothing."""
    family: str = one.get("family") or ""
    given: list[str] = one.get("given") or []
    if read.variants or len(given) != 1:
        return not family and not given
    if read.raw == family + given[0]:
        return read.family in _surname_keys(family)
    return (family.lower(), given[0].lower()) == (read.family, read.given)


def _part_tokens(one: Mapping[str, Any]) -> Iterator[str]:
    given = [part for part in one.get("given") or () if part]
    yield from (f"family|{key}" for key in _part_keys(one.get("family")))
    for part in dict.fromkeys((*given, " ".join(given))):
        yield from (f"given|{key}" for key in _part_keys(part))


@lru_cache(maxsize=4096)
def _surname_keys(text: str) -> set[str]:
    return _part_keys(text)


def _part_keys(text: str | None) -> set[str]:
    """Return the keys of a part of a name: all its letters, by each reading."""
    read = read_name(text) if text else None
    return {key for key in (read.full, *read.variants) if key} if read else set()


def _asked_name(name: str, value: str) -> Iterator[str]:
    parts = _part_keys(value)
    if not parts:
        raise Unanswerable("must be a name, whole, in Chinese characters or letters")
    yield from (f"{part}|{key}" for part in ("family", "given") if name in (part, "name") for key in parts)
    if name == "name":
        yield from (f"whole|{key}" for key in read_name(value).keys)


def contact_tokens(point: Mapping[str, Any]) -> Iterator[str]:
    """Yield how a number or an address of mail is found: with its system, as it is dialled."""
    value, system = point.get("value"), point.get("system") or "other"
    written = _written(system, value) if value else ""
    if written:
        yield f"{system}|{written}"


def _written(system: str, value: str) -> str:
    return read_phone(value) if system in _DIALLED else value.strip().lower()


def asked_contact(name: str, value: str) -> Iterator[str]:
    """Yield the tokens of which any finds a match, for one value of phone, email or telecom. Raises Unanswerable."""
    *system, text = (plain(part) for part in split(value, "|"))
    systems = (name,) if name in ("phone", "email") else tuple(system) or _SYSTEMS
    found = [f"{one}|{written}" for one in systems if (written := _written(one, text))]
    if not found or len(system) > 1 or not set(systems) <= set(_SYSTEMS) or (name != "telecom" and system):
        raise Unanswerable("must be a number as it is dialled, or an address of mail; for telecom also system|value")
    yield from found


def _asked_gender(value: str) -> str:
    system, bar, code = value.rpartition("|")
    if code not in _GENDERS or (bar and system not in ("", _GENDER_SYSTEM)):
        raise Unanswerable(f"must be one of {', '.join(sorted(_GENDERS))}")
    return code


def birth_tokens(written: str | None) -> Iterator[str]:
    """Yield how a birth date is found: a whole one also by its month and its year; what is no date by nothing."""
    if written and _span(written):
        yield from (written[:length] for length in (4, 7, 10) if len(written) >= length)


def _asked_birth(value: str) -> Iterator[str]:
    """Yield the years, months and days that a comparison covers (FHIR R4, search, 3.1.1.4.5).

    A Patient of whom only the year or the month is known is found where all of it is covered. Ranges end at the years
    1850 and 2150.
    """
    prefix, text = (value[:2], value[2:]) if value[:2].isalpha() else ("eq", value)
    span = _span(text)
    if span is None:
        raise Unanswerable("must be a date such as 2031, 2031-03 or 2031-03-01, with a prefix such as ge or none")
    if prefix == "eq":
        yield text
        return
    (low, high), (first, last) = span, (date(_FIRST_YEAR, 1, 1), date(_LAST_YEAR, 1, 1))
    before, after = (first, low), (high, last)
    covered = {
        "ne": (before, after), "gt": (after,), "sa": (after,), "lt": (before,), "eb": (before,),
        "ge": ((low, last),), "le": ((first, high),),
    }  # fmt: skip
    if prefix not in covered:
        raise Unanswerable(f"unknown prefix; known are eq, {', '.join(covered)}")
    for start, end in covered[prefix]:
        yield from _covering(max(start, first), min(end, last))


def _covering(start: date, end: date) -> Iterator[str]:
    """Yield the fewest years, months and days that make up [start, end)."""
    while start < end:
        for text, until in ((f"{start:%Y}", _next_year(start)), (f"{start:%Y-%m}", _next_month(start))):
            if until is not None and until <= end:
                yield text
                start = until
                break
        else:
            yield f"{start:%Y-%m-%d}"
            start += timedelta(days=1)


def _next_year(day: date) -> date | None:
    return date(day.year + 1, 1, 1) if (day.month, day.day) == (1, 1) else None


def _next_month(day: date) -> date | None:
    if day.day != 1:
        return None
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _span(text: str) -> tuple[date, date] | None:
    """Return the half-open span of days that a FHIR date covers; None if it is none."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = match.groups()
    try:
        start = date(int(year), int(month or 1), int(day or 1))
        if day:
            return start, start + timedelta(days=1)
        return start, (_next_month(start) if month else _next_year(start)) or start
    except (ValueError, OverflowError):
        return None
