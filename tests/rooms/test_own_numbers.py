"""A facility's own number names one Patient: a create that would open a second is refused, however it comes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from hl7_messages import a_receiving_node, adt, pid, tell
from nodes import Asking, a_number, a_patient, asking, send, system, update
from salus import records
from salus.app import Create, Creator, Node, Receiver, accept, import_files
from salus.kernel import Role
from salus.records import Held
from salus.storage import Transaction

SYSTEM = "urn:salus:facility:H1:mrn:HIS"
_serial = count(1)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_receiving_node(tmp_path_factory.mktemp("numbers"), "H1", "H2") as opened:
        yield opened


@pytest.fixture(scope="module")
def h1(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM) as client:
        yield client


@pytest.fixture
def receiver(node: Node) -> Iterator[Receiver]:
    made = Receiver(node)
    yield made
    made.close()


@pytest.fixture
def mrn() -> str:
    return f"N{next(_serial)}"


def known_as(mrn: str, *numbers: str, system: str = SYSTEM, **more: Any) -> dict[str, Any]:
    """A Patient under a hospital's own number."""
    patient = a_patient(*numbers, **more)
    patient["identifier"] = [*patient.get("identifier", ()), {"system": system, "value": mrn}]
    return patient


def test_a_create_after_a_message_of_the_same_number_is_refused_and_messages_go_on(
    h1: Asking, receiver: Receiver, mrn: str
) -> None:
    tell(receiver, adt("A28", mrn, pid(mrn)))

    refused = h1.ask("POST", "/fhir/Patient", content=orjson.dumps(known_as(mrn, a_number(1))))

    (issue,) = refused.json()["issue"]
    assert (refused.status_code, issue["code"], issue["expression"]) == (409, "duplicate", ["Patient.identifier[1]"])
    assert "SALUS-R409" in refused.text
    assert "If-None-Exist" in refused.text
    assert "PUT Patient?identifier" in refused.text
    assert mrn not in refused.text
    (answer,) = tell(receiver, adt("A31", f"{mrn}b", pid(mrn)))
    assert answer.code == "AA"


def test_a_create_after_another_is_refused_and_what_its_text_says_works(node: Node, h1: Asking, mrn: str) -> None:
    first = send(node, system(), known_as(mrn)).outcomes[0].id
    body = orjson.dumps(known_as(mrn, gender="female"))

    assert h1.ask("POST", "/fhir/Patient", content=body).status_code == 409
    unless = {"If-None-Exist": f"identifier={SYSTEM}|{mrn}"}
    assert h1.ask("POST", "/fhir/Patient", content=body, headers=unless).status_code == 200
    written = h1.ask("PUT", f"/fhir/Patient?identifier={SYSTEM}|{mrn}", content=body)
    assert (written.status_code, written.json()["id"], written.json()["gender"]) == (200, str(first), "female")


def test_numbers_of_others_of_documents_and_of_other_systems_may_stand_in_several(node: Node, mrn: str) -> None:
    send(node, system(), known_as(mrn, a_number(2)))

    send(node, system("H2"), known_as(mrn, a_number(2)))
    send(node, system(), a_patient(a_number(2)))
    for _ in range(2):
        send(node, system(), known_as(mrn, system="https://his.example/numbers"))
    send(node, system(), known_as(mrn, system="urn:salus:facility:H2:mrn"))


def test_two_of_one_transaction_are_refused_by_name_and_nothing_is_stored(node: Node, mrn: str) -> None:
    with pytest.raises(Held) as refused:
        send(node, system(), known_as("other" + mrn), known_as(mrn), known_as(mrn))

    assert [(one.entry, one.where) for one in refused.value.problems] == [(2, "Patient.identifier[0]")]
    send(node, system(), known_as(mrn))
    send(node, system(), known_as("other" + mrn))


def test_of_a_batch_the_second_alone_is_refused(h1: Asking, mrn: str) -> None:
    entry = {"request": {"method": "POST", "url": "Patient"}, "resource": known_as(mrn)}
    sent = {"resourceType": "Bundle", "type": "batch", "entry": [entry, entry]}

    answer = h1.ask("POST", "/fhir", content=orjson.dumps(sent)).json()

    assert [one["response"]["status"][:3] for one in answer["entry"]] == ["201", "409"]


def test_a_patient_may_go_on_under_its_number(node: Node, mrn: str) -> None:
    done = send(node, system(), known_as(mrn)).outcomes[0]

    update(node, system(), known_as(mrn, gender="male", id=str(done.id)))


def test_of_two_at_once_one_is_stored(node: Node, mrn: str) -> None:
    told: list[object] = []

    def create() -> None:
        try:
            told.append(send(node, system(), known_as(mrn)))
        except Held as held:
            told.append(held)

    other = threading.Thread(target=create)

    def meanwhile(*_: object) -> None:
        other.start()
        other.join(0.5)
        assert not told

    accept(node, system(), [records.of_resource(known_as(mrn), "Patient")], noted=meanwhile)
    other.join()

    assert [type(one) for one in told] == [Held]


def test_a_message_waits_for_a_create_of_its_number_and_finds_it(node: Node, receiver: Receiver, mrn: str) -> None:
    answers: list[Any] = []
    told = threading.Thread(target=lambda: answers.extend(tell(receiver, adt("A31", mrn, pid(mrn)))))

    def meanwhile(tx: Transaction, accepted: records.Accepted) -> None:
        told.start()
        told.join(0.5)
        assert not answers

    accept(node, system(), [records.of_resource(known_as(mrn), "Patient")], noted=meanwhile)
    told.join()

    assert [one.code for one in answers] == ["AA"]
    with pytest.raises(Held):
        send(node, system(), known_as(mrn))


def test_creates_that_arrive_together_are_told_each_by_itself(node: Node, mrn: str) -> None:
    async def work() -> list[object]:
        creator = Creator(node)
        sent = [known_as(f"{mrn}x"), *(known_as(mrn) for _ in range(3)), known_as(f"{mrn}y")]
        asks = [Create(principal=system(), intent=records.of_resource(one, "Patient")) for one in sent]
        try:
            return list(await asyncio.gather(*map(creator.ask, asks), return_exceptions=True))
        finally:
            creator.close()

    told = [type(one).__name__ for one in asyncio.run(work())]

    assert told == ["Outcome", "Outcome", "Held", "Held", "Outcome"]


def test_an_import_names_the_line(node: Node, mrn: str, tmp_path: Path) -> None:
    lines = [known_as(mrn), known_as(f"{mrn}z"), known_as(mrn, gender="male")]
    file = tmp_path / "back.ndjson"
    file.write_bytes(b"\n".join(orjson.dumps(one) for one in lines))

    told: list[tuple[int, str, int]] = []
    done = import_files(node, "H1", [file], told=lambda _, line, error: told.append((line, error.code, error.status)))

    assert (done.lines, done.turned) == (2, 1)
    assert told == [(3, "SALUS-R409", 409)]


def test_by_a_condition_that_names_another_number_it_is_refused_too(node: Node, mrn: str) -> None:
    send(node, system(), known_as(mrn))
    card = a_number(3)
    asked = records.parse_condition("Patient", f"identifier=urn:oid:2.16.156.10011.1.3|{card}", "If-None-Exist")
    intent = replace(records.of_resource(known_as(mrn, card), "Patient"), condition=asked)

    with pytest.raises(Held):
        accept(node, system(), [intent])
