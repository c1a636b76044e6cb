"""Make the one-screen summary of a resident out of opened resources. Pure: bodies in, plain lines out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from salus.identity import ID_CARD_SYSTEMS, IdNumber, NumberRefused
from salus.identity.surviving import Statement, Survivor, survivors
from salus.records.fhir import facts
from salus.records.fhir.parse import parse
from salus.records.model import Located, Personal, Summary, SummaryLine
from salus.records.tcm import terms_of

TYPES = (
    "Patient",
    "AllergyIntolerance",
    "MedicationRequest",
    "Condition",
    "Observation",
    "Immunization",
    "Procedure",
    "DeviceUseStatement",
    "Device",
)
MOST_RESULTS = 12
MOST_FURTHER = 30
_WRONG = {"entered-in-error", "cancelled", "draft", "refuted", "not-done", "not-taken", "preparation"}
_ENDED = {"resolved", "inactive", "remission", "completed", "stopped", "cancelled", "on-hold"}
# Types whose status tells whether it is over; of the others it tells only whether it is a mistake.
_ENDING = ("AllergyIntolerance", "Condition", "MedicationRequest", "MedicationStatement", "DeviceUseStatement")
# SNOMED CT: no known allergy (situation), and its three narrower forms.
NO_ALLERGY = {"716186003", "409137002", "429625007", "428607008"}
_FLAGS = {"L": "low", "LL": "low", "H": "high", "HH": "high", "A": "abnormal", "AA": "abnormal"}

_UNNAMED = "?"
_TAKEN = ("authoredOn", "effectiveDateTime", "dateAsserted")

Opened = tuple[Located, dict[str, Any]]
Line = tuple[Located, dict[str, Any], SummaryLine]
Read = Callable[[Located, dict[str, Any]], SummaryLine]


def summarise(found: Sequence[tuple[Located, bytes]], counts: Mapping[str, int]) -> Summary:
    """Sort opened resources into allergies, medicines, problems and results, newest first; one line for each thing."""
    by_type: dict[str, list[Opened]] = {name: [] for name in TYPES}
    for located, body in found:
        by_type[located.type].append((located, parse(body)))
    person = who_is(by_type["Patient"])
    known = {one.element: one.value for one in person}
    allergies = _lines(by_type["AllergyIntolerance"], allergy_line)
    return Summary(
        name=known.get("name"),
        birth_date=known.get("birth_date"),
        gender=known.get("gender"),
        person=person,
        allergies=tuple(line for line in allergies if line.code not in NO_ALLERGY and line.active),
        no_known_allergy=next((line for line in allergies if line.code in NO_ALLERGY), None),
        medicines=_lines(by_type["MedicationRequest"], medicine_line),
        problems=_lines(by_type["Condition"], problem_line),
        results=_lines(by_type["Observation"], result_line)[:MOST_RESULTS],
        vaccinations=tuple(line for _, _, line in vaccinations(by_type["Immunization"]))[:MOST_FURTHER],
        procedures=_lines(by_type["Procedure"], procedure_line)[:MOST_FURTHER],
        devices=tuple(line for _, _, line in devices(by_type["DeviceUseStatement"], by_type["Device"]))[:MOST_FURTHER],
        counts=dict(counts),
        facilities=tuple(sorted({located.facility for located, _ in found})),
    )


def vaccinations(found: Sequence[Opened]) -> list[Line]:
    """Return every vaccination that was given, the newest first: two doses of one vaccine are two."""
    lines = [(located, r, vaccination_line(located, r)) for located, r in found if r.get("status") == "completed"]
    return sorted(lines, key=lambda one: one[2].at or "", reverse=True)


def devices(used: Sequence[Opened], all_: Sequence[Opened]) -> list[Line]:
    """Return devices that somebody uses, and after them those of which no use is told."""
    uses = lines_of(used, device_line)
    told = {(resource.get("device") or {}).get("reference") for _, resource, _ in uses}
    bare = lines_of([one for one in all_ if f"Device/{one[0].id}" not in told], device_line)
    return [*uses, *bare]


def who_is(patients: Sequence[Opened]) -> tuple[Survivor, ...]:
    """Return what stands of who a resident is, over the Patients of all charts, with source and date of each value."""
    return survivors(one for located, person in patients for one in _statements(located, person))


def _statements(located: Located, person: dict[str, Any]) -> Iterator[Statement]:
    born = person.get("birthDate")
    vouching = {card for card in cards(person) if not born or card == born}
    homes = [_address(one) for one in person.get("address") or () if one.get("use") != "old"]
    phones = [one for one in person.get("telecom") or () if one.get("system") == "phone" and one.get("use") != "old"]
    stated = {
        "name": name_of(person),
        "birth_date": born,
        "gender": person.get("gender"),
        "telephone": next((one["value"] for one in phones if one.get("value")), None),
        "address": next((one for one in homes if one), None),
    }
    for name, value in stated.items():
        if value:
            yield Statement(element=name, value=value, source=located.facility, at=located.at, vouched=bool(vouching))


def cards(person: Mapping[str, Any]) -> Iterator[str]:
    """Yield the birth date of each valid identity card number that a Patient carries."""
    for one in person.get("identifier") or ():
        if one.get("system") in ID_CARD_SYSTEMS and one.get("value"):
            try:
                yield IdNumber.read(one["value"]).born.isoformat()
            except NumberRefused:
                continue


def personal_of(located: Located, body: bytes) -> Personal:
    """Return what a Patient says of who somebody is, in the order in which it was written."""
    person = parse(body)
    return Personal(
        chart_key=located.chart_key,
        facility=located.facility,
        at=located.at,
        names=facts.names(person),
        birth_date=person.get("birthDate"),
        gender=person.get("gender"),
        numbers=_values(person, "identifier"),
        telephones=_values(person, "telecom"),
        addresses=tuple(_address(one) for one in person.get("address") or ()),
    )


def _values(person: Mapping[str, Any], element: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one["value"] for one in person.get(element) or () if one.get("value")))


def _address(one: Mapping[str, Any]) -> str:
    parts = [one.get("text")] if one.get("text") else [*one.get("line", []), one.get("district"), one.get("city")]
    return ", ".join(part for part in parts if part)


def name_of(person: Mapping[str, Any]) -> str | None:
    """Return a Patient's first name as written: its text, or given names and family name."""
    first = (person.get("name") or [{}])[0]
    return first.get("text") or " ".join(filter(None, [*first.get("given", []), first.get("family")])) or None


