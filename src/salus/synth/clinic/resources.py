"""FHIR R4 resources as dictionaries. Each function makes one resource and decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from salus.synth.clinic.catalogue import PRESENCE
from salus.synth.clinic.codes import ATC, CVX, ICD10, LOINC, RXNORM, SNOMED, TERMINOLOGY, UCUM, Illness, Medicine, Test
from salus.synth.model import County, Facility, Resident

Resource = dict[str, Any]
CITIZEN_NUMBER = "urn:oid:2.16.156.10011.1.3"
NAME_FORM = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a resource comes from: references to the patient and the encounter, the instant, the words' language.

    `number` is the facility's own number of the visit, `written` when it was written down where that was later.
    """

    subject: Resource
    visit: Resource
    at: datetime
    zh: bool
    number: Resource
    written: datetime | None = None


def coding(system: str, code: str, display: str) -> Resource:
    return {"system": system, "code": code, "display": display}


def concept(text: str, *codings: Resource) -> Resource:
    return {"coding": list(codings), "text": text}


def term(name: str, code: str) -> Resource:
    """Return a concept of an HL7 terminology code system."""
    return {"coding": [{"system": TERMINOLOGY + name, "code": code}]}


def quantity(value: float, unit: str, shown: str | None = None) -> Resource:
    return {"value": value, "unit": shown or unit, "system": UCUM, "code": unit}


def instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+08:00")


def patient(resident: Resident, county: County, facility: Facility, hospital_number: str) -> Resource:
    names = (
        ("IDE", resident.name_zh, resident.family_zh, resident.given_zh),
        ("SYL", resident.pinyin, resident.family_pinyin, resident.given_pinyin),
    )
    return {
        "resourceType": "Patient",
        "identifier": [
            {"use": "official", "system": CITIZEN_NUMBER, "value": resident.number},
            {
                "use": "usual",
                "type": term("v2-0203", "MR"),
                "system": f"urn:salus:facility:{facility.facility_id}:mrn",
                "value": hospital_number,
            },
        ],
        "active": True,
        "name": [
            {
                "extension": [{"url": NAME_FORM, "valueCode": form}],
                "use": "official",
                "text": text,
                "family": family,
                "given": [given],
            }
            for form, text, family, given in names
        ],
        "telecom": [{"system": "phone", "value": resident.phone, "use": "mobile"}],
        "gender": resident.sex,
        "birthDate": resident.birth_date.isoformat(),
        "address": [home(resident, county)],
        "communication": [
            {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "zh-CN"}]}, "preferred": True}
        ],
    }


def home(resident: Resident, county: County) -> Resource:
    text = county.name_zh + resident.street
    return {"use": "home", "text": text, "district": county.name_zh, "postalCode": county.code}


def own_number(facility: Facility, what: str, value: str) -> Resource:
    """Return a facility's own identifier of a visit or a diagnosis: the same however often it is sent."""
    return {"system": f"urn:salus:facility:{facility.facility_id}:{what}", "value": value}


def encounter(
    subject: Resource, facility: Facility, kind: str, period: tuple[datetime, datetime], number: Resource
) -> Resource:
    """Make an outpatient (`AMB`) or inpatient (`IMP`) encounter."""
    why = {"AMB": ("门诊", "185345009", "Encounter for symptom"), "IMP": ("住院", "32485007", "Hospital admission")}
    text, code, display = why[kind]
    return {
        "resourceType": "Encounter",
        "identifier": [number],
        "status": "finished",
        "class": {"system": TERMINOLOGY + "v3-ActCode", "code": kind},
        "type": [concept(text, coding(SNOMED, code, display))],
        "subject": subject,
        "period": {"start": instant(period[0]), "end": instant(period[1])},
        "serviceProvider": {
            "identifier": {"system": "urn:salus:facility", "value": facility.facility_id},
            "display": facility.name_zh,
        },
    }


def keeping(subject: Resource, facility: Facility, since: date) -> Resource:
    """Make the declaration that a facility keeps somebody's health record."""
    return {
        "resourceType": "EpisodeOfCare",
        "status": "active",
        "type": [{"coding": [{"system": "urn:salus:code:episode", "code": "record-keeping"}], "text": "健康档案管理"}],
        "patient": subject,
        "period": {"start": since.isoformat()},
    }


def condition(scene: Scene, illness: Illness) -> Resource:
    return {
        "resourceType": "Condition",
        "identifier": [scene.number],
        "clinicalStatus": term("condition-clinical", "active" if illness.chronic else "resolved"),
        "verificationStatus": term("condition-ver-status", "confirmed"),
        "category": [term("condition-category", "encounter-diagnosis")],
        "code": concept(
            illness.zh if scene.zh else illness.en,
            coding(SNOMED, illness.snomed, illness.en),
            coding(ICD10, illness.icd10, illness.en),
        ),
        "subject": scene.subject,
        "encounter": scene.visit,
        "onsetDateTime": scene.at.strftime("%Y-%m-%d"),
        "recordedDate": instant(scene.written or scene.at),
        "note": [{"text": illness.note_zh if scene.zh else illness.note_en}],
    }


