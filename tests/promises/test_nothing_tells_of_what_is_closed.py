"""What is closed decides nothing that others are told, and is as little there to who writes as to who reads.

Neither what is due, nor who keeps a record, nor totals, order and further pages tell of an entry that is closed; a
change of it and a reference to it are answered as those of an entry that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from consenting import ICD10, LABELS, LOINC, NUMBER
from nodes import a_node, a_patient, clinician, resident_of, send, system, the_resident, update
from peopling import a_keeping
from salus import access, identity, records
from salus.access import About, Directive, Says
from salus.app import Node, Reader, accept, arrive, everything_of, history_of, search, transact, view_summary
from salus.app.classifying import classify_some
from salus.kernel import Purpose, Refused, Role, SalusError, new_id
from salus.parties import Principal, principal
from salus.records import NotFound, RecordRefused, parse_query
from salus.records.everything.asking import parse_everything
from salus.records.history import parse_history
from salus.storage import Duty

OPEN, CLOSED = ("J45.9", "I10"), ("F32.9", "Z34.0")


class Record:
    """A resident of two hospitals; what the first wrote, by its code or type, and what is asked of it."""

    def __init__(self, node: Node) -> None:
        self.node = node
        done = send(
            node,
            system("H1"),
            a_patient(NUMBER, fullUrl="urn:uuid:p", gender="female", birthDate="1990-01-01"),
            *(a_condition(code, "urn:uuid:p", fullUrl=f"urn:uuid:{code}") for code in (*OPEN, *CLOSED)),
            {**a_keeping("urn:uuid:p", "2020-01-01"), "meta": {"security": [{"system": LABELS, "code": "PSY"}]}},
            an_encounter("urn:uuid:p", "urn:uuid:F32.9"),
            last_period("urn:uuid:p", node.clock.now() - timedelta(days=60)),
        )
        self.patient = done.outcomes[0].id
        names = ("Patient", *OPEN, *CLOSED, "EpisodeOfCare", "Encounter")
        self.ids = dict(zip(names, (one.id for one in done.outcomes), strict=False))
        self.key = resident_of(node, done)
        with node.store.transaction(Duty.CARE) as tx:
            found = identity.resident_by_key(tx, self.key)
        assert found is not None
        self.resident = found.resident_id
        arrive(node, clinician("H2"), NUMBER)

    def open_all(self) -> None:
        """Let the resident open every class."""
        for about in (About.HIV, About.PSYCHIATRY, About.REPRODUCTION):
            with self.node.store.transaction(Duty.CARE) as tx:
                access.direct(
                    tx,
                    Directive(
                        id=new_id(),
                        resident_key=self.key,
                        says=Says.PERMIT,
                        about=about,
                        facility=None,
                        since=self.node.clock.now(),
                        until=self.node.clock.now() + timedelta(days=30),
                        recorded_by="account",
                        recorded_as=Role.RESIDENT,
                    ),
                )

    def close_again(self) -> None:
        """Let the resident take all of it back."""
        with self.node.store.transaction(Duty.CARE) as tx:
            for one in access.directives(tx, [self.key]):
                access.withdraw(tx, one.id, "account", self.node.clock.now())

    def plans(self, who: Principal) -> set[str]:
        """Return the plans of follow-up that somebody is shown."""
        return {one.plan.key for one in view_summary(self.node, who, self.resident).followed}

    def found(self, kind: str, *pairs: tuple[str, str]) -> Any:
        """Return the page that the other hospital's clinician finds of the patient."""
        query = [("patient", str(self.patient)), *pairs]
        return search(self.node, clinician("H2"), parse_query(kind, query, self.node.custodian))


def a_condition(code: str, patient: str, **more: Any) -> dict[str, Any]:
    """A Condition with one ICD-10 code."""
    coded = {"coding": [{"system": ICD10, "code": code}]}
    return {"resourceType": "Condition", "code": coded, "subject": {"reference": patient}, **more}


def last_period(patient: str, at: datetime) -> dict[str, Any]:
    """An Observation of the first day of the last period."""
    code = {"coding": [{"system": LOINC, "code": "8665-2"}]}
    told = {"status": "final", "code": code, "subject": {"reference": patient}}
    return {"resourceType": "Observation", **told, "valueDateTime": at.date().isoformat()}


def an_encounter(patient: str, diagnosis: str) -> dict[str, Any]:
    """A visit for a Condition."""
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": patient},
        "diagnosis": [{"condition": {"reference": diagnosis}}],
    }


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    with a_node(tmp_path_factory.mktemp("told"), "H1", "H2", "H3") as node:
        yield Record(node)


