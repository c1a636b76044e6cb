"""The refusal: an official, a vendor's clerk and a database administrator each try to turn somebody red. None can.

What they send over the API, by import or to guessed addresses is refused plainly, and counted in public without anybody
in it. What they write into tables is read by nothing that decides, and does not outlive a recomputation.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from nodes import ID_CARD, Asking, a_node, a_number, a_patient, an_observation, asking, send, system
from salus import ledger
from salus.access import MEASURE_ATTEMPTS
from salus.app import Node, close_batch, demo_token, import_files, powers
from salus.kernel import FixedClock, Role
from visiting import words_of

NUMBER = a_number(7)
COLOUR = {"url": "https://vendor.example/StructureDefinition/health-code-colour", "valueCode": "red"}
JSON = {"Content-Type": "application/fhir+json"}
BY_WRITE, BY_IMPORT, BY_ROUTE = MEASURE_ATTEMPTS


@dataclass(slots=True)
class Scene:
    """A node, its resident's Patient, and the attempts that a test made so far, by kind."""

    node: Node
    client: Asking
    patient: UUID
    made: Counter[str] = field(default_factory=Counter)

    def send(self, role: Role, method: str, path: str, body: Any) -> httpx.Response:
        """Somebody of a role sends JSON."""
        facility = "H1" if role in (Role.HOSPITAL_SYSTEM, Role.COMMANDER) else None
        token = demo_token(self.node, role, facility, None, None)
        headers = {**JSON, "Authorization": f"Bearer {token}"}
        return self.client.ask(method, path, headers=headers, content=json.dumps(body).encode())


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with a_node(tmp_path_factory.mktemp("red"), "H1") as node, asking(node) as client:
        done = send(node, system(), a_patient(NUMBER))
        yield Scene(node=node, client=client, patient=done.outcomes[0].id)


def records_of(patient: str) -> dict[str, dict[str, Any]]:
    """Everything a clerk can think of sending as a record."""
    subject = {"reference": patient}
    red = {"text": "红码", "coding": [{"system": "https://vendor.example/health-code-status", "code": "RED"}]}
    listed = {"resourceType": "List", "status": "current", "mode": "working", "title": "Red code"}
    return {
        "Flag": {"resourceType": "Flag", "status": "active", "code": red, "subject": subject},
        "List": {**listed, "subject": subject},
        "Group": {"resourceType": "Group", "type": "person", "actual": True, "name": "red-code",
                  "member": [{"entity": subject}]},
        "tag": a_patient(meta={"tag": [{"system": "https://vendor.example/tags", "code": "red"}]}),
        "label": a_patient(meta={"security": [{"code": "precaution"}]}),
        "extension": a_patient(extension=[COLOUR]),
        "field": {**an_observation(patient), "healthCode": "red"},
        "evidence": {**an_observation(patient), "colour": "red"},
        "status": an_observation(patient, code={"coding": [{"system": "https://x/code-status", "code": "3"}]}),
    }  # fmt: skip


@pytest.mark.parametrize("what", records_of("Patient/x"))
@pytest.mark.parametrize("role", [Role.HOSPITAL_SYSTEM, Role.COMMANDER, Role.OPERATOR])
def test_no_record_turns_somebody_red(scene: Scene, role: Role, what: str) -> None:
    sent = records_of(f"Patient/{scene.patient}")[what]
    answer = scene.send(role, "POST", f"/fhir/{sent['resourceType']}", sent)
    scene.made[BY_WRITE] += 1

    assert answer.status_code == 422
    assert "SALUS-R120" in answer.text
    assert "a measure cannot be written" in answer.text
    unmarked(scene)


def test_an_update_a_transaction_and_a_batch_do_no_better(scene: Scene) -> None:
    marked = {**a_patient(NUMBER), "id": str(scene.patient), "extension": [COLOUR]}
    entry = {"request": {"method": "POST", "url": "Patient"}, "resource": a_patient(extension=[COLOUR])}
    honest = {"request": {"method": "POST", "url": "Patient"}, "resource": a_patient()}

    def bundle(kind: str) -> dict[str, Any]:
        return {"resourceType": "Bundle", "type": kind, "entry": [entry, honest]}

    update = scene.send(Role.HOSPITAL_SYSTEM, "PUT", f"/fhir/Patient/{scene.patient}", marked)
    together = scene.send(Role.HOSPITAL_SYSTEM, "POST", "/fhir", bundle("transaction"))
    apart = scene.send(Role.HOSPITAL_SYSTEM, "POST", "/fhir", bundle("batch"))
    scene.made[BY_WRITE] += 3

    assert (update.status_code, together.status_code) == (422, 422)
    assert [one["response"]["status"][:3] for one in apart.json()["entry"]] == ["422", "201"]
    unmarked(scene)


