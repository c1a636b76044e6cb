"""How a record stands is worked out of what facilities state, is shown with its reason, and gates nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from nodes import (
    Asking,
    a_node,
    a_number,
    a_patient,
    an_observation,
    asking,
    clinician,
    send,
    system,
    the_resident,
    update,
)
from peopling import URN, a_keeping
from salus import identity
from salus.app import Node, arrive, demo_token, my_code, my_record, present_here, view_summary
from salus.app.desk import Viewed
from salus.kernel import Role
from salus.records import Accepted
from salus.records.following import How
from salus.records.population import Standing
from salus.storage import Duty

PRESSURE = {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}
TERMS = "http://terminology.hl7.org/CodeSystem/"
HIGH = {
    "resourceType": "Condition",
    "clinicalStatus": {"coding": [{"system": f"{TERMS}condition-clinical", "code": "active"}]},
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"}]},
    "subject": {"reference": URN},
    "recordedDate": "2030-01-01",
}  # fmt: skip


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("stands"), "H1", "H2") as opened:
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Asking]:
    with asking(node) as opened:
        yield opened


def resident_id(node: Node, done: Accepted) -> UUID:
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.resident_by_key(tx, next(iter(done.residents.values())))
    assert found is not None
    return found.resident_id


def seen(node: Node, done: Accepted) -> Viewed:
    return my_record(node, the_resident(resident_id(node, done)))


def person(order: int, born: str = "19600505", **more: object) -> dict[str, object]:
    return {"fullUrl": URN, **a_patient(a_number(order, born), birthDate=f"{born[:4]}-{born[4:6]}-{born[6:]}", **more)}


def test_a_record_is_active_until_somebody_states_a_death_and_again_once_it_is_taken_back(node: Node) -> None:
    sent = person(300)
    done = send(node, system("H1"), sent, a_keeping(URN, "2020-01-02"))
    first = seen(node, done).stands
    patient = {**a_patient(a_number(300, "19600505"), birthDate="1960-05-05"), "id": str(done.outcomes[0].id)}
    update(node, system("H1"), {**patient, "deceasedDateTime": "2031-02-03"})
    closed = seen(node, done).stands
    update(node, system("H1"), patient)

    assert (first.standing, first.facility, first.of_day) == (Standing.ACTIVE, "H1", "2020-01-02")
    assert (closed.standing, closed.facility, closed.of_day) == (Standing.CLOSED, "H1", "2031-02-03")
    assert seen(node, done).stands == first


def test_a_record_whose_last_keeper_let_it_go_has_moved(node: Node) -> None:
    done = send(node, system("H1"), person(301), a_keeping(URN, "2020-01-02", "2031-01-31", status="finished"))

    stands = seen(node, done).stands
    assert (stands.standing, stands.facility, stands.of_day) == (Standing.MOVED, "H1", "2031-01-31")


def test_what_was_written_after_a_stated_death_is_said_beside_it(node: Node) -> None:
    send(node, system("H1"), person(302, deceasedDateTime="2031-01-10"))
    done = send(
        node,
        system("H2"),
        person(302),
        an_observation(URN, code=PRESSURE, effectiveDateTime="2031-02-11T09:00:00+08:00"),
    )

    stands = seen(node, done).stands
    assert (stands.standing, stands.facility, stands.contradicted) == (Standing.CLOSED, "H1", date(2031, 2, 11))


def test_who_is_declared_dead_by_mistake_keeps_the_code_the_record_and_care(node: Node) -> None:
    done = send(node, system("H1"), person(303, deceasedBoolean=True), HIGH)
    who, doctor = the_resident(resident_id(node, done)), clinician("H2")
    code = my_code(node, who).code
    visit = arrive(node, doctor, code)
    by_number = arrive(node, doctor, a_number(303, "19600505"))
    viewed = view_summary(node, doctor, visit.resident_id)

    assert viewed.stands.standing is Standing.CLOSED
    assert viewed.summary.problems
    assert [one.how for plan in viewed.followed for one in plan.items if plan.plan.key == "hypertension"] == [
        How.OVERDUE
    ]
    assert by_number.resident_id == visit.resident_id
    assert [one.resident_id for one in present_here(node, doctor)] == [visit.resident_id]
    assert send(node, system("H1"), person(303), HIGH).outcomes


def test_the_page_says_what_is_due_when_it_was_done_last_and_where(node: Node, client: Asking) -> None:
    pressure = an_observation(URN, code=PRESSURE, effectiveDateTime="2030-11-20")
    done = send(node, system("H1"), person(304), HIGH, pressure, a_keeping(URN, "2019-05-06"))
    token = demo_token(node, Role.RESIDENT, None, str(resident_id(node, done)), None)
    cookies = {"Cookie": f"salus_session=demo.{token}"}
    page = client.ask("GET", "/me/record?lang=en", headers=cookies).text
    chinese = client.ask("GET", "/me/record?lang=zh", headers=cookies).text

    assert "due since 20 February 2031" in page
    assert "last done on 20 November 2030 at Hospital H1" in page
    assert "Hospital H1 keeps it since 6 May 2019." in page
    assert "高血压随访" in chinese


def test_nothing_that_admits_anybody_asks_how_a_record_stands() -> None:
    source = Path(identity.__file__).parent.parent
    asking_for = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if any(
            word in path.read_text("utf-8") for word in ("Standing.CLOSED", "records.stands", "population import Sta")
        )
    }

    assert asking_for <= {
        "app/desk.py",
        "records/__init__.py",
        "records/service.py",
        "records/population/standing.py",
        "web/following_words.py",
        "web/pages/following_words_of.py",
    }
