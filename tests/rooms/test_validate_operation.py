"""`$validate` over HTTP: what the door would say, in an OperationOutcome; nothing stored, nobody read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from salus.identity.documents import check_character
from serving import Serving, serving

OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
BROKEN = OBSERVATION | {"valueString": "x", "dataAbsentReason": {"text": "y"}}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("validate"), 30) as opened:
        yield opened


@pytest.fixture(scope="module")
def hospital(node: Serving) -> str:
    return node.token("hospital-system", "H1")


def issues(node: Serving, token: str, path: str, body: Any) -> list[dict[str, Any]]:
    answer = node.post(path, body, token)
    assert answer.status_code == 200, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"
    found: list[dict[str, Any]] = answer.json()["issue"]
    return found


def asked_for(resource: Any, **others: str) -> dict[str, Any]:
    more = [{"name": name, "valueCode" if name == "mode" else "valueUri": value} for name, value in others.items()]
    return {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": resource}, *more]}


@pytest.mark.parametrize("path", ["/fhir/$validate", "/fhir/Observation/$validate"])
@pytest.mark.parametrize(
    "body", [BROKEN, asked_for(BROKEN), asked_for(BROKEN, mode="create")], ids=["alone", "p", "pm"]
)
def test_a_broken_rule_is_named_with_its_element(node: Serving, hospital: str, path: str, body: Any) -> None:
    (issue,) = issues(node, hospital, path, body)

    assert (issue["severity"], issue["code"], issue["expression"]) == ("error", "invariant", ["Observation"])
    assert {"system": "urn:salus:rule", "code": "obs-6"} in issue["details"]["coding"]


def test_what_would_be_taken_is_told_so_and_not_stored(node: Serving, hospital: str) -> None:
    subject = node.get("/fhir/Patient", hospital).json()["entry"][0]["resource"]["id"]
    whose = OBSERVATION | {"code": {"coding": [{"system": "urn:x", "code": "only-here"}]}}
    whose |= {"subject": {"reference": f"Patient/{subject}"}}

    (issue,) = issues(node, hospital, "/fhir/Observation/$validate", whose)
    found = node.get(f"/fhir/Observation?patient={subject}&code=urn:x|only-here", hospital).json()

    assert issue["severity"] == "information"
    assert not found.get("entry")


def test_whether_somebody_is_stored_is_not_told(node: Serving, hospital: str) -> None:
    nobody = OBSERVATION | {"subject": {"reference": "Patient/00000000-0000-4000-8000-000000000000"}}

    assert [issue["severity"] for issue in issues(node, hospital, "/fhir/$validate", nobody)] == ["information"]


def test_a_place_is_told_of_as_taken_out(node: Serving, hospital: str) -> None:
    placed = {"resourceType": "Location", "position": {"longitude": 1.5, "latitude": 2.5}}

    assert [i["expression"] for i in issues(node, hospital, "/fhir/$validate", placed)] == [["Location.position"]]


def test_a_measure_is_refused_as_at_the_door(node: Serving, hospital: str) -> None:
    tagged = {"resourceType": "Patient", "meta": {"tag": [{"code": "red"}]}}

    (issue,) = issues(node, hospital, "/fhir/Patient/$validate", tagged)

    assert issue["details"]["coding"][0]["code"] == "SALUS-R120"


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/fhir/$validate?profile=http://x.example/p", OBSERVATION, "profile"),
        ("/fhir/$validate", asked_for(OBSERVATION, profile="http://x.example/p"), "profile"),
        ("/fhir/$validate", asked_for(OBSERVATION, mode="delete"), "mode"),
        ("/fhir/$validate?colour=x", OBSERVATION, "colour"),
        ("/fhir/$validate", {"resourceType": "Nothing"}, "resourceType"),
        ("/fhir/$validate", asked_for("x"), "Parameters.parameter"),
    ],
    ids=["profile", "profile-parameter", "mode", "unknown", "no-resource", "a-text"],
)
def test_what_is_not_known_is_refused_by_its_name(
    node: Serving, hospital: str, path: str, body: Any, named: str
) -> None:
    answer = node.post(path, body, hospital)

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == [named]


def test_the_base_definition_of_a_type_is_known(node: Serving, hospital: str) -> None:
    base = "http://hl7.org/fhir/StructureDefinition/Observation"

    assert issues(node, hospital, "/fhir/$validate", asked_for(BROKEN, profile=base))[0]["code"] == "invariant"


def test_a_known_profile_is_checked_when_it_is_asked_for(node: Serving, hospital: str) -> None:
    core, fine = "urn:salus:profile:core-observation", {**OBSERVATION, "valueString": "x"}
    found = issues(node, hospital, "/fhir/$validate", asked_for(fine, profile=core, mode="profile"))

    rules = {issue["details"]["coding"][1]["code"] for issue in found}
    assert "core-observation#least" in rules
    assert {issue["expression"][0] for issue in found} >= {"Observation.category", "Observation.effective"}


def test_an_unknown_profile_that_is_claimed_is_a_warning_and_no_refusal(node: Serving, hospital: str) -> None:
    claiming = {**OBSERVATION, "valueString": "x", "meta": {"profile": ["http://x.example/p"]}}
    found = issues(node, hospital, "/fhir/$validate", claiming)

    assert [issue["severity"] for issue in found] == ["warning", "information"]


def test_another_type_than_the_address_says_is_an_issue(node: Serving, hospital: str) -> None:
    (issue,) = issues(node, hospital, "/fhir/Patient/$validate", OBSERVATION)

    assert issue["expression"] == ["resourceType"]


def test_only_a_registered_system_may_ask(node: Serving) -> None:
    assert node.post("/fhir/$validate", OBSERVATION).status_code == 401
    assert node.post("/fhir/$validate", OBSERVATION, node.token("auditor")).status_code == 403


def test_at_most_a_hundred_problems_are_told(node: Serving, hospital: str) -> None:
    many = {"resourceType": "Patient", "telecom": [{"value": "1"}] * 500}

    assert len(issues(node, hospital, "/fhir/Patient/$validate", many)) == 100


def odd_patient(body: str = "11010519900307123", **more: Any) -> dict[str, Any]:
    own = {"system": "urn:oid:2.16.156.10011.1.3", "value": body + check_character(body)}
    return {"resourceType": "Patient", "name": [{"text": "王小明"}], "identifier": [own], **more}


NUMBER = "Patient.identifier[0].value"
VALUE, RULE = "value", "business-rule"


@pytest.mark.parametrize(
    ("patient", "told"),
    [
        (odd_patient(birthDate="1960-01-05"), [(NUMBER, "names another birth date", RULE)]),
        (odd_patient(birthDate="1990-03", gender="male"), []),
        (odd_patient(birthDate="1990-03-07", gender="female"), [(NUMBER, "names another sex", RULE)]),
        (odd_patient("99010119900307123"), [(NUMBER, "of another document", VALUE)]),
        (odd_patient("10010119900307123"), [(NUMBER, "are no province's", VALUE)]),
        (odd_patient("11010519491231002", birthDate="1949-12-31"), [(NUMBER, "the example of a printed form", VALUE)]),
        (
            odd_patient(birthDate="2999-01"),
            [("Patient.birthDate", "in the future", VALUE), (NUMBER, "another birth date", RULE)],
        ),
    ],
)  # fmt: skip
def test_odd_identity_data_is_stored_as_sent_and_told_as_a_warning_without_the_number(
    node: Serving, hospital: str, patient: dict[str, Any], told: list[tuple[str, str, str]]
) -> None:
    value = patient["identifier"][0]["value"]
    entry = {"resource": patient, "request": {"method": "POST", "url": "Patient"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    headers = {"Content-Type": "application/fhir+json", "Prefer": "return=OperationOutcome"}

    asked = issues(node, hospital, "/fhir/Patient/$validate", patient)
    stored = node.ask("POST", "/fhir/Patient", hospital, orjson.dumps(patient), headers)
    in_bundle = node.ask("POST", "/fhir", hospital, orjson.dumps(bundle), headers)

    assert (stored.status_code, in_bundle.status_code) == (201, 200)
    outcomes = (asked, stored.json()["issue"], in_bundle.json()["entry"][0]["response"]["outcome"]["issue"])
    for found in outcomes:
        warned = [issue for issue in found if issue["severity"] == "warning"]
        assert [(*issue["expression"], issue["code"]) for issue in warned] == [(at, code) for at, _, code in told]
        assert all(text in issue["diagnostics"] for issue, (_, text, _) in zip(warned, told, strict=True))
        assert all(issue["details"]["coding"][0]["system"] == "urn:salus:rule" for issue in warned)
        assert value not in str(found)
        assert not any(issue["severity"] == "error" for issue in found)
