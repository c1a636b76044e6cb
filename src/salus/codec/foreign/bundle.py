"""The bundle of a SMART Health Card: whose it is, and the vaccinations and tests in it. Pure.

Only what happened is taken: a vaccination that was not completed and a result that is not final are refused, since a
card that mixes them with others could be read either way. Resources of other types are refused too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from salus.codec.errors import CodecError, Fault
from salus.codec.foreign.model import Event, EventKind, Holder

MOST_ENTRIES = 32
_WHEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{5,15}(Z|[+-][0-9]{2}:[0-9]{2})?)?")
_BORN = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")
_FINAL = {"final", "amended", "corrected"}
_LABELS = "https://smarthealth.cards/ial"
_LEVEL = re.compile(r"IAL[1-3](\.[0-9])?")
_MOST_TEXT = 120


def read_bundle(bundle: object) -> tuple[Holder, tuple[Event, ...]]:
    """Return whose it is and what happened, in the order of the bundle; CodecError for any other shape."""
    if not isinstance(bundle, Mapping) or bundle.get("resourceType") != "Bundle" or bundle.get("type") != "collection":
        raise _wrong("it is a collection")
    entries = bundle.get("entry")
    if not isinstance(entries, list) or not 2 <= len(entries) <= MOST_ENTRIES:
        raise _wrong(f"it has 2 to {MOST_ENTRIES} entries")
    resources = [_resource(entry, place) for place, entry in enumerate(entries)]
    patients = [one for one in resources if one["resourceType"] == "Patient"]
    if len(patients) != 1 or resources[0] is not patients[0]:
        raise _wrong("its first entry, and only that, is a patient")
    return _holder(patients[0]), tuple(_event(one) for one in resources[1:])


def _resource(entry: object, place: int) -> Mapping[str, Any]:
    if not isinstance(entry, Mapping) or entry.get("fullUrl") != f"resource:{place}":
        raise _wrong("its entries are numbered from 0")
    resource = entry.get("resource")
    if not isinstance(resource, Mapping) or not isinstance(resource.get("resourceType"), str):
        raise _wrong("each entry holds a resource")
    if "meta" in resource:
        _labels(resource["meta"])
    return resource


def _labels(meta: object) -> None:
    """A resource may say how well its subject was identified, and nothing else of itself."""
    labels = meta.get("security") if isinstance(meta, Mapping) and set(meta) == {"security"} else None
    if not isinstance(labels, list) or not labels:
        raise _wrong("a resource says nothing of itself but how its subject was identified")
    for label in labels:
        told = label if isinstance(label, Mapping) else {}
        if not _LEVEL.fullmatch(str(told.get("code"))) or told.get("system", _LABELS) != _LABELS:
            raise _wrong("a label is of the identity assurance levels")


def _holder(patient: Mapping[str, Any]) -> Holder:
    names = patient.get("name")
    name = names[0] if isinstance(names, list) and names and isinstance(names[0], Mapping) else {}
    given, born = name.get("given", []), patient.get("birthDate", "")
    if not isinstance(given, list) or not isinstance(born, str) or not (born == "" or _BORN.fullmatch(born)):
        raise _wrong("a patient has a name and a birth date")
    written = " ".join(_text(one) for one in given)
    return Holder(family=_text(name.get("family", name.get("text", ""))), given=_text(written), born=born)


def _event(resource: Mapping[str, Any]) -> Event:
    match resource["resourceType"]:
        case "Immunization":
            if resource.get("status") != "completed":
                raise _wrong("a vaccination is one that was completed")
            lot = {"lot": _text(resource["lotNumber"])} if "lotNumber" in resource else {}
            return _made(EventKind.VACCINATION, resource.get("vaccineCode"), resource.get("occurrenceDateTime"), lot)
        case "Observation":
            if resource.get("status") not in _FINAL:
                raise _wrong("a test is one whose result is final")
            value = resource.get("valueCodeableConcept")
            found = {"result": _code(value)} if value is not None else {"result": _text(resource.get("valueString"))}
            return _made(EventKind.TEST, resource.get("code"), resource.get("effectiveDateTime"), found)
    raise _wrong("a card holds vaccinations and tests")


def _made(kind: EventKind, concept: object, when: object, detail: dict[str, str]) -> Event:
    if not isinstance(when, str) or not _WHEN.fullmatch(when):
        raise _wrong("an event has a date, or a date and a time")
    return Event(kind=kind, target=_code(concept), on=when, country="", detail=tuple(sorted(detail.items())))


def _code(concept: object) -> str:
    """Write the first code of a concept as `system|code`."""
    coding = concept.get("coding") if isinstance(concept, Mapping) else None
    first = coding[0] if isinstance(coding, list) and coding else None
    if not isinstance(first, Mapping) or not _text(first.get("code")) or not _text(first.get("system")):
        raise _wrong("what was given or found has a code and its system")
    return f"{first['system']}|{first['code']}"


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise _wrong(f"its texts have at most {_MOST_TEXT} characters")
    return value


def _wrong(why: str) -> CodecError:
    return CodecError(f"this is no bundle of a health card: {why}", Fault.STRUCTURE)
