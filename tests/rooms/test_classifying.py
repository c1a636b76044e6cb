"""What is sensitive in what an earlier release stored is worked out before others read it: nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from consenting import ICD10
from nodes import a_node, a_number, a_patient, clinician, resident_of, send, system, the_resident
from salus import identity, records
from salus.app import (
    Node,
    Reader,
    accept,
    arrive,
    everything_of,
    history_of,
    import_files,
    my_code,
    present_here,
    search,
    summary_of,
    view_summary,
)
from salus.app.classifying import classify_some
from salus.app.searching_together import Alone, search_together
from salus.kernel import new_id
from salus.records import NotFound, Unclassed, parse_query
from salus.records.everything.asking import parse_everything
from salus.records.history import parse_history
from salus.records.intake import accept as intake
from salus.storage import Duty

ALLERGY: dict[str, Any] = {
    "resourceType": "AllergyIntolerance",
    "fullUrl": "urn:uuid:a",
    "patient": {"reference": "urn:uuid:p"},
    "code": {"text": "penicillin"},
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]
    },
}


def a_condition(code: str, name: str, **more: Any) -> dict[str, Any]:
    coded = {"coding": [{"system": ICD10, "code": code}]}
    patient = {"reference": "urn:uuid:p"}
    return {"resourceType": "Condition", "fullUrl": f"urn:uuid:{name}", "code": coded, "subject": patient, **more}


class Old:
    """A resident's record at the first hospital as an earlier release stored it, and what the second asks."""

    def __init__(self, node: Node, number: str) -> None:
        self.node = node
        about = [{"detail": [{"reference": "urn:uuid:z"}]}]
        resources = [
            a_patient(number, fullUrl="urn:uuid:p"),
            ALLERGY,
            a_condition("J45.9", "x", evidence=about),
            a_condition("J00", "z"),
            a_condition("B20", "h"),
            a_condition("J02", "y", evidence=[{"detail": [{"reference": "urn:uuid:h"}]}]),
        ]
        self.done = send(node, system("H1"), *resources)
        self.ids = {one: (out.type, out.id) for one, out in zip("paxzhy", self.done.outcomes, strict=True)}
        key = resident_of(node, self.done)
        with node.store.transaction(Duty.CARE) as tx:
            found = identity.resident_by_key(tx, key)
        assert found is not None
        self.resident = found.resident_id
        arrive(node, clinician("H2"), number)
        self.unclass()

    def unclass(self) -> None:
        """Forget what was worked out."""
        with self.node.store.connect(Duty.MIGRATION, "salus") as connection:
            connection.execute(b"update records.resource set classes = null")
            connection.execute(b"update records.deleted set classes = null")

    def classify(self, most: int = 1000) -> int:
        """Work everything out, so many entries at once; return in how many pages."""
        pages = 0
        while classify_some(self.node, most):
            pages += 1
        return pages

    def seen(self) -> set[str]:
        """Return what the second hospital reads."""
        found, reader = set(), Reader(self.node)
        for name, (kind, id_) in self.ids.items():
            try:
                reader.read_one(clinician("H2"), kind, id_)
            except NotFound:
                continue
            found.add(name)
        return found


NUMBERS = iter(range(1, 100))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("old"), "H1", "H2", "H3") as node:
        yield node


@pytest.fixture
def old(node: Node) -> Iterator[Old]:
    yield Old(node, a_number(next(NUMBERS)))
    while classify_some(node):
        pass


def test_what_is_not_worked_out_yet_is_being_prepared_and_not_closed(old: Old) -> None:
    node, who, patient = old.node, clinician("H2"), old.ids["p"][1]
    kind, id_ = old.ids["a"]
    found = parse_query(kind, [("patient", str(patient))], node.custodian)
    asks = [
        lambda: Reader(node).read_one(who, kind, id_),
        lambda: history_of(node, who, kind, id_, parse_history(f"{kind}/{id_}", [], node.custodian)),
        lambda: search(node, who, found),
        lambda: search_together(node, [Alone(principal=who, asked=found), Alone(principal=who, asked=found)]),
        lambda: everything_of(node, who, patient, parse_everything(str(patient), [], node.custodian)),
        lambda: summary_of(node, who, patient, "en"),
        lambda: view_summary(node, who, old.resident),
    ]

    for ask in asks:
        with pytest.raises(Unclassed) as error:
            ask()
        assert error.value.status == 503
    old.classify()
    for ask in asks:
        ask()
    assert [line.text for line in view_summary(node, who, old.resident).summary.allergies] == ["penicillin"]


