"""A hospital says that two of its charts are one person's: linked, or asked about; nothing is merged, all is shown."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from nodes import Asking, a_node, a_number, a_patient, asking, resident_of, send, system
from salus import access, app, identity, records
from salus.app import Node
from salus.kernel import Purpose, Role
from salus.parties import principal
from salus.records import Accepted, Condition
from salus.storage import Duty

_orders = count(1)
MRN = "urn:salus:facility:H1:mrn"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("own"), "H1", "H2", "B1") as opened:
        yield opened


@pytest.fixture(scope="module")
def h1(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM) as client:
        yield client


def a_chart(node: Node, facility: str = "H1", *numbers: str, **more: Any) -> tuple[UUID, str, int, int]:
    """Send a Patient; return its id, its hospital number, its chart and its resident."""
    mrn = str(uuid4())
    patient = a_patient(*numbers, **more)
    patient.setdefault("identifier", []).append({"system": MRN, "value": mrn})
    done = send(node, system(facility), patient)
    return done.outcomes[0].id, mrn, done.outcomes[0].chart_key, resident_of(node, done)


def whose(node: Node, *charts: int) -> list[int]:
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.residents_of(tx, charts)
    return [found[chart] for chart in charts]


def merge(h1: Asking, source: object, target: object, **more: object) -> httpx.Response:
    sent = [{"name": f"{side}-patient", "valueReference": {"reference": f"Patient/{id_}"}}
            for side, id_ in (("source", source), ("target", target))]  # fmt: skip
    sent += [{"name": name, "valueBoolean": value} for name, value in more.items()]
    return h1.ask(
        "POST", "/fhir/Patient/$merge", content=orjson.dumps({"resourceType": "Parameters", "parameter": sent})
    )


def said(answer: httpx.Response) -> str:
    outcome = answer.json()["parameter"][1]["resource"]["issue"][0]
    return str(outcome["details"]["coding"][0]["code"])


def seen(node: Node, resident: int, what: str) -> list[access.Read]:
    with node.store.transaction(Duty.CARE) as tx:
        return [one.read for one in access.reads_of(tx, [resident]) if one.read.what == what]


def questions(node: Node) -> list[identity.Question]:
    who = principal(Role.INDEX_REVIEWER, "one", facility="B1", purpose=Purpose.HOPERAT, strong=True)
    return [one for one in app.questions(node, who)[0] if one.reason == "hospital-merge"]


def test_two_own_charts_are_linked_and_both_residents_are_told(node: Node, h1: Asking) -> None:
    one, _, a, ra = a_chart(node)
    other, _, b, rb = a_chart(node)

    answer = merge(h1, one, other)

    assert (answer.status_code, said(answer)) == (200, "linked")
    assert len(set(whose(node, a, b))) == 1
    for resident in (ra, rb):
        (read,) = seen(node, resident, "judgement")
        assert (read.action, read.ground, read.facility) == ("link-charts", "own-charts", "H1")
    with node.store.transaction(Duty.CARE) as tx:
        (asserted,) = identity.assertions_of(tx, [a, b])
    assert (asserted.ground, asserted.author.role) == ("hospital-merge", Role.HOSPITAL_SYSTEM)


def test_no_rule_takes_back_what_a_hospital_said_of_its_charts(node: Node, h1: Asking) -> None:
    one, mrn, a, _ = a_chart(node, name=[{"text": "欧阳未名"}], birthDate="1971-02-03")
    other, _, b, _ = a_chart(node, name=[{"text": "Unknown"}])
    merge(h1, one, other)

    feed(h1, mrn, fed(mrn, name=[{"text": "欧阳未名"}], birthDate="1971-02-03", gender="male"))
    a_chart(node, "H2", name=[{"text": "欧阳未名"}], birthDate="1971-02-03")

    assert len(set(whose(node, a, b))) == 1


def test_the_same_again_changes_nothing(node: Node, h1: Asking) -> None:
    one, _, a, _ = a_chart(node)
    other, _, b, _ = a_chart(node)
    merge(h1, one, other)

    assert said(merge(h1, one, other)) == said(merge(h1, other, one)) == "already"
    with node.store.transaction(Duty.CARE) as tx:
        assert len(identity.assertions_of(tx, [a, b])) == 1


def test_each_patient_stays_as_it_is(node: Node, h1: Asking) -> None:
    one, other = a_chart(node)[0], a_chart(node)[0]
    before = [h1.ask("GET", f"/fhir/Patient/{id_}").content for id_ in (one, other)]
    merge(h1, one, other)

    assert [h1.ask("GET", f"/fhir/Patient/{id_}").content for id_ in (one, other)] == before


def test_a_preview_says_what_would_be_and_changes_nothing(node: Node, h1: Asking) -> None:
    one, _, a, _ = a_chart(node)
    other, _, b, _ = a_chart(node)
    asked = len(questions(node))

    assert said(merge(h1, one, other, preview=True)) == "linked"
    assert len(set(whose(node, a, b))) == 2
    numbered = [a_chart(node, "H1", a_number(next(_orders)))[0] for _ in range(2)]
    assert said(merge(h1, *numbered, preview=True)) == "asked"
    assert len(questions(node)) == asked


def test_two_valid_numbers_are_a_question_for_a_person(node: Node, h1: Asking) -> None:
    one, _, a, _ = a_chart(node, "H1", a_number(next(_orders)))
    other, _, b, _ = a_chart(node, "H1", a_number(next(_orders)))

    answers = [merge(h1, one, other) for _ in range(2)]

    assert [(answer.status_code, said(answer)) for answer in answers] == [(202, "asked")] * 2
    assert len(set(whose(node, a, b))) == 2
    assert [one.pair for one in questions(node)].count((a, b)) == 1


def test_what_the_guards_forbid_is_a_question_for_a_person(node: Node, h1: Asking) -> None:
    one, _, a, _ = a_chart(node, name=[{"text": "欧阳伟"}], birthDate="1950-01-05")
    other, _, b, _ = a_chart(node, name=[{"text": "欧阳伟"}], birthDate="1991-11-25")

    assert said(merge(h1, one, other)) == "asked"
    assert len(set(whose(node, a, b))) == 2


def test_what_a_person_parted_stays_parted(node: Node, h1: Asking) -> None:
    one, _, a, _ = a_chart(node)
    other, _, b, _ = a_chart(node)
    judge = identity.Author(name="reviewer", role=Role.INDEX_REVIEWER)
    with node.store.transaction(Duty.CARE) as tx:
        identity.keep_apart(tx, (a, b), ground="documents-differ", author=judge, at=node.clock.now())

    assert said(merge(h1, one, other)) == "asked"
    assert len(set(whose(node, a, b))) == 2


def test_another_facilitys_chart_is_refused_like_nobodys(node: Node, h1: Asking) -> None:
    own, theirs = a_chart(node)[0], a_chart(node, "H2")[0]

    answers = [merge(h1, own, theirs), merge(h1, theirs, own), merge(h1, own, uuid4())]

    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.content for answer in answers}) == 1


def test_names_by_identifier_must_agree(node: Node, h1: Asking) -> None:
    one, mrn, *_ = a_chart(node)
    other, another, *_ = a_chart(node)

    def ask(*identifiers: str) -> httpx.Response:
        sent: list[dict[str, Any]] = [{"name": "source-patient", "valueReference": {"reference": f"Patient/{one}"}}]
        sent += [
            {"name": "target-patient-identifier", "valueIdentifier": {"system": MRN, "value": value}}
            for value in identifiers
        ]
        body = orjson.dumps({"resourceType": "Parameters", "parameter": sent})
        return h1.ask("POST", "/fhir/Patient/$merge", content=body)

    assert ask(mrn).status_code == 422
    assert ask(another, mrn).status_code == 422
    assert ask().status_code == 400
    assert said(ask(another)) == "linked"
    assert other


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "result-patient", "resource": {"resourceType": "Patient"}},
        {"name": "preview", "valueString": "true"},
        {"name": "source-patient", "valueReference": {"reference": "Group/1"}},
        {"name": "source-patient", "valueReference": {"reference": "Patient/1"}, "valueString": "x"},
        {"name": "target-patient-identifier", "valueIdentifier": {"value": "1"}},
        "source-patient",
    ],
)
def test_what_is_not_understood_is_refused(node: Node, h1: Asking, sent: object) -> None:
    body = orjson.dumps({"resourceType": "Parameters", "parameter": [sent]})

    assert h1.ask("POST", "/fhir/Patient/$merge", content=body).status_code == 400


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.RECEPTION])
def test_nobody_else_links(node: Node, role: Role) -> None:
    one, other = a_chart(node)[0], a_chart(node)[0]
    with asking(node, role) as client:
        assert merge(client, one, other).status_code == 403


# --- IHE PIXm, ITI-104: the identity feed


def feed(h1: Asking, mrn: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return h1.ask("PUT", f"/fhir/Patient?identifier={MRN}%7C{mrn}", content=orjson.dumps(body), headers=headers)


def fed(mrn: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": MRN, "value": mrn}], **more}


def test_a_patient_is_added_and_then_revised_by_its_identifier(node: Node, h1: Asking) -> None:
    mrn = str(uuid4())

    added, revised = feed(h1, mrn, fed(mrn, gender="male")), feed(h1, mrn, fed(mrn, gender="female"))

    assert (added.status_code, revised.status_code) == (201, 200)
    assert added.json()["id"] == revised.json()["id"]
    assert (revised.json()["meta"]["versionId"], revised.json()["gender"]) == ("2", "female")


def test_two_who_feed_one_new_patient_at_the_same_time_write_one(node: Node) -> None:
    mrn = str(uuid4())
    named = Condition(type="Patient", pairs=(("identifier", f"{MRN}|{mrn}"),))

    def write(_: int) -> Accepted:
        return app.accept(node, system(), [records.of_conditional_update(fed(mrn), named, None)])

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(write, range(8)))

    assert len({one.outcomes[0].id for one in done}) == 1
    assert sorted(one.outcomes[0].version for one in done) == list(range(1, 9))


def test_several_of_one_identifier_are_a_412(node: Node, h1: Asking) -> None:
    mrn, system_ = str(uuid4()), "https://his.example/numbers"
    for _ in range(2):
        send(node, system(), {"resourceType": "Patient", "identifier": [{"system": system_, "value": mrn}]})

    body = orjson.dumps({"resourceType": "Patient", "identifier": [{"system": system_, "value": mrn}]})
    assert h1.ask("PUT", f"/fhir/Patient?identifier={system_}%7C{mrn}", content=body).status_code == 412


def test_another_facilitys_patient_is_never_updated(node: Node, h1: Asking) -> None:
    mrn = str(uuid4())
    theirs = send(node, system("H2"), fed(mrn)).outcomes[0].id

    added = feed(h1, mrn, fed(mrn))

    assert added.status_code == 201
    assert added.json()["id"] != str(theirs)


def test_the_feed_is_as_strict_as_an_update(node: Node, h1: Asking) -> None:
    mrn = str(uuid4())

    assert feed(h1, mrn, fed("another")).status_code == 400
    assert feed(h1, mrn, fed(mrn), **{"If-Match": 'W/"1"'}).status_code == 412
    assert feed(h1, mrn, fed(mrn, id=str(uuid4()))).status_code == 400
    id_ = feed(h1, mrn, fed(mrn)).json()["id"]
    assert feed(h1, mrn, fed(mrn, id=str(uuid4()))).status_code == 400
    assert feed(h1, mrn, fed(mrn, id=id_), **{"If-Match": 'W/"2"'}).status_code == 412
    assert feed(h1, mrn, fed(mrn, id=id_), **{"If-Match": 'W/"1"'}).status_code == 200
    for query in ("", "?identifier=only-a-value", f"?identifier={MRN}%7C1&identifier={MRN}%7C2", "?name=Wang"):
        assert h1.ask("PUT", f"/fhir/Patient{query}", content=orjson.dumps(fed(mrn))).status_code == 400


def test_a_replaced_patient_is_linked_to_the_one_that_replaced_it(node: Node, h1: Asking) -> None:
    _, kept, a, _ = a_chart(node)
    _, gone, b, _ = a_chart(node)
    other = {"identifier": {"system": MRN, "value": kept}}

    answer = feed(h1, gone, fed(gone, active=False, link=[{"other": other, "type": "replaced-by"}]))

    assert answer.status_code == 200
    assert len(set(whose(node, a, b))) == 1
    with node.store.transaction(Duty.CARE) as tx:
        (asserted,) = identity.assertions_of(tx, [a, b])
    assert asserted.ground == "hospital-merge"
    feed(h1, gone, fed(gone, active=False, link=[{"other": other, "type": "replaced-by"}]))
    assert len(seen(node, whose(node, a)[0], "judgement")) == 1


def test_a_patient_replaced_by_a_strangers_or_by_itself_is_not_stored(node: Node, h1: Asking) -> None:
    id_, gone, *_ = a_chart(node)
    theirs = a_chart(node, "H2")[0]

    def replaced_by(other: object) -> int:
        link = [{"other": {"reference": f"Patient/{other}"}, "type": "replaced-by"}]
        return feed(h1, gone, fed(gone, link=link)).status_code

    assert (replaced_by(theirs), replaced_by(uuid4()), replaced_by(id_)) == (400, 400, 422)
    assert h1.ask("GET", f"/fhir/Patient/{id_}").json()["meta"]["versionId"] == "1"


def test_a_patient_is_created_only_if_nobody_carries_its_identifier(node: Node, h1: Asking) -> None:
    mrn = str(uuid4())
    unless = {"If-None-Exist": f"identifier={MRN}%7C{mrn}"}

    created = h1.ask("POST", "/fhir/Patient", content=orjson.dumps(fed(mrn)), headers=unless)
    again = h1.ask("POST", "/fhir/Patient", content=orjson.dumps(fed(mrn)), headers=unless)
    observation = h1.ask("POST", "/fhir/Observation", content=b"{}", headers=unless)

    assert (created.status_code, again.status_code, observation.status_code) == (201, 200, 400)
    assert again.content == b""
    assert again.headers["location"] == created.headers["location"]


# --- IHE PIXm, ITI-83: cross-references


def pix(client: Asking, source: str, *targets: str, method: str = "GET") -> httpx.Response:
    if method == "POST":
        sent = [{"name": "sourceIdentifier", "valueString": source}]
        sent += [{"name": "targetSystem", "valueUri": target} for target in targets]
        body = orjson.dumps({"resourceType": "Parameters", "parameter": sent})
        return client.ask("POST", "/fhir/Patient/$ihe-pix", content=body)
    params = [("sourceIdentifier", source), *(("targetSystem", target) for target in targets)]
    return client.ask("GET", "/fhir/Patient/$ihe-pix", params=params)


def crossed(answer: httpx.Response) -> set[tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    found = answer.json().get("parameter", ())
    identifiers = [one["valueIdentifier"] for one in found if one["name"] == "targetIdentifier"]
    references = {("", one["valueReference"]["reference"]) for one in found if one["name"] == "targetId"}
    return {(one["system"], one["value"]) for one in identifiers} | references


def linked_pair(node: Node, *facilities: str) -> list[tuple[UUID, str, int, int]]:
    """Send one person to each facility, by an equal number."""
    number = a_number(next(_orders))
    return [a_chart(node, facility, number) for facility in facilities]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_own_charts_and_the_resident_are_told(node: Node, h1: Asking, method: str) -> None:
    (one, mrn, _, key), (other, another, *_) = linked_pair(node, "H1", "H1")
    with node.store.transaction(Duty.CARE) as tx:
        resident = identity.resident_by_key(tx, key)
    assert resident

    found = crossed(pix(h1, f"{MRN}|{mrn}", method=method))

    assert (MRN, mrn) not in found
    assert {(MRN, another), ("urn:salus:resident", str(resident.resident_id))} <= found
    assert {("", f"Patient/{one}"), ("", f"Patient/{other}")} <= found
    assert crossed(pix(h1, f"{MRN}|{mrn}", "urn:salus:resident")) == {("urn:salus:resident", str(resident.resident_id))}
    assert (MRN, mrn) in crossed(pix(h1, f"urn:salus:resident|{resident.resident_id}", MRN))
    read = seen(node, key, "cross-reference")[0]
    assert (read.action, read.ground, read.facility) == ("read-identity", "own-facility", "H1")


def test_that_somebody_is_known_elsewhere_is_told_only_while_care_is_open(node: Node, h1: Asking) -> None:
    (_, mrn, _, key), (theirs, other, *_) = linked_pair(node, "H1", "H2")

    assert {(MRN, other), ("", f"Patient/{theirs}")}.isdisjoint(crossed(pix(h1, f"{MRN}|{mrn}")))
    with node.store.transaction(Duty.CARE) as tx:
        access.open_relation(tx, "H1", key, "desk", node.clock.now())

    assert {(MRN, other), ("", f"Patient/{theirs}")} <= crossed(pix(h1, f"{MRN}|{mrn}"))
    assert seen(node, key, "cross-reference")[0].ground == "care-relation"


def test_a_strangers_identifier_is_not_found_and_the_resident_is_no_way_around(node: Node, h1: Asking) -> None:
    _, mrn, _, key = a_chart(node, "H2")
    with node.store.transaction(Duty.CARE) as tx:
        resident = identity.resident_by_key(tx, key)
    assert resident

    answers = [pix(h1, f"{MRN}|{mrn}"), pix(h1, f"urn:salus:resident|{resident.resident_id}"), pix(h1, f"{MRN}|none")]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert seen(node, key, "cross-reference") == []


@pytest.mark.parametrize(
    ("source", "targets", "expected", "code"),
    [
        ("no-uri|1", (), 400, "code-invalid"),
        ("1", (), 400, "invalid"),
        ("", (), 400, "invalid"),
        (f"{MRN}|1", ("no-uri",), 403, "code-invalid"),
        (f"{MRN}|1", (), 404, "not-found"),
    ],
)
def test_what_is_wrong_is_said_as_the_standard_says(
    h1: Asking, source: str, targets: tuple[str, ...], expected: int, code: str
) -> None:
    answer = pix(h1, source, *targets)

    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (expected, code)


def test_the_capability_statement_names_what_is_there(h1: Asking) -> None:
    told = h1.ask("GET", "/fhir/metadata").json()
    (patient,) = [one for one in told["rest"][0]["resource"] if one["type"] == "Patient"]

    assert {"family", "given", "birthdate", "gender", "telecom"} <= {one["name"] for one in patient["searchParam"]}
    assert (patient["conditionalUpdate"], patient["conditionalCreate"]) == (True, True)
    assert {"ihe-pix", "merge"} <= {one["name"] for one in patient["operation"]}
