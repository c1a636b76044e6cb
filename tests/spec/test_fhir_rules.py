"""What R4 asks of a resource beyond its shape, by example: each refusal names the element and the rule."""

from __future__ import annotations

from typing import Any

import pytest

from salus.records import Intent, RecordRefused
from salus.records.fhir import validation
from salus.records.intake.examine import examine

XHTML = "http://www.w3.org/1999/xhtml"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
PATIENT = {"resourceType": "Patient"}
CONDITION = {"resourceType": "Condition", "subject": {"reference": "Patient/1"}}
DOCUMENT = {
    "resourceType": "Bundle",
    "type": "document",
    "identifier": {"system": "urn:x", "value": "1"},
    "timestamp": "2026-01-01T00:00:00Z",
}


def narrative(div: str) -> dict[str, Any]:
    return PATIENT | {"text": {"status": "generated", "div": div}}


def coded(code: str, system: str = CLINICAL) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def composition(entry: str) -> dict[str, Any]:
    return {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "x"},
        "date": "2026",
        "author": [{"display": "x"}],
        "title": "x",
        "section": [{"title": "x", "entry": [{"reference": entry}]}],
    }


def constraint(path: str) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/x",
        "name": "X",
        "status": "draft",
        "kind": "resource",
        "abstract": False,
        "type": "Observation",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Observation",
        "derivation": "constraint",
        "differential": {"element": [{"id": path, "path": path}]},
    }


def filtered(language: str) -> dict[str, Any]:
    url = "http://hl7.org/fhir/StructureDefinition/cqf-expression"
    value = {"extension": [{"url": url, "valueExpression": {"language": language, "expression": "%x"}}]}
    include = {"system": "http://x", "filter": [{"property": "p", "op": "=", "_value": value}]}
    return {"resourceType": "ValueSet", "status": "draft", "compose": {"include": [include]}}


