"""An entry becomes sensitive: what refers to it is closed with the same commit, whoever wrote at the same instant.

Nobody is told that something changed: no read waits, and nothing but what is closed is missing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from consenting import ICD10
from nodes import a_node, a_number, a_patient, clinician, resident_of, send, system, update
from salus import identity, records
from salus.app import Node, Reader, accept, arrive, everything_of, search, summary_of, view_summary
from salus.app.classifying import classify_some
from salus.records import NotFound, of_resource, parse_query
from salus.records.everything.asking import parse_everything
from salus.records.fhir.definitions import resource_types
from salus.records.search.parameters import slots
from salus.records.sensitivity import store as classes
from salus.storage import Duty

_orders = count(1)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("growing"), "H1", "H2", "H3") as opened:
        yield opened


class Chart:
    """A resident at the first hospital, whom the second treats: a finding, what rests on it, and what does not."""

    def __init__(self, node: Node) -> None:
        self.node, number = node, a_number(next(_orders))
        done = send(
            node,
            system("H1"),
            a_patient(number, fullUrl="urn:uuid:p"),
            a_condition("J00", "urn:uuid:p", fullUrl="urn:uuid:t"),
            a_condition("J02", "urn:uuid:p", fullUrl="urn:uuid:e", evidence=resting_on("urn:uuid:t")),
            a_condition("J45.9", "urn:uuid:p", fullUrl="urn:uuid:a"),
            a_visit("urn:uuid:p", "urn:uuid:e", fullUrl="urn:uuid:v"),
            a_condition("J03", "urn:uuid:p", fullUrl="urn:uuid:o", encounter={"reference": "urn:uuid:v"}),
            a_wound("urn:uuid:p", "urn:uuid:t", fullUrl="urn:uuid:w"),
        )
        names = ("patient", "finding", "rests", "apart", "visit", "of the visit", "unsearched")
        self.ids = {name: (one.type, one.id) for name, one in zip(names, done.outcomes, strict=True)}
        self.patient = self.ids["patient"][1]
        with node.store.transaction(Duty.CARE) as tx:
            found = identity.resident_by_key(tx, resident_of(node, done))
        assert found is not None
        self.resident = found.resident_id
        arrive(node, clinician("H2"), number)

    def grow(self) -> None:
        """Make the finding sensitive."""
        worse = a_condition("B20", f"Patient/{self.patient}", id=str(self.ids["finding"][1]))
        update(self.node, system("H1"), worse)

    def read(self) -> set[str]:
        """Return what the second hospital reads by id; a read that must wait fails."""
        found, reader = set(), Reader(self.node)
        for name, (kind, id_) in self.ids.items():
            with suppress(NotFound):
                reader.read_one(clinician("H2"), kind, id_)
                found.add(name)
        return found

    def asks(self) -> list[Callable[[], object]]:
        """Return all other ways in which the second hospital reads."""
        node, who = self.node, clinician("H2")
        found = parse_query("Condition", [("patient", str(self.patient))], node.custodian)
        everything = parse_everything(str(self.patient), [], node.custodian)
        return [
            lambda: search(node, who, found),
            lambda: everything_of(node, who, self.patient, everything),
            lambda: summary_of(node, who, self.patient, "en"),
            lambda: view_summary(node, who, self.resident),
        ]


def a_condition(code: str, patient: str, **more: Any) -> dict[str, Any]:
    coded = {"coding": [{"system": ICD10, "code": code}]}
    return {"resourceType": "Condition", "code": coded, "subject": {"reference": patient}, **more}


def resting_on(entry: str) -> list[dict[str, Any]]:
    return [{"detail": [{"reference": entry}]}]


def a_visit(patient: str, diagnosis: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": patient},
        "diagnosis": [{"condition": {"reference": diagnosis}}],
        **more,
    }


def a_wound(patient: str, cause: str, **more: Any) -> dict[str, Any]:
    """An entry that refers to another by an extension, which no search finds by."""
    extension = [{"url": "urn:test:cause", "valueReference": {"reference": cause}}]
    return a_condition("S01", patient, extension=extension, **more)


def work_out(node: Node) -> None:
    while classify_some(node):
        pass


EVERYTHING = {"patient", "finding", "rests", "apart", "visit", "of the visit", "unsearched"}
OPEN = EVERYTHING - {"finding", "rests", "visit"}
"""A visit for something sensitive is sensitive; what was done there besides is not."""


def test_no_read_waits_and_what_refers_to_it_is_closed_with_the_same_commit(node: Node) -> None:
    chart = Chart(node)
    assert chart.read() == EVERYTHING

    chart.grow()

    assert chart.read() == OPEN
    for ask in chart.asks():
        ask()
    work_out(node)
    assert chart.read() == OPEN - {"unsearched"}


def test_what_is_written_meanwhile_is_worked_out_with_the_rest(node: Node) -> None:
    chart = Chart(node)
    chart.grow()
    rests = a_condition(
        "J04", f"Patient/{chart.patient}", evidence=resting_on(f"Condition/{chart.ids['unsearched'][1]}")
    )

    new = send(node, system("H1"), rests).outcomes[0]

    chart.ids = {"new": (new.type, new.id)}
    assert chart.read() == {"new"}
    work_out(node)
    assert chart.read() == set()


def test_another_residents_entry_that_refers_to_it_is_closed_too(node: Node) -> None:
    mother, child = Chart(node), Chart(node)
    focus = resting_on(f"Condition/{mother.ids['finding'][1]}")
    told = a_condition("P00", f"Patient/{child.patient}", fullUrl="urn:uuid:c", evidence=focus)
    further = a_condition("P01", f"Patient/{child.patient}", evidence=resting_on("urn:uuid:c"))
    done = send(node, system("H1"), told, further)
    child.ids = {str(place): (one.type, one.id) for place, one in enumerate(done.outcomes)}
    assert child.read() == {"0", "1"}

    mother.grow()

    assert child.read() == {"1"}
    work_out(node)
    assert child.read() == set()


def waits_for_a_lock(node: Node) -> bool:
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        row = owner.execute(b"select count(*) from pg_locks where not granted").fetchone()
    return bool(row and int(str(row[0])))


def until(done: Callable[[], bool]) -> None:
    for _ in range(600):
        if done():
            return
        time.sleep(0.05)
    raise AssertionError("nothing happened for half a minute")


@pytest.mark.parametrize("step", ["finding", "rests"])
def test_who_refers_and_who_makes_it_sensitive_at_the_same_instant_do_not_miss_each_other(
    node: Node, step: str
) -> None:
    """On two connections: the one has looked, and not committed yet, when the other begins."""
    chart = Chart(node)
    grows = threading.Thread(target=chart.grow)

    def meanwhile(*_: object) -> None:
        grows.start()
        until(lambda: not grows.is_alive() or waits_for_a_lock(node))

    refers = a_condition("J04", f"Patient/{chart.patient}", evidence=resting_on(f"Condition/{chart.ids[step][1]}"))
    done = accept(node, system("H1"), [of_resource(refers, "Condition")], noted=meanwhile)
    grows.join()

    chart.ids = {"new": (done.outcomes[0].type, done.outcomes[0].id)}
    assert chart.read() == set()


def test_who_refers_after_it_became_sensitive_and_before_that_is_committed_waits(node: Node) -> None:
    chart = Chart(node)
    told: list[UUID] = []
    refers = a_condition("J04", f"Patient/{chart.patient}", evidence=resting_on(f"Condition/{chart.ids['finding'][1]}"))
    writes = threading.Thread(target=lambda: told.append(send(node, system("H1"), refers).outcomes[0].id))
    worse = a_condition("B20", f"Patient/{chart.patient}", id=str(chart.ids["finding"][1]))

    def meanwhile(*_: object) -> None:
        writes.start()
        until(lambda: bool(told) or waits_for_a_lock(node))

    accept(node, system("H1"), [records.of_update(worse, "Condition", worse["id"], None)], noted=meanwhile)
    writes.join()

    chart.ids = {"new": ("Condition", told[0])}
    assert chart.read() == set()


def test_two_that_make_something_sensitive_at_once_both_come_about(node: Node) -> None:
    chart = Chart(node)
    other = a_condition("F20", f"Patient/{chart.patient}", id=str(chart.ids["apart"][1]))
    second = threading.Thread(target=lambda: update(node, system("H1"), other))
    worse = a_condition("B20", f"Patient/{chart.patient}", id=str(chart.ids["finding"][1]))

    def meanwhile(*_: object) -> None:
        second.start()
        until(lambda: not second.is_alive() or waits_for_a_lock(node))

    accept(node, system("H1"), [records.of_update(worse, "Condition", worse["id"], None)], noted=meanwhile)
    second.join()
    work_out(node)

    assert chart.read() == EVERYTHING - {"finding", "rests", "visit", "unsearched", "apart"}


def test_every_slot_of_a_reference_is_followed() -> None:
    numbers = {one.home for kind in resource_types() for one in slots(kind) if one.kind in ("reference", "who")}

    assert max(numbers) <= classes._MOST_SLOT
