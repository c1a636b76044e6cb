"""In which sensitive classes a resource is: by code, label and word, and by what it refers to."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from salus.access import EVERY_CLASS, Sensitive
from salus.kernel import new_id
from salus.records.sensitivity import classes_of_code, classes_of_label, held, rows, taken_on

ICD10, LOINC, SNOMED = "http://hl7.org/fhir/sid/icd-10", "http://loinc.org", "http://snomed.info/sct"
ATC, LABELS = "http://www.whocc.no/atc", "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
HIV, PSYCHIATRY, REPRODUCTION, ALL = Sensitive.HIV, Sensitive.PSYCHIATRY, Sensitive.REPRODUCTION, EVERY_CLASS


@pytest.mark.parametrize(
    ("system", "code", "classes"),
    [
        (ICD10, "B20", HIV),
        (ICD10, "B24", HIV),
        (ICD10, "B25", 0),
        (ICD10, "Z21", HIV),
        (ICD10, "Z22", 0),
        (ICD10, "O98.7", HIV | REPRODUCTION),
        (ICD10, "F02.4", HIV | PSYCHIATRY),
        (ICD10, "F32.9", PSYCHIATRY),
        (ICD10, "F64.0", PSYCHIATRY | REPRODUCTION),
        (ICD10, "O80", REPRODUCTION),
        (ICD10, "J45.9", 0),
        (ICD10, "Z11.40", HIV),
        ("http://hl7.org/fhir/sid/icd-10-cm", "F3290", PSYCHIATRY),
        ("urn:oid:2.16.840.1.113883.6.90", "B20", HIV),
        ("https://code.example/GB-T-14396", "B20.x00", HIV),
        ("https://code.example/ICD10-CN", "O04.900", REPRODUCTION),
        (LOINC, "75622-1", HIV),
        (LOINC, "756", 0),
        (SNOMED, "86406008", HIV),
        (ATC, "J05AR10", HIV),
        (ATC, "J05AF10", 0),
        (ATC, "J05AE30", 0),
        (ATC, "N06AB03", PSYCHIATRY),
        (ATC, "G03AA07", REPRODUCTION),
        ("https://code.example/own", "B20", 0),
        (None, "B20", HIV),
        (None, "b20.1", HIV),
        (None, "B24 ", HIV),
        (None, "Z21", HIV),
        (None, "F329", PSYCHIATRY),
        (None, "F32.900x002", PSYCHIATRY),
        (None, "O04.9*", REPRODUCTION),
        (None, "J45.9", 0),
        (None, "J05AR10", 0),
        (None, "FALL", 0),
        (None, "O2SAT", 0),
        (None, "F1234567", 0),
        ("", "F20", PSYCHIATRY),
    ],
)
def test_a_code_puts_a_resource_into_its_classes(system: str | None, code: str, classes: int) -> None:
    assert classes_of_code(system, code) == classes
    assert held({"resourceType": "Condition", "code": {"coding": [{"system": system, "code": code}]}}) & 7 == classes


@pytest.mark.parametrize(
    ("system", "code", "classes"),
    [
        (LABELS, "HIV", HIV),
        (LABELS, "STD", HIV | REPRODUCTION),
        (LABELS, "PSY", PSYCHIATRY),
        (LABELS, "SEX", REPRODUCTION),
        (LABELS, "CEL", ALL),
        (CONFIDENTIALITY, "R", ALL),
        (CONFIDENTIALITY, "V", ALL),
        (CONFIDENTIALITY, "N", 0),
        ("https://code.example", "HIV", 0),
    ],
)
def test_a_senders_label_adds_classes(system: str, code: str, classes: int) -> None:
    labelled = {"meta": {"security": [{"system": system, "code": code}]}, "code": {"text": "x"}}

    assert classes_of_label(system, code) == classes
    assert held({"resourceType": "Condition", **labelled}) & 7 == classes
    assert held({"resourceType": "Patient", **labelled}) & 7 == classes


def test_a_label_takes_no_class_away() -> None:
    said = {"resourceType": "Condition", "code": {"coding": [{"system": ICD10, "code": "B20"}]}}

    for code in ("U", "L", "M", "N"):
        assert held({**said, "meta": {"security": [{"system": CONFIDENTIALITY, "code": code}]}}) & 7 == HIV


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("HIV抗体阳性", HIV),
        ("Hiv test", HIV),
        ("a hive of bees", 0),
        ("wears hearing aids", 0),
        ("AIDS", HIV),
        ("获得性免疫缺陷综合征", HIV),
        ("精神可，睡眠好", 0),
        ("精神科门诊", PSYCHIATRY),
        ("Major depressive disorder", PSYCHIATRY),
        ("ST depression", 0),
        ("早孕", REPRODUCTION),
        ("生殖中心", REPRODUCTION),
        ("hypertension", 0),
        ("F32.9", PSYCHIATRY),
        ("ward F32", 0),
    ],
)
def test_a_text_that_speaks_of_it_is_in_the_class(text: str, classes: int) -> None:
    assert held({"resourceType": "Observation", "code": {"text": text}}) & 7 == classes
    assert held({"resourceType": "Patient", "name": [{"text": text}]}) == 0


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Binary", "contentType": "application/pdf", "data": "AAAA"},
        {
            "resourceType": "DocumentReference",
            "content": [{"attachment": {"contentType": "image/png", "data": "AA=="}}],
        },
        {"resourceType": "DocumentReference", "content": [{"attachment": {"url": "https://hospital.example/1"}}]},
        {"resourceType": "Communication", "payload": [{"contentAttachment": {"data": "AAAA"}}]},
        {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Binary", "data": "AAAA"}}]},
        {"resourceType": "Binary", "contentType": "text/plain", "data": "not base64"},
    ],
)
def test_what_cannot_be_read_is_in_every_class(resource: dict[str, Any]) -> None:
    assert held(resource) & 7 == ALL


def test_a_letter_that_can_be_read_is_read() -> None:
    def letter(text: str) -> int:
        data = base64.b64encode(text.encode()).decode()
        return held({"resourceType": "Binary", "contentType": "text/plain; charset=utf-8", "data": data}) & 7

    assert letter("Thank you for referring this patient with asthma.") == 0
    assert letter("HIV antibody positive") == HIV


def test_what_is_contained_or_bundled_counts() -> None:
    hiv = {"resourceType": "Condition", "code": {"coding": [{"system": ICD10, "code": "B20"}]}}

    assert held({"resourceType": "CarePlan", "contained": [hiv]}) & 7 == HIV
    assert held({"resourceType": "Bundle", "type": "document", "entry": [{"resource": hiv}]}) & 7 == HIV


def test_classes_follow_references_through_any_number_and_order_of_them() -> None:
    ids = {name: new_id() for name in ("Condition", "MedicationRequest", "MedicationDispense", "Observation")}
    reason = {"resourceType": "Condition", "code": {"coding": [{"system": ICD10, "code": "B20"}]}}
    chain = [
        (
            "MedicationDispense",
            {"resourceType": "MedicationDispense"},
            [f"MedicationRequest/{ids['MedicationRequest']}"],
        ),
        ("MedicationRequest", {"resourceType": "MedicationRequest"}, [f"Condition/{ids['Condition']}"]),
        ("Condition", reason, []),
        ("Observation", {"resourceType": "Observation"}, []),
    ]

    found = taken_on([(name, ids[name], one, refers) for name, one, refers in chain], {})

    assert [classes & 7 for classes in found] == [HIV, HIV, HIV, 0]


def test_what_is_stored_already_lends_its_classes_and_what_nobody_worked_out_all() -> None:
    known, unknown = new_id(), new_id()

    def report(id_: Any) -> int:
        refers = [f"Observation/{id_}"]
        resources = [("DiagnosticReport", new_id(), {"resourceType": "DiagnosticReport"}, refers)]
        return taken_on(resources, {("Observation", known): PSYCHIATRY * 17, ("Observation", unknown): None})[0] & 7

    assert (report(known), report(unknown)) == (PSYCHIATRY, ALL)


def test_a_visit_lends_its_department_and_not_its_reason() -> None:
    visit, taken = new_id(), new_id()
    reason = {"reasonCode": [{"coding": [{"system": ICD10, "code": "B20"}]}]}
    ward = {"serviceProvider": {"display": "市第一医院 精神科"}}

    def of(told: dict[str, Any]) -> tuple[int, int]:
        resources = [
            ("Encounter", visit, {"resourceType": "Encounter", **told}, []),
            ("Observation", taken, {"resourceType": "Observation"}, [f"Encounter/{visit}"]),
        ]
        first, second = taken_on(resources, {})
        return first & 7, second & 7

    assert of(reason) == (HIV, 0)
    assert of(ward) == (PSYCHIATRY, PSYCHIATRY)


def test_each_row_of_the_table_names_a_class_a_meaning_and_a_source() -> None:
    table = rows()

    assert len({(name, system, code) for name, system, code, _, _ in table}) == len(table)
    assert {name for name, *_ in table} == {1, 2, 4}
    assert all(meaning and source for *_, meaning, source in table)