def observation(scene: Scene, category: str, code: Resource, **value: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [term("observation-category", category)],
        "code": code,
        "subject": scene.subject,
        "encounter": scene.visit,
        "effectiveDateTime": instant(scene.at),
        **value,
    }


def vital(scene: Scene, code: Resource, value: Resource) -> Resource:
    return observation(scene, "vital-signs", code, valueQuantity=value)


def blood_pressure(scene: Scene, systolic: int, diastolic: int) -> Resource:
    parts = (("8480-6", "Systolic blood pressure", systolic), ("8462-4", "Diastolic blood pressure", diastolic))
    return observation(
        scene,
        "vital-signs",
        concept("血压", coding(LOINC, "85354-9", "Blood pressure panel with all children optional")),
        component=[
            {"code": {"coding": [coding(LOINC, code, name)]}, "valueQuantity": quantity(value, "mm[Hg]", "mmHg")}
            for code, name, value in parts
        ],
    )


def measured(scene: Scene, test: Test, value: float) -> Resource:
    """Make a laboratory result with its reference range and a flag that says where in it the value lies."""
    bounds = {
        name: quantity(bound, test.unit)
        for name, bound in (("low", test.low), ("high", test.high))
        if bound is not None
    }
    below = test.low is not None and value < test.low
    above = test.high is not None and value > test.high
    return observation(
        scene,
        "laboratory",
        concept(test.zh if scene.zh else test.en, coding(LOINC, test.loinc, test.en)),
        valueQuantity=quantity(value, test.unit),
        interpretation=[term("v3-ObservationInterpretation", "L" if below else "H" if above else "N")],
        referenceRange=[bounds],
    )


def presence(scene: Scene, key: str, found: bool) -> Resource:
    """Make a laboratory result that is a word."""
    loinc, en, zh = PRESENCE[key]
    answer = coding(SNOMED, "260373001", "Detected") if found else coding(SNOMED, "260415000", "Not detected")
    words = ("阳性" if found else "阴性") if scene.zh else answer["display"]
    return observation(
        scene,
        "laboratory",
        concept(zh if scene.zh else en, coding(LOINC, loinc, en)),
        valueCodeableConcept=concept(words, answer),
        interpretation=[term("v3-ObservationInterpretation", "POS" if found else "NEG")],
    )


def report(scene: Scene, code: Resource, results: list[Resource], conclusion: str) -> Resource:
    return {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "category": [term("v2-0074", "LAB")],
        "code": code,
        "subject": scene.subject,
        "encounter": scene.visit,
        "effectiveDateTime": instant(scene.at),
        "issued": instant(scene.at),
        "result": results,
        "conclusion": conclusion,
    }


def prescription(scene: Scene, why: Resource, medicine: Medicine) -> Resource:
    return {
        "resourceType": "MedicationRequest",
        "status": "completed",
        "intent": "order",
        "medicationCodeableConcept": concept(
            medicine.zh if scene.zh else medicine.en,
            coding(RXNORM, medicine.rxnorm, medicine.en),
            coding(ATC, medicine.atc, medicine.en),
        ),
        "subject": scene.subject,
        "encounter": scene.visit,
        "authoredOn": instant(scene.at),
        "reasonReference": [why],
        "dosageInstruction": [{"text": medicine.dose_zh if scene.zh else medicine.dose_en}],
        "dispenseRequest": {"expectedSupplyDuration": quantity(medicine.days, "d", "days")},
    }


def allergy(scene: Scene, row: tuple[str, str, str, str, str, str]) -> Resource:
    code, en, zh, category, reaction_en, reaction_zh = row
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": term("allergyintolerance-clinical", "active"),
        "verificationStatus": term("allergyintolerance-verification", "confirmed"),
        "type": "allergy",
        "category": [category],
        "code": concept(zh if scene.zh else en, coding(SNOMED, code, en)),
        "patient": scene.subject,
        "recordedDate": instant(scene.at),
        "reaction": [{"manifestation": [{"text": reaction_zh if scene.zh else reaction_en}]}],
    }


def immunization(scene: Scene, row: tuple[str, str, str, int, int], lot: str) -> Resource:
    cvx, en, zh, _, _ = row
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": concept(zh if scene.zh else en, coding(CVX, cvx, en)),
        "patient": scene.subject,
        "encounter": scene.visit,
        "occurrenceDateTime": instant(scene.at),
        "primarySource": True,
        "lotNumber": lot,
    }


def procedure(scene: Scene, why: Resource, row: tuple[str, str, str]) -> Resource:
    code, en, zh = row
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": concept(zh if scene.zh else en, coding(SNOMED, code, en)),
        "subject": scene.subject,
        "encounter": scene.visit,
        "performedDateTime": instant(scene.at),
        "reasonReference": [why],
    }
