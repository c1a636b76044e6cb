"""What was begun and not answered, since it took too long or was too much, is told to whom it was about."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from importlib import import_module
from uuid import UUID

import pytest

from nodes import Asking, a_node, a_number, a_patient, an_observation, asking, resident_of, send, system
from salus import access
from salus.app import Node
from salus.kernel import Role
from salus.storage import Duty

Told = list[tuple[str, str, int]]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Asking, UUID, int]]:
    """Return a node whose reads may take a quarter of a second, a client, a patient and whose that is."""
    with a_node(tmp_path_factory.mktemp("untold"), "H1") as node:
        done = send(node, system(), a_patient(a_number(1), fullUrl="urn:uuid:p"), an_observation("urn:uuid:p"))
        with node.store.transaction(Duty.CARE) as tx:
            access.open_relation(tx, "H1", resident_of(node, done), "desk", node.clock.now())
        node.most_seconds = 0.25
        with asking(node, Role.HOSPITAL_SYSTEM) as client:
            yield node, client, done.outcomes[0].id, resident_of(node, done)


def told(node: Node, resident: int) -> Told:
    """Return what a resident is shown, oldest first."""
    with node.store.transaction(Duty.CARE) as tx:
        found = access.reads_of(tx, [resident], limit=1000)
    return [(one.read.what, one.read.action, one.read.count) for one in reversed(found)]


def late(node: Node, client: Asking, tables: str, method: str, address: str, content: str = "") -> int:
    """Ask while tables are locked, and return the status."""
    with node.store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute(f"lock table {tables} in access exclusive mode".encode())
        answer = client.ask(method, f"/fhir/{address}", **({"content": content} if content else {}))
        connection.rollback()
    return answer.status_code


@pytest.mark.parametrize(
    ("address", "what", "action"),
    [
        ("Observation?patient={patient}&code=718-7", "Observation", "search"),
        ("Observation?patient={patient}&status=final&_include=Observation:subject", "Observation", "search"),
        ("Patient/{patient}/$everything", "everything", "read"),
        ("Patient/{patient}/$summary", "summary", "read-summary"),
    ],
)
def test_who_was_asked_about_is_told_also_where_it_took_too_long(
    held: tuple[Node, Asking, UUID, int], address: str, what: str, action: str
) -> None:
    node, client, patient, resident = held
    before = len(told(node, resident))

    status = late(node, client, "records.version, records.found", "GET", address.format(patient=patient))

    assert (status, told(node, resident)[before:]) == (400, [(what, action, 0)])


def test_a_search_in_a_transaction_that_took_too_long_is_told(held: tuple[Node, Asking, UUID, int]) -> None:
    node, client, patient, resident = held
    before = len(told(node, resident))
    search = {"request": {"method": "GET", "url": f"Condition?patient={patient}&code=7"}}
    sent = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [search]})

    status = late(node, client, "records.found", "POST", "", sent)

    assert (status, told(node, resident)[before:]) == (400, [("Condition", "search", 0)])


def test_a_history_that_took_too_long_is_told(held: tuple[Node, Asking, UUID, int]) -> None:
    node, client, patient, resident = held
    before = len(told(node, resident))
    with node.store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute("lock table access.entry in access exclusive mode")
        freeing = threading.Timer(0.8, connection.rollback)
        freeing.start()
        answer = client.ask("GET", f"/fhir/Patient/{patient}/_history")
        freeing.join()

    assert answer.status_code == 400
    assert told(node, resident)[before:] == [("Patient", "read", 0)]


def test_a_history_of_a_facility_that_took_too_long_is_registered_and_names_nobody(
    held: tuple[Node, Asking, UUID, int],
) -> None:
    node, client, _, resident = held
    before = told(node, resident)

    status = late(node, client, "records.version", "GET", "_history")

    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        newest = owner.execute(
            "select what, action, count, resident_key from access.entry order by batch desc, item desc limit 1"
        ).fetchone()
    assert (status, newest, told(node, resident)) == (400, ("Bundle", "search", 0, None), before)


@pytest.mark.parametrize("within", [False, True])
def test_who_was_asked_about_is_told_where_what_is_included_is_too_much(
    held: tuple[Node, Asking, UUID, int], monkeypatch: pytest.MonkeyPatch, within: bool
) -> None:
    node, client, patient, resident = held
    address = f"Observation?patient={patient}&_include=Observation:subject"
    search = {"request": {"method": "GET", "url": address}}
    sent = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [search]})
    before = len(told(node, resident))
    monkeypatch.setattr(import_module("salus.records.search.running"), "MOST_INCLUDED", 0)

    refused = client.ask("POST", "/fhir/", content=sent) if within else client.ask("GET", f"/fhir/{address}")

    assert (refused.status_code, refused.json()["issue"][0]["code"]) == (400, "too-costly"), refused.text
    assert told(node, resident)[before:] == [("Observation", "search", 0)]
