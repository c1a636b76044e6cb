"""The register as AuditEvents: for the resident whom it is about, written by nobody else, and searched strictly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import pytest

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
    system,
)
from salus import access, app, identity, records
from salus.app import Node, demo_token
from salus.kernel import Role
from salus.records import Accepted
from salus.storage import Duty
from visiting import Visitor

FHIR = {"Content-Type": "application/fhir+json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Ann, whom a clinician of H1 and the system of H2 looked at; Bob, whom nobody looked at."""

    node: Node
    client: Asking
    ann: Accepted
    bob: Accepted
    id: UUID

    def ask(self, query: str, token: str = "") -> tuple[int, dict[str, Any]]:
        return get(self.client, f"/fhir/AuditEvent{query}", token or self.token(self.ann))

    def token(self, whose: Accepted) -> str:
        return demo_token(self.node, Role.RESIDENT, None, str(whose.outcomes[0].id), None)


WIDE = {"2031": 3, "ge2031-03": 3, "2032": 0, "2031-02": 0, "ge9999-12-31": 0, "le9999": 3,
        "lt9999-12-31T23:59:59.999999Z": 3}  # fmt: skip


def get(client: Asking, address: str, token: str) -> tuple[int, dict[str, Any]]:
    answer = client.ask("GET", address, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json()


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with a_node(tmp_path_factory.mktemp("audit"), "H1", "H2") as node, asking(node) as client:
        urn = "urn:uuid:p"
        ann = send(node, system(), a_patient(a_number(1), fullUrl=urn), an_observation(urn))
        bob = send(node, system(), a_patient(a_number(2)))
        key = resident_of(node, ann)
        with node.store.transaction(Duty.CARE) as tx:
            for facility in ("H1", "H2"):
                access.open_relation(tx, facility, key, "desk", node.clock.now())
            resident = identity.resident_by_key(tx, key)
        assert resident
        app.view_summary(node, clinician(), resident.resident_id)
        reader = app.Reader(node)
        reader.read_one(system("H2"), "Observation", ann.outcomes[1].id)
        reader.close()
        yield Seen(node=node, client=client, ann=ann, bob=bob, id=resident.resident_id)


def events(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [one["resource"] for one in bundle.get("entry", ())]


def test_a_resident_is_shown_every_look_as_an_audit_event(seen: Seen) -> None:
    status, bundle = seen.ask("")

    found = events(bundle)
    assert status == 200
    assert [(one["subtype"][1]["code"], one["action"]) for one in found] == [
        ("read", "R"),
        ("read-summary", "R"),
        ("create", "C"),
    ]
    assert found[0]["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"
    assert found[0]["agent"][2]["who"]["identifier"]["value"] == "system-H2"
    assert found[0]["entity"][0]["what"] == {"reference": f"Patient/{seen.ann.outcomes[0].id}"}
    assert {"type": "ground", "valueString": "care-relation"} in found[0]["entity"][1]["detail"]


def test_each_of_them_is_what_r4_says_an_audit_event_is(seen: Seen) -> None:
    found = events(seen.ask("")[1])

    assert found
    assert [records.check(one, "AuditEvent") for one in found] == [()] * len(found)


def test_it_is_read_by_its_id_and_a_search_leads_on(seen: Seen) -> None:
    _, first = seen.ask("?_count=1")
    links = {one["relation"]: one["url"] for one in first["link"]}
    _, second = get(seen.client, links["next"].partition(seen.node.settings.public_url)[2], seen.token(seen.ann))
    (one,) = events(first)

    assert seen.ask(f"/{one['id']}") == (200, one)
    assert events(second)[0]["id"] != one["id"]


def test_a_date_bounds_the_search(seen: Seen) -> None:
    counts = {
        query: len(events(seen.ask(f"?date={query}")[1]))
        for query in ("2031-03-01", "ge2031-03-01", "lt2031-03-01", "gt2031-03-01", "le2031-03-01T07:59:59Z", *WIDE)
    }

    assert counts == {
        "2031-03-01": 3,
        "ge2031-03-01": 3,
        "lt2031-03-01": 0,
        "gt2031-03-01": 0,
        "le2031-03-01T07:59:59Z": 0,
        **WIDE,
    }


@pytest.mark.parametrize(
    "query",
    [
        "?agent=x",
        "?patient=1",
        "?date=spring",
        "?_count=0",
        "?_count=1&_count=2",
        "?_sort=date",
        "?date=2031-13",
        "?date=0000",
    ],
)
def test_a_search_that_is_not_understood_is_refused(seen: Seen, query: str) -> None:
    status, told = seen.ask(query)

    assert 400 <= status < 500
    assert told["resourceType"] == "OperationOutcome"


def test_a_resident_is_shown_nothing_of_another(seen: Seen) -> None:
    bob = seen.token(seen.bob)
    (newest, *_) = events(seen.ask("")[1])

    assert [one["subtype"][1]["code"] for one in events(seen.ask("", bob)[1])] == ["create"]
    assert events(seen.ask(f"?patient={seen.ann.outcomes[0].id}", bob)[1]) == []
    assert seen.ask(f"/{newest['id']}", bob)[0] == 404
    assert len(events(seen.ask(f"?patient=Patient/{seen.ann.outcomes[0].id}")[1])) == 3


def test_a_place_that_no_register_has_is_no_page(seen: Seen) -> None:
    me = Visitor(seen.node, seen.client, Role.RESIDENT, resident=str(seen.ann.outcomes[0].id))
    for place in ("99999999999999999999-0", "1-99999999999999999999", "1", "x-1"):
        for address in (f"/me/reads/{place}", f"/me/reads/{place}/file", f"/me/contests/new?entry={place}"):
            assert me.get(address).status_code == 404, address
        assert me.get(f"/me/reads/systems?before={place}").status_code in (200, 404)


def test_nobody_else_reads_a_register(seen: Seen) -> None:
    (newest, *_) = events(seen.ask("")[1])

    for role, facility in ((Role.HOSPITAL_SYSTEM, "H1"), (Role.CLINICIAN, "H1")):
        token = demo_token(seen.node, role, facility, None, None)
        assert seen.ask(f"/{newest['id']}", token)[0] == 403
        assert events(seen.ask(f"?patient={seen.ann.outcomes[0].id}", token)[1]) == []


@pytest.mark.parametrize(
    ("kind", "word"), [("AuditEvent", "the register of reads"), ("Subscription", "Salus watches nobody")]
)
def test_nobody_writes_an_audit_event_nor_watches_anybody(seen: Seen, kind: str, word: str) -> None:
    token = demo_token(seen.node, Role.HOSPITAL_SYSTEM, "H1", None, None)
    patient, id_ = f"Patient/{seen.ann.outcomes[0].id}", seen.ann.outcomes[1].id
    body = {"resourceType": kind, "id": str(id_), "criteria": f"Observation?patient={patient}"}
    patch = [{"op": "replace", "path": "/action", "value": "R"}]
    bundled = {"resource": body, "request": {"method": "POST", "url": kind}}
    tried = [
        ("POST", f"/fhir/{kind}", body, {}),
        ("POST", f"/fhir/{kind}", body, {"If-None-Exist": f"_id={id_}"}),
        ("PUT", f"/fhir/{kind}/{id_}", body, {}),
        ("PUT", f"/fhir/{kind}?_id={id_}", body, {}),
        ("PATCH", f"/fhir/{kind}/{id_}", patch, {"Content-Type": "application/json-patch+json"}),
        ("DELETE", f"/fhir/{kind}/read-1-0", None, {}),
        ("DELETE", f"/fhir/{kind}?_id={id_}", None, {}),
        ("POST", "/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": [bundled]}, {}),
    ]

    for method, address, sent, more in tried:
        content = None if sent is None else orjson.dumps(sent)
        headers = FHIR | {"Authorization": f"Bearer {token}"} | more
        answer = seen.client.ask(method, address, content=content, headers=headers)
        assert 400 <= answer.status_code < 500, (method, address)
        assert word in answer.text, (method, address, answer.text)


def test_the_server_says_so_of_itself(seen: Seen) -> None:
    told = get(seen.client, "/fhir/metadata", "")[1]["rest"][0]["resource"]
    codes = {one["type"]: {each["code"] for each in one["interaction"]} for one in told}

    assert not codes["AuditEvent"] & {"create", "update", "patch", "delete"}
    assert not codes["Subscription"] & {"create", "update", "patch", "delete"}
    assert "create" in codes["Observation"]
