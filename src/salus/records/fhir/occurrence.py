"""When a resource happened, for counting by day: visits, diagnoses and results said as a word. Nothing else counts.

What was called off, refuted or entered in error happened on no day. Suspected and provisional diagnoses count: early
warning waits for no confirmation.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from salus.kernel import civil_day
from salus.records.fhir.facts import span_of, token_of

FINDING = 3
"""The parameter, beside code and identifier, under which a positive result and an admission are found."""
ADMITTED = token_of("http://terminology.hl7.org/CodeSystem/v3-ActCode", "IMP")
_DAY = timedelta(days=1)
_NEVER = {
    "Encounter": {"planned", "cancelled", "entered-in-error"},
    "Condition": {"refuted", "entered-in-error"},
    "Observation": {"registered", "cancelled", "entered-in-error"},
}
_WHEN = {
    "Encounter": ("period",),
    "Condition": ("recordedDate", "onsetDateTime", "onsetPeriod"),
    "Observation": ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "issued"),
}
# HL7 v3 ObservationInterpretation, and SNOMED CT "Detected" and "Positive".
_POSITIVE = {"POS", "DET", "260373001", "10828004"}
_NEGATIVE = {"NEG", "ND", "260415000", "260385009"}
# HL7 v3 ActEncounterCode of a stay: inpatient, acute, non-acute.
_STAYS = {"IMP", "ACUTE", "NONAC"}


def occurred(resource: dict[str, Any], arrived: datetime) -> date | None:
    """Return the civil day on which a visit, a diagnosis or a result happened; None for all that is not counted.

    A diagnosis happened when it was written down. What has no date as precise as a day, or one that lies ahead, is
    counted on the day it arrived: one case of cholera is not to be missed for want of a date.
    """
    name, today = resource["resourceType"], civil_day(arrived)
    if name not in _WHEN or _NEVER[name] & set(_standing(resource)):
        return None
    if name == "Observation" and not _answers(resource) & (_POSITIVE | _NEGATIVE):
        return None
    for element in _WHEN[name]:
        value = resource.get(element)
        text = value.get("start") if isinstance(value, dict) else value
        day = _day(text) if isinstance(text, str) else None
        if day is not None:
            return min(day, today)
    return today


def findings(resource: dict[str, Any]) -> set[tuple[int, str]]:
    """Return (FINDING, token) of what a positive result found, and of an admission."""
    name = resource["resourceType"]
    if name == "Encounter":
        kind = resource.get("class")
        return {(FINDING, ADMITTED)} if isinstance(kind, dict) and kind.get("code") in _STAYS else set()
    if name == "Observation" and _answers(resource) & _POSITIVE:
        codings = _codings(resource.get("code"))
        return {(FINDING, token_of(coding.get("system") or "", coding["code"])) for coding in codings}
    return set()


def _standing(resource: dict[str, Any]) -> Iterator[str]:
    if isinstance(resource.get("status"), str):
        yield resource["status"]
    yield from (coding["code"] for coding in _codings(resource.get("verificationStatus")))


def _answers(resource: dict[str, Any]) -> set[str]:
    concepts = [resource.get("valueCodeableConcept"), *(resource.get("interpretation") or ())]
    return {coding["code"] for concept in concepts for coding in _codings(concept)}


def _codings(concept: Any) -> list[dict[str, Any]]:
    found = concept.get("coding") if isinstance(concept, dict) else None
    return [coding for coding in found or () if isinstance(coding, dict) and isinstance(coding.get("code"), str)]


def _day(text: str) -> date | None:
    """Return the civil day of a FHIR date that is at least as precise as a day."""
    span = span_of(text)
    if span is None or span[1] - span[0] > _DAY:
        return None
    if len(text) == len("2031-03-01"):
        return span[0].date()
    try:
        return civil_day(span[0])
    except OverflowError:
        return None