BROKEN: list[tuple[dict[str, Any], str, str]] = [
    (constraint("Observation.valueBla"), "StructureDefinition", "constraint-path"),
    (constraint("Observation.component.bla"), "StructureDefinition", "constraint-path"),
    (filtered("text/cql"), "ValueSet.compose.include[0].filter[0]", "valueset-expression"),
    (OBSERVATION | {"valueString": "x", "dataAbsentReason": {"text": "x"}}, "Observation", "obs-6"),
    (
        OBSERVATION | {"code": coded("a"), "valueString": "x", "component": [{"code": coded("a"), "valueString": "y"}]},
        "Observation",
        "obs-7",
    ),
    (OBSERVATION | {"referenceRange": [{"age": {"high": {"value": 1}}}]}, "Observation.referenceRange[0]", "obs-3"),
    (OBSERVATION | {"valueQuantity": {"value": 1, "code": "mg"}}, "Observation.valueQuantity", "qty-3"),
    (
        OBSERVATION | {"effectivePeriod": {"start": "2026-02-01", "end": "2026-01-31"}},
        "Observation.effectivePeriod",
        "per-1",
    ),
    (OBSERVATION | {"valueRange": {"low": {"value": 2}, "high": {"value": 1}}}, "Observation.valueRange", "rng-2"),
    (OBSERVATION | {"valueRange": {"low": {"value": 2, "comparator": "<"}}}, "Observation.valueRange", "sqt-1"),
    (OBSERVATION | {"valueRatio": {"numerator": {"value": 1}}}, "Observation.valueRatio", "rat-1"),
    (OBSERVATION | {"effectiveTiming": {"repeat": {"period": 1}}}, "Observation.effectiveTiming.repeat", "tim-2"),
    (OBSERVATION | {"subject": {"reference": "#x"}}, "Observation.subject.reference", "ref-1"),
    (OBSERVATION | {"subject": {"reference": "Practitioner/1"}}, "Observation.subject.reference", "target"),
    (
        OBSERVATION | {"subject": {"reference": "https://x.example/fhir/Organization/1"}},
        "Observation.subject.reference",
        "target",
    ),
    (OBSERVATION | {"subject": {"type": "Organization", "display": "x"}}, "Observation.subject.reference", "target"),
    (OBSERVATION | {"contained": [PATIENT | {"id": "p"}]}, "Observation", "dom-3"),
    (
        OBSERVATION
        | {"contained": [PATIENT | {"id": "p", "meta": {"versionId": "1"}}], "subject": {"reference": "#p"}},
        "Observation",
        "dom-4",
    ),
    (
        OBSERVATION | {"contained": [{"resourceType": "Device", "id": "d"}], "performer": [{"reference": "#d"}]},
        "Observation.performer[0].reference",
        "target",
    ),
    (OBSERVATION | {"method": {"id": "x"}}, "Observation.method", "ele-1"),
    (PATIENT | {"_birthDate": {"id": "x"}}, "Patient.birthDate", "ele-1"),
    (PATIENT | {"extension": [{"url": "http://x.example"}]}, "Patient.extension[0]", "ext-1"),
    (
        PATIENT | {"extension": [{"url": "http://x.example", "valueCode": "a", "valueString": "b"}]},
        "Patient.extension[0]",
        "one-choice",
    ),
    (PATIENT | {"name": [{"given": ["a", None]}]}, "Patient.name[0].given", "null"),
    (PATIENT | {"contact": [{"gender": "male"}]}, "Patient.contact[0]", "pat-1"),
    (PATIENT | {"telecom": [{"value": "1"}]}, "Patient.telecom[0]", "cpt-2"),
    (PATIENT | {"photo": [{"data": "AAAA"}]}, "Patient.photo[0]", "att-1"),
    (CONDITION | {"clinicalStatus": coded("active"), "abatementString": "x"}, "Condition", "con-4"),
    (CONDITION | {"clinicalStatus": coded("better")}, "Condition.clinicalStatus", "binding"),
    (CONDITION | {"clinicalStatus": coded("active", "http://x.example")}, "Condition.clinicalStatus", "binding"),
    (CONDITION | {"clinicalStatus": {"text": "active"}}, "Condition.clinicalStatus", "binding"),
    (
        OBSERVATION | {"method": coded("x", "http://hl7.org/fhir/observation-status")},
        "Observation.method.coding[0].code",
        "code-system",
    ),
    ({"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/1"}}, "AllergyIntolerance", "ait-1"),
    (
        {
            "resourceType": "List",
            "status": "current",
            "mode": "working",
            "emptyReason": {"text": "x"},
            "entry": [{"item": {"display": "x"}}],
        },
        "List",
        "lst-1",
    ),
    (narrative("<p>x</p>"), "Patient.text.div", "txt-1"),
    (narrative(f"<div xmlns='{XHTML}'><p>x</div>"), "Patient.text.div", "txt-1"),
    (narrative(f"<div xmlns='{XHTML}'><script>x</script></div>"), "Patient.text.div", "txt-1"),
    (narrative(f"<div xmlns='{XHTML}'><a href='javascript:x'>x</a></div>"), "Patient.text.div", "txt-1"),
    (narrative(f"<div xmlns='{XHTML}'><b onclick='x'>x</b></div>"), "Patient.text.div", "txt-1"),
    (narrative(f"<!DOCTYPE x [<!ENTITY y 'z'>]><div xmlns='{XHTML}'>&y;</div>"), "Patient.text.div", "txt-1"),
    (narrative(f"<div xmlns='{XHTML}'> <b/> </div>"), "Patient.text.div", "txt-2"),
    (DOCUMENT | {"entry": [{"fullUrl": "Patient/1", "resource": PATIENT}]}, "Bundle", "bdl-11"),
    (
        {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": "Patient/1", "resource": PATIENT}]},
        "Bundle.entry[0]",
        "bundle-address",
    ),
    (
        DOCUMENT
        | {"entry": [{"fullUrl": "https://x.example/Composition/1", "resource": composition("Observation/2")}]},
        "Bundle",
        "bundle-document",
    ),
    (
        {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": PATIENT}]},
        "Bundle.entry[0]",
        "bundle-found",
    ),
]


@pytest.mark.parametrize(
    ("resource", "where", "rule"), BROKEN, ids=[f"{rule}-{n}" for n, (_, _, rule) in enumerate(BROKEN)]
)
def test_a_refusal_names_the_element_and_the_rule(resource: dict[str, Any], where: str, rule: str) -> None:
    found = validation.problems(resource)

    assert (where, rule) in [(problem.where, problem.rule) for problem in found]
    assert all(problem.text for problem in found)


GOOD: list[dict[str, Any]] = [
    constraint("Observation.valueQuantity.value"),
    constraint("Observation.component.referenceRange.low"),
    constraint("Observation.value[x]"),
    constraint("Observation.meta.profile"),
    filtered("text/fhirpath"),
    OBSERVATION | {"valueString": "x"},
    OBSERVATION | {"effectivePeriod": {"start": "2026-02", "end": "2026-02-01"}},
    OBSERVATION | {"contained": [PATIENT | {"id": "p"}], "subject": {"reference": "#p"}},
    OBSERVATION | {"subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"}},
    OBSERVATION | {"subject": {"reference": "Patient?identifier=urn:x|1"}},
    OBSERVATION | {"valueRange": {"low": {"value": 2, "unit": "g"}, "high": {"value": 1, "unit": "kg"}}},
    CONDITION | {"clinicalStatus": coded("resolved"), "abatementString": "x"},
    PATIENT | {"name": [{"given": ["a", None], "_given": [None, {"extension": [{"url": "urn:x", "valueCode": "y"}]}]}]},
    PATIENT | {"_birthDate": {"extension": [{"url": "urn:x", "valueCode": "y"}]}},
    PATIENT | {"birthDate": "2024-02-29"},
    CONDITION | {"clinicalStatus": {"extension": [{"url": "urn:x", "valueCode": "unknown"}]}},
    CONDITION | {"clinicalStatus": {"coding": [{"code": "x"}, *coded("active")["coding"]], "text": "y"}},
    narrative(f'<div xmlns="{XHTML}"><p class="a">x &amp; y &#233;</p><img src="#a" alt="b"/></div>'),
]