def _lines(found: list[Opened], read: Read) -> tuple[SummaryLine, ...]:
    return tuple(line for _, _, line in lines_of(found, read))


def lines_of(found: Sequence[Opened], read: Read) -> list[Line]:
    """Read each resource into a line; the active first, then the newest; of equal lines the newest stays.

    What cannot be named is never folded together: two unnamed medicines are two.
    """
    kept = [(located, r) for located, r in found if _status(r) not in _WRONG and r.get("doNotPerform") is not True]
    lines = [(located, resource, read(located, resource)) for located, resource in kept]
    newest = sorted(lines, key=lambda one: one[2].at or "", reverse=True)
    shown: dict[tuple[object, ...], Line] = {}
    for place, one in enumerate(sorted(newest, key=lambda one: not one[2].active)):
        shown.setdefault((place,) if one[2].text == _UNNAMED else (one[2].text, one[2].code), one)
    return list(shown.values())


def allergy_line(located: Located, resource: dict[str, Any]) -> SummaryLine:
    """Return an allergy or intolerance as a line."""
    reactions = resource.get("reaction") or [{}]
    manifestations = reactions[0].get("manifestation") or [None]
    criticality = {"high": "severe", "low": "mild"}.get(resource.get("criticality", ""))
    return _line(
        located,
        resource,
        "code",
        ("onsetDateTime", "recordedDate"),
        detail=_text(manifestations[0]) if manifestations[0] else None,
        severity=reactions[0].get("severity") or criticality,
    )


def medicine_line(located: Located, resource: dict[str, Any]) -> SummaryLine:
    """Return a prescription or a medicine that is taken as a line."""
    dosage = (resource.get("dosageInstruction") or resource.get("dosage") or [{}])[0]
    named = (resource.get("medicationReference") or {}).get("display")
    described = {**resource, "medicationCodeableConcept": {"text": named}} if named else resource
    return _line(located, described, "medicationCodeableConcept", _TAKEN, detail=dosage.get("text"))


def problem_line(located: Located, resource: dict[str, Any]) -> SummaryLine:
    """Return a problem as a line."""
    line = _line(located, resource, "code", ("onsetDateTime", "recordedDate"))
    return replace(line, tcm=terms_of(resource.get("code")))


