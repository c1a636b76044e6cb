"""The Patient of a summary document: what stands of who somebody is, each value with the institution that states it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from salus.identity.surviving import Survivor
from salus.records.ips.model import Making
from salus.records.summary import Opened, name_of, who_is

STATED_BY = "urn:salus:stated-by"
FACILITY = "urn:salus:facility"
_UNKNOWN = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}


def patient(patients: Sequence[Opened], making: Making) -> dict[str, Any]:
    """Return the Patient: nothing in it that no chart states, and nothing merged."""
    stands = {one.element: one for one in who_is(patients)}
    made: dict[str, Any] = {"resourceType": "Patient", "id": making.patient.removeprefix("urn:uuid:")}
    identifiers = [one for _, person in patients for one in person.get("identifier") or ()]
    if identifiers:
        made["identifier"] = [one for n, one in enumerate(identifiers) if one not in identifiers[:n]]
    made["name"] = [_name(patients, stands.get("name"), making)]
    if phone := stands.get("telephone"):
        made["telecom"] = [{"extension": [_stated(phone, making)], "system": "phone", "value": phone.value}]
    if gender := stands.get("gender"):
        made |= {"gender": gender.value, "_gender": {"extension": [_stated(gender, making)]}}
    born = stands.get("birth_date")
    made |= {"birthDate": born.value} if born else {}
    made["_birthDate"] = {"extension": [_stated(born, making) if born else _UNKNOWN]}
    if home := stands.get("address"):
        made["address"] = [{"extension": [_stated(home, making)], "text": home.value}]
    return made


def _name(patients: Sequence[Opened], stands: Survivor | None, making: Making) -> dict[str, Any]:
    """Return the name that stands, in the parts in which its institution wrote it."""
    if stands is None:
        return {"_text": {"extension": [_UNKNOWN]}}
    for located, person in patients:
        if located.facility == stands.source and name_of(person) == stands.value:
            first: Mapping[str, Any] = person["name"][0]
            return {**first, "extension": [*first.get("extension", ()), _stated(stands, making)], "text": stands.value}
    return {"extension": [_stated(stands, making)], "text": stands.value}


def _stated(one: Survivor, making: Making) -> dict[str, Any]:
    who = {"identifier": {"system": FACILITY, "value": one.source}}
    named = making.names.get(one.source)
    return {
        "url": STATED_BY,
        "valueReference": {"type": "Organization", **who, **({"display": named} if named else {})},
    }
