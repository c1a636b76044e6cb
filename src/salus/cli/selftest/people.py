"""Fictional people for the self-test, whose numbers no province of China gives to anybody."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from salus.identity import check_character

ID_CARD = "urn:oid:2.16.156.10011.1.3"
OWN = "urn:salus:selftest:mrn"


def fictional_number() -> str:
    """Return a number of GB 11643 of an area that does not exist, with its check character."""
    digits = f"900101199001{secrets.randbelow(28) + 1:02}{secrets.randbelow(1000):03}"
    return digits + check_character(digits)


def a_patient(mrn: str, number: str) -> dict[str, Any]:
    """Return a Patient under a number of the hospital's own and an identity number."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": OWN, "value": mrn}, {"system": ID_CARD, "value": number}],
        "name": [{"text": "试 测"}],
        "gender": "female",
        "birthDate": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
    }


def a_visit(mrn: str, number: str, day: str) -> dict[str, Any]:
    """Return a transaction: a Patient, a visit, a diagnosis and a result of it."""
    patient, visit = (f"urn:uuid:{uuid.uuid4()}" for _ in range(2))
    about = {"subject": {"reference": patient}, "encounter": {"reference": visit}}
    resources = [
        (patient, a_patient(mrn, number)),
        (visit, {
            "resourceType": "Encounter", "status": "finished", "subject": {"reference": patient},
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "period": {"start": f"{day}T08:00:00+08:00", "end": f"{day}T08:20:00+08:00"},
        }),
        (f"urn:uuid:{uuid.uuid4()}", {
            "resourceType": "Condition", **about, "recordedDate": day,
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "J06.9"}]},
        }),
        (f"urn:uuid:{uuid.uuid4()}", {
            "resourceType": "Observation", **about, "status": "final", "effectiveDateTime": day,
            "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
            "valueQuantity": {"value": 131, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"},
        }),
    ]  # fmt: skip
    entries = [
        {"fullUrl": url, "resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for url, one in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}
