"""No search, history or whole record holds a connection for long: its statements have a limit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from nodes import Asking, a_node, a_number, a_patient, an_observation, asking, send, system
from salus import records
from salus.app import Alone, Node, SearchAsk, Searcher, demo_token
from salus.kernel import Role
from salus.storage import Duty


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Asking, UUID]]:
    """Return a node whose searches may take a quarter of a second, a client, and a patient."""
    with a_node(tmp_path_factory.mktemp("bounded"), "H1") as node:
        done = send(node, system(), a_patient(a_number(1), fullUrl="urn:uuid:p"), an_observation("urn:uuid:p"))
        node.most_seconds = 0.25
        with asking(node, Role.HOSPITAL_SYSTEM) as client:
            yield node, client, done.outcomes[0].id


@pytest.mark.parametrize(
    "address",
    ["Observation?code=718-7", "Observation?patient={patient}", "_history", "Patient/{patient}/$everything"],
)
def test_what_takes_too_long_is_refused_as_too_costly(held: tuple[Node, Asking, UUID], address: str) -> None:
    node, client, patient = held
    with node.store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute("lock table records.version, records.found in access exclusive mode")
        answer = client.ask("GET", f"/fhir/{address.format(patient=patient)}")
        connection.rollback()

    assert answer.status_code == 400, answer.text
    [issue] = answer.json()["issue"]
    assert (issue["code"], issue["details"]["coding"][0]["code"]) == ("too-costly", "SALUS-S008")
    assert client.ask("GET", f"/fhir/{address.format(patient=patient)}").status_code == 200


def unnamed(node: Node) -> list[tuple[str, str, int]]:
    """Return the entries of the register that name nobody, oldest first."""
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        found = owner.execute(
            b"select what, action, count from access.entry where resident_key is null order by batch, item"
        ).fetchall()
    return [(what, action, count) for what, action, count in found]


def late(node: Node, client: Asking, method: str, address: str, **more: Any) -> int:
    """Ask while the search rows are locked, and return the status."""
    with node.store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute("lock table records.found in access exclusive mode")
        answer = client.ask(method, f"/fhir/{address}", **more)
        connection.rollback()
    return answer.status_code


def test_what_took_too_long_is_registered_as_asked_and_names_nobody(held: tuple[Node, Asking, UUID]) -> None:
    node, client, _ = held
    before = len(unnamed(node))
    search = {"request": {"method": "GET", "url": "Condition?code=7"}}
    sent = {kind: json.dumps({"resourceType": "Bundle", "type": kind, "entry": [search]}) for kind in ("transaction",)}

    answers = [
        late(node, client, "GET", "Observation?code=718-7"),
        late(node, client, "POST", "", content=sent["transaction"]),
    ]

    assert answers == [400, 400]
    assert unnamed(node)[before:] == [("Observation", "search", 0), ("Condition", "search", 0)]


def test_the_search_of_a_conditional_write_is_bounded_and_registered_too(held: tuple[Node, Asking, UUID]) -> None:
    node, client, patient = held
    before = len(unnamed(node))
    told = an_observation(f"Patient/{patient}")
    condition = {"request": {"method": "PUT", "url": "Observation?code=other"}, "resource": told}
    plain = {"request": {"method": "POST", "url": "Encounter"}, "resource": {"resourceType": "Encounter"}}
    batch = json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [condition, plain]})

    alone = late(node, client, "PUT", "Observation?code=other", content=json.dumps(told))
    within = late(node, client, "POST", "", content=batch)
    done = client.ask("PUT", "/fhir/Observation?code=other", content=json.dumps(told))

    assert (alone, within, done.status_code) == (400, 200, 201)
    assert unnamed(node)[before:] == [("Observation", "search", 0), ("Observation", "search", 0)]


def test_the_history_of_one_entry_is_bounded(held: tuple[Node, Asking, UUID]) -> None:
    node, client, patient = held
    with node.store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute("lock table records.version in access exclusive mode")
        answer = client.ask("GET", f"/fhir/Patient/{patient}/_history")
        connection.rollback()

    assert answer.status_code == 400
    assert client.ask("GET", f"/fhir/Patient/{patient}/_history").status_code == 200


@pytest.mark.anyio
async def test_a_search_of_many_values_or_conditions_is_not_shared(held: tuple[Node, Asking, UUID]) -> None:
    node, _, patient = held
    bearer, searcher = demo_token(node, Role.HOSPITAL_SYSTEM, "H1", None, None), Searcher(node)
    asked = [
        [("patient", str(patient)), *more]
        for more in ([("code", "718-7")] * 5, [("code", ",".join(f"c{n}" for n in range(60)))], [("code", "718-7")])
    ]
    try:
        found = [await searcher.ask(SearchAsk(bearer=bearer, type="Observation", pairs=one)) for one in asked]
    finally:
        searcher.close()

    assert [isinstance(one, Alone) for one in found] == [True, True, False]
    assert all(records.parse_query("Observation", one, node.custodian).patients == (patient,) for one in asked)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