def test_a_desk_opens_a_care_relation_meanwhile_and_tells_no_name_that_waits(old: Old) -> None:
    code = my_code(old.node, the_resident(old.resident)).code

    visit = arrive(old.node, clinician("H3"), code)

    assert (visit.resident_id, visit.name, visit.patients) == (old.resident, None, ())
    assert old.resident in {one.resident_id for one in present_here(old.node, clinician("H3"))}
    assert old.node.wanted
    old.classify()
    assert Reader(old.node).read_one(clinician("H3"), "Patient", old.ids["p"][1]).body


def test_who_wrote_it_and_its_resident_read_it_meanwhile(old: Old) -> None:
    kind, id_ = old.ids["h"]
    for who in (system("H1"), the_resident(old.resident)):
        assert Reader(old.node).read_one(who, kind, id_).body
    assert view_summary(old.node, the_resident(old.resident), old.resident).summary.allergies


@pytest.mark.parametrize("most", [1, 2, 1000])
def test_however_few_at_once_the_same_is_worked_out(old: Old, most: int) -> None:
    assert old.classify(most) >= (1 if most > 6 else 2)

    assert old.seen() == {"p", "a", "x", "z"}


def test_what_somebody_asked_for_is_worked_out_first(old: Old) -> None:
    later = send(old.node, system("H1"), a_patient(fullUrl="urn:uuid:p"), ALLERGY).outcomes[0].chart_key
    old.unclass()
    old.node.wanted.add(later)

    classify_some(old.node, 2)
    with old.node.store.transaction(Duty.CARE) as tx:
        assert records.charts_waiting(tx, [later], None) == []
        assert records.charts_waiting(tx, [old.done.outcomes[0].chart_key], None)
    assert not old.node.wanted


def test_what_another_holds_waits_for_it_and_so_does_what_refers_to_it(old: Old) -> None:
    with old.node.store.transaction(Duty.CARE) as tx:
        tx.rows("select 1 from records.resource where id = %s for update", (old.ids["h"][1],))
        old.classify()
        assert records.charts_waiting(tx, [old.done.outcomes[0].chart_key], "H2") != []
    old.classify()

    assert old.seen() == {"p", "a", "x", "z"}


def test_what_was_deleted_is_worked_out_too(old: Old) -> None:
    kind, id_ = old.ids["h"]
    accept(old.node, system("H1"), [records.of_delete(kind, str(id_), None)])
    old.unclass()
    asked = parse_history(f"{kind}/{id_}", [], old.node.custodian)

    with pytest.raises(Unclassed):
        history_of(old.node, clinician("H2"), kind, id_, asked)
    old.classify()
    with pytest.raises(NotFound):
        history_of(old.node, clinician("H2"), kind, id_, asked)


def test_a_record_whose_key_was_destroyed_is_in_every_class_and_holds_up_nobody(old: Old) -> None:
    gone = old.done.outcomes[0].chart_key
    old.node.keys.shred(gone)
    other = send(old.node, system("H1"), a_patient(fullUrl="urn:uuid:p"), ALLERGY).outcomes[0].chart_key
    old.unclass()

    old.classify()
    with old.node.store.transaction(Duty.CARE) as tx:
        assert records.charts_waiting(tx, [other, gone], None) == []
        found = tx.rows("select distinct classes from records.resource where chart_key = %s", (gone,))
    assert found == [(119,)]


def test_what_is_imported_is_in_its_classes_from_the_door_on(node: Node, tmp_path: Path) -> None:
    """Examined apart, on other cores too, and stored together."""
    told = ("J45.9", "F32.9")
    resources = [a_patient(fullUrl="urn:uuid:p"), *(a_condition(code, code) for code in told)]
    entries = [
        {"fullUrl": one.pop("fullUrl"), "resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for one in resources
    ]
    file = tmp_path / "exported.ndjson"
    file.write_bytes(orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}))

    done = import_files(node, "H1", [file])
    assert done.turned == 0, done
    with node.store.transaction(Duty.CARE) as tx:
        assert tx.rows("select count(*) from records.resource where classes is null") == [(0,)]
        found = tx.rows("select classes & 7 from records.resource order by resource_key desc limit 3")
    assert sorted(found) == [(0,), (0,), (2,)]


def classes_of(node: Node, *ids: Any) -> list[int | None]:
    """Return in which classes entries are, whether deleted or not; None of one that waits."""
    with node.store.transaction(Duty.CARE) as tx:
        found = dict(
            tx.rows(
                "select id, classes & 7 from records.resource union all select id, classes & 7 from records.deleted"
            )
        )
    return [found[id_] for id_ in ids]


