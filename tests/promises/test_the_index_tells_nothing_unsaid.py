"""The index says who may be meant, and of nobody what was not said; whom it names is shown who asked.

A hospital describes somebody; it learns whether the index knows them, and what of its own words is right. It cannot ask
for a list, and not fast.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from nodes import Asking, a_node, a_number, a_patient, asking, resident_of, send, system
from salus import access, app, identity
from salus.app import MATCHES_A_MINUTE, Node, Pace, TooFast
from salus.kernel import Refused, Role
from salus.records import Named
from salus.storage import Duty

SAID = {"name": [{"text": "欧阳明月"}], "birthDate": "1980-01-01", "gender": "male"}
UNSAID = {
    "telecom": [{"system": "phone", "value": "13912341234"}],
    "address": [{"text": "石溪县槐树街9号2室"}],
    "maritalStatus": {"text": "divorced"},
}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("unsaid"), "H1", "H2") as opened:
        opened.pace = Pace(10_000)
        yield opened


@pytest.fixture(scope="module")
def resident(node: Node) -> int:
    """Somebody whom another hospital knows, and how."""
    known = a_patient(a_number(1), **(SAID | UNSAID | {"gender": "female"}))
    known["identifier"].append({"system": "urn:salus:facility:H2:mrn", "value": "H2-0815"})
    return resident_of(node, send(node, system("H2"), known))


@pytest.fixture(scope="module")
def h1(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM) as client:
        yield client


def entries(h1: Asking, patient: dict[str, Any]) -> list[dict[str, Any]]:
    answer = h1.ask("POST", "/fhir/Patient/$match", content=orjson.dumps({"resourceType": "Patient", **patient}))
    assert answer.status_code == 200, answer.text
    return list(answer.json().get("entry", ()))


def test_an_answer_of_the_index_holds_what_was_said_and_is_right_and_nothing_else(h1: Asking, resident: int) -> None:
    (entry,) = entries(h1, SAID)

    assert resident
    told = entry["resource"]
    assert [one["system"] for one in told.pop("identifier")] == ["urn:salus:resident"]
    assert told == {"resourceType": "Patient", "name": SAID["name"], "birthDate": SAID["birthDate"]}


def test_whom_the_index_names_is_shown_who_asked(node: Node, h1: Asking, resident: int) -> None:
    def asked() -> list[access.Read]:
        with node.store.transaction(Duty.CARE) as tx:
            return [one.read for one in access.reads_of(tx, [resident]) if one.read.what == "match"]

    before = len(asked())
    entries(h1, SAID)

    assert len(asked()) == before + 1
    assert (asked()[0].facility, asked()[0].action, asked()[0].unwraps) == ("H1", "match-identity", 0)


def test_that_somebody_is_known_elsewhere_is_told_to_nobody_without_an_open_care_relation(
    node: Node, resident: int
) -> None:
    own = a_patient(a_number(1), **SAID)
    own["identifier"].append({"system": "urn:salus:facility:H1:mrn", "value": "H1-4711"})
    assert resident_of(node, send(node, system("H1"), own)) == resident
    named = Named(system="urn:salus:facility:H1:mrn", value="H1-4711")

    told = app.cross_reference(node, system("H1"), named)

    assert {one.facility for one in told.patients} == {"H1"}


def test_nobody_but_a_hospitals_system_at_a_place_of_care_may_ask(node: Node) -> None:
    for role in Role:
        if role is not Role.HOSPITAL_SYSTEM:
            assert not access.permit(_asked(role, care=True)).allowed
    assert not access.permit(_asked(Role.HOSPITAL_SYSTEM, care=False)).allowed


def _asked(role: Role, *, care: bool) -> access.Request:
    from salus.parties import default_purpose

    return access.Request(
        role=role, purpose=default_purpose(role), action=access.Action.MATCH_IDENTITY, care_facility=care
    )


def test_nobody_asks_faster_than_the_constant_allows(node: Node) -> None:
    at, pace = node.clock.now(), Pace()
    for _ in range(MATCHES_A_MINUTE):
        pace.ask("H1", at)

    with pytest.raises(TooFast):
        pace.ask("H1", at)
    pace.ask("H2", at)
    assert issubclass(TooFast, Refused)


def test_no_public_function_of_the_index_lists_residents() -> None:
    listing = {"all", "list", "every", "export", "dump", "scan"}

    assert not [name for name in identity.__all__ if listing & set(name.lower().split("_"))]