@pytest.fixture
def record(kept: Record) -> Iterator[Record]:
    yield kept
    kept.close_again()


def test_what_is_due_by_a_closed_entry_is_told_to_nobody_else(record: Record) -> None:
    assert "pregnancy" in record.plans(the_resident(record.resident))
    assert "pregnancy" not in record.plans(clinician("H2"))
    assert "hypertension" in record.plans(clinician("H2"))

    record.open_all()
    assert "pregnancy" in record.plans(clinician("H2"))


def test_who_keeps_a_record_by_a_closed_declaration_is_told_to_nobody_else(record: Record) -> None:
    own = view_summary(record.node, the_resident(record.resident), record.resident).stands
    told = view_summary(record.node, clinician("H2"), record.resident).stands

    assert own is not None
    assert told is not None
    assert (own.facility, told.facility) == ("H1", None)


def test_a_closed_entry_changes_neither_total_nor_order_nor_the_next_page(record: Record) -> None:
    pairs = [("_count", "1"), ("_sort", "-code"), ("_total", "accurate")]
    first = record.found("Condition", *pairs[:1], *pairs[2:])

    assert first.total == len(OPEN)
    assert first.cursor is not None
    last = record.found("Condition", *pairs[:1], *pairs[2:], ("_cursor", first.cursor))
    assert last.cursor is None
    assert {id_ for page in (first, last) for _, id_, _ in page.matches} == {record.ids[code] for code in OPEN}


@pytest.mark.parametrize(
    ("kind", "pairs"),
    [
        ("Condition", [("code", "F32.9")]),
        ("Condition", [("_id", "F32.9")]),
        ("Encounter", [("diagnosis", "F32.9")]),
        ("Encounter", [("diagnosis:Condition.code", "F32.9")]),
        ("Condition", [("code", "J45.9,F32.9"), ("code", "F32.9")]),
        ("Condition", [("_has:Encounter:diagnosis:status", "finished")]),
    ],
)
def test_nothing_is_found_by_what_is_closed(record: Record, kind: str, pairs: list[tuple[str, str]]) -> None:
    asked = [(name, str(record.ids[value]) if name in ("_id", "diagnosis") else value) for name, value in pairs]

    assert record.found(kind, *asked).matches == ()
    record.open_all()
    assert len(record.found(kind, *asked).matches) == 1


def test_a_visit_for_a_closed_reason_is_closed(record: Record) -> None:
    with pytest.raises(NotFound):
        Reader(record.node).read_one(clinician("H2"), "Encounter", record.ids["Encounter"])


@pytest.mark.parametrize("name", ["F32.9", "Encounter"])
@pytest.mark.parametrize("facility", ["H2", "H3"], ids=["in a care relation", "in none"])
def test_a_change_of_what_is_closed_is_answered_as_of_what_is_not_there(
    record: Record, facility: str, name: str
) -> None:
    kind, nobody = ("Condition" if name in CLOSED else name), new_id()

    there, nowhere = changes(kind, record.ids[name], record.patient), changes(kind, nobody, record.patient)
    for verb, told in there.items():
        assert refused(record.node, system(facility), told) == refused(record.node, system(facility), nowhere[verb])


def changes(kind: str, id_: UUID, patient: UUID) -> dict[str, Any]:
    """Return a change of each kind."""
    body = a_condition("J45.9", f"Patient/{patient}", id=str(id_))
    if kind == "Encounter":
        body = {**an_encounter(f"Patient/{patient}", f"Condition/{id_}"), "id": str(id_)}
        del body["diagnosis"]
    operation = ({"op": "add", "path": "/language", "value": "en"},)
    return {
        "update": records.of_update(body, kind, str(id_), None),
        "patch": records.of_patch(kind, str(id_), operation, None),
        "delete": records.of_delete(kind, str(id_), None),
    }


def refused(node: Node, who: Principal, intent: Any) -> tuple[type[SalusError], str]:
    """Return how a change is refused."""
    with pytest.raises(SalusError) as error:
        accept(node, who, [intent])
    return type(error.value), error.value.text


def test_a_reference_to_what_is_closed_is_answered_as_one_to_what_is_not_there(record: Record) -> None:
    def sent(condition: UUID) -> list[tuple[str, str]]:
        visit = an_encounter("urn:uuid:p", f"Condition/{condition}")
        with pytest.raises(RecordRefused) as error:
            send(record.node, system("H2"), a_patient(NUMBER, fullUrl="urn:uuid:p"), visit)
        return [(one.text, one.code) for one in error.value.problems]

    assert sent(record.ids["F32.9"]) == sent(new_id())
    record.open_all()
    visit = an_encounter("urn:uuid:p", f"Condition/{record.ids['F32.9']}")
    done = send(record.node, system("H2"), a_patient(NUMBER, fullUrl="urn:uuid:p"), visit)
    record.close_again()
    stands = {**visit, "id": str(done.outcomes[1].id), "subject": {"reference": f"Patient/{done.outcomes[0].id}"}}
    assert update(record.node, system("H2"), {**stands, "status": "in-progress"}).outcomes[0].version == 2


