"""Make the document: Composition, Patient, author, and the entries of every section. Bodies in, bytes out. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from salus.kernel import format_instant
from salus.records.fhir.parse import dump, parse
from salus.records.ips.model import BUNDLE_PROFILE, Filled, Making
from salus.records.ips.narrative import div, section_text
from salus.records.ips.person import patient
from salus.records.ips.sections import fill
from salus.records.ips.words import COMPLETE, KINDS, LEFT_OUT, MADE, OF_ONE, TITLE, in_language
from salus.records.model import Located
from salus.records.summary import Opened

_PROFILE = BUNDLE_PROFILE.replace("Bundle-", "{}-")
_LOINC = "http://loinc.org"
_EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"


def make(
    found: Sequence[tuple[Located, bytes]],
    referred: Sequence[tuple[Located, bytes]],
    counts: Mapping[str, int],
    making: Making,
) -> bytes:
    """Return the document Bundle of these resources; `referred` are Medications of the directory, by reference.

    `counts` is how much of each type the charts hold: what stands in no section is told by its number.
    """
    opened = [(located, parse(body)) for located, body in found]
    own = {f"Patient/{located.id}" for located, _ in opened if located.type == "Patient"}
    for located, resource in opened:
        if located.type != "Patient":
            _point_at(resource, own, making.patient)
    sections = fill(opened, making.language)
    shown = {one[0].id: one[:2] for section in sections for one in section.chosen}
    extra = _extra(list(shown.values()), opened, [(located, parse(body)) for located, body in referred])
    left_out = Counter(counts)
    left_out.subtract(located.type for located, _ in [*shown.values(), *extra])
    left_out.subtract(located.type for located, _ in opened if located.type == "Patient")
    left_out.subtract(["Device"] * sum(len(section.unreferenced) for section in sections))
    composition = _composition(sections, opened, +left_out, making)
    return dump(_bundle(composition, opened, [*shown.values(), *extra], making))


def _bundle(
    composition: dict[str, Any], opened: Sequence[Opened], shown: Sequence[Opened], making: Making
) -> dict[str, Any]:
    people = [one for one in opened if one[0].type == "Patient"]
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [BUNDLE_PROFILE]},
        "language": making.language,
        "identifier": {"system": "urn:ietf:rfc:3986", "value": making.bundle},
        "type": "document",
        "timestamp": format_instant(making.at),
        "entry": [
            {"fullUrl": making.composition, "resource": composition},
            {"fullUrl": making.patient, "resource": patient(people, making)},
            {"fullUrl": making.organisation, "resource": _author(making)},
            *({"fullUrl": _address(located, making), "resource": resource} for located, resource in shown),
        ],
    }


def _extra(shown: Sequence[Opened], opened: Sequence[Opened], referred: Sequence[Opened]) -> list[Opened]:
    """Return what shown resources need to be understood: the medicine meant, the device used."""
    told = {reference for _, resource in shown for reference in _needs(resource)}
    offered = [one for one in opened if one[0].type in ("Device", "Medication")] + list(referred)
    return [one for one in offered if f"{one[0].type}/{one[0].id}" in told]


def _needs(resource: Mapping[str, Any]) -> Iterator[str]:
    for name in ("medicationReference", "device"):
        value = resource.get(name)
        if isinstance(value, dict) and isinstance(value.get("reference"), str):
            yield value["reference"]


def _composition(
    sections: Sequence[Filled], opened: Sequence[Opened], left_out: Counter[str], making: Making
) -> dict[str, Any]:
    return {
        "resourceType": "Composition",
        "id": making.composition.removeprefix("urn:uuid:"),
        "meta": {"profile": [_PROFILE.format("Composition")]},
        "language": making.language,
        "text": div(_preface(opened, left_out, making)),
        "status": "final",
        "type": {"coding": [{"system": _LOINC, "code": "60591-5"}], "text": in_language(TITLE, making.language)},
        "subject": {"reference": making.patient},
        "date": format_instant(making.at),
        "author": [{"reference": making.organisation, "display": making.author}],
        "title": in_language(TITLE, making.language),
        "custodian": {"reference": making.organisation, "display": making.author},
        "section": [_section(one, making) for one in sections],
    }


def _preface(opened: Sequence[Opened], left_out: Counter[str], making: Making) -> Iterator[str]:
    """Yield what the reader must know first: who made it, of whose records, and what is not in it."""
    yield in_language(MADE, making.language)
    facilities = sorted({making.names.get(located.facility, located.facility) for located, _ in opened})
    yield in_language(OF_ONE, making.language) + ", ".join(facilities)
    if left_out:
        kinds = {name: in_language(KINDS.get(name, (name, name)), making.language) for name in left_out}
        told = ", ".join(f"{kinds[name]} {count}" for name, count in sorted(left_out.items()))
        yield in_language(LEFT_OUT, making.language) + told
    else:
        yield in_language(COMPLETE, making.language)


def _section(section: Filled, making: Making) -> dict[str, Any]:
    made: dict[str, Any] = {
        "title": section.title,
        "code": {"coding": [{"system": _LOINC, "code": section.code}]},
        "text": section_text(section, making),
    }
    if section.chosen:
        return made | {"entry": [{"reference": _address(located, making)} for located, _, _ in section.chosen]}
    return made | {"emptyReason": {"coding": [{"system": _EMPTY, "code": "unavailable"}]}}


def _author(making: Making) -> dict[str, Any]:
    return {
        "resourceType": "Organization",
        "id": making.organisation.removeprefix("urn:uuid:"),
        "name": making.author,
    }


def _address(located: Located, making: Making) -> str:
    return f"{making.base}/{located.type}/{located.id}"


def _point_at(node: Any, own: set[str], patient_url: str) -> None:
    """Let every reference to one of the resident's own Patients lead to the document's Patient."""
    if isinstance(node, dict):
        if node.get("reference") in own:
            node["reference"] = patient_url
        for value in node.values():
            _point_at(value, own, patient_url)
    elif isinstance(node, list):
        for value in node:
            _point_at(value, own, patient_url)
