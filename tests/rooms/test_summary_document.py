"""`Patient/$summary`: an International Patient Summary of all charts or of none, whole, honest, and kept nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from documents import document, residents
from nodes import (
    Asking,
    a_node,
    a_number,
    a_patient,
    an_observation,
    asking,
    clinician,
    resident_of,
    send,
    the_resident,
)
from nodes import system as unscoped
from salus import access, identity, records
from salus.app import Node, summary_of
from salus.kernel import Refused, Role
from salus.parties import Principal, parse_scopes
from salus.records.fhir.validation import problems
from salus.storage import Duty

IPS = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips"
SNOMED = "http://snomed.info/sct"
STATED_BY = "urn:salus:stated-by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Ann at two hospitals, H1 with a care relation; each wrote another part of what is known."""

    node: Node
    ann_h1: UUID
    ann_h2: UUID
    key: int
    id: UUID


def coded(code: str, text: str) -> dict[str, Any]:
    return {"coding": [{"system": SNOMED, "code": code}], "text": text}


def a_condition(text: str, clinical: str, **more: Any) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"system": system, "code": clinical}]},
        "code": coded("1", text),
        "subject": {"reference": "urn:uuid:p"},
        **more,
    }


def an_allergy(code: str, text: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"system": system, "code": "active"}]},
        "code": coded(code, text),
        "patient": {"reference": "urn:uuid:p"},
    }


def a_prescription(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "urn:uuid:p"},
        "authoredOn": "2031-01-05",
        **more,
    }


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    with a_node(tmp_path_factory.mktemp("summary"), "H1", "H2") as node:
        h1 = send(
            node,
            unscoped("H1"),
            a_patient(a_number(1), fullUrl="urn:uuid:p", name=[{"text": "李安", "family": "李"}], gender="female"),
            {"resourceType": "Medication", "fullUrl": "urn:uuid:m", "code": coded("2", "Aspirin 100 mg")},
            a_prescription(medicationReference={"reference": "urn:uuid:m", "display": "Aspirin"}),
            a_condition("Asthma <mild>", "active"),
            a_condition("Broken arm", "resolved"),
            an_observation("urn:uuid:p", effectiveDateTime="2031-01-01", valueString="x"),
            an_observation("urn:uuid:p", effectiveDateTime="2031-02-01", valueString="y"),
            {
                "resourceType": "Encounter",
                "status": "finished",
                "class": {"code": "AMB"},
                "subject": {"reference": "urn:uuid:p"},
            },
        )
        h2 = send(
            node,
            unscoped("H2"),
            a_patient(a_number(1), fullUrl="urn:uuid:p", birthDate="1980-01-01", name=[{"text": "李安"}]),
            an_allergy("91936005", "Penicillin"),
            an_allergy("716186003", "No known allergy"),
        )
        with node.store.transaction(Duty.CARE) as tx:
            access.open_relation(tx, "H1", resident_of(node, h1), "desk", node.clock.now())
            ann = identity.resident_by_key(tx, resident_of(node, h1))
        assert ann
        yield Sent(node=node, ann_h1=h1.outcomes[0].id, ann_h2=h2.outcomes[0].id, key=ann.key, id=ann.resident_id)


def system(facility: str) -> Principal:
    return replace(unscoped(facility), scopes=parse_scopes("system/*.rs"))


def made(sent: Sent, who: Principal, language: str = "en") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(summary_of(sent.node, who, sent.ann_h1, language))
    return found


def composition(bundle: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = bundle["entry"][0]["resource"]
    return found


def sections(bundle: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["code"]["coding"][0]["code"]: one for one in composition(bundle)["section"]}


def test_it_is_a_document_of_all_charts_that_r4_takes(sent: Sent) -> None:
    bundle = made(sent, system("H1"))

    assert problems(bundle) == []
    assert bundle["type"] == "document"
    assert bundle["meta"]["profile"] == [IPS]
    assert "attester" not in composition(bundle)
    types = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert types[:3] == ["Composition", "Patient", "Organization"]
    assert sorted(types[3:]) == [
        "AllergyIntolerance", "Condition", "Condition", "Medication", "MedicationRequest", "Observation",
    ]  # fmt: skip


def test_every_entry_is_about_the_one_patient_of_the_document(sent: Sent) -> None:
    bundle = made(sent, clinician("H1"))

    patient = bundle["entry"][1]["fullUrl"]
    subjects = {
        (entry["resource"].get("subject") or entry["resource"].get("patient") or {}).get("reference")
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] not in ("Patient", "Organization", "Medication")
    }
    assert subjects == {patient}


