"""Say of which topics a resource tells, and of which day. Pure. What was called off or refuted tells of none."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

from salus.kernel import civil_day
from salus.records.fhir.facts import span_of

TYPES: Final = ("Condition", "Encounter", "Immunization", "Observation")
_SYSTEMS: Final[Mapping[str, str]] = {
    "http://hl7.org/fhir/sid/icd-10": "icd10",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd10",
    "urn:oid:2.16.156.10011.2.3.3.11": "icd10",
    "urn:oid:2.16.156.10011.2.3.3.11.3": "icd10",
    "http://snomed.info/sct": "snomed",
    "http://loinc.org": "loinc",
    "http://hl7.org/fhir/sid/cvx": "cvx",
}
_WHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "Condition": ("code",),
    "Encounter": ("type", "reasonCode"),
    "Immunization": ("vaccineCode",),
    "Observation": ("code",),
}
_WHEN: Final[Mapping[str, tuple[str, ...]]] = {
    "Condition": ("onsetDateTime", "onsetPeriod", "recordedDate"),
    "Encounter": ("period",),
    "Immunization": ("occurrenceDateTime",),
    "Observation": ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued"),
}
_NEVER: Final[Mapping[str, frozenset[str]]] = {
    "Condition": frozenset({"refuted", "entered-in-error", "resolved", "inactive", "remission"}),
    "Encounter": frozenset({"planned", "cancelled", "entered-in-error"}),
    "Immunization": frozenset({"entered-in-error", "not-done"}),
    "Observation": frozenset({"registered", "cancelled", "entered-in-error"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic and the codes that say it. With `value_less_days` its day is what the value tells, less so many."""

    key: str
    types: tuple[str, ...]
    begins: Mapping[str, tuple[str, ...]]
    exact: Mapping[str, frozenset[str]]
    value_less_days: int | None = None

    def says(self, system: str, code: str) -> bool:
        """Tell whether a code of a system says this topic."""
        return code in self.exact.get(system, ()) or code.startswith(self.begins.get(system, ("\x00",)))


@cache
def topics() -> tuple[Topic, ...]:
    """Return the topics in force."""
    told = tomllib.loads((files("salus.records.following") / "topics.toml").read_text("utf-8"))["topic"]
    systems = sorted(set(_SYSTEMS.values()))
    return tuple(
        Topic(
            key=one["key"],
            types=tuple(one["types"]),
            begins={name: tuple(one[name]["begins"]) for name in systems if "begins" in one.get(name, {})},
            exact={name: frozenset(one[name]["is"]) for name in systems if "is" in one.get(name, {})},
            value_less_days=one.get("value_less_days"),
        )
        for one in told
    )


def topic_keys() -> tuple[str, ...]:
    """Return the keys of the topics in force, each once."""
    return tuple(dict.fromkeys(one.key for one in topics()))


def told(resource: Mapping[str, Any], at: datetime) -> dict[str, date]:
    """Return the topics of which a resource tells, each with its day.

    What names no day, or one ahead, is of the day on which it arrived.
    """
    name = resource["resourceType"]
    if name not in _WHERE or _NEVER[name] & set(_standing(resource)):
        return {}
    codes = {(_SYSTEMS[coding["system"]], coding["code"]) for coding in _codings(resource) if _known(coding)}
    found = {}
    for topic in topics():
        if name in topic.types and any(topic.says(system, code) for system, code in codes):
            day = _day_of(resource, topic, civil_day(at))
            if day is not None:
                found[topic.key] = day
    return found


def _known(coding: Mapping[str, Any]) -> bool:
    return coding.get("system") in _SYSTEMS and isinstance(coding.get("code"), str)


def _codings(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for element in _WHERE[resource["resourceType"]]:
        value = resource.get(element)
        for concept in value if isinstance(value, list) else [value]:
            yield from (concept.get("coding") or ()) if isinstance(concept, dict) else ()


def _standing(resource: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(resource.get("status"), str):
        yield resource["status"]
    for element in ("clinicalStatus", "verificationStatus"):
        concept = resource.get(element)
        for coding in (concept.get("coding") or ()) if isinstance(concept, dict) else ():
            yield str(coding.get("code"))


def _day_of(resource: Mapping[str, Any], topic: Topic, today: date) -> date | None:
    if topic.value_less_days is not None:
        day = day_of(resource.get("valueDateTime"))
        return day - timedelta(days=topic.value_less_days) if day and day.year > 1 else None
    for element in _WHEN[resource["resourceType"]]:
        value = resource.get(element)
        day = day_of(value.get("start") if isinstance(value, dict) else value)
        if day is not None:
            return min(day, today)
    return today


def day_of(written: object) -> date | None:
    """Return the civil day on which a FHIR date begins, at least as precise as a month; None for anything else."""
    if not isinstance(written, str) or len(written) < len("2031-03"):
        return None
    span = span_of(written)
    if span is None:
        return None
    try:
        return span[0].date() if len(written) <= len("2031-03-01") else civil_day(span[0])
    except OverflowError:
        return None
