"""What searching needs of a resource: its tokens, its dates, whose it is. Paths come from the R4 definitions."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from salus.records.fhir.definitions import search_paths
from salus.records.fhir.walk import at_path

CODE, IDENTIFIER = 1, 2
_COUNTED = frozenset({"Condition", "Encounter", "Observation"})
_UNIT = re.compile(r"\\.|.", re.DOTALL)
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)
_LONGEST_DATE = 40
_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def tokens(resource: dict[str, Any]) -> set[tuple[int, str]]:
    """Return (parameter, token) of each identifier, and of each code that is counted: within its system, and in any."""
    found: set[tuple[int, str]] = set()
    for name, param in (("code", CODE), ("identifier", IDENTIFIER)):
        if param == CODE and resource["resourceType"] not in _COUNTED:
            continue
        for *steps, kind in search_paths(resource["resourceType"]).get(name, ()):
            for value in at_path(resource, steps):
                for system, code in _tokens(kind, value):
                    found |= {(param, token_of(system or "", code)), (param, token_of(None, code))}
    return found


def identifiers(resource: dict[str, Any]) -> Iterator[tuple[str | None, str]]:
    """Yield system and value of each identifier that a resource is found by."""
    for *steps, kind in search_paths(resource["resourceType"]).get("identifier", ()):
        for value in at_path(resource, steps):
            yield from _tokens(kind, value)


def born(patient: dict[str, Any]) -> date | None:
    """Return a Patient's birth date where it is a whole one; None for a year, a month, or none."""
    written = patient.get("birthDate")
    if not isinstance(written, str) or len(written) != 10 or not _DATE.fullmatch(written):
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def names(patient: dict[str, Any]) -> tuple[str, ...]:
    """Return a Patient's names as text, each once; of a name in parts the family name first, as it is told apart."""
    found = []
    for name in patient.get("name") or ():
        given = " ".join(part for part in name.get("given") or () if part)
        parts = [part for part in (name.get("family"), given) if part]
        found.append(name.get("text") or ", ".join(parts))
    return tuple(dict.fromkeys(text for text in found if text))


def token_of(system: str | None, code: str) -> str:
    """Write a token unambiguously; system None means any, and "" none. U+0000 occurs in no text that is stored."""
    return f"\x00{code}" if system is None else f"{system}\x00{code}\x00"


def asked_token(parameter: str) -> str | None:
    """Read `code`, `system|code` or `|code` of a search, with FHIR's escapes. None without code."""
    *system, code = split(parameter, "|")
    if not code or "\x00" in parameter:
        return None
    return token_of(plain("|".join(system)) if system else None, plain(code))


def split(text: str, mark: str) -> list[str]:
    """Split at a mark wherever no backslash takes its meaning; backslashes stay."""
    if "\\" not in text:
        return text.split(mark)
    parts = [""]
    for unit in _UNIT.findall(text):
        if unit == mark:
            parts.append("")
        else:
            parts[-1] += unit
    return parts


def plain(text: str) -> str:
    """Return a search value without its backslashes."""
    if "\\" not in text:
        return text
    return "".join(unit[-1] for unit in _UNIT.findall(text))


def _tokens(kind: str, value: Any) -> Iterator[tuple[str | None, str]]:
    if kind == "CodeableConcept" and isinstance(value, dict):
        for coding in value.get("coding") or ():
            if isinstance(coding, dict) and isinstance(coding.get("code"), str):
                yield coding.get("system"), coding["code"]
    elif kind in ("Coding", "Identifier") and isinstance(value, dict):
        code = value.get("code" if kind == "Coding" else "value")
        if isinstance(code, str):
            yield value.get("system"), code
    elif isinstance(value, str):
        yield None, value


