"""Messages of HL7 v2 in the record: found again, kept in order, never stored twice, each opening shown."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from hl7_messages import NOBODY, a_receiving_node, adt, message, oru, pid, pv1, tell
from nodes import a_number, add_hospital, system
from salus import access, identity, parties, records
from salus.app import Incoming, Node, Receiver, accept, receiving
from salus.app.pacing import TooFast
from salus.kernel import Invalid, Refused, Unavailable, Unsafe
from salus.records import v2
from salus.records.search.query import parse_query
from salus.storage import Duty, Transaction

_serial = count(1)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_receiving_node(tmp_path_factory.mktemp("messages"), "H1", "H2") as opened:
        yield opened


@pytest.fixture
def receiver(node: Node) -> Iterator[Receiver]:
    made = Receiver(node)
    yield made
    made.close()


@pytest.fixture
def who() -> str:
    return f"P{next(_serial)}"


def stored(node: Node, kind: str, identifier: str, facility: str = "H1") -> list[dict[str, Any]]:
    """Return the stored resources of a facility that carry an identifier."""
    asked = parse_query(kind, [("identifier", identifier)], node.custodian)
    with node.store.transaction(Duty.CARE) as tx:
        found, _ = records.search(tx, asked, facility, access.Sight(facility=facility, closed={}))
    keys = node.keys.unwrap([one.chart_key for one in found])
    return [orjson.loads(records.open_body(one, keys, access.whole(keys))) for one in found]


def the(node: Node, kind: str, identifier: str, facility: str = "H1") -> dict[str, Any]:
    """Return the one stored resource that carries an identifier."""
    (one,) = stored(node, kind, identifier, facility)
    return one


def test_an_admission_is_a_patient_and_a_visit(node: Node, receiver: Receiver, who: str) -> None:
    (answer,) = tell(receiver, adt("A01", who, pid(who), pv1(who, p3="W1^2^3")))

    visit = the(node, "Encounter", who)
    assert answer.code == "AA"
    assert answer.notes == (("PV1^1^3", "says where a person is or was: taken out, no place is kept"),)
    assert visit["subject"]["reference"] == f"Patient/{the(node, 'Patient', who)['id']}"
    assert (visit["status"], visit["class"]["code"]) == ("in-progress", "IMP")
    assert "location" not in visit


def test_no_message_says_where_somebody_is(node: Node, receiver: Receiver, who: str) -> None:
    places = {f"p{number}": "WARD-9^BED-7" for number in (3, 6, 11, 37, 39, 40, 42, 43)}
    tell(receiver, adt("A02", who, pid(who), pv1(who, **places), "PV2|WARD-9", "ZLO|WARD-9|30.1|120.2"))

    kept = orjson.dumps([*stored(node, "Patient", who), *stored(node, "Encounter", who)])
    with node.store.transaction(Duty.CARE) as tx:
        notes = tx.rows("select notes from records.message order by answered_at desc, message")
    assert b"WARD-9" not in kept
    assert b"BED-7" not in kept
    assert "WARD-9" not in str(notes)


def test_the_same_message_again_gets_the_same_answer_and_stores_nothing(
    node: Node, receiver: Receiver, who: str
) -> None:
    raw = adt("A04", who, pid(who), pv1(who, p3="W1"))
    first, second = tell(receiver, raw)[0], tell(receiver, raw)[0]

    now = node.clock.now()
    assert first == second
    assert v2.acknowledge(raw, first, now) == v2.acknowledge(raw, second, now)
    assert the(node, "Patient", who)["meta"]["versionId"] == "1"


def test_a_control_identifier_that_comes_with_another_message_is_refused(
    node: Node, receiver: Receiver, who: str
) -> None:
    tell(receiver, adt("A08", who, pid(who)))
    (answer,) = tell(receiver, adt("A08", who, pid(who, p8="F")))

    assert (answer.code, answer.condition) == ("AE", v2.DUPLICATE_KEY)
    assert the(node, "Patient", who)["gender"] == "male"


def test_a_counter_that_begins_again_is_no_replay(node: Node, receiver: Receiver, who: str) -> None:
    tell(receiver, adt("A08", who, pid(who)))
    (answer,) = tell(receiver, adt("A08", who, pid(who, p8="F"), written="20310302080000"))

    assert answer.code == "AA"
    assert the(node, "Patient", who)["gender"] == "female"


def test_a_message_that_says_nothing_new_makes_no_version(node: Node, receiver: Receiver, who: str) -> None:
    tell(receiver, adt("A01", who + "a", pid(who), pv1(who)))
    tell(receiver, adt("A01", who + "b", pid(who), pv1(who)))

    assert the(node, "Patient", who)["meta"]["versionId"] == "1"
    assert the(node, "Encounter", who)["meta"]["versionId"] == "1"


def test_an_update_changes_what_it_names_and_leaves_the_rest(node: Node, receiver: Receiver, who: str) -> None:
    tell(receiver, adt("A28", who + "a", pid(who, p11="1 Road^^City", p13="010-1^PRN^PH")))
    tell(receiver, adt("A31", who + "b", pid(who, p5="", p13='""')))

    person = the(node, "Patient", who)
    assert person["name"][0]["text"] == "张三"
    assert person["address"] == [{"line": ["1 Road"], "city": "City"}]
    assert "telecom" not in person


def test_an_identifier_of_the_same_system_is_replaced_and_others_stay(node: Node, receiver: Receiver, who: str) -> None:
    mistyped, right = a_number(900 + len(who)), a_number(700 + next(_serial))
    tell(receiver, adt("A28", who + "a", pid(who, p3=f"{who}^^^HIS^MR~{mistyped}^^^^NNCHN~C{who}^^^HIS^PI")))
    tell(receiver, adt("A31", who + "b", pid(who, p3=f"{who}^^^HIS^MR~{right}^^^^NNCHN")))

    values = {one["value"] for one in the(node, "Patient", who)["identifier"]}
    assert values == {who, right, f"C{who}"}


def test_an_older_message_does_not_overwrite_what_a_newer_one_said(node: Node, receiver: Receiver, who: str) -> None:
    tell(receiver, adt("A08", who + "b", pid(who, p8="F"), written="20310302080000"))
    (answer,) = tell(receiver, adt("A08", who + "a", pid(who), written="20310301080000"))

    assert answer.code == "AA"
    assert answer.notes == (("PID^1^3", "is older than what is stored: left as it is"),)
    assert the(node, "Patient", who)["gender"] == "female"


def test_an_admission_that_comes_late_does_not_reopen_a_visit(node: Node, receiver: Receiver, who: str) -> None:
    discharged = pv1(who, p45="20310305100000")
    tell(receiver, adt("A03", who + "b", pid(who), discharged, written="20310305100000"))
    tell(receiver, adt("A01", who + "a", pid(who), pv1(who), written="20310301080000"))

    assert the(node, "Encounter", who)["status"] == "finished"


@pytest.mark.parametrize(
    ("events", "status", "ended"),
    [
        (["A01", "A03"], "finished", True),
        (["A01", "A11"], "cancelled", False),
        (["A01", "A03", "A13"], "in-progress", False),
        (["A04", "A08"], "in-progress", False),
        (["A01", "A02"], "in-progress", False),
    ],
)
def test_a_visit_stands_as_its_last_event_says(
    node: Node, receiver: Receiver, who: str, events: list[str], status: str, ended: bool
) -> None:
    for hour, event in enumerate(events):
        more = {"p45": "20310301120000"} if event == "A03" else {}
        raw = adt(event, f"{who}{hour}", pid(who), pv1(who, **more), written=f"203103010{hour}0000")
        assert tell(receiver, raw)[0].code == "AA"

    visit = the(node, "Encounter", who)
    assert visit["status"] == status
    assert ("end" in visit["period"]) is ended
    assert visit["period"]["start"] == "2031-03-01T07:55:00+08:00"


def test_a_result_is_a_report_with_observations_and_a_correction_replaces_them(
    node: Node, receiver: Receiver, who: str
) -> None:
    obr = f"OBR|1|{who}P|{who}F|58410-2^CBC^LN|||20310301070000|||||||||||||||20310301090000|||F"
    lines = ["OBX|1|NM|718-7^Hb^LN||90|g/L^^UCUM|130-175|L|||F", "OBX|2|NM|WBC^白细胞^99H||5.10|10*9/L|||||P"]
    tell(receiver, oru(who + "a", pid(who), obr, *lines))
    fixed = "OBX|1|NM|718-7^Hb^LN||140|g/L^^UCUM|130-175|N|||C"
    tell(receiver, oru(who + "b", pid(who), obr.replace("|||F", "|||C"), fixed, written="20310301100000"))

    report = the(node, "DiagnosticReport", f"{who}F")
    hb = the(node, "Observation", f"{who}F/58410-2/718-7/")
    assert (report["status"], len(report["result"])) == ("corrected", 2)
    assert (hb["status"], hb["valueQuantity"]["value"], hb["meta"]["versionId"]) == ("corrected", 140, "2")
    assert the(node, "Observation", f"{who}F/58410-2/WBC/")["status"] == "preliminary"
    assert len(stored(node, "Patient", who)) == 1


def test_a_report_of_two_thousand_results_is_taken_and_corrected(node: Node, receiver: Receiver, who: str) -> None:
    lines = [f"OBX|{n}|NM|C{n}^C^L||{n}||||||F" for n in range(2_000)]
    orders = [f"OBR|{n}||{who}F{n}|X^X^L" for n in range(100)]
    tell(receiver, oru(who + "a", pid(who), f"OBR|1||{who}F|X^X^L", *lines, *orders))
    (answer,) = tell(receiver, oru(who + "b", pid(who), f"OBR|1||{who}F|X^X^L", lines[7].replace("||7|", "||8|")))

    assert answer.code == "AA"
    assert the(node, "Observation", f"{who}F/X/C7/")["valueQuantity"]["value"] == 8
    assert len(the(node, "DiagnosticReport", f"{who}F")["result"]) == 2_000


def test_a_result_opens_a_patient_and_changes_none(node: Node, receiver: Receiver, who: str) -> None:
    obr, obx = f"OBR|1||{who}F|X^X^L", "OBX|1|ST|Y^Y^L||good||||||F"
    tell(receiver, oru(who + "a", pid(who), obr, obx))
    tell(receiver, oru(who + "b", pid(who, p8="F"), obr, obx, written="20310302080000"))

    assert the(node, "Patient", who)["gender"] == "male"


def test_messages_of_one_patient_that_arrive_together_are_taken_in_their_order(
    node: Node, receiver: Receiver, who: str
) -> None:
    changes = [adt("A08", f"{who}{n}", pid(who, p13=f"010-{n}")) for n in range(5)]
    answers = tell(receiver, *changes, adt("A01", f"{who}x", pid(f"{who}o"), pv1(f"{who}o")))

    person = the(node, "Patient", who)
    assert {answer.code for answer in answers} == {"AA"}
    assert (person["telecom"][0]["value"], person["meta"]["versionId"]) == ("010-4", "5")


def test_one_patient_from_two_connections_at_once_is_one_patient(node: Node, receiver: Receiver, who: str) -> None:
    begin = threading.Barrier(8)
    codes: list[str] = []

    def send(place: int) -> None:
        begin.wait()
        codes.append(tell(receiver, adt("A04", f"{who}{place}", pid(who), pv1(who)))[0].code)

    threads = [threading.Thread(target=send, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes == ["AA"] * 8
    assert len(stored(node, "Patient", who)) == len(stored(node, "Encounter", who)) == 1


def test_a_message_that_cannot_be_taken_loses_no_other(node: Node, receiver: Receiver, who: str) -> None:
    good = [adt("A28", f"{who}{n}", pid(f"{who}-{n}")) for n in range(3)]
    bad = adt("A28", f"{who}x", pid(f"{who}-x", p3=f"{who}-x^^^HIS^MR~12345^^^^NNCHN"))
    answers = tell(receiver, good[0], bad, *good[1:])

    assert [answer.code for answer in answers] == ["AA", "AE", "AA", "AA"]
    assert answers[1].element == "PID^1^3"
    assert "12345" not in answers[1].text
    assert [len(stored(node, "Patient", f"{who}-{n}")) for n in (0, 1, 2, "x")] == [1, 1, 1, 0]


def test_two_hospitals_find_each_their_own(node: Node, receiver: Receiver, who: str) -> None:
    number = a_number(500 + next(_serial))
    told = pid(who, p3=f"{who}^^^HIS^MR~{number}^^^^NNCHN")
    tell(receiver, adt("A28", who, told))
    other = message("ADT^A28", who, told, header={4: "H2"})
    tell(receiver, other)

    mine, theirs = the(node, "Patient", who), the(node, "Patient", who, "H2")
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.find(tx, node.custodian, identity.IdNumber.read(number))
    assert mine["id"] != theirs["id"]
    assert found is not None
    assert len(found.charts) == 2


def test_numbers_of_two_patients_in_one_message_are_refused(node: Node, receiver: Receiver, who: str) -> None:
    tell(receiver, adt("A28", who + "a", pid(f"{who}a")), adt("A28", who + "b", pid(f"{who}b")))
    both = pid(who, p3=f"{who}a^^^HIS^MR~{who}b^^^HIS^MR")
    (answer,) = tell(receiver, adt("A31", who + "c", both))

    assert (answer.code, answer.condition, answer.element) == ("AE", v2.DUPLICATE_KEY, "PID^1^3")


def test_a_chart_is_found_that_the_hospital_sent_over_fhir(node: Node, receiver: Receiver, who: str) -> None:
    number = {"system": "urn:salus:facility:H1:mrn:HIS", "value": who}
    patient = {"resourceType": "Patient", "identifier": [number], "gender": "female"}
    accept(node, system("H1"), [records.of_resource(patient, "Patient")])
    tell(receiver, adt("A31", who, pid(who)))

    assert the(node, "Patient", who)["gender"] == "male"


def by_condition(who: str) -> records.Intent:
    """Return what a conditional create of a Patient of H1 under a number is."""
    number = {"system": "urn:salus:facility:H1:mrn:HIS", "value": who}
    patient = {"resourceType": "Patient", "identifier": [number], "gender": "female"}
    asked = records.parse_condition("Patient", f"identifier={number['system']}|{who}", "If-None-Exist")
    return dataclasses.replace(records.of_resource(patient, "Patient"), condition=asked)


def test_a_message_waits_for_a_conditional_create_of_its_number_and_finds_it(
    node: Node, receiver: Receiver, who: str
) -> None:
    answers: list[v2.Answer] = []
    message_ = threading.Thread(target=lambda: answers.extend(tell(receiver, adt("A31", who, pid(who)))))

    def meanwhile(tx: Transaction, accepted: records.Accepted) -> None:
        message_.start()
        message_.join(0.5)
        assert not answers

    accept(node, system("H1"), [by_condition(who)], noted=meanwhile)
    message_.join()

    assert [one.code for one in answers] == ["AA"]
    assert the(node, "Patient", who)["gender"] == "male"


def test_a_conditional_create_waits_for_a_message_of_its_number_and_finds_it(
    node: Node, receiver: Receiver, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[records.Accepted] = []
    create = threading.Thread(target=lambda: made.append(accept(node, system("H1"), [by_condition(who)])))
    note = receiving.messages.note

    def meanwhile(*args: Any) -> None:
        create.start()
        create.join(0.5)
        assert not made
        note(*args)

    monkeypatch.setattr(receiving.messages, "note", meanwhile)
    (answer,) = tell(receiver, adt("A28", who, pid(who)))
    create.join()

    assert answer.code == "AA"
    assert not made[0].outcomes[0].created
    assert the(node, "Patient", who)["gender"] == "male"


def resident_of(node: Node, number: str) -> int:
    """Return whose the one Patient under a number of H1 is."""
    named = records.Named(system="urn:salus:facility:H1:mrn:HIS", value=number)
    with node.store.transaction(Duty.CARE) as tx:
        (chart,) = records.own_patients(tx, node.custodian, "H1", named).values()
        return identity.residents_of(tx, [chart])[chart]


def test_a_merge_links_two_own_charts_and_leaves_both(node: Node, receiver: Receiver, who: str) -> None:
    other = f"{who}9"
    tell(receiver, adt("A28", f"{who}a", pid(who)), adt("A28", f"{who}b", pid(other, p5="", p7="")))
    assert resident_of(node, who) != resident_of(node, other)

    (merged,) = tell(receiver, adt("A40", f"{who}c", pid(who), f"MRG|{other}^^^HIS^MR"))
    (again,) = tell(receiver, adt("A40", f"{who}c", pid(who), f"MRG|{other}^^^HIS^MR"))

    assert (merged.code, again.code) == ("AA", "AA")
    assert "nothing was merged" in merged.notes[0][1]
    assert "nothing changed" in again.notes[0][1]
    assert resident_of(node, who) == resident_of(node, other)
    assert the(node, "Patient", other)["identifier"][0]["value"] == other


def test_a_merge_of_two_names_is_asked_about(node: Node, receiver: Receiver, who: str) -> None:
    other = f"{who}8"
    tell(receiver, adt("A28", f"{who}a", pid(who)), adt("A28", f"{who}b", pid(other, p5="欧阳^建国^^^^^L")))

    (asked,) = tell(receiver, adt("A40", f"{who}c", pid(who), f"MRG|{other}^^^HIS^MR"))

    assert asked.code == "AA"
    assert "a person will judge it" in asked.notes[0][1]
    assert resident_of(node, who) != resident_of(node, other)


@pytest.mark.parametrize(
    ("kept", "given_up", "where"),
    [("{}", "nobody", "MRG^1^1"), ("nobody", "{}", "PID^1^3"), ("{}", "{}", "MRG^1^1"), ("nobody", "none", "MRG^1^1")],
)
def test_a_merge_that_can_never_be_taken_is_refused_for_good_at_the_number_that_is_at_fault(
    node: Node, receiver: Receiver, who: str, kept: str, given_up: str, where: str
) -> None:
    tell(receiver, adt("A28", f"{who}a", pid(who)))

    (answer,) = tell(receiver, adt("A40", f"{who}b", pid(kept.format(who)), f"MRG|{given_up.format(who)}^^^HIS^MR"))

    assert (answer.code, answer.condition, answer.element) == ("AE", v2.UNKNOWN_KEY, where)
    assert "MRG-1" in answer.text or "PID-3" in answer.text
    assert who not in answer.text


def test_a_merge_that_names_one_side_by_numbers_of_two_patients_is_refused_for_good(
    node: Node, receiver: Receiver, who: str
) -> None:
    one, other, third = f"{who}a", f"{who}b", f"{who}c"
    tell(receiver, *(adt("A28", each, pid(each)) for each in (one, other, third)))

    (answer,) = tell(receiver, adt("A40", who, pid(one), f"MRG|{other}^^^HIS^MR~{third}^^^HIS^MR"))

    assert (answer.code, answer.condition, answer.element) == ("AE", v2.UNKNOWN_KEY, "MRG^1^1")


def test_only_what_may_succeed_later_is_answered_with_send_it_again() -> None:
    again = {
        code: (answer.code, answer.condition)
        for code, error in {
            "unavailable": Unavailable(""), "unsafe": Unsafe(""), "too often": TooFast(1), "refused": Refused(""),
            "invalid": Invalid(""), "not found": records.NotFound(""), "conflict": records.Conflict(""),
        }.items()
        for answer in [receiving._refusal(error, ())]
    }  # fmt: skip

    assert again == {
        "unavailable": ("AR", v2.INTERNAL), "unsafe": ("AR", v2.INTERNAL), "too often": ("AR", v2.INTERNAL),
        "refused": ("AR", v2.UNKNOWN_KEY), "invalid": ("AE", v2.DATATYPE), "not found": ("AE", v2.UNKNOWN_KEY),
        "conflict": ("AE", v2.LOCKED),
    }  # fmt: skip


def test_every_opening_is_counted_and_shown(node: Node, receiver: Receiver, who: str) -> None:
    tell(receiver, adt("A01", who + "a", pid(who), pv1(who)))
    with node.store.transaction(Duty.CARE) as tx:
        before, counted = access.unwraps(tx), node.keys.unwraps()

    tell(receiver, adt("A03", who + "b", pid(who), pv1(who), written="20310302080000"))
    tell(receiver, adt("A03", who + "c", pid(who), pv1(who), written="20310302080000"))

    with node.store.transaction(Duty.CARE) as tx:
        shown = access.unwraps(tx)
    assert node.keys.unwraps() - counted == shown - before == 2


def test_a_message_that_would_write_a_measure_is_refused_and_counted(node: Node, receiver: Receiver, who: str) -> None:
    obx = "OBX|1|ST|HC^健康码红码^L||红码||||||F"
    with node.store.transaction(Duty.CARE) as tx:
        before = sum(n for _, _, n in access.attempts(tx))
    (answer,) = tell(receiver, oru(who, pid(who), f"OBR|1||{who}F|X^X^L", obx))

    with node.store.transaction(Duty.CARE) as tx:
        after = sum(n for _, _, n in access.attempts(tx))
    assert (answer.code, answer.salus) == ("AE", "SALUS-R120")
    assert after == before + 1
    assert stored(node, "Patient", who) == []


@pytest.mark.parametrize(
    ("header", "code", "condition"),
    [
        ({4: "H9"}, "AR", v2.UNKNOWN_KEY),
        ({4: ""}, "AR", v2.UNKNOWN_KEY),
        ({10: ""}, "AE", v2.REQUIRED),
        ({12: "3.0"}, "AR", 203),
        ({9: "MDM^T02"}, "AR", 200),
        ({9: "ADT^A99"}, "AR", 201),
        ({7: ""}, "AE", v2.REQUIRED),
        ({7: "yesterday"}, "AE", v2.DATATYPE),
        ({18: "EBCDIC"}, "AE", 103),
    ],
)
def test_a_header_that_is_not_for_here_is_refused(
    receiver: Receiver, who: str, header: dict[int, str], code: str, condition: int
) -> None:
    (answer,) = tell(receiver, message("ADT^A28", who, pid(who), header=header))

    assert (answer.code, answer.condition) == (code, condition)


def test_a_system_that_was_disabled_is_not_known(tmp_path: Path, node: Node, who: str) -> None:

    add_hospital(node, "H7")
    made = parties.add_system(node.store, "H7", parties.new_client_key("H7")[1])
    parties.disable_system(node.store, made.client_id, node.clock.now())
    node.settings = _with(node, mllp_senders="H1, H2, H7")
    receiver = Receiver(node)
    (answer,) = receiver.receive([Incoming(raw=message("ADT^A28", who, pid(who), header={4: "H7"}), peer=NOBODY)])
    receiver.close()

    assert (answer.code, answer.condition) == ("AR", v2.UNKNOWN_KEY)


def _with(node: Node, **more: Any) -> Any:
    return dataclasses.replace(node.settings, **more)
