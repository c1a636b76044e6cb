"""Registered institutions stand in the directory under ids that stay, for everybody's records to refer to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import orjson
import pytest

from nodes import Asking, a_node, a_patient, add_hospital, asking, send, system
from salus import app, parties, records
from salus.app import Node, publish_institutions
from salus.kernel import Role
from salus.parties import FacilityKind
from salus.records import Institution
from salus.storage import Duty

DIRECTORY = (
    {"resourceType": "PractitionerRole", "active": True, "code": [{"text": "surgeon"}]},
    {"resourceType": "HealthcareService", "active": True, "name": "dialysis"},
    {"resourceType": "Location", "name": "ward 3", "status": "active"},
    {"resourceType": "Organization", "name": "a department"},
)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("directory"), "H1", "H2") as opened:
        parties.add_facility(
            opened.store, facility_id="SB1", name_en="To try", name_zh="试用", level=2, kind=FacilityKind.HOSPITAL,
            county="900101", organisation="Group", sandbox=True,
        )  # fmt: skip
        publish_institutions(opened)
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM, "H1") as opened:
        yield opened


def found(client: Asking, kind: str, identifier: str) -> list[dict[str, object]]:
    answer = client.ask("GET", f"/fhir/{kind}?identifier={quote(identifier)}")
    assert answer.status_code == 200, answer.text
    return [one["resource"] for one in answer.json().get("entry", ())]


def test_a_facility_is_an_organization_of_its_body_and_a_location(client: Asking) -> None:
    (hospital,) = found(client, "Organization", "urn:salus:facility|H2")
    (body,) = found(client, "Organization", "urn:salus:organisation|Group")
    (site,) = found(client, "Location", "urn:salus:facility|H2")

    assert hospital["partOf"] == {"reference": f"Organization/{body['id']}"}
    assert (hospital["name"], hospital["alias"]) == ("医院H2", ["Hospital H2"])
    assert site["managingOrganization"] == {"reference": f"Organization/{hospital['id']}"}
    assert site["address"] == {"district": "900101"}
    assert "position" not in site


def test_ids_stay_and_nothing_is_there_twice(node: Node, client: Asking) -> None:
    before = found(client, "Organization", "urn:salus:facility|H1")
    known = publish_institutions(node)
    add_hospital(node, "H3")

    assert publish_institutions(node, known) - known == {"urn:salus:facility|H3"}
    assert found(client, "Organization", "urn:salus:facility|H1") == before
    assert str(app.organization_of(node, "H3")) == found(client, "Organization", "urn:salus:facility|H3")[0]["id"]


def test_no_hospital_rewrites_what_it_is(client: Asking) -> None:
    (mine,) = found(client, "Organization", "urn:salus:facility|H1")
    answer = client.ask("PUT", f"/fhir/Organization/{mine['id']}", content=orjson.dumps(mine | {"name": "best"}))

    assert answer.status_code == 403


def test_a_sandbox_stands_in_no_directory(client: Asking) -> None:
    assert found(client, "Organization", "urn:salus:facility|SB1") == []


def test_a_record_refers_to_an_institution_by_its_identifier(node: Node, client: Asking) -> None:
    patient = send(node, system("H1"), a_patient()).outcomes[0].id
    visit = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{patient}"},
        "serviceProvider": {"reference": "Organization?identifier=urn:salus:facility|H1"},
    }
    stored = client.ask("POST", "/fhir/Encounter", content=orjson.dumps(visit)).json()

    assert stored["serviceProvider"] == {"reference": f"Organization/{app.organization_of(node, 'H1')}"}


@pytest.mark.parametrize("system", ["urn:salus:facility", "urn:salus:organisation"])
@pytest.mark.parametrize("kind", ["Organization", "Practitioner", "Patient"])
def test_nobody_else_names_an_institution(node: Node, client: Asking, kind: str, system: str) -> None:
    false = {"resourceType": kind, "identifier": [{"system": system, "value": "H1"}]}
    for facility in ("H1", "SB1"):
        with asking(node, Role.HOSPITAL_SYSTEM, facility) as other:
            answer = other.ask("POST", f"/fhir/{kind}", content=orjson.dumps(false))

        assert answer.status_code == 422, answer.text


def test_an_institution_comes_before_what_others_call_so(node: Node, client: Asking) -> None:
    """What a number without its system means is the registry's, unless the asker keeps something under it."""
    send(node, system("H1"), {"resourceType": "Organization", "identifier": [{"value": "H2"}]})
    patient = send(node, system("H2"), a_patient()).outcomes[0].id
    visit = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{patient}"},
        "serviceProvider": {"reference": "Organization?identifier=H2"},
    }
    (done,) = send(node, system("H2"), visit).outcomes

    assert orjson.loads(done.body)["serviceProvider"] == {
        "reference": f"Organization/{app.organization_of(node, 'H2')}"
    }


@pytest.mark.parametrize("resource", DIRECTORY, ids=lambda one: str(one["resourceType"]))
def test_a_hospital_keeps_directory_entries_that_others_read(
    node: Node, client: Asking, resource: dict[str, object]
) -> None:
    stored = client.ask("POST", f"/fhir/{resource['resourceType']}", content=orjson.dumps(resource)).json()
    with asking(node, Role.HOSPITAL_SYSTEM, "H2") as other:
        read = other.ask("GET", f"/fhir/{resource['resourceType']}/{stored['id']}")

    assert read.json() == stored


def test_the_registrys_chart_holds_nobody(node: Node) -> None:
    with node.store.connect(Duty.MIGRATION, "salus") as connection:
        kinds = connection.execute("select distinct kind from records.chart where facility = 'registry'").fetchall()

    assert kinds == [("directory",)]


def test_one_institution_that_is_refused_keeps_none_behind_it_out(tmp_path: Path) -> None:
    with a_node(tmp_path) as node:
        parties.add_organisation(node.store, organisation_id="Amiss", name_en="Amiss", name_zh="甲")
        for facility, body in (("H40", "Amiss"), ("H5", "Group")):
            parties.add_facility(
                node.store, facility_id=facility, name_en=facility, name_zh=facility, level=2,
                kind=FacilityKind.HOSPITAL, county="900101", organisation=body,
            )  # fmt: skip
        with node.store.transaction(Duty.CARE) as other:
            records.lock_institution(other, node.custodian, Institution(identifier="Amiss", name_en="", name_zh=""))
            with node.store.transaction(Duty.CARE) as tx:  # the pool's only free connection, which is the next, too
                tx.run("set lock_timeout = '100ms'")
            known = publish_institutions(node)
        again = publish_institutions(node, known)

    assert known == {"urn:salus:organisation|Group", "urn:salus:facility|H5"}
    assert again - known == {"urn:salus:organisation|Amiss", "urn:salus:facility|H40"}