def dates(resource: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    """Return the half-open span that the `date` parameter covers, or (None, None)."""
    spans = []
    for *steps, kind in search_paths(resource["resourceType"]).get("date", ()):
        for value in at_path(resource, steps):
            told = span(kind, value)
            if told:
                spans.append(told)
    if not spans:
        return None, None
    return min(lo for lo, _ in spans), max(hi for _, hi in spans)


def span(kind: str, value: Any) -> tuple[datetime, datetime] | None:
    """Return the half-open span of instants that an element of a date type covers; None if it says nothing."""
    if kind in ("date", "dateTime", "instant") and isinstance(value, str):
        return span_of(value)
    if kind == "Period" and isinstance(value, dict):
        start, end = (span_of(value[k]) if isinstance(value.get(k), str) else None for k in ("start", "end"))
        if start or end:
            return (start[0] if start else _EARLIEST), (end[1] if end else _LATEST)
    if kind == "Timing" and isinstance(value, dict):
        spans = [s for event in value.get("event") or () if isinstance(event, str) and (s := span_of(event))]
        if spans:
            return min(lo for lo, _ in spans), max(hi for _, hi in spans)
    return None


def span_of(text: str) -> tuple[datetime, datetime] | None:
    """Return the half-open span of instants that a FHIR date covers at its precision; None if it is none.

    A date or time without an offset is read in UTC. What lies beyond the years 1 to 9999 in UTC is cut off there.
    """
    return _span_of(text) if len(text) <= _LONGEST_DATE else _read_span(text)


def _read_span(text: str) -> tuple[datetime, datetime] | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        offset = "+00:00" if zone in (None, "Z") else zone
        micro = (fraction or "0")[:6].ljust(6, "0")
        leap = second == "60"
        written = datetime.fromisoformat(
            f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:"
            f"{'59' if leap else second or '00'}.{micro}{offset}"
        )
    except ValueError:
        return None
    start = _cut(written, timedelta(0))
    return start, _cut(start, _length(year, month, day, hour, second, fraction))


_span_of = lru_cache(maxsize=4096)(_read_span)  # most of what one visit made is of the same instants


def _cut(at: datetime, length: timedelta) -> datetime:
    try:
        return at.astimezone(UTC) + length
    except OverflowError:
        return _LATEST if at.year > 1 else _EARLIEST


def _length(
    year: str, month: str | None, day: str | None, hour: str | None, second: str | None, fraction: str | None
) -> timedelta:
    if month is None:
        return timedelta(days=366 if monthrange(int(year), 2)[1] == 29 else 365)
    if day is None:
        return timedelta(days=monthrange(int(year), int(month))[1])
    if hour is None:
        return timedelta(days=1)
    if second is None:
        return timedelta(minutes=1)
    if fraction is None:
        return timedelta(seconds=1)
    return timedelta(microseconds=10 ** max(0, 6 - len(fraction)))


# Elements that say whose a resource is; in others, such as an actor or an agent, a person may be a bystander.
_WHOSE = frozenset({"subject", "patient", "for", "beneficiary"})


def patient_references(resource: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (reference, element path) wherever R4 says whose this resource is, and the reference is to a Patient."""
    name = resource["resourceType"]
    paths = search_paths(name).get("patient", ()) or _OTHERS.get(name, ())
    found = []
    for *steps, _ in paths:
        for value in at_path(resource, steps):
            reference = value.get("reference") if isinstance(value, dict) else None
            if isinstance(reference, str) and reference.startswith("Patient/"):
                found.append((reference, f"{name}.{'.'.join(steps)}"))
    return found


def meant(resource: dict[str, Any]) -> Iterator[tuple[Any, str, bool]]:
    """Yield (value, path within the resource, whether it says whose) wherever R4 says who a resource is about."""
    name = resource["resourceType"]
    for *steps, _ in search_paths(name).get("patient", ()) or _OTHERS.get(name, ()):
        for value in at_path(resource, steps):
            yield value, ".".join(steps), steps[0] in _WHOSE


def unnamed_patients(resource: dict[str, Any]) -> list[str]:
    """Return element paths where R4 says whose this resource is, and somebody is meant who is no Patient stored here.

    By name alone, by identifier alone, a contained Patient or another server's: such a person would never see the
    entry. A group, a device or a place in that element is nobody.
    """
    name = resource["resourceType"]
    contained = {f"#{c.get('id')}" for c in resource.get("contained") or () if c.get("resourceType") == "Patient"}
    found = []
    for *steps, _ in search_paths(name).get("patient", ()):
        for value in at_path(resource, steps) if steps[0] in _WHOSE else ():
            reference = value.get("reference") if isinstance(value, dict) else None
            elsewhere = isinstance(reference, str) and "://" in reference and "/Patient/" in reference
            if not isinstance(reference, str) or reference in contained or elsewhere:
                found.append(f"{name}.{'.'.join(steps)}")
    return found


# In the Patient compartment, but without a parameter called patient (R4 CompartmentDefinition).
_OTHERS = {
    "AdverseEvent": [["subject", "Reference"]],
    "Group": [["member", "entity", "Reference"]],
    "Schedule": [["actor", "Reference"]],
    "SupplyRequest": [["deliverTo", "Reference"]],
}
