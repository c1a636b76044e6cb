"""What arrives is counted from the outbox: shares of the core set, delays, repetitions and refusals; never who."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nodes import START, Asking, a_node, a_number, a_patient, add_hospital, an_observation, asking, send, system, update
from nodes import clinician as a_clinician
from salus import app
from salus.app import Node
from salus.app.importing import import_files
from salus.app.relay import deliver_events
from salus.cli.facility_report import report_lines
from salus.kernel import FixedClock, Refused, Role, civil_day
from salus.records import RecordRefused, arriving
from salus.records.intake.doubting import Odd
from salus.storage import Duty
from salus.web import coverage_words

ICD = "http://hl7.org/fhir/sid/icd-10"
BORN = {"birthDate": "1980-01-01", "gender": "female"}
URN = "urn:uuid:00000000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("arriving"), *(f"H{n}" for n in range(1, 11))) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM, "H5") as opened:
        yield opened


def delivered(node: Node) -> None:
    while deliver_events(node):
        pass


def a_person(order: int, **more: Any) -> dict[str, Any]:
    return a_patient(a_number(order), name=[{"text": "吴小梅"}], fullUrl=URN, **more)


def a_diagnosis(day: str, **more: Any) -> dict[str, Any]:
    coded = {"coding": [{"system": ICD, "code": "J10"}]}
    return {"resourceType": "Condition", "code": coded, "recordedDate": day, "subject": {"reference": URN}, **more}


def test_each_element_of_the_core_set_is_counted(node: Node) -> None:
    send(node, system("H1"), a_person(1, birthDate="1980-01-01"), a_diagnosis("2031-03-01"))
    send(node, system("H1"), a_person(2), a_diagnosis("2031-02-27", code={"text": "flu"}))
    delivered(node)
    report = app.quality_of(node, "H1")

    told = {one.element.key: (one.carrying, one.resources) for one in report.completeness}
    assert report.resources == {"Condition": 2, "Patient": 2}
    assert told["Patient.identity-document"] == (2, 2)
    assert told["Patient.birth-date"] == (1, 2)
    assert told["Condition.icd"] == (1, 2)
    assert told["Encounter.kind"] == (0, 0)
    assert len(told) == len(arriving.elements())


def test_how_late_is_told_in_days_of_new_resources(node: Node) -> None:
    person = send(node, system("H2"), a_person(11)).outcomes[0]
    here = {"reference": f"Patient/{person.id}"}
    days = ["2031-03-01"] * 5 + ["2031-02-27"] * 3 + ["2031-02-19"] * 2
    several = send(node, system("H2"), *(a_diagnosis(day, subject=here, note=[{"text": str(n)}])
                                         for n, day in enumerate(days)))  # fmt: skip
    old = a_diagnosis("2001-01-01", subject=here) | {"id": str(several.outcomes[0].id)}
    update(node, system("H2"), old)
    delivered(node)
    delay = app.quality_of(node, "H2").delays["Condition"]

    assert (delay.median_days, delay.ninth_decile_days, delay.of) == (0, 10, 10)


def test_the_same_sent_again_is_counted_as_again(node: Node) -> None:
    for _ in range(2):
        send(node, system("H3"), a_person(21, **BORN), a_diagnosis("2031-03-01"))
    send(node, system("H3"), a_person(22, **BORN), a_diagnosis("2031-03-01"))
    send(node, system("H9"), a_person(21, **BORN), a_diagnosis("2031-03-01"))
    delivered(node)

    assert app.quality_of(node, "H3").again == {"Condition": 1, "Patient": 1}
    assert app.quality_of(node, "H9").again == {}


def test_what_was_sent_is_forgotten_after_a_while(node: Node) -> None:
    send(node, system("H4"), a_person(31, **BORN))
    delivered(node)
    with node.store.transaction(Duty.CARE) as tx:
        kept = arriving.forget_sent(tx, civil_day(START) + arriving.REMEMBERED)
        gone = arriving.forget_sent(tx, civil_day(START) + arriving.REMEMBERED + timedelta(days=1))
    send(node, system("H4"), a_person(31, **BORN))
    delivered(node)

    assert (kept, gone > 0) == (0, True)
    assert app.quality_of(node, "H4").again == {}


def test_an_event_is_counted_once(node: Node) -> None:
    told = {"Patient": {"all": 1, "has": {}, "late": {}, "sent": ""}}
    event = {"acceptance": 10**12, "facility": "H6", "entries": 1, "days": [], "source": "fhir",
             "arrived": told, "arrived_on": "2031-03-01"}  # fmt: skip
    for _ in range(2):
        with node.store.transaction(Duty.CARE) as tx:
            tx.emit("RecordAccepted", event)
    delivered(node)

    assert app.quality_of(node, "H6").resources == {"Patient": 1}


def test_an_event_of_an_earlier_release_is_delivered_and_tells_nothing(node: Node) -> None:
    with node.store.transaction(Duty.CARE) as tx:
        tx.emit("RecordAccepted", {"acceptance": 10**12 + 1, "facility": "H7", "entries": 1, "days": []})
    delivered(node)

    assert app.quality_of(node, "H7").resources == {}


def refused_of(node: Node, facility: str) -> dict[tuple[str, str, str], int]:
    return {(one.source, one.code, one.detail): one.entries for one in app.quality_of(node, facility).turned_away}


def test_refused_entries_are_counted_by_reason(node: Node, client: Asking) -> None:
    bad = {"resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/x"}}
    client.ask("POST", "/fhir/Observation", content=json.dumps(bad))
    client.ask("POST", "/fhir/Observation", content="{")
    entries: list[dict[str, Any]] = [{"resource": bad, "request": {"method": "POST", "url": "Observation"}},
               {"request": {"method": "GET", "url": "Patient/x"}}]  # fmt: skip
    client.ask("POST", "/fhir", content=json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries}))
    both = [dict(entries[0]), dict(entries[0])]
    client.ask("POST", "/fhir", content=json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": both}))
    client.ask("GET", "/fhir/Patient?nothing=1")
    client.ask("POST", "/fhir/Observation/$validate", content=json.dumps(bad))
    found = refused_of(node, "H5")

    assert sum(found.values()) == 5, found
    assert {code for _, code, _ in found} == {RecordRefused.code}
    assert {source for source, _, _ in found} == {"fhir"}


def test_refused_lines_of_a_file_are_counted(node: Node, tmp_path: Path) -> None:
    file = tmp_path / "lines.ndjson"
    file.write_text('{"resourceType": "Patient"}\n{"resourceType": "Nothing"}\n')
    import_files(node, "H8", [file])
    delivered(node)

    assert list(refused_of(node, "H8").values()) == [1]
    assert app.quality_of(node, "H8").connections[0].source == "import"


def test_what_is_odd_is_counted_by_what_it_is_and_a_patient_once_for_each(node: Node) -> None:
    day, own = a_number(71), "urn:salus:id-card"
    odd = a_patient(day, birthDate="1801-01-01", gender="male")
    filler = {"resourceType": "Patient", "identifier": [{"system": own, "value": "11010519491231002X"}] * 2}
    person = send(node, system("H10"), odd).outcomes[0]
    send(node, system("H10"), filler | {"birthDate": "2999-01-01"}, a_person(72))
    update(node, system("H10"), odd | {"id": str(person.id)})
    delivered(node)
    report = app.quality_of(node, "H10")

    assert report.odd == {"other-document": 3, "other-birth-date": 2, "birth-to-come": 1, "filler": 1}
    assert app.quality_told(report)["odd"][0] == {"odd": "other-document", "patients": 3}
    assert "        2 Patients stored with something odd in them: other-birth-date" in "\n".join(report_lines(report))
    assert day not in str(app.quality_told(report))


def test_every_kind_of_what_is_odd_has_words() -> None:
    assert set(coverage_words.ODD) == {str(one) for one in Odd}


def test_a_report_is_for_those_who_work_there(node: Node) -> None:
    assert app.quality(node, a_clinician("H1")).facility.facility_id == "H1"
    assert app.quality(node, system("H1")).facility.facility_id == "H1"
    with pytest.raises(Refused):
        app.quality(node, app.demo_principal(node, Role.EPIDEMIOLOGIST, "H1"))
    with pytest.raises(Refused):
        app.quality(node, app.demo_principal(node, Role.OPERATOR))


def test_coverage_says_who_is_connected_and_nothing_of_fewer_than_five(node: Node) -> None:
    add_hospital(node, "H99")
    for order in range(41, 44):
        send(node, system("H4"), a_person(order), a_diagnosis("2031-03-01"))
    for order in range(51, 57):
        send(node, system("H9"), a_person(order), a_diagnosis("2031-02-28"))
    delivered(node)
    node.clock = FixedClock(START + timedelta(minutes=7))
    found = {one.facility.facility_id: one for one in app.coverage(node).facilities}

    assert found["H99"].first is None
    assert (found["H4"].delay, found["H4"].ways) == (None, ("fhir",))
    assert found["H9"].delay is not None
    assert found["H9"].delay.median_days == 1
    assert found["H9"].arriving == 4
    assert found["H9"].expected == len(arriving.elements())


def test_the_tables_of_arrivals_name_nobody(node: Node) -> None:
    with node.store.connect(Duty.MIGRATION, "salus") as connection:
        for table in ("connection", "arrived", "turned_away", "sent"):
            columns = {
                row[0]
                for row in connection.execute(
                    "select column_name from information_schema.columns"
                    " where table_schema = 'records' and table_name = %s",
                    (table,),
                ).fetchall()
            }
            assert columns.isdisjoint({"chart_key", "resident_key", "resource_key", "acceptance"})


def test_every_element_names_its_source_and_a_type_of_r4() -> None:
    from salus.records import resource_types

    assert all(one.source and one.en and one.zh for one in arriving.elements())
    assert {one.type for one in arriving.elements()} <= set(resource_types())
    assert len({one.key for one in arriving.elements()}) == len(arriving.elements())
    assert [len(arriving.core_set(level)) for level in (1, 2, 3)] == sorted(
        {len(arriving.core_set(level)) for level in (1, 2, 3)}
    )


def test_what_carries_an_element_is_what_has_it() -> None:
    carries = {
        "Patient.sex": {"resourceType": "Patient", "gender": "female"},
        "Observation.value": {"resourceType": "Observation", "valueQuantity": {"code": "g/L"}},
        "Observation.loinc": an_observation("Patient/x"),
    }
    for key, resource in carries.items():
        assert key.partition(".")[2] in arriving.core.carried(resource)
    assert arriving.core.carried({"resourceType": "Observation", "valueQuantity": {"value": 1}, "component": []}) == []