def test_each_value_of_the_patient_says_who_states_it(sent: Sent) -> None:
    person = made(sent, system("H1"))["entry"][1]["resource"]

    def source(extensions: list[dict[str, Any]]) -> str:
        found: str = next(e["valueReference"]["identifier"]["value"] for e in extensions if e["url"] == STATED_BY)
        return found

    assert source(person["_birthDate"]["extension"]) == "H2"
    assert source(person["_gender"]["extension"]) == "H1"
    assert person["name"][0]["text"] == "李安"
    assert [one["value"] for one in person["identifier"]] == [a_number(1)]


def test_a_written_allergy_outweighs_a_statement_that_there_is_none(sent: Sent) -> None:
    section = sections(made(sent, system("H1")))["48765-2"]

    assert len(section["entry"]) == 1
    assert "Penicillin" in section["text"]["div"]
    assert "No known allergy" not in section["text"]["div"]


def test_what_is_not_in_it_is_said_with_its_number(sent: Sent) -> None:
    text = composition(made(sent, system("H1")))["text"]["div"]

    assert "visits and stays 1" in text
    assert "measurements and results 1" in text
    assert "allergies 1" in text


def test_a_text_out_of_the_record_is_no_markup(sent: Sent) -> None:
    assert "Asthma &lt;mild&gt;" in sections(made(sent, system("H1")))["11450-4"]["text"]["div"]


def test_it_speaks_both_languages_and_leaves_what_was_written(sent: Sent) -> None:
    chinese = made(sent, system("H1"), "zh")

    assert composition(chinese)["title"] == "国际患者摘要"
    assert "医院H1" in sections(chinese)["11450-4"]["text"]["div"]
    assert "Penicillin" in sections(chinese)["48765-2"]["text"]["div"]
    assert problems(chinese) == []


def test_without_a_care_relation_there_is_no_summary_not_even_of_the_own_chart(sent: Sent) -> None:
    for who in (system("H2"), clinician("H2")):
        with pytest.raises(Refused):
            summary_of(sent.node, who, sent.ann_h2, "en")


def test_residents_have_their_own_and_it_is_in_their_register_like_any_look(sent: Sent) -> None:
    def looks() -> list[access.Read]:
        with sent.node.store.transaction(Duty.CARE) as tx:
            return [one.read for one in access.reads_of(tx, [sent.key])]

    before = len(looks())
    made(sent, the_resident(sent.id))
    made(sent, system("H1"))

    assert len(looks()) == before + 2
    assert {one.what for one in looks()[:2]} == {"summary"}
    assert [one.ground for one in looks()[:2]] == ["care-relation", "own-record"]


def test_nothing_of_it_is_stored(sent: Sent) -> None:
    def totals() -> dict[str, int]:
        with sent.node.store.transaction(Duty.CARE) as tx:
            return records.totals(tx)

    before = totals()
    made(sent, system("H1"))

    assert totals() == before


@pytest.fixture(scope="module")
def h1(sent: Sent) -> Iterator[Asking]:
    with asking(sent.node, Role.HOSPITAL_SYSTEM) as client:
        yield client


def test_over_http_it_comes_in_the_language_that_is_asked_for(sent: Sent, h1: Asking) -> None:
    address = f"/fhir/Patient/{sent.ann_h1}/$summary"
    answer = h1.ask("GET", address, headers={"Accept-Language": "zh-CN,en;q=0.5"})
    content = json.dumps({"resourceType": "Parameters", "parameter": [{"name": "profile", "valueUri": IPS}]})
    posted = h1.ask("POST", address, content=content)

    assert answer.headers["content-language"] == "zh"
    assert answer.json()["language"] == "zh"
    assert posted.json()["entry"][0]["resource"]["title"] == "International patient summary"


@pytest.mark.parametrize("query", ["profile=http://example.org/mine", "name=x", "_count=1", "%%"])
def test_what_it_cannot_do_is_refused(sent: Sent, h1: Asking, query: str) -> None:
    assert h1.ask("GET", f"/fhir/Patient/{sent.ann_h1}/$summary?{query}").status_code == 400


def test_required_sections_without_a_line_say_why_they_are_empty() -> None:
    bundle = document([{"resourceType": "Patient", "id": "00000000-0000-4000-8000-00000000000a"}])

    assert problems(bundle) == []
    assert set(sections(bundle)) == {"11450-4", "48765-2", "10160-0"}
    for section in sections(bundle).values():
        assert section["emptyReason"]["coding"][0]["code"] == "unavailable"
        assert "entry" not in section
    assert bundle["entry"][1]["resource"]["_birthDate"]["extension"][0]["valueCode"] == "unknown"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_documents_of_real_records_are_right_r4(language: str) -> None:
    for resources, _ in zip(residents(), range(6), strict=False):
        assert problems(document(resources, language)) == []
