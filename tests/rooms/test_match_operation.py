"""Asking the index over HTTP: graded answers, nothing that was not sent, bounded, and shown to whom it found."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodes import Asking, a_node, a_number, a_patient, asking, resident_of, send, system
from salus import access, identity
from salus.app import MATCHES_A_MINUTE, MatchAnswer, MatchAsk, Matcher, MatchQuestion, Node, Pace
from salus.kernel import Purpose, Refused, Role
from salus.parties import principal as a_principal
from salus.storage import Duty

_orders = count(1)
GIVEN = "伟芳娜敏静强磊军洋勇艳杰涛明超秀霞平刚桂"
RESIDENT = "urn:salus:resident"
ID_CARD = "urn:oid:2.16.156.10011.1.3"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("match"), "H1", "H2") as opened:
        opened.pace = Pace(10_000)
        yield opened


@pytest.fixture(scope="module")
def h1(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM) as client:
        yield client


def somebody(**more: Any) -> dict[str, Any]:
    """A person whom no other test sends."""
    n = next(_orders)
    born = f"19{50 + n % 40}-{1 + n % 11:02}-{2 + n % 26:02}"
    person = a_patient(
        a_number(n, born.replace("-", "")),
        name=[{"text": "欧阳" + GIVEN[n % 20] + GIVEN[n // 20 % 20]}],
        birthDate=born,
        gender="female",
        telecom=[{"system": "phone", "value": f"139{n:04}2718"}],
        address=[{"district": "石溪县", "postalCode": "900101", "text": f"石溪县槐树街{n}号2室"}],
    )
    return person | more


def ask(client: Asking, patient: dict[str, Any], **parameters: object) -> httpx.Response:
    elements = {int: "valueInteger", bool: "valueBoolean", str: "valueString"}
    sent: list[dict[str, Any]] = [{"name": "resource", "resource": patient}]
    sent += [{"name": name, elements[type(value)]: value} for name, value in parameters.items()]
    body = orjson.dumps({"resourceType": "Parameters", "parameter": sent})
    return client.ask("POST", "/fhir/Patient/$match", content=body)


def matches(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json().get("entry", ()) if one["search"]["mode"] == "match"]


def grade(entry: dict[str, Any]) -> str:
    (extension,) = entry["search"]["extension"]
    assert extension["url"] == "http://hl7.org/fhir/StructureDefinition/match-grade"
    return str(extension["valueCode"])


def resident_id(node: Node, key: int) -> str:
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.resident_by_key(tx, key)
    assert found
    return str(found.resident_id)


def seen(node: Node, resident: int) -> list[access.Read]:
    with node.store.transaction(Duty.CARE) as tx:
        return [one.read for one in access.reads_of(tx, [resident]) if one.read.what == "match"]


def test_who_is_known_elsewhere_is_found_and_told_of_only_what_was_said(node: Node, h1: Asking) -> None:
    person = somebody()
    resident = resident_of(node, send(node, system("H2"), person))

    (entry,) = matches(ask(h1, {k: v for k, v in person.items() if k not in ("gender", "address")}))

    assert (grade(entry), entry["search"]["score"] > 0.99) == ("certain", True)
    found = entry["resource"]
    assert found["identifier"] == [{"system": RESIDENT, "value": resident_id(node, resident)}, *person["identifier"]]
    assert (found["name"], found["birthDate"], found["telecom"]) == tuple(
        person[k] for k in ("name", "birthDate", "telecom")
    )
    assert set(found) == {"resourceType", "identifier", "name", "birthDate", "telecom"}
    (read,) = seen(node, resident)
    assert (read.action, read.ground, read.facility, read.purpose, read.unwraps) == (
        "match-identity", "index-match", "H1", Purpose.TREAT, 0,
    )  # fmt: skip


def test_what_differs_is_not_told_back(node: Node, h1: Asking) -> None:
    person = somebody()
    send(node, system("H2"), person)
    asked = person | {"gender": "male", "telecom": [{"system": "phone", "value": "13766668888"}]}

    (entry,) = matches(ask(h1, asked))

    assert {"gender", "telecom", "address"}.isdisjoint(entry["resource"])


def test_own_patients_are_named_and_nobody_elses(node: Node, h1: Asking) -> None:
    person = somebody()
    own = send(node, system("H1"), person).outcomes[0].id
    send(node, system("H2"), person)

    (entry,) = matches(ask(h1, person))

    assert entry["resource"]["link"] == [{"other": {"reference": f"Patient/{own}"}, "type": "seealso"}]


def test_twins_are_no_certain_match(node: Node, h1: Asking) -> None:
    person = somebody()
    resident = resident_of(node, send(node, system("H2"), person))
    twin = {k: v for k, v in person.items() if k != "identifier"} | {"name": [{"text": "欧阳静宜"}]}

    entries = matches(ask(h1, twin))

    assert {grade(one) for one in entries} <= {"probable", "possible"}
    assert matches(ask(h1, twin, onlyCertainMatches=True)) == []
    assert resident


def test_what_is_wrong_with_one_question_is_its_askers_alone(node: Node) -> None:
    person = somebody()
    resident = resident_of(node, send(node, system("H2"), person))
    clinician = a_principal(Role.CLINICIAN, "S1", facility="H1", purpose=Purpose.TREAT)

    def unreadable() -> MatchAsk:
        raise ZeroDivisionError

    def known() -> MatchAsk:
        return MatchAsk(patient=person)

    async def asked() -> list[MatchAnswer | BaseException]:
        matcher = Matcher(node)
        questions = [(system("H1"), unreadable), (clinician, known), (system("H1"), known)]
        together = (matcher.ask(MatchQuestion(who=who, read=read)) for who, read in questions)
        return await asyncio.gather(*together, return_exceptions=True)

    broken, refused, answered = asyncio.run(asked())

    assert isinstance(broken, ZeroDivisionError)
    assert isinstance(refused, Refused)
    assert isinstance(answered, MatchAnswer)
    assert [one.resident_id for one in answered.found] == [UUID(resident_id(node, resident))]
    assert len(seen(node, resident)) == 1


def test_nobody_is_an_answer_and_an_entry_without_a_resident(node: Node, h1: Asking) -> None:
    answer = ask(h1, {"resourceType": "Patient", "name": [{"text": "司马未名"}], "birthDate": "1901-02-03"})

    assert (answer.json()["total"], matches(answer)) == (0, [])
    with node.store.transaction(Duty.CARE) as tx:
        row = tx.row("select resident_key, count from access.entry where what = 'match' order by batch desc limit 1")
    assert row == (None, 0)


def test_count_bounds_the_answer_and_a_bare_patient_is_taken(node: Node, h1: Asking) -> None:
    born, name = "1966-06-06", [{"text": "诸葛小明"}]
    for n in range(3):
        number = a_number(700 + n, "19660606")
        send(node, system("H2"), a_patient(number, name=name, birthDate=born))
    asked = {"resourceType": "Patient", "name": name, "birthDate": born}

    found = matches(h1.ask("POST", "/fhir/Patient/$match", content=orjson.dumps(asked)))

    assert len(found) == 3
    assert len(matches(ask(h1, asked, count=2))) == 2
    scores = [one["search"]["score"] for one in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert all("identifier" in one["resource"] and "birthDate" in one["resource"] for one in found)


def test_a_rule_that_found_too_many_is_named(node: Node, h1: Asking) -> None:
    crowd = [
        a_patient(name=[{"text": "皇甫大海"}], birthDate=f"1977-{1 + n % 12:02}-{1 + n % 28:02}") for n in range(201)
    ]
    for n in range(0, 201, 50):
        send(node, system("H2"), *(one | {"fullUrl": f"urn:uuid:{i}"} for i, one in enumerate(crowd[n : n + 50])))

    answer = ask(h1, {"resourceType": "Patient", "name": [{"text": "皇甫大海"}], "birthDate": "1977-05-05"})

    (told,) = [one for one in answer.json()["entry"] if one["search"]["mode"] == "outcome"]
    (issue,) = told["resource"]["issue"]
    assert (issue["severity"], issue["code"]) == ("warning", "too-costly")
    assert "name and year of birth" in issue["diagnostics"]


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Parameters", "parameter": []},
        {"resourceType": "Parameters", "parameter": [{"name": {}}]},
        {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": {"resourceType": "Group"}}]},
        {"resourceType": "Parameters", "parameter": [{"name": "onlySingleMatch", "valueBoolean": True}]},
        {"resourceType": "Patient", "nonsense": 1},
        {"resourceType": "Patient", "birthDate": "yesterday"},
        {"resourceType": "Person"},
    ],
)
def test_what_is_not_understood_is_refused(h1: Asking, body: dict[str, Any]) -> None:
    assert h1.ask("POST", "/fhir/Patient/$match", content=orjson.dumps(body)).status_code == 400


def test_a_count_of_none_is_refused(h1: Asking) -> None:
    assert ask(h1, somebody(), count=0).status_code == 400


@pytest.mark.parametrize(
    "patient",
    [
        {"resourceType": "Patient"},
        {"resourceType": "Patient", "name": [{"text": "王"}]},
        {"resourceType": "Patient", "identifier": [{"system": ID_CARD, "value": "11010119800101000X"}]},
        {"resourceType": "Patient", "birthDate": "2099-12-31", "name": [{"text": "王小明"}]},
    ],
)
def test_little_is_answered_with_nobody_certain(h1: Asking, patient: dict[str, Any]) -> None:
    assert "certain" not in {grade(one) for one in matches(ask(h1, patient))}


@pytest.mark.parametrize(
    ("patient", "element", "told"),
    [
        ({}, None, "too little was said"),
        ({"name": [{"text": "王小明"}]}, None, "too little was said"),
        ({"identifier": [{"system": ID_CARD, "value": "110101198001010005"}]}, "Patient.identifier[0].value",
         "check character does not fit"),
        ({"identifier": [{"system": ID_CARD, "value": "11010519491231002X"}]}, "Patient.identifier[0].value",
         "the example of a printed form"),
        ({"birthDate": "2099-12-31", "name": [{"text": "王小明"}]}, "Patient.birthDate", "in the future"),
    ],
)  # fmt: skip
def test_what_was_not_asked_by_is_told_and_no_number_with_it(
    h1: Asking, patient: dict[str, Any], element: str | None, told: str
) -> None:
    answer = ask(h1, {"resourceType": "Patient", **patient})

    (entry,) = [one for one in answer.json()["entry"] if one["search"]["mode"] == "outcome"]
    issues = {one.get("expression", [None])[0]: one for one in entry["resource"]["issue"]}
    assert (answer.json()["total"], issues[element]["severity"]) == (0, "warning")
    assert told in issues[element]["diagnostics"]
    assert not any(one["value"] in answer.text for one in patient.get("identifier", ()))


def test_what_was_asked_by_is_answered_without_a_warning(h1: Asking) -> None:
    answer = ask(h1, somebody())

    assert "entry" not in answer.json()


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.RECEPTION])
def test_nobody_but_a_hospitals_system_asks_and_a_refusal_is_kept(node: Node, role: Role) -> None:
    with asking(node, role) as client:
        assert ask(client, somebody()).status_code == 403
    with node.store.transaction(Duty.CARE) as tx:
        row = tx.row("select role, action from access.refusal order by refusal desc limit 1")
    assert row == (role.value, "match-identity")


def test_who_asks_too_fast_waits_and_is_counted(node: Node) -> None:
    person, kept = somebody(), node.pace
    node.pace = Pace()
    try:
        with asking(node, Role.HOSPITAL_SYSTEM) as client:
            answers = [ask(client, person) for _ in range(MATCHES_A_MINUTE + 1)]
    finally:
        node.pace = kept

    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert answers[-1].status_code == 429
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    with node.store.transaction(Duty.CARE) as tx:
        row = tx.row("select code, action from access.refusal order by refusal desc limit 1")
    assert row == ("SALUS-A052", "match-identity")


# --- nothing in an answer but what was sent, identifiers of the index, own ids, grades and scores

NAMES = st.sampled_from(["欧阳伟伟", "欧阳芳芳", "Ouyang Weiwei", "歐陽偉偉", "王小明"])
DATES = st.sampled_from(["1980-05-06", "1980-06-05", "1980-05-07", "1980", "1981-05-06"])
PHONES = st.sampled_from(["13912340001", "+86 139 1234 0001", "13912340002"])
NUMBERS = st.sampled_from([a_number(801, "19800506"), a_number(802, "19800506"), "not a number"])
PEOPLE = st.fixed_dictionaries(
    {"resourceType": st.just("Patient")},
    optional={
        "name": st.lists(st.builds(lambda text: {"text": text, "use": "official"}, NAMES), min_size=1, max_size=2),
        "birthDate": DATES,
        "gender": st.sampled_from(["male", "female", "unknown"]),
        "telecom": st.lists(st.builds(lambda v: {"system": "phone", "value": v}, PHONES), min_size=1, max_size=2),
        "identifier": st.lists(
            st.builds(lambda v: {"system": ID_CARD, "value": v}, NUMBERS), min_size=1, max_size=2
        ),
        "address": st.just([{"text": "石溪县槐树街9号", "postalCode": "900101"}]),
        "maritalStatus": st.just({"text": "secret"}),
        "contact": st.just([{"name": {"text": "secret"}}]),
    },
)  # fmt: skip


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    else:
        yield str(value)


@pytest.fixture(scope="module")
def known(node: Node) -> set[str]:
    """Send two who are alike to another hospital; return the identifiers under which the index may name them."""
    number, phone = a_number(801, "19800506"), "13912340001"
    both = [
        a_patient(number, name=[{"text": "欧阳伟伟"}], birthDate="1980-05-06", gender="male",
                  telecom=[{"system": "phone", "value": phone}], maritalStatus={"text": "hidden"}),
        a_patient(a_number(802, "19800506"), name=[{"text": "欧阳芳芳"}], birthDate="1980-05-06", gender="female",
                  telecom=[{"system": "phone", "value": phone}]),
    ]  # fmt: skip
    return {resident_id(node, resident_of(node, send(node, system("H2"), one))) for one in both}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(patient=PEOPLE)
def test_an_answer_holds_nothing_but_what_was_sent(
    node: Node, h1: Asking, known: set[str], patient: dict[str, Any]
) -> None:
    sent = set(leaves(patient))
    for entry in matches(ask(h1, patient)):
        found = entry["resource"]
        resident = found["identifier"][0]
        assert resident["system"] == RESIDENT
        assert UUID(resident["value"])
        assert entry["fullUrl"] == f"urn:uuid:{resident['value']}"
        assert set(entry) == {"fullUrl", "resource", "search"}
        assert set(entry["search"]) == {"extension", "mode", "score"}
        assert grade(entry) in ("certain", "probable", "possible")
        told = {name: value for name, value in found.items() if name not in ("resourceType", "link")}
        told["identifier"] = found["identifier"][1:]
        assert set(leaves(told)) <= sent
        assert {"address", "maritalStatus", "contact"}.isdisjoint(found)
        for element, value in told.items():
            assert element in ("name", "birthDate", "gender", "telecom", "identifier")
            assert not value or element in patient
        if resident["value"] in known and "gender" in found:
            assert found["gender"] in ("male", "female")
