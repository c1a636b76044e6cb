"""What was stored before there were search rows is prepared by the relay; until then a search says so."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from nodes import a_node, a_number, a_patient, add_hospital, an_observation, asking, send, system
from salus import parties
from salus.app import Node
from salus.app.indexing import find_page
from salus.kernel import Role
from salus.parties import FacilityKind
from salus.storage import Duty

SECRETS = ("Zhangsan", "zhangsan", "13912345678", "Wuthering", "wuthering", "718-7")


@pytest.fixture
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("rows"), "H1") as opened:
        yield opened


def _of_an_earlier_release(node: Node) -> None:
    """Take the search rows away, as a node that comes from before has none."""
    with node.store.connect(Duty.MIGRATION, "salus") as connection:
        for table in ("found", "charted", "found_date", "found_number"):
            connection.execute(f"delete from records.{table}".encode())
        connection.execute(
            "update records.indexing set done = 0, until = (select max(resource_key) from records.resource)"
        )
    node.indexed = False


def test_a_search_waits_for_the_resources_of_an_earlier_release_and_then_finds_them(node: Node) -> None:
    patient = a_patient(a_number(1), fullUrl="urn:uuid:p")
    send(node, system(), patient, an_observation("urn:uuid:p"), an_observation("urn:uuid:p", status="amended"))
    _of_an_earlier_release(node)
    done = send(node, system(), {"resourceType": "Organization", "name": "new"})
    with asking(node, Role.HOSPITAL_SYSTEM) as client:
        early = client.ask("GET", "/fhir/Observation?status=amended")
        rounds = 0
        while find_page(node):
            rounds += 1
        late = client.ask("GET", "/fhir/Observation?status=amended&subject:Patient._id:not=nobody")

    assert early.status_code == 503
    assert early.headers["retry-after"]
    assert "prepared" in early.json()["issue"][0]["diagnostics"]
    assert rounds >= 1
    assert [entry["resource"]["status"] for entry in late.json()["entry"]] == ["amended"]
    with node.store.transaction(Duty.CARE) as tx:
        rows = dict(tx.rows("select resource_key, count(*) from records.found group by resource_key"))
    assert set(rows.values()) == {1}
    assert done.outcomes[0].resource_key in rows


def test_what_is_prepared_is_not_written_over_what_its_source_said_since(node: Node) -> None:
    done = send(node, system(), {"resourceType": "Organization", "name": "Before"})
    _of_an_earlier_release(node)
    with asking(node, Role.HOSPITAL_SYSTEM) as client:
        one = done.outcomes[0]
        changed = {"resourceType": "Organization", "id": str(one.id), "name": "After"}
        assert client.ask("PUT", f"/fhir/Organization/{one.id}", content=json.dumps(changed)).status_code == 200
        while find_page(node):
            pass
        found = client.ask("GET", "/fhir/Organization?name=after").json()
        gone = client.ask("GET", "/fhir/Organization?name=before").json()

    assert len(found["entry"]) == 1
    assert "entry" not in gone


def test_what_a_sandbox_made_up_is_not_prepared_for_everybody(node: Node) -> None:
    parties.add_facility(
        node.store, facility_id="SB1", name_en="To try", name_zh="试用", level=2, kind=FacilityKind.HOSPITAL,
        county="900101", organisation="Group", sandbox=True,
    )  # fmt: skip
    for facility in ("SB1", "H1"):
        send(node, system(facility), {"resourceType": "Organization", "name": f"of {facility}"})
    _of_an_earlier_release(node)
    while find_page(node):
        pass
    with asking(node, Role.HOSPITAL_SYSTEM) as client:
        found = client.ask("GET", "/fhir/Organization?name=of").json()

    assert [entry["resource"]["name"] for entry in found["entry"]] == ["of H1"]


def test_search_rows_hold_no_text_and_no_number_in_the_clear(node: Node) -> None:
    patient = a_patient(
        a_number(7),
        fullUrl="urn:uuid:p",
        birthDate="2001-02-03",
        name=[{"family": "Zhangsan", "given": ["Wuthering"]}],
        telecom=[{"system": "phone", "value": "13912345678"}],
    )
    send(node, system(), patient, an_observation("urn:uuid:p", valueString="Wuthering"))
    with node.store.transaction(Duty.CARE) as tx:
        told = str(
            [tx.rows(f"select * from records.{table}") for table in ("found", "charted", "found_date", "found_number")]
        )

    assert all(secret not in told for secret in (*SECRETS, a_number(7), "2001-02-03", "2001, 2, 3"))


def test_a_value_has_another_digest_at_another_facility(node: Node) -> None:
    add_hospital(node, "H2")
    for facility in ("H1", "H2"):
        send(node, system(facility), a_patient(a_number(1), gender="female"))
    with node.store.transaction(Duty.CARE) as tx:
        [first, second] = tx.rows("select digests, scope from records.found order by resource_key")

    assert not set(first[0]) & set(second[0])
    assert first[1] != second[1]
