"""PV1 as an Encounter. Where in the house somebody is, or was, is taken out and named: it is nobody's to collect."""

from __future__ import annotations

from typing import Any

from salus.records.v2 import codes, datatypes, dates
from salus.records.v2.errors import DATATYPE, V2Refused
from salus.records.v2.mapping_person import PATIENT
from salus.records.v2.message import Segment
from salus.records.v2.model import Told

ENCOUNTER = "v2:encounter"
# Assigned, prior, temporary, discharged-to, pending and prior temporary location; servicing facility and bed.
PLACES = (3, 6, 11, 37, 39, 40, 42, 43)
NOT_KEPT = "says where a person is or was: taken out, no place is kept"
_PARTICIPANTS = ((7, "ATND", "attender"), (8, "REF", "referrer"), (9, "CON", "consultant"), (17, "ADM", "admitter"))
_NO_CLASS = {"system": codes.V3 + "NullFlavor", "code": "UNK", "display": "unknown"}
_STATUS = {
    "A01": "in-progress",
    "A02": "in-progress",
    "A03": "finished",
    "A04": "in-progress",
    "A11": "cancelled",
    "A13": "in-progress",
}


def places(pv1: Segment | None, pv2: Segment | None) -> tuple[tuple[str, str], ...]:
    """Return the fields that would say where a person is, each with what became of it."""
    found = [(pv1.where(number), NOT_KEPT) for number in PLACES if pv1.says(number)] if pv1 else []
    return (*found, *([(pv2.where(1), NOT_KEPT)] if pv2 and pv2.says(1) else []))


def encounter(pv1: Segment, pid: Segment, facility: str, event: str) -> Told | None:
    """Read PV1 under the visit's number (PV1-19, else the account, PID-18); None for a visit without one."""
    number, field = (pv1.first(19), pv1.where(19)) if pv1.text(19) else (pid.first(18), pid.where(18))
    if not number.part(1):
        return None
    identifier = datatypes.own_identifier(number.part(1), facility, "visit", number.part(4, 1))
    resource: dict[str, Any] = {
        "resourceType": "Encounter",
        "identifier": [identifier],
        "subject": {"reference": PATIENT},
    }
    resource |= _status(pv1, event) | _class(pv1) | _period(pv1, event)
    participants = [
        {"type": [{"coding": [{"system": codes.V3 + "ParticipationType", "code": code, "display": shown}]}],
         "individual": who}
        for field_number, code, shown in _PARTICIPANTS
        for value in pv1.values(field_number)
        if (who := datatypes.practitioner(value, facility))
    ]  # fmt: skip
    if participants:
        resource["participant"] = participants
    if pv1.says(10) and (service := datatypes.concept(pv1.first(10), facility, "0069")):
        resource["serviceType"] = service
    if pv1.text(36) and (disposition := datatypes.concept(pv1.first(36), facility, "0112")):
        resource["hospitalization"] = {"dischargeDisposition": disposition}
    key = (identifier["system"], identifier["value"])
    return Told(
        type="Encounter",
        name=ENCOUNTER,
        keys=(key,),
        resource=resource,
        manner="update" if event in _STATUS or event == "A08" else "keep",
        element=field,
        fresh={"status": "in-progress" if event == "A08" else "unknown", "class": _NO_CLASS},
    )


def _status(pv1: Segment, event: str) -> dict[str, Any]:
    """Say how the visit stands after an event. An update of what is known (A08) says nothing of it."""
    status = _STATUS.get(event)
    if event == "A08" and pv1.text(45):
        status = "finished"
    if event in ("A01", "A04", "A02") and pv1.text(2).upper() == "P":
        status = "planned"
    return {"status": status} if status else {}


def _class(pv1: Segment) -> dict[str, Any]:
    told = pv1.text(2).upper()
    if not told:
        return {}
    if told in codes.CLASSES:
        code, display = codes.CLASSES[told]
        return {"class": {"system": codes.V3 + "ActCode", "code": code, "display": display}}
    return {"class": {"system": codes.V2 + "0004", "code": " ".join(told.split())}}


def _period(pv1: Segment, event: str) -> dict[str, Any]:
    period: dict[str, Any] = {}
    for name, number in (("start", 44), ("end", 45)):
        told = pv1.text(number)
        if not told:
            continue
        found = dates.date_time(told)
        if found is None:
            raise V2Refused(f"PV1-{number} is no date and time", DATATYPE, pv1.where(number))
        period[name] = found
    if event == "A13":
        period["end"] = None
    return {"period": period} if period else {}