def about(old: Old, name: str) -> dict[str, Any]:
    """Return a condition of the resident that refers to one that is stored."""
    evidence = [{"detail": [{"reference": f"Condition/{old.ids[name][1]}"}]}]
    return a_condition("J00", f"n{name}", evidence=evidence) | {"subject": {"reference": f"Patient/{old.ids['p'][1]}"}}


def test_what_refers_to_what_waits_waits_for_it_and_is_in_no_more_classes_than_it(old: Old) -> None:
    new = send(old.node, system("H1"), about(old, "x"), about(old, "h")).outcomes

    assert classes_of(old.node, *(one.id for one in new)) == [None, None]
    old.classify()
    assert classes_of(old.node, *(one.id for one in new)) == [0, 1]


def test_what_is_brought_back_before_it_was_worked_out_waits(old: Old) -> None:
    old.classify()
    kind, id_ = old.ids["h"]
    accept(old.node, system("H1"), [records.of_delete(kind, str(id_), None)])
    old.unclass()
    now = a_condition("J00", "h") | {"id": str(id_), "subject": {"reference": f"Patient/{old.ids['p'][1]}"}}
    now.pop("fullUrl")

    accept(old.node, system("H1"), [records.of_update(now, kind, str(id_), None)])
    assert classes_of(old.node, id_) == [None]
    old.classify()
    assert classes_of(old.node, id_) == [1]


def waits_again(node: Node) -> set[Any]:
    """Return what is worked out once more, and holds as it is until then."""
    with node.store.transaction(Duty.CARE) as tx:
        return {id_ for (id_,) in tx.rows("select id from records.resource where classes & 8 <> 0")}


def a_place(name: str, key: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Organization", "fullUrl": f"urn:uuid:{key}", "name": name, **more}


def test_of_a_directory_only_what_refers_to_what_became_sensitive_is_worked_out_again(old: Old) -> None:
    old.classify()
    within = {"partOf": {"reference": "urn:uuid:o"}}
    places = [a_place("Ward", "o"), a_place("Bay", "i", **within), a_place("Kitchen", "k")]
    ward, bay, kitchen = (one.id for one in send(old.node, system("H1"), *places).outcomes)
    renamed = a_place("\u7cbe\u795e\u79d1", "o") | {"id": str(ward)}
    renamed.pop("fullUrl")

    accept(old.node, system("H1"), [records.of_update(renamed, "Organization", str(ward), None)])
    assert classes_of(old.node, ward, bay, kitchen) == [2, 2, 0]
    assert waits_again(old.node) == {bay}
    old.classify()
    assert waits_again(old.node) == set()
    assert classes_of(old.node, ward, bay, kitchen) == [2, 2, 0]


def test_what_became_sensitive_while_somebody_referred_to_it_is_looked_at_again(
    old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    old.classify()
    kind, id_ = old.ids["z"]
    worse = a_condition("B20", "z") | {"id": str(id_), "subject": {"reference": f"Patient/{old.ids['p'][1]}"}}
    worse.pop("fullUrl")
    first = intake.classes_of

    def meanwhile(holding: Any) -> Any:
        found = first(holding)
        monkeypatch.setattr(intake, "classes_of", first)
        accept(old.node, system("H1"), [records.of_update(worse, kind, str(id_), None)])
        return found

    monkeypatch.setattr(intake, "classes_of", meanwhile)
    new = send(old.node, system("H1"), about(old, "z")).outcomes[0].id

    assert classes_of(old.node, new) == [1]
    old.classify()
    assert classes_of(old.node, new) == [1]


@pytest.mark.parametrize("version", ["", "/_history/1"])
def test_a_reference_by_the_full_address_here_lends_as_any_other(old: Old, version: str) -> None:
    old.classify()
    base = f"{old.node.settings.public_url}/fhir/"
    evidence = [{"detail": [{"reference": f"{base}Condition/{old.ids['h'][1]}{version}"}]}]
    told = a_condition("J00", "n", evidence=evidence) | {"subject": {"reference": f"Patient/{old.ids['p'][1]}"}}

    new = send(old.node, system("H1"), told).outcomes[0]

    assert classes_of(old.node, new.id) == [1]


def test_a_reference_by_the_full_address_here_must_lead_somewhere(old: Old) -> None:
    told = a_condition("J00", "n") | {"subject": {"reference": f"Patient/{old.ids['p'][1]}"}}
    nowhere = {"reference": f"{old.node.settings.public_url}/fhir/Condition/{new_id()}"}

    with pytest.raises(records.RecordRefused, match="nothing that is stored here"):
        send(old.node, system("H1"), told | {"evidence": [{"detail": [nowhere]}]})
