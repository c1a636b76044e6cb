"""What is taken in goes to the right chart, whole or not at all; versions are kept; references lead where they say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from nodes import a_node, a_patient, an_observation, asking, read_back, send, system, update
from reads import no_refusal_kept
from salus import records
from salus.app import Node, accept, accept_each
from salus.kernel import Purpose, Role
from salus.parties import issue_token, parse_scopes, principal
from salus.records import Conflict, Intent, NotFound, RecordRefused
from salus.storage import Duty, Met

H1, H2 = system("H1"), system("H2")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("taking"), "H1", "H2") as opened:
        yield opened


@pytest.fixture(scope="module")
def ann(node: Node) -> UUID:
    return send(node, H1, a_patient()).outcomes[0].id


def chart_of(node: Node, id_: UUID) -> tuple[int, str, str]:
    with node.store.transaction(Duty.CARE) as tx:
        found = records.fetch(tx, [id_])[0]
    return found.chart_key, found.chart_kind, found.facility


def totals(node: Node) -> dict[str, int]:
    with node.store.transaction(Duty.CARE) as tx:
        return records.totals(tx)


def versions(node: Node, id_: UUID) -> int:
    with node.store.transaction(Duty.CARE) as tx:
        found = tx.row(
            "select count(*) from records.version v join records.resource r using (resource_key) where r.id = %s",
            (id_,),
        )
    return int((found or (0,))[0])


def refused(node: Node, *resources: dict[str, Any], who: Any = H1) -> list[records.Problem]:
    """Send what must be refused; nothing of it may be stored. Return the problems."""
    before = totals(node)
    with pytest.raises(RecordRefused) as told:
        send(node, who, *resources)

    assert totals(node) == before
    return list(told.value.problems)


def test_what_is_about_a_patient_goes_to_the_patients_chart(node: Node, ann: UUID) -> None:
    done = send(
        node,
        H1,
        an_observation(f"Patient/{ann}"),
        {"resourceType": "Coverage", "status": "active", "beneficiary": {"reference": f"Patient/{ann}"}}
        | {"payor": [{"display": "x"}]},
    )

    assert {chart_of(node, one.id) for one in done.outcomes} == {chart_of(node, ann)}


def test_what_is_about_nobody_goes_to_the_facilitys_papers_or_the_directory(node: Node) -> None:
    done = send(
        node,
        H1,
        {"resourceType": "Practitioner"},
        {"resourceType": "Observation", "status": "final", "code": {"text": "water"}},
    )
    kinds = [chart_of(node, one.id)[1:] for one in done.outcomes]

    assert kinds == [("directory", "H1"), ("facility", "H1")]


def test_one_resource_about_two_patients_is_refused(node: Node, ann: UUID) -> None:
    member = [{"entity": {"reference": f"Patient/{ann}"}}, {"entity": {"reference": "urn:uuid:b"}}]
    group = {"resourceType": "Group", "type": "person", "actual": True, "member": member}

    problems = refused(node, a_patient(fullUrl="urn:uuid:b"), group)

    assert [(problem.entry, problem.code) for problem in problems] == [(1, "business-rule")]


def test_nobody_writes_into_another_facilitys_chart(node: Node, ann: UUID) -> None:
    before = totals(node)

    with pytest.raises(RecordRefused, match="refers to nothing"):
        send(node, H2, an_observation(f"Patient/{ann}"))
    with pytest.raises(NotFound):
        update(node, H2, a_patient(id=str(ann)))
    with pytest.raises(RecordRefused, match="refers to nothing"):
        send(node, H2, a_patient(fullUrl="urn:uuid:x"), an_observation(f"Patient/{ann}"))

    assert totals(node) == before


NOWHERE = "00000000-0000-4000-8000-000000000000"
WRONG = [
    "urn:uuid:nobody",
    "#nobody",
    f"Patient/{NOWHERE}",
    f"Patient/{NOWHERE}/_history/1",
    "Patient/1",
    "Horoscope/1",
    "Patient",
    "Patient?name=x",
    "Patient?identifier=",
    "Patient?identifier=nobody",
    "Patient?identifier=urn:x|",
    "Patient?identifier=%ff",
    "../Patient/1",
    "Patient/" + "a" * 300,
]


@pytest.mark.parametrize("reference", WRONG)
def test_a_reference_into_nowhere_names_its_entry_and_element(node: Node, reference: str) -> None:
    problems = refused(node, {"resourceType": "Practitioner"}, an_observation(reference))

    assert [(problem.entry, problem.where) for problem in problems] == [(1, "Observation.subject.reference")]
    assert reference not in str(problems[0].text)


def test_a_reference_to_another_type_leads_nowhere(node: Node, ann: UUID) -> None:
    assert refused(node, an_observation(f"Group/{ann}"))[0].code == "not-found"


@pytest.fixture(scope="module")
def keeper(node: Node) -> UUID:
    made = send(node, H2, {"resourceType": "Practitioner", "identifier": [{"system": "urn:k", "value": "7"}]})
    return made.outcomes[0].id


@pytest.mark.parametrize("asked", ["urn:k|7", "7", "urn:k%7C7", "urn%3Ak|7"])
def test_a_conditional_reference_finds_the_one_that_it_names(node: Node, ann: UUID, keeper: UUID, asked: str) -> None:
    performer = [{"reference": f"Practitioner?identifier={asked}"}]
    done = send(node, H1, an_observation(f"Patient/{ann}", performer=performer))

    assert orjson.loads(done.outcomes[0].body)["performer"] == [{"reference": f"Practitioner/{keeper}"}]


def test_a_conditional_reference_to_two_is_refused(node: Node, ann: UUID) -> None:
    twin = {"resourceType": "Organization", "identifier": [{"value": "twin"}]}
    send(node, H1, twin, dict(twin))

    performer = [{"reference": "Organization?identifier=twin"}]
    asked = an_observation(f"Patient/{ann}", performer=performer)

    assert [problem.where for problem in refused(node, asked)] == ["Observation.performer[0].reference"]


@pytest.mark.parametrize("others", [1, 3])
def test_what_others_keep_does_not_stand_in_the_way_of_ones_own(node: Node, ann: UUID, others: int) -> None:
    named = {"resourceType": "Practitioner", "identifier": [{"system": "urn:k", "value": f"shared-{others}"}]}
    send(node, H2, *({**named} for _ in range(others)))
    mine = send(node, H1, named).outcomes[0].id

    performer = [{"reference": f"Practitioner?identifier=urn:k|shared-{others}"}]
    done = send(node, H1, an_observation(f"Patient/{ann}", performer=performer))

    assert orjson.loads(done.outcomes[0].body)["performer"] == [{"reference": f"Practitioner/{mine}"}]


def test_an_update_is_a_new_version_and_the_old_one_stays(node: Node, ann: UUID) -> None:
    made = send(node, H1, an_observation(f"Patient/{ann}")).outcomes[0]
    stored = read_back(node, made.id)[0]

    done = update(node, H1, stored | {"status": "amended"}, 'W/"1"').outcomes[0]

    assert (done.version, done.created, done.id) == (2, False, made.id)
    assert read_back(node, made.id)[0]["status"] == "amended"
    assert versions(node, made.id) == 2


def test_an_update_of_a_version_that_is_not_current_changes_nothing(node: Node, ann: UUID) -> None:
    made = send(node, H1, an_observation(f"Patient/{ann}")).outcomes[0]
    stored = read_back(node, made.id)[0]
    update(node, H1, stored)

    with pytest.raises(Conflict):
        update(node, H1, stored, 'W/"1"')

    assert versions(node, made.id) == 2


def test_a_resource_stays_in_its_chart(node: Node, ann: UUID) -> None:
    other = send(node, H1, a_patient()).outcomes[0].id
    made = send(node, H1, an_observation(f"Patient/{ann}")).outcomes[0]

    with pytest.raises(RecordRefused) as told:
        update(node, H1, an_observation(f"Patient/{other}", id=str(made.id)))

    assert told.value.status == 422
    assert versions(node, made.id) == 1


def test_nothing_that_is_not_there_is_updated(node: Node, ann: UUID) -> None:
    with pytest.raises(NotFound):
        update(node, H1, a_patient(id=str(uuid4())))
    with pytest.raises(NotFound):
        update(node, H1, {"resourceType": "Practitioner", "id": str(ann)})


def test_two_updates_of_one_resource_in_a_transaction_are_refused(node: Node, ann: UUID) -> None:
    made = send(node, H1, an_observation(f"Patient/{ann}")).outcomes[0]
    stored = read_back(node, made.id)[0]
    twice = [Intent(verb="update", resource=dict(stored), id=made.id, entry=n) for n in (0, 1)]

    with pytest.raises(RecordRefused) as told:
        accept(node, H1, twice)

    assert [(problem.entry, problem.code) for problem in told.value.problems] == [(1, "duplicate")]


def test_in_a_batch_each_entry_stands_for_itself(node: Node, ann: UUID) -> None:
    intents = [
        Intent(verb="create", resource=a_patient(), entry=0),
        Intent(verb="create", resource=an_observation("Patient/1"), entry=1),
        Intent(verb="update", resource=a_patient(id=NOWHERE), id=UUID(NOWHERE), entry=2),
        Intent(verb="create", resource=an_observation(f"Patient/{ann}"), entry=3),
        Intent(verb="create", resource={"resourceType": "Observation"}, entry=4),
        Intent(verb="create", resource={"resourceType": "Practitioner"}, entry=5),
    ]
    before = totals(node)

    tried = accept_each(node, H1, intents)

    assert [one.error.status if one.error else 201 for one in tried] == [201, 400, 404, 201, 400, 201]
    assert totals(node)["resources"] == before["resources"] + 3


def test_where_a_refusal_cannot_be_kept_the_other_entries_of_a_batch_are_told_that_they_are_stored(
    node: Node, ann: UUID
) -> None:
    intents = [
        Intent(verb="create", resource=a_patient(), entry=0),
        Intent(verb="update", resource=a_patient(id=str(ann)), id=ann, entry=1),
        Intent(verb="create", resource=a_patient(), entry=2),
    ]

    with no_refusal_kept(node.store):
        tried = accept_each(node, H2, intents)

    assert [one.error and one.error.code for one in tried] == [None, Met.code, None]
    assert all(one.accepted for one in (tried[0], tried[2]))


def test_an_entry_beyond_the_tokens_scope_loses_no_other(node: Node) -> None:
    narrow = principal(
        Role.HOSPITAL_SYSTEM,
        "narrow",
        facility="H1",
        purpose=Purpose.TREAT,
        scopes=parse_scopes("system/Practitioner.c"),
    )
    token = issue_token(node.issuer, narrow, node.clock.now(), timedelta(minutes=5))
    entries = [
        {"resource": {"resourceType": kind}, "request": {"method": "POST", "url": kind}}
        for kind in ("Practitioner", "Patient", "Practitioner")
    ]
    headers = {"Authorization": f"Bearer {token}"}
    with asking(node) as client:
        sent = {"resourceType": "Bundle", "entry": entries}
        batch = client.ask("POST", "/fhir", content=orjson.dumps(sent | {"type": "batch"}), headers=headers)
        before = totals(node)
        whole = client.ask("POST", "/fhir", content=orjson.dumps(sent | {"type": "transaction"}), headers=headers)

    assert [entry["response"]["status"][:3] for entry in batch.json()["entry"]] == ["201", "403", "201"]
    assert whole.status_code == 403
    assert totals(node) == before
