"""In which sensitive classes a resource is: by code, label and word, and by what it refers to."""

from __future__ import annotations

import base64
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        (None, "J05AR10", HIV),
        (None, "6A70", PSYCHIATRY),
        (None, "6A70.1", PSYCHIATRY),
        (None, "69.7x00", REPRODUCTION),
        (None, "69.51", REPRODUCTION),
        (None, "37.2", 0),
        (None, "100", 0),
        (None, "Ｂ２０", HIV),
        (None, "B\u00ad20", HIV),
        ("urn:oid:2.16.156.10011.2.3.3.11", "B20.x00", HIV),
        ("urn:oid:2.16.156.10011.2.3.3.11.5", "F32.900", PSYCHIATRY),
        ("urn:oid:2.16.156.10011.2.3.3.12", "74.1x01", REPRODUCTION),
        ("urn:oid:2.16.156.10011.2.3.3.112", "B20", 0),
        ("http://hl7.org/fhir/sid/icd-9-cm", "042", HIV),
        ("http://hl7.org/fhir/sid/icd-9-cm", "2962", PSYCHIATRY),
        ("http://hl7.org/fhir/sid/icd-9-cm", "V25.1", REPRODUCTION),
        ("http://hl7.org/fhir/sid/icd-9-cm", "37.22", 0),
        ("http://hl7.org/fhir/sid/icd-9-cm", "724.2", 0),
        ("http://hl7.org/fhir/sid/icd-9-cm", "749.00", 0),
        ("http://hl7.org/fhir/sid/icd-9-cm", "31.1", 0),
        ("http://hl7.org/fhir/sid/icd-9-cm", "64.0", 0),
        ("http://hl7.org/fhir/sid/icd-9-cm", "73.59", REPRODUCTION),
        ("http://hl7.org/fhir/sid/icd-9-cm", "650", REPRODUCTION),
        ("http://hl7.org/fhir/sid/icd-9-cm", "V65.44", HIV),
        ("http://hl7.org/fhir/sid/icd-9-cm", "V6544", HIV),
        ("http://id.who.int/icd/release/11/mms", "6D85.3", HIV | PSYCHIATRY),
        ("http://id.who.int/icd/release/11/mms", "XN487", HIV),
        ("http://id.who.int/icd/release/11/mms", "QC4B", PSYCHIATRY),
        ("http://id.who.int/icd/release/11/mms", "PD12", 0),
        ("http://id.who.int/icd/release/11/mms", "1C62.Z", HIV),
        ("http://hl7.org/fhir/sid/icd-11", "JA00", REPRODUCTION),
        ("http://hl7.org/fhir/sid/icd-11", "CA23", 0),
        ("https://loinc.org/", "75622-1", HIV),
        ("http://www.snomed.info/sct/", "86406008", HIV),
        ("https://www.whocc.no/atc/", "J05AR10", HIV),
        ("http://fhir.de/CodeSystem/bfarm/atc", "N06AB03", PSYCHIATRY),
        (None, "FALL", 0),
        (None, "O2SAT", 0),
        (None, "F1234567", 0),
        ("", "F20", PSYCHIATRY),
    ],
)
def test_a_code_puts_a_resource_into_its_classes(system: str | None, code: str, classes: int) -> None:
    assert classes_of_code(system, code) == classes
    assert held({"resourceType": "Condition", "code": {"coding": [{"system": system, "code": code}]}}) & 7 == classes


def test_every_row_says_where_it_comes_from_and_one_of_icd_9_whether_it_is_a_diagnosis_or_an_operation() -> None:
    assert all(meaning and source for *_, meaning, source in rows())
    whole = re.compile(r"([0-9]{3}|V[0-9]{2}|E95)(\.[0-9]{1,2})?\*|[0-9]{2}\.[0-9]{0,2}\*", re.ASCII)
    assert [code for _, kind, code, *_ in rows() if kind == "icd-9" and not whole.fullmatch(code)] == []
    assert len({row[:3] for row in rows()}) == len(rows())


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
        ("ward 6A10", 0),
        ("6A10", 0),
        ("69.7", 0),
        ("ＨＩＶ阳性", HIV),
        ("H\u00adI\u200bV", HIV),
        ("H.I.V. positive", HIV),
        ("&#33406;&#x6ecb;病", HIV),
        ("艾<b>滋</b>病", HIV),
        ("艾 滋 病", HIV),
        ("sexually\u00a0transmitted", REPRODUCTION),
        ("人流术后", REPRODUCTION),
        ("取环", REPRODUCTION),
        ("剖宫产史", REPRODUCTION),
        ("米非司酮片", REPRODUCTION),
        ("舍曲林片 50mg", PSYCHIATRY),
        ("奥氮平", PSYCHIATRY),
        ("愛滋病", HIV),
        ("阿莫西林胶囊", 0),
        ("上呼吸道感染", 0),
        ("高血压 2 级", 0),
    ],
)
def test_a_text_that_speaks_of_it_is_in_the_class(text: str, classes: int) -> None:
    assert held({"resourceType": "Observation", "code": {"text": text}}) & 7 == classes
    assert held({"resourceType": "Patient", "name": [{"text": text}]}) == 0


