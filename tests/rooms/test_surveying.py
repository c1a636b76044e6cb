"""Charts of an earlier release are surveyed once for the population register and follow-up; nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from nodes import a_node, a_patient, an_observation, send, system, update
from peopling import URN, a_keeping
from salus import access
from salus.app import Node
from salus.app.surveying import survey_page
from salus.records import following
from salus.records.population import Denominator, denominators
from salus.storage import Duty

MARCH = date(2031, 3, 1)
PRESSURE = {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("survey"), "H1") as opened:
        yield opened


def counted(node: Node) -> list[Denominator]:
    with node.store.transaction(Duty.CARE) as tx:
        return denominators(tx, MARCH, {"H1": "900101"})


def marked(node: Node, charts: list[int]) -> list[following.Mark]:
    with node.store.transaction(Duty.CARE) as tx:
        found = following.marks(tx, node.custodian, access.whole(charts))
    return [mark for chart in charts for mark in found.get(chart, ())]


def survey(node: Node) -> None:
    while survey_page(node):
        pass


def test_what_an_earlier_release_took_in_is_noted_as_if_it_arrived_and_only_once(node: Node) -> None:
    person = {"fullUrl": URN, **a_patient(birthDate="1970-02-03", gender="female")}
    done = send(
        node,
        system(),
        person,
        a_keeping(URN, "2031-01-01"),
        an_observation(URN, code=PRESSURE, effectiveDateTime="2031-02-01"),
    )
    charts = [done.outcomes[0].chart_key]
    noted, marks = counted(node), marked(node, charts)
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("truncate records.vital, records.keeping, records.followed")
        owner.execute("update records.surveying set done = 0, until = (select max(chart_key) from records.chart)")
    forgotten = counted(node)
    survey(node)
    again = counted(node), marked(node, charts)
    update(node, system(), {**a_patient(birthDate="1970-02-03", gender="male"), "id": str(done.outcomes[0].id)})
    survey(node)

    assert forgotten == []
    assert (noted, marks) == again
    assert [(one.county, one.sex, one.residents) for one in noted] == [("900101", "female", 1)]
    assert [(mark.topic, mark.day) for mark in marks] == [("blood-pressure", date(2031, 2, 1))]
    assert [one.sex for one in counted(node)] == ["male"]


def test_a_chart_whose_key_is_gone_stays_as_it_is_and_holds_nothing_up(node: Node) -> None:
    done = send(node, system(), a_patient(birthDate="1950-01-01", gender="female"))
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("truncate records.vital")
        owner.execute("update records.surveying set done = 0, until = (select max(chart_key) from records.chart)")
    node.keys.shred(done.outcomes[0].chart_key)
    survey(node)

    assert [one.age_from for one in counted(node)] == [60]
