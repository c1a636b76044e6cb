"""Reports that are collected at a desk: the own institution's, finished, for who is there; each look is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from nodes import a_node, a_number, a_patient, an_observation, clinician, resident_of, send, system, the_resident
from peopling import URN
from salus import app, identity
from salus.app import Node, NoSuchVisit
from salus.kernel import FixedClock, Purpose, Refused, Role
from salus.parties import principal
from salus.storage import Duty

RESULT = "urn:uuid:00000000-0000-4000-8000-0000000000a1"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("collecting"), "H1", "H2") as opened:
        yield opened


def a_report(name: str, status: str = "final", *results: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "status": status,
        "code": {"text": name},
        "subject": {"reference": URN},
        "effectiveDateTime": "2031-02-27",
        **({"result": [{"reference": one} for one in results]} if results else {}),
        **more,
    }


def treated(node: Node, order: int, facility: str, *resources: dict[str, Any]) -> UUID:
    """Send a patient with results and reports, and return whose they are."""
    done = send(node, system(facility), {"fullUrl": URN, **a_patient(a_number(order))}, *resources)
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.resident_by_key(tx, resident_of(node, done))
    assert found is not None
    return found.resident_id


def names(node: Node, resident: UUID, facility: str = "H1") -> list[str]:
    return [one.line.text for one in app.collect_reports(node, clinician(facility), resident).reports]


def test_a_desk_finds_the_finished_reports_of_its_own_institution_with_their_results(node: Node) -> None:
    blood = {"fullUrl": RESULT, **an_observation(URN, valueQuantity={"value": 120, "unit": "g/L"})}
    report = a_report("Blood count", "final", RESULT, conclusion="Mild anaemia")
    hidden = (a_report("Draft", "preliminary"), a_report("Mistaken", "entered-in-error"))
    resident = treated(node, 1, "H1", blood, report, *hidden)
    treated(node, 1, "H2", a_report("Of another institution"))
    app.arrive(node, clinician("H1"), a_number(1))

    (found,) = app.collect_reports(node, clinician("H1"), resident).reports

    assert (found.line.text, found.line.detail) == ("Blood count", "Mild anaemia")
    assert [one.value for one in found.results] == ["120 g/L"]


def test_who_was_not_at_the_desk_has_nothing_handed_out(node: Node) -> None:
    resident = treated(node, 2, "H1", a_report("Blood count"))
    app.arrive(node, clinician("H2"), a_number(2))

    with pytest.raises(Refused):
        names(node, resident)
    assert names(node, resident, "H2") == []


def test_the_resident_sees_that_reports_were_read(node: Node) -> None:
    resident = treated(node, 3, "H1", a_report("Blood count"))
    app.arrive(node, clinician("H1"), a_number(3))
    names(node, resident)

    newest = app.who_looked(node, the_resident(resident)).looks[0]
    assert (newest.what, newest.facility, newest.count) == ("DiagnosticReport", "H1", 1)


def test_a_reception_reads_no_report(node: Node) -> None:
    resident = treated(node, 4, "H1", a_report("Blood count"))
    desk = principal(Role.RECEPTION, "desk-H1", facility="H1", purpose=Purpose.TREAT, strong=True)
    app.arrive(node, desk, a_number(4))

    with pytest.raises(Refused):
        app.collect_reports(node, desk, resident)


# --- the reference of a visit


def test_a_pay_desk_learns_that_a_visit_is_open_and_nothing_else(node: Node) -> None:
    treated(node, 5, "H1")
    desk = principal(Role.RECEPTION, "desk-H1", facility="H1", purpose=Purpose.TREAT, strong=True)
    here = app.arrive(node, desk, a_number(5))

    assert re.fullmatch(r"V-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", here.reference)
    assert app.visit_ends(node, desk, f" {here.reference.lower()} ") == here.ends


def test_the_reference_of_the_desk_is_good_after_the_ward_received_the_same_person(node: Node) -> None:
    treated(node, 8, "H1")
    at, desk = node.clock.now(), principal(Role.RECEPTION, "desk-H1", facility="H1", purpose=Purpose.TREAT, strong=True)
    here = app.arrive(node, desk, a_number(8))
    node.clock = FixedClock(at + timedelta(minutes=10))
    ward = app.arrive(node, clinician("H1"), a_number(8))
    node.clock = FixedClock(here.ends)

    assert ward.ends > here.ends
    assert {app.visit_ends(node, desk, one.reference) for one in (here, ward)} == {ward.ends}
    node.clock = FixedClock(ward.ends)
    for one in (here, ward):
        with pytest.raises(NoSuchVisit):
            app.visit_ends(node, desk, one.reference)
    node.clock = FixedClock(at)


def test_a_reference_is_of_one_visit_at_one_institution(node: Node) -> None:
    treated(node, 6, "H1")
    first = app.arrive(node, clinician("H1"), a_number(6))
    elsewhere = app.arrive(node, clinician("H2"), a_number(6))
    at = node.clock.now()
    node.clock = FixedClock(at + timedelta(hours=2))
    again = app.arrive(node, clinician("H1"), a_number(6))
    other = app.arrive(node, clinician("H1"), a_number(5))

    assert len({one.reference for one in (first, elsewhere, again, other)}) == 4
    assert app.visit_ends(node, clinician("H1"), again.reference) == again.ends
    for who, reference in ((clinician("H2"), again.reference), (clinician("H1"), elsewhere.reference)):
        with pytest.raises(NoSuchVisit):
            app.visit_ends(node, who, reference)
    node.clock = FixedClock(again.ends)
    with pytest.raises(NoSuchVisit):
        app.visit_ends(node, clinician("H1"), again.reference)
    node.clock = FixedClock(at)


def test_nobody_but_who_receives_people_asks_for_a_reference(node: Node) -> None:
    with pytest.raises(Refused):
        app.visit_ends(node, the_resident(treated(node, 7, "H1")), "V-00000-00000")
