"""Make the one-screen summary of a resident out of opened resources. Pure: bodies in, plain lines out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from salus.records.model import Located, Summary, SummaryLine

TYPES = ("Patient", "AllergyIntolerance", "MedicationRequest", "Condition", "Observation", "Immunization")
MOST_LINES = 12
_ENDED = {"resolved", "inactive", "remission", "completed", "stopped", "cancelled", "entered-in-error", "draft"}
_WRONG = {"entered-in-error", "cancelled"}


def summarise(found: Sequence[tuple[Located, bytes]], counts: Mapping[str, int], charts: tuple[int, ...]) -> Summary:
    """Sort opened resources into allergies, medicines, problems, results and immunizations, newest first."""
    by_type: dict[str, list[tuple[Located, dict[str, Any]]]] = {name: [] for name in TYPES}
    for located, body in found:
        by_type[located.type].append((located, orjson.loads(body)))
    person = by_type["Patient"][0][1] if by_type["Patient"] else {}
    return Summary(
        name=_name(person),
        birth_date=person.get("birthDate"),
        gender=person.get("gender"),
        allergies=_lines(by_type["AllergyIntolerance"], "code", ("onsetDateTime", "recordedDate"), _ENDED),
        medicines=_lines(by_type["MedicationRequest"], "medicationCodeableConcept", ("authoredOn",), _ENDED),
        problems=_lines(by_type["Condition"], "code", ("onsetDateTime", "recordedDate"), _ENDED),
        results=_lines(by_type["Observation"], "code", ("effectiveDateTime", "issued"), _WRONG),
        immunizations=_lines(by_type["Immunization"], "vaccineCode", ("occurrenceDateTime",), _WRONG),
        counts=dict(counts),
        chart_keys=charts,
        facilities=tuple(sorted({located.facility for located, _ in found})),
    )


def _lines(
    found: list[tuple[Located, dict[str, Any]]], concept: str, dates: tuple[str, ...], hidden: set[str]
) -> tuple[SummaryLine, ...]:
    shown: dict[tuple[str, str | None], SummaryLine] = {}
    ordered = sorted(found, key=lambda pair: _date(pair[1], dates) or "", reverse=True)
    for located, resource in ordered:
        line = SummaryLine(
            text=_text(resource.get(concept)),
            code=_code(resource.get(concept)),
            value=_value(resource),
            at=_date(resource, dates),
            facility=located.facility,
        )
        if _status(resource) not in hidden:
            shown.setdefault((line.text, line.code), line)
    return tuple(shown.values())[:MOST_LINES]


def _status(resource: dict[str, Any]) -> str | None:
    clinical = (resource.get("clinicalStatus") or {}).get("coding") or [{}]
    verification = (resource.get("verificationStatus") or {}).get("coding") or [{}]
    if verification[0].get("code") == "entered-in-error":
        return "entered-in-error"
    return clinical[0].get("code") or resource.get("status")


def _date(resource: dict[str, Any], names: tuple[str, ...]) -> str | None:
    return next((str(resource[name]) for name in names if name in resource), None)


def _text(concept: Any) -> str:
    if not isinstance(concept, dict):
        return "?"
    codings = concept.get("coding") or [{}]
    return str(concept.get("text") or codings[0].get("display") or codings[0].get("code") or "?")


def _code(concept: Any) -> str | None:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return codings[0].get("code") if codings else None


def _value(resource: dict[str, Any]) -> str | None:
    if "valueQuantity" in resource:
        quantity = resource["valueQuantity"]
        return f"{_number(quantity.get('value'))} {quantity.get('unit') or quantity.get('code') or ''}".strip()
    if "valueCodeableConcept" in resource:
        return _text(resource["valueCodeableConcept"])
    parts = [f"{_text(part.get('code'))} {_value(part) or ''}".strip() for part in resource.get("component") or ()]
    return "; ".join(parts) or resource.get("valueString")


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _name(person: dict[str, Any]) -> str | None:
    names = person.get("name") or [{}]
    first = names[0]
    return first.get("text") or " ".join(filter(None, [*first.get("given", []), first.get("family")])) or None