def a_letter(text: str, kind: str, encoding: str = "utf-8") -> dict[str, Any]:
    return {"resourceType": "Binary", "contentType": kind, "data": base64.b64encode(text.encode(encoding)).decode()}


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
        a_letter("{\\rtf1 asthma}", "text/rtf"),
        a_letter("<p>asthma</p>", "text/html"),
        a_letter("<p>asthma</p>", "application/xml"),
        a_letter("asthma", "text/plain; charset=utf-16", "utf-16"),
        a_letter("asthma", "text/plain", "utf-16-le"),
        a_letter("asthma", "text/plain; charset=gb18030"),
        a_letter("{", "application/json"),
        {"resourceType": "DiagnosticReport", "presentedForm": [{"contentType": "application/pdf", "data": "AAAA"}]},
        {"resourceType": "Basic", "extension": [{"valueAttachment": {"url": "https://hospital.example/1"}}]},
        {"resourceType": "Media", "content": {"contentType": "image/png", "data": "AA=="}},
    ],
)
def test_what_cannot_be_read_is_in_every_class(resource: dict[str, Any]) -> None:
    assert held(resource) & 7 == ALL


def test_a_letter_that_can_be_read_is_read() -> None:
    def letter(text: str, kind: str = "text/plain; charset=utf-8") -> int:
        return held(a_letter(text, kind)) & 7

    assert letter("Thank you for referring this patient with asthma.") == 0
    assert letter("HIV antibody positive") == HIV
    assert letter('[["asthma"]]', "application/fhir+json") == 0
    assert letter('[["\\u827e\\u6ecb\\u75c5"]]', "application/json") == HIV
    assert letter('{"code": "B20"}', "application/json") == HIV


def test_samples_of_a_curve_signatures_and_pictures_of_a_place_are_no_letters() -> None:
    curve = {"origin": {"value": 0}, "period": 1, "dimensions": 1, "data": "1 2 3"}
    photo = [{"contentType": "image/png", "data": "AA=="}]

    assert held({"resourceType": "Observation", "valueSampledData": curve}) == 0
    assert held({"resourceType": "Provenance", "signature": [{"when": "2031-03-01", "data": "AA=="}]}) == 0
    assert held({"resourceType": "HealthcareService", "photo": photo}) == 0


def test_what_is_contained_or_bundled_counts() -> None:
    hiv = {"resourceType": "Condition", "code": {"coding": [{"system": ICD10, "code": "B20"}]}}

    assert held({"resourceType": "CarePlan", "contained": [hiv]}) & 7 == HIV
    assert held({"resourceType": "Bundle", "type": "document", "entry": [{"resource": hiv}]}) & 7 == HIV


ELEMENTS = (
    "meta security system code text display data contentType url title coding reference valueBase64Binary".split()
)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from([CONFIDENTIALITY, LABELS, "R"])
)
ODD = st.recursive(
    LEAVES | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(ELEMENTS), inside, max_size=4),
    max_leaves=12,
)


@given(ODD)
def test_what_a_bundle_holds_may_have_any_shape(odd: object) -> None:
    """An entry of a stored Bundle, and JSON in an attachment, is examined by no schema."""
    attached = base64.b64encode(json.dumps(odd, default=str).encode()).decode()
    letter = {"contentType": "application/json", "data": attached}

    assert held({"resourceType": "Bundle", "entry": [{"resource": odd}, {"resource": {"meta": odd}}]}) >= 0
    assert held({"resourceType": "DocumentReference", "content": [{"attachment": letter}]}) >= 0


def test_a_label_of_an_odd_shape_does_not_hide_another() -> None:
    labels = [Decimal(1), {"system": [CONFIDENTIALITY], "code": {}}, {"system": CONFIDENTIALITY, "code": "R"}]

    assert held({"resourceType": "Bundle", "entry": [{"resource": {"meta": {"security": labels}}}]}) & ALL == ALL


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
