"""What an earlier release stored is brought up in the background; what fails for now is tried again and never lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from importlib import import_module

import pytest

from nodes import a_node, a_number, a_patient, an_observation, send, system, update
from peopling import URN, a_keeping
from salus import records
from salus.access import whole
from salus.app import Node, Relay, population_at, shares
from salus.app.indexing import find_page, prepare_page
from salus.app.surveying import survey_page
from salus.kernel import Unavailable
from salus.keys import ChartKeyMissing
from salus.records import following
from salus.records.population import denominators, keepings_of
from salus.storage import Duty, Met

FEBRUARY, MARCH = date(2031, 2, 1), date(2031, 3, 1)


@pytest.fixture
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("again"), "H1") as opened:
        yield opened


def run(node: Node, *statements: str) -> None:
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        for statement in statements:
            owner.execute(statement.encode())


def of_an_earlier_release(node: Node) -> None:
    """Take away what this release keeps beside the bodies, as a node that comes from before has none of it."""
    run(
        node,
        "truncate records.found, records.charted, records.found_date, records.found_number",
        "update records.indexing set done = 0, until = (select max(resource_key) from records.resource)",
        "update records.surveying set done = 0, until = (select max(chart_key) from records.chart)",
        "truncate records.vital, records.keeping, records.followed",
    )
    node.indexed = False


def found(node: Node) -> set[int]:
    with node.store.transaction(Duty.CARE) as tx:
        return {key for (key,) in tx.rows("select resource_key from records.found")}


def counted(node: Node) -> int:
    with node.store.transaction(Duty.CARE) as tx:
        return sum(one.residents for one in denominators(tx, MARCH, {}))


def test_a_key_that_is_missing_for_now_leaves_no_resource_unfound_for_ever(node: Node) -> None:
    done = send(node, system(), a_patient(a_number(1), fullUrl="urn:uuid:p"), an_observation("urn:uuid:p"))
    chart, keys = done.outcomes[0].chart_key, {one.resource_key for one in done.outcomes}
    of_an_earlier_release(node)
    with node.store.connect(Duty.MIGRATION, "salus_keys") as owner:
        aside = owner.execute("delete from keys.chart_key where chart_key = %s returning *", (chart,)).fetchone()
    assert aside is not None
    with pytest.raises(ChartKeyMissing):
        find_page(node)
    without = found(node)
    with node.store.connect(Duty.MIGRATION, "salus_keys") as owner:
        owner.execute(f"insert into keys.chart_key values ({', '.join(['%s'] * len(aside))})".encode(), aside)
    while find_page(node):
        pass

    assert without == set()
    assert found(node) == keys


def test_a_chart_that_somebody_else_writes_to_is_tried_again(node: Node) -> None:
    send(node, system(), a_patient(a_number(2), birthDate="1980-01-01", gender="female"))
    of_an_earlier_release(node)
    run(node, "delete from identity.person", "delete from identity.found_by")
    with node.store.transaction(Duty.CARE) as tx:  # the one connection of the pool, which the next transaction gets
        tx.run("set lock_timeout = '100ms'")
    with node.store.connect(Duty.MIGRATION, "salus") as owner, owner.transaction():
        owner.execute("select 1 from records.resource for update")
        for fill in (lambda: prepare_page(node, 0), lambda: survey_page(node)):
            with pytest.raises(Met):
                fill()
    prepare_page(node, 0)
    survey_page(node)
    with node.store.transaction(Duty.CARE) as tx:
        prepared = tx.rows("select 1 from identity.person")

    assert counted(node) == 1
    assert len(prepared) == 1


def test_one_resource_that_cannot_be_indexed_holds_up_no_search(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = [{"system": "urn:x", "code": str(number)} for number in range(50)]
    send(
        node,
        system(),
        a_patient(a_number(3), fullUrl="urn:uuid:p"),
        an_observation("urn:uuid:p", component=[{"code": {"coding": codes}}]),
        an_observation("urn:uuid:p"),
    )
    of_an_earlier_release(node)
    monkeypatch.setattr(import_module("salus.records.search.indexing"), "MOST_FORMS", 60)
    rounds = 0
    while find_page(node):
        rounds += 1
    with node.store.transaction(Duty.CARE) as tx:
        records.check_indexed(tx)

    assert rounds == 1
    assert len(found(node)) == 2


def test_bodies_are_opened_a_few_at_a_time_where_they_are_large(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    send(node, system(), a_patient(a_number(4), fullUrl="urn:uuid:p"), *[an_observation("urn:uuid:p")] * 3)
    of_an_earlier_release(node)
    monkeypatch.setattr(import_module("salus.records.search.preparing"), "MOST_SEALED_BYTES", 1)
    rounds = 0
    while find_page(node):
        rounds += 1

    assert rounds == 4
    assert len(found(node)) == 4


def test_a_layout_that_nobody_began_is_not_taken_for_finished(node: Node) -> None:
    send(node, system(), a_patient(a_number(5)))
    of_an_earlier_release(node)
    run(node, "delete from records.indexing")
    with node.store.transaction(Duty.CARE) as tx, pytest.raises(Unavailable):
        records.check_indexed(tx)
    while find_page(node):
        pass
    with node.store.transaction(Duty.CARE) as tx:
        records.check_indexed(tx)

    assert len(found(node)) == 1


def test_what_breaks_earlier_in_a_round_starves_nothing_of_an_earlier_release(node: Node) -> None:
    done = send(node, system(), a_patient(a_number(6), birthDate="1980-01-01", gender="female"))
    of_an_earlier_release(node)
    run(node, "alter table records.uncounted rename to away")
    relay = Relay(node)
    relay.start()
    until = time.monotonic() + 120
    while (not counted(node) or not found(node)) and time.monotonic() < until:
        time.sleep(0.05)
    relay.stop()

    assert counted(node) == 1
    assert done.outcomes[0].resource_key in found(node)


def test_a_chart_whose_patient_changes_before_its_turn_is_surveyed_all_the_same(node: Node) -> None:
    person = a_patient(a_number(7, "19700203"), birthDate="1970-02-03", gender="female")
    pressure = {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}
    done = send(
        node,
        system(),
        {"fullUrl": URN, **person},
        a_keeping(URN, "2031-01-01"),
        an_observation(URN, code=pressure, effectiveDateTime="2031-02-01"),
    )
    of_an_earlier_release(node)
    update(node, system(), {**person, "gender": "male", "id": str(done.outcomes[0].id)})
    while survey_page(node):
        pass
    with node.store.transaction(Duty.CARE) as tx:
        kept = keepings_of(tx, whole([done.outcomes[0].chart_key]))
        marks = following.marks(tx, node.custodian, whole([done.outcomes[0].chart_key]))

    assert [one.facility for one in kept] == ["H1"]
    assert [mark.topic for mark in marks[done.outcomes[0].chart_key]] == ["blood-pressure"]


def test_no_figure_of_the_population_leaves_before_all_charts_are_surveyed(node: Node) -> None:
    send(node, system(), a_patient(a_number(8), birthDate="1980-01-01", gender="female"))
    of_an_earlier_release(node)
    for ask in (lambda: population_at(node, FEBRUARY), lambda: shares(node), lambda: shares(node, "H1")):
        with pytest.raises(Unavailable):
            ask()
    while survey_page(node):
        pass

    assert len(population_at(node, FEBRUARY).figures) == 1
    assert shares(node) == []
