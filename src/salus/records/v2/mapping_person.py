"""PID as a Patient: what says who somebody is. Birth place, race, religion, county and census codes are not read."""

from __future__ import annotations

from typing import Any

from salus.identity.documents import document_type, read_citizen_number
from salus.identity.errors import NumberRefused
from salus.records.v2 import codes, datatypes, dates
from salus.records.v2.errors import DATATYPE, REQUIRED, V2Refused
from salus.records.v2.message import Segment
from salus.records.v2.model import Told

PATIENT = "v2:patient"


def patient(pid: Segment, facility: str, manner: str) -> Told:
    """Read PID. Raises V2Refused without an identifier, or for a date or sex that cannot be read."""
    identifiers = _identifiers(pid, facility)
    if not identifiers:
        raise V2Refused(
            "PID-3 names no identifier; send the number that you keep this patient under", REQUIRED, pid.where(3)
        )
    own = [one for one in identifiers if not datatypes.national(one["system"])]
    resource: dict[str, Any] = {"resourceType": "Patient", "identifier": identifiers}
    resource |= _listed(pid, "name", 5, datatypes.name)
    resource |= _telecom(pid)
    resource |= _sex(pid) | _birth_date(pid)
    resource |= _listed(pid, "address", 11, datatypes.address)
    resource |= _deceased(pid)
    if pid.says(16):
        found = None if pid.deletes(16) else datatypes.concept(pid.first(16), facility, "0002")
        resource["maritalStatus"] = found
    return Told(
        type="Patient",
        name=PATIENT,
        keys=tuple(dict.fromkeys((one["system"], one["value"]) for one in own or identifiers)),
        resource=resource,
        manner=manner,
        element="PID^1^3",
    )


def _identifiers(pid: Segment, facility: str) -> list[dict[str, Any]]:
    read = [datatypes.identifier(value, facility, pid.where(3)) for value in pid.values(3)]
    found = [one for one in read if one]
    # PID-19 is where older interfaces put the number of the identity card; what is none there means something else.
    try:
        number = read_citizen_number(pid.text(19)) if pid.text(19) else ""
    except NumberRefused:
        number = ""
    system = document_type("resident-id").systems[0]
    if number and not any(one["system"] == system for one in found):
        coding = {"system": codes.V2 + "0203", "code": document_type("resident-id").v2}
        found.append({"type": {"coding": [coding]}, "system": system, "value": number})
    return list({(one["system"], one["value"]): one for one in found}.values())


def _listed(pid: Segment, element: str, number: int, read: Any) -> dict[str, Any]:
    """Return a list element that a field fills; None where it takes it away, nothing where it is silent."""
    if not pid.says(number):
        return {}
    if pid.deletes(number):
        return {element: None}
    found = [one for one in (read(value) for value in pid.values(number)) if one]
    return {element: found} if found else {}


def _telecom(pid: Segment) -> dict[str, Any]:
    if not pid.says(13) and not pid.says(14):
        return {}
    found = [
        one
        for number, use in ((13, "home"), (14, "work"))
        for one in (datatypes.telecom(value, use) for value in pid.values(number))
        if one
    ]
    if found:
        return {"telecom": found}
    return {"telecom": None} if pid.deletes(13) or pid.deletes(14) else {}


def _sex(pid: Segment) -> dict[str, Any]:
    told = pid.text(8).upper()
    if not told:
        return {"gender": None} if pid.deletes(8) else {}
    if told not in codes.SEXES:
        raise V2Refused("PID-8 is no code of table 0001; write F, M, O, A, U or N", DATATYPE, pid.where(8))
    return {"gender": codes.SEXES[told]}


def _birth_date(pid: Segment) -> dict[str, Any]:
    told = pid.text(7)
    if not told:
        return {"birthDate": None} if pid.deletes(7) else {}
    found = dates.day(told)
    if found is None:
        raise V2Refused("PID-7 is no date; write YYYYMMDD, or the part of it that is known", DATATYPE, pid.where(7))
    return {"birthDate": found}


def _deceased(pid: Segment) -> dict[str, Any]:
    """Read PID-29 and PID-30. FHIR has one or the other: what is said of the one takes the other away."""
    told, sure = pid.text(29), pid.text(30).upper()
    if told:
        found = dates.date_time(told)
        if found is None:
            raise V2Refused("PID-29 is no date and time", DATATYPE, pid.where(29))
        return {"deceasedDateTime": found, "deceasedBoolean": None}
    if sure in ("Y", "N"):
        return {"deceasedBoolean": sure == "Y", "deceasedDateTime": None}
    if pid.deletes(29) or pid.deletes(30):
        return {"deceasedBoolean": None, "deceasedDateTime": None}
    return {}