def result_line(located: Located, resource: dict[str, Any]) -> SummaryLine:
    """Return a result or a vital sign as a line."""
    flags = [_code(concept) for concept in resource.get("interpretation") or ()]
    ranges = resource.get("referenceRange") or [{}]
    return _line(
        located,
        resource,
        "code",
        ("effectiveDateTime", "issued"),
        value=_value(resource),
        flag=next((_FLAGS[flag] for flag in flags if flag in _FLAGS), None),
        usual=_range(ranges[0]),
    )


def vaccination_line(located: Located, resource: dict[str, Any]) -> SummaryLine:
    """Return a vaccination as a line."""
    protocol = (resource.get("protocolApplied") or [{}])[0]
    number = protocol.get("doseNumberPositiveInt") or protocol.get("doseNumberString")
    detail = f"#{number}" if number else None
    return _line(located, resource, "vaccineCode", ("occurrenceDateTime", "occurrenceString"), detail=detail)


def procedure_line(located: Located, resource: dict[str, Any]) -> SummaryLine:
    """Return an operation or a procedure as a line."""
    period = resource.get("performedPeriod") or {}
    began = {"performedPeriodStart": period["start"]} if "start" in period else {}
    dates = ("performedDateTime", "performedPeriodStart", "performedString")
    return _line(located, resource | began, "code", dates)


def report_line(located: Located, resource: dict[str, Any]) -> SummaryLine:
    """Return a report of laboratory or imaging as a line."""
    return _line(located, resource, "code", ("effectiveDateTime", "issued"), detail=resource.get("conclusion"))


def device_line(located: Located, resource: dict[str, Any]) -> SummaryLine:
    """Return a device or an implant, or its use, as a line."""
    if resource["resourceType"] == "Device":
        named = (resource.get("deviceName") or [{}])[0].get("name")
        told = resource if resource.get("type") or not named else {**resource, "type": {"text": named}}
        return _line(located, told, "type", ("manufactureDate",))
    told = {**resource, "type": {"text": (resource.get("device") or {}).get("display")}}
    return _line(located, told, "type", ("timingDateTime", "recordedOn"))


def _line(located: Located, resource: dict[str, Any], concept: str, dates: tuple[str, ...], **more: Any) -> SummaryLine:
    verification = ((resource.get("verificationStatus") or {}).get("coding") or [{}])[0].get("code")
    return SummaryLine(
        text=_text(resource.get(concept)),
        code=_code(resource.get(concept)),
        active=_status(resource) not in _ENDED,
        confirmed=verification in (None, "confirmed"),
        facility=located.facility,
        at=next((str(resource[name]) for name in dates if name in resource), None),
        **more,
    )


def _status(resource: dict[str, Any]) -> str | None:
    verification = ((resource.get("verificationStatus") or {}).get("coding") or [{}])[0].get("code")
    if verification in ("entered-in-error", "refuted"):
        return str(verification)
    clinical = ((resource.get("clinicalStatus") or {}).get("coding") or [{}])[0].get("code")
    if resource["resourceType"] not in _ENDING:
        return str(resource["status"]) if resource.get("status") in _WRONG else None
    return str(clinical or resource.get("status"))


def _text(concept: Any) -> str:
    codings = (concept.get("coding") or [{}]) if isinstance(concept, dict) else [{}]
    text = concept.get("text") if isinstance(concept, dict) else None
    return str(text or codings[0].get("display") or codings[0].get("code") or _UNNAMED)


def _code(concept: Any) -> str | None:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return codings[0].get("code") if codings else None


def _value(resource: dict[str, Any]) -> str | None:
    if "valueQuantity" in resource:
        return _quantity(resource["valueQuantity"])
    if "valueCodeableConcept" in resource:
        return _text(resource["valueCodeableConcept"])
    parts = [f"{_text(part.get('code'))} {_value(part) or ''}".strip() for part in resource.get("component") or ()]
    plain = ("valueString", "valueInteger", "valueBoolean", "valueDateTime", "valueTime")
    written = next((resource[name] for name in plain if name in resource), None)
    return "; ".join(parts) or (str(written) if written is not None else None)


def _range(found: dict[str, Any]) -> str | None:
    low, high = (_quantity(found[end]) if end in found else None for end in ("low", "high"))
    if low and high:
        return f"{low.split(' ')[0]}–{high}"
    return found.get("text") or (f"≥ {low}" if low else f"≤ {high}" if high else None)


def _quantity(quantity: dict[str, Any]) -> str:
    value = f"{quantity.get('comparator', '')}{quantity.get('value')}"
    return f"{value} {quantity.get('unit') or quantity.get('code') or ''}".strip()
