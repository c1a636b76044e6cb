"""A write to another facility's record is told as one to nothing, unless whoever writes may read the record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from nodes import Asking, a_node, a_number, a_patient, an_observation, asking, resident_of, send, system
from salus import access, identity
from salus.app import Node
from salus.kernel import Role
from salus.records import Accepted
from salus.storage import Duty


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("alike"), "H1", "H2") as opened:
        yield opened


@pytest.fixture(scope="module")
def h1(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM) as client:
        yield client


def theirs(node: Node, order: int) -> Accepted:
    return send(node, system("H2"), a_patient(a_number(order), fullUrl="urn:uuid:p"), an_observation("urn:uuid:p"))


def write(h1: Asking, method: str, id_: UUID) -> httpx.Response:
    """Write an Observation by its id: update, patch or delete it."""
    content: Any = None
    more: dict[str, Any] = {}
    if method == "PUT":
        content = an_observation("Group/1", id=str(id_))
        del content["subject"]
    if method == "PATCH":
        content = [{"op": "test", "path": "/status", "value": "final"}]
        more["headers"] = {"Content-Type": "application/json-patch+json"}
    return h1.ask(method, f"/fhir/Observation/{id_}", content=content and orjson.dumps(content), **more)


def refusals(node: Node) -> int:
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        row = owner.execute(b"select count(*) from access.refusal").fetchone()
    return int(row[0]) if row else 0


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_another_facilitys_id_and_none_are_told_alike_and_the_refusal_is_kept(
    node: Node, h1: Asking, method: str
) -> None:
    other, before = theirs(node, 1).outcomes[1].id, refusals(node)

    found = write(h1, method, other)
    kept = refusals(node) - before
    missing = write(h1, method, uuid4())

    assert (found.status_code, found.content) == (404, missing.content)
    assert kept == 1


def test_in_a_batch_they_are_alike_too(node: Node, h1: Asking) -> None:
    other = theirs(node, 1).outcomes[1].id
    told = []
    for id_ in (other, uuid4()):
        entry = {"request": {"method": "DELETE", "url": f"Observation/{id_}"}}
        sent = {"resourceType": "Bundle", "type": "batch", "entry": [entry]}
        told.append(h1.ask("POST", "/fhir", content=orjson.dumps(sent)).content)

    assert told[0] == told[1]
    assert b"404" in told[0]


def test_who_may_read_it_is_told_that_it_is_not_theirs_and_its_resident_sees_that(node: Node, h1: Asking) -> None:
    done = theirs(node, 2)
    resident = resident_of(node, done)
    with node.store.transaction(Duty.CARE) as tx:
        access.open_relation(tx, "H1", resident, "desk", node.clock.now())
        before = len(access.reads_of(tx, [resident], limit=1000))

    answer = write(h1, "DELETE", done.outcomes[1].id)

    with node.store.transaction(Duty.CARE) as tx:
        reads = access.reads_of(tx, identity.known_as(tx, resident), limit=1000)
    newest = reads[0].read
    assert answer.status_code == 403
    assert len(reads) == before + 1
    assert (newest.facility, newest.what, newest.action, newest.unwraps) == ("H1", "Observation", "search", 0)


def looks(node: Node, resident: int) -> list[access.Read]:
    """Return what the register holds of a resident, newest first."""
    with node.store.transaction(Duty.CARE) as tx:
        return [one.read for one in access.reads_of(tx, identity.known_as(tx, resident), limit=1000)]


@pytest.mark.parametrize("subject", ["about a Patient", "beside one's own Patient"])
def test_a_reference_to_what_another_wrote_is_told_as_one_to_nothing_kept_and_shown_to_its_resident(
    node: Node, h1: Asking, subject: str
) -> None:
    done, own = theirs(node, 3), send(node, system("H1"), a_patient()).outcomes[0].id
    resident = resident_of(node, done)
    told, before, shown = [], refusals(node), len(looks(node, resident))
    for patient, entry in ((done.outcomes[0].id, done.outcomes[1].id), (uuid4(), uuid4())):
        if subject == "about a Patient":
            sent = an_observation(f"Patient/{patient}")
        else:
            sent = an_observation(f"Patient/{own}", focus=[{"reference": f"Observation/{entry}"}])
        answer = h1.ask("POST", "/fhir/Observation", content=orjson.dumps(sent))
        told.append((answer.status_code, answer.content))

    newest = looks(node, resident)[0]
    assert told[0] == told[1]
    assert told[0][0] == 400
    assert refusals(node) - before == 2
    assert len(looks(node, resident)) - shown == 1
    assert (newest.facility, newest.ground, newest.count, newest.unwraps) == ("H1", "reference", 0, 0)
    assert newest.what == ("Patient" if subject == "about a Patient" else "Observation")


def test_in_a_batch_and_in_a_transaction_it_is_shown_too(node: Node, h1: Asking) -> None:
    done = theirs(node, 4)
    resident = resident_of(node, done)
    sent = an_observation(f"Patient/{done.outcomes[0].id}")
    entry = {"request": {"method": "POST", "url": "Observation"}, "resource": sent}
    for shown, kind in enumerate(("batch", "transaction"), 1):
        h1.ask("POST", "/fhir", content=orjson.dumps({"resourceType": "Bundle", "type": kind, "entry": [entry]}))

        grounds = [one.ground for one in looks(node, resident)]
        assert grounds.count("reference") == shown