@pytest.mark.parametrize("resource", GOOD, ids=str)
def test_what_r4_allows_is_no_problem(resource: dict[str, Any]) -> None:
    assert validation.problems(resource) == []


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("birthDate", "2023-02-29"),
        ("birthDate", "2026-04-31"),
        ("birthDate", "0000-01-01"),
        ("deceasedDateTime", "2026-01-01T25:00:00Z"),
        ("deceasedDateTime", "2026-01-01T10:00:00"),
        ("implicitRules", "urn:uuid:1"),
        ("implicitRules", "urn:oid:3.1"),
        ("language", "a  b"),
        ("photo", [{"contentType": "image/png", "data": "AAA"}]),
        ("photo", [{"contentType": "png", "data": "AAAA"}]),
        ("name", [{"text": "a\u0007"}]),
        ("name", [{"text": "x" * (1024 * 1024 + 1)}]),
    ],
)
def test_a_value_is_written_as_its_type_asks(element: str, value: Any) -> None:
    found = validation.problems(PATIENT | {element: value})

    assert [problem.where.partition("[")[0] for problem in found] == [f"Patient.{element}"]


@pytest.mark.parametrize("id_", [[], {}, 7, None, True])
def test_the_id_of_something_contained_that_is_no_text_is_named(id_: object) -> None:
    inside = {"resourceType": "Practitioner", "id": id_}

    found = validation.problems(OBSERVATION | {"contained": [inside], "performer": [{"reference": "#x"}]})

    assert "Observation.contained[0].id" in [problem.where for problem in found]


def test_no_problem_repeats_what_was_sent() -> None:
    secret = "Jane-Doe-1970"
    sent = CONDITION | {"clinicalStatus": coded(secret), "recorder": {"reference": f"Device/{secret}"}, secret: 1}
    sent |= {"evidence": [{"id": secret}], "text": {"status": "generated", "div": f"<p>{secret}</p>"}}

    told = [*validation.problems(sent), *validation.problems({k: v for k, v in sent.items() if k != secret})]

    assert len(told) >= 5
    assert secret not in str(told)


@pytest.mark.parametrize(("target", "allowed"), [("Patient", True), ("Practitioner", False)])
def test_a_reference_to_another_entry_leads_to_a_type_that_may_stand_there(target: str, allowed: bool) -> None:
    urn = "urn:uuid:00000000-0000-4000-8000-000000000001"
    sent = [{"resourceType": target}, OBSERVATION | {"subject": {"reference": urn}}]
    intents = [
        Intent(verb="create", resource=one, entry=n, full_url=None if n else urn) for n, one in enumerate(sent)
    ]  # fmt: skip

    try:
        examine(intents)
        found = []
    except RecordRefused as refused:
        found = [problem.location for problem in refused.problems]

    assert found[:1] == ([] if allowed else ["Bundle.entry[1].resource.Observation.subject.reference"])