def test_a_stranger_cannot_tell_what_is_closed_from_what_is_not_there(record: Record) -> None:
    there = [record.ids[name] for name in (*CLOSED, "I10")]
    told = {told_of(record, who, id_) for who in (clinician("H3"), system("H3")) for id_ in (*there, new_id())}
    with record.node.store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute(b"update records.resource set classes = null")
    waiting = {told_of(record, clinician("H3"), id_) for id_ in there}
    while classify_some(record.node):
        pass

    assert len(told) == 1
    assert waiting == told
    assert next(iter(told))[0] is NotFound


def told_of(record: Record, who: Principal, id_: UUID, kind: str = "Condition") -> tuple[type[SalusError], str]:
    """Return how a read and a history are refused, which is alike."""
    answers = set()
    asked = parse_history(f"{kind}/{id_}", [], record.node.custodian)
    for read in (
        lambda: Reader(record.node).read_one(who, kind, id_),
        lambda: Reader(record.node).read_one(who, kind, id_, 1),
        lambda: history_of(record.node, who, kind, id_, asked),
    ):
        with pytest.raises(SalusError) as error:
            read()
        answers.add((type(error.value), error.value.text))
    (answer,) = answers
    return answer


def test_that_a_stranger_asked_is_kept_as_a_refusal(record: Record) -> None:
    def refusals() -> int:
        with record.node.store.connect(Duty.MIGRATION, "salus") as owner:
            row = owner.execute(b"select count(*) from access.refusal").fetchone()
        return int(str(row[0])) if row else 0

    before = refusals()
    for name in ("I10", "F32.9"):
        told_of(record, clinician("H3"), record.ids[name])
        with pytest.raises(NotFound):
            transact(record.node, system("H3"), [], [(0, "Condition", record.ids[name], None)], [])

    assert refusals() - before == 2 * 4


@pytest.mark.parametrize("facility", ["H2", "H3"], ids=["in a care relation", "in none"])
def test_whose_role_or_purpose_reads_no_record_is_told_so_whatever_is_there(record: Record, facility: str) -> None:
    reception = principal(Role.RECEPTION, "desk", facility=facility, purpose=Purpose.TREAT, strong=True)
    operating = system(facility).for_purpose(Purpose.HOPERAT)
    ids = (record.ids["I10"], record.ids["F32.9"], new_id())

    told = {told_of(record, who, id_) for who in (reception, operating) for id_ in ids}

    assert [kind for kind, _ in told] == [Refused]


@pytest.mark.parametrize("name", ["I10", "F32.9"])
def test_what_others_wrote_is_nothing_to_refer_to_without_a_care_relation(record: Record, name: str) -> None:
    def sent(condition: UUID) -> list[tuple[str, str]]:
        visit = an_encounter("urn:uuid:p", f"Condition/{condition}")
        with pytest.raises(RecordRefused) as error:
            send(record.node, system("H3"), a_patient(fullUrl="urn:uuid:p"), visit)
        return [(one.text, one.code) for one in error.value.problems]

    assert sent(record.ids[name]) == sent(new_id())


def test_a_change_of_anothers_entry_does_not_tell_what_it_refers_to(record: Record) -> None:
    def told(id_: UUID) -> tuple[type[SalusError], str]:
        body = {**an_encounter(f"Patient/{record.patient}", f"Condition/{record.ids['F32.9']}"), "id": str(id_)}
        return refused(record.node, system("H3"), records.of_update(body, "Encounter", str(id_), None))

    assert told(record.ids["Encounter"]) == told(new_id())


def test_who_is_named_by_a_closed_patient_is_not_named(record: Record) -> None:
    labelled = a_patient(NUMBER, meta={"security": [{"system": LABELS, "code": "PSY"}]})
    closed = send(record.node, system("H3"), labelled).outcomes[0].id
    asked = parse_query("Condition", [("patient", str(closed))], record.node.custodian)

    with pytest.raises(Refused):
        search(record.node, clinician("H2"), asked)
    with pytest.raises(NotFound):
        Reader(record.node).read_one(clinician("H2"), "Patient", closed)
    everything = parse_everything(str(closed), [], record.node.custodian)
    with pytest.raises(Refused):
        everything_of(record.node, clinician("H2"), closed, everything)
