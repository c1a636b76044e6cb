"""A Flag, a List, a Group, a tag and `active` are records like any other: none of them reaches a measure.

Each is stored for somebody of whom nothing is asked and for somebody of whom something is. What its holder is shown
and what the public log holds of decisions is the same before and after. The sibling shows that a result changes both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from measures import HOUR
from measuring import Measuring, measuring, system_of
from nodes import a_number, a_patient, read_back, send, the_resident, update
from salus import ledger, records
from salus.app import accept, my_notices
from salus.kernel import Refused
from salus.rules import Measure, Result
from salus.storage import Duty

FREE, BOUND = a_number(80), a_number(81)
WATCH = {"system": "urn:city:list", "code": "watch", "display": "Persons of concern"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("marks")) as opened:
        opened.result(opened.specimen(BOUND), Result.POSITIVE)
        opened.witnesses.advance(HOUR)
        opened.settle()
        yield opened


def a_flag(patient: str) -> dict[str, Any]:
    return {
        "resourceType": "Flag",
        "status": "active",
        "category": [{"text": "isolation"}],
        "code": {"coding": [WATCH], "text": "Stay at home"},
        "subject": {"reference": patient},
        "period": {"start": "2031-03-01"},
    }


def a_list(patient: str) -> dict[str, Any]:
    return {
        "resourceType": "List",
        "status": "current",
        "mode": "working",
        "title": "Persons of concern",
        "code": {"coding": [WATCH]},
        "subject": {"reference": patient},
        "entry": [{"flag": {"coding": [WATCH]}, "item": {"reference": patient}}],
    }


def a_group(patient: str) -> dict[str, Any]:
    return {
        "resourceType": "Group",
        "active": True,
        "type": "person",
        "actual": True,
        "name": "Persons of concern",
        "code": {"coding": [WATCH]},
        "member": [{"entity": {"reference": patient}, "inactive": False}],
    }


def a_tagged_record(patient: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "meta": {"tag": [WATCH], "security": [WATCH]},
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "94500-6"}]},
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "10828004"}]},
        "subject": {"reference": patient},
        "issued": "2031-03-04T00:00:00Z",
    }


STORED: dict[str, Callable[[str], dict[str, Any]]] = {
    "Flag": a_flag,
    "List": a_list,
    "Group": a_group,
    "tag": a_tagged_record,
}


def shown(world: Measuring, number: str) -> list[tuple[bytes, Any]]:
    """What the holder is shown: each notice's file and what anybody computes of it."""
    return [(one.file, one.found) for one in my_notices(world.node, the_resident(world.resident(number))).notices]


def decided(world: Measuring) -> list[Any]:
    """What the log holds of decisions, and the table of those that are on their way to it."""
    with world.node.store.connect(Duty.MIGRATION, "salus") as owner:
        rows = owner.execute("select encode(commitment, 'hex') from healthcode.decision order by 1").fetchall()
    return [rows, [(index, leaf.body) for index, leaf in ledger.leaves(world.node.store, "decision")]]


def asked(world: Measuring, number: str) -> list[Measure]:
    return [found.measure for _, found in shown(world, number)]


@pytest.mark.parametrize("number", [FREE, BOUND], ids=["of-whom-nothing-is-asked", "of-whom-something-is"])
@pytest.mark.parametrize("mark", STORED)
def test_a_mark_changes_neither_what_is_shown_nor_what_is_decided(world: Measuring, mark: str, number: str) -> None:
    patient = world.patient(number, "H1")
    before = asked(world, number), decided(world)

    stored = send(world.node, system_of("H1"), STORED[mark](patient)).outcomes[0]
    world.settle()

    assert read_back(world.node, stored.id)[0]["resourceType"] == STORED[mark](patient)["resourceType"]
    assert (asked(world, number), decided(world)) == before
    assert asked(world, number) == ([] if number == FREE else [Measure.PRECAUTION])


@pytest.mark.parametrize("number", [FREE, BOUND], ids=["of-whom-nothing-is-asked", "of-whom-something-is"])
@pytest.mark.parametrize("active", [False, True])
def test_whether_a_record_is_active_changes_neither(world: Measuring, active: bool, number: str) -> None:
    patient = world.patient(number, "H1").removeprefix("Patient/")
    before = asked(world, number), decided(world)

    update(world.node, system_of("H1"), a_patient(number, id=patient, active=active, meta={"tag": [WATCH]}))
    world.settle()

    assert (asked(world, number), decided(world)) == before
    assert asked(world, number) == ([] if number == FREE else [Measure.PRECAUTION])


@pytest.mark.parametrize("number", [FREE, BOUND], ids=["of-whom-nothing-is-asked", "of-whom-something-is"])
def test_deleting_a_record_changes_neither(world: Measuring, number: str) -> None:
    stored = send(world.node, system_of("H1"), a_tagged_record(world.patient(number, "H1"))).outcomes[0]
    before = asked(world, number), decided(world)

    done = accept(world.node, system_of("H1"), [records.of_delete("Observation", str(stored.id), None)])
    world.settle()

    assert done.outcomes[0].deleted
    assert (asked(world, number), decided(world)) == before


def test_what_was_sent_with_evidence_is_deleted_by_nobody(world: Measuring) -> None:
    """Not by the site, not by the laboratory: a result is taken back by a result, in the public log."""
    with world.node.store.connect(Duty.MIGRATION, "salus") as owner:
        rows = owner.execute(
            "select r.type, r.id::text, c.facility from records.resource r join records.chart c using (chart_key)"
            " where r.type = 'Specimen' or (r.type = 'Observation' and c.facility = 'L1')"
        ).fetchall()

    assert {(kind, sender) for kind, _, sender in rows} == {("Specimen", "S1"), ("Observation", "L1")}
    for kind, id_, sender in rows:
        for facility in ("S1", "L1", "H1"):
            with pytest.raises(Refused if facility == sender else records.NotFound):
                accept(world.node, system_of(facility), [records.of_delete(kind, id_, None)])
    assert asked(world, BOUND) == [Measure.PRECAUTION]


def test_a_result_changes_both(world: Measuring) -> None:
    """The sibling: what the tests above compare does change, by the one way there is."""
    number = a_number(82)
    before = asked(world, number), decided(world)

    world.result(world.specimen(number), Result.POSITIVE)
    world.witnesses.advance(HOUR)
    world.settle()

    assert before[0] == []
    assert asked(world, number) == [Measure.PRECAUTION]
    assert len(decided(world)[0]) == len(before[1][0]) + 1


def test_what_comes_to_a_measure_reads_no_mark() -> None:
    """Neither room that decides names one of them: not as a type, not as an element, not as a column."""
    rooms = Path(ledger.__file__).parent.parent
    texts = [one.read_text("utf-8") for room in ("rules", "healthcode") for one in (rooms / room).rglob("*.py")]

    assert len(texts) > 20
    for text in texts:
        assert not [word for word in ('"Flag"', '"List"', '"Group"', '"active"', '"meta"') if word in text]