def test_what_is_care_is_taken_and_means_nothing_to_a_code(scene: Scene) -> None:
    falls = {"resourceType": "Flag", "status": "active", "code": {"text": "High risk of falls"},
             "subject": {"reference": f"Patient/{scene.patient}"}}  # fmt: skip
    gone = {**a_patient(NUMBER), "id": str(scene.patient), "active": False}

    assert scene.send(Role.HOSPITAL_SYSTEM, "POST", "/fhir/Flag", falls).status_code == 201
    assert scene.send(Role.HOSPITAL_SYSTEM, "PUT", f"/fhir/Patient/{scene.patient}", gone).status_code == 200
    unmarked(scene)


GUESSED = [
    ("POST", "/fhir/$set-measure"),
    ("POST", "/fhir/Patient/{}/$set-status"),
    ("PATCH", "/fhir/Patient/{}/colour"),
    ("POST", "/measures"),
    ("PUT", "/residents/{}/health-code"),
    ("POST", "/api/v1/code-status"),
    ("DELETE", "/me/measure"),
    ("POST", "/admin/red-list"),
    ("PUT", "/status"),
]


@pytest.mark.parametrize(("method", "path"), GUESSED)
@pytest.mark.parametrize("role", [Role.HOSPITAL_SYSTEM, Role.COMMANDER, Role.OPERATOR])
def test_no_guessed_address_turns_somebody_red(scene: Scene, role: Role, method: str, path: str) -> None:
    answer = scene.send(role, method, path.format(scene.patient), {"resident": NUMBER, "colour": "red"})
    scene.made[BY_ROUTE] += 1

    assert answer.status_code == 404
    assert "SALUS-W120" in answer.text
    unmarked(scene)


def test_a_stranger_is_refused_alike_and_not_counted(scene: Scene) -> None:
    assert scene.client.ask("POST", "/measures", headers=JSON, content=b"{}").status_code == 404
    assert scene.client.ask("POST", "/measures", headers={"Authorization": "Bearer x"}).status_code == 404


def test_no_bulk_import_turns_anybody_red(scene: Scene, tmp_path: Path) -> None:
    lines = [
        {"person": NUMBER, "colour": "red"},
        {"resourceType": "Patient", "identifier": [{"system": ID_CARD, "value": NUMBER}], "codeStatus": 2},
        {"resourceType": "Bundle", "type": "batch", "entry": [
            {"request": {"method": "POST", "url": "Flag"}, "resource": records_of("Patient/x")["Flag"]}]},
        a_patient(),
    ]  # fmt: skip
    file = tmp_path / "statuses.ndjson"
    file.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")

    done = import_files(scene.node, "H1", [file])
    scene.made[BY_IMPORT] += 3

    assert [number for _, number, _ in done.refused] == [1, 2, 3]
    assert all("SALUS-R120" in text for _, _, text in done.refused)
    assert done.lines == 1
    unmarked(scene)


def test_each_refused_attempt_is_counted_in_public_and_in_the_log_and_names_nobody(scene: Scene) -> None:
    page = scene.client.ask("GET", "/about/power", headers={"Accept": "text/html"})
    assert f"sent as a record {scene.made[BY_WRITE]} " in words_of(page)
    assert f"sent in an import {scene.made[BY_IMPORT]} " in words_of(page)
    assert f"sent to an address that does not exist {scene.made[BY_ROUTE]} " in words_of(page)
    assert NUMBER not in page.text
    assert str(scene.patient) not in page.text

    today = scene.node.clock.now()
    scene.node.clock = FixedClock(today + timedelta(days=1))
    close_batch(scene.node)
    close_batch(scene.node)
    said = Counter(
        {str(leaf.body["action"]): leaf.body["count"] for _, leaf in ledger.leaves(scene.node.store, "refusals")}
    )
    assert said == scene.made
    assert all(one.logged for one in powers(scene.node).attempts)
    assert len(ledger.leaves(scene.node.store, "refusals")) == 3  # each day and kind once


def unmarked(scene: Scene) -> None:
    """Nothing about the resident changed for anybody: see what the record says, and that it holds no mark."""
    answer = scene.send(Role.HOSPITAL_SYSTEM, "GET", f"/fhir/Patient/{scene.patient}", {})
    assert answer.status_code == 200
    assert "red" not in answer.text
    assert "colour" not in answer.text
