"""A sandbox takes fictional people alone, and nothing of it reaches the index, a count, a measure or a resident."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from nodes import (
    Asking,
    a_node,
    a_number,
    a_patient,
    an_observation,
    asking,
    clinician,
    read_back,
    send,
    system,
    update,
)
from salus import app, identity, parties, records
from salus.app import Node, link_own_charts
from salus.app.relay import deliver_events
from salus.app.surveillance import recount
from salus.kernel import Refused, Role, civil_day
from salus.parties import FacilityKind, PartyInvalid
from salus.records import RecordRefused, Wanted
from salus.storage import Duty

URN = "urn:uuid:00000000-0000-4000-8000-000000000001"
HTEST = "HTEST"
CHOLERA = {
    "resourceType": "Condition",
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "A00.9"}]},
    "recordedDate": "2031-03-01",
    "subject": {"reference": URN},
}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("sandbox"), "H1") as opened:
        parties.add_facility(
            opened.store, facility_id="SB1", name_en="To try", name_zh="试用", level=2, kind=FacilityKind.HOSPITAL,
            county="900101", organisation="Group", sandbox=True,
        )  # fmt: skip
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM, "SB1") as opened:
        yield opened


def somebody(order: int) -> dict[str, object]:
    name = [{"text": "吴小梅"}]
    return a_patient(a_number(order), name=name, birthDate="1980-01-01", gender="female", fullUrl=URN)


def residents(node: Node) -> int:
    with node.store.connect(Duty.MIGRATION, "salus") as connection:
        found = connection.execute("select count(*) from identity.resident").fetchone()
    return int(found[0]) if found else 0


def test_people_of_a_sandbox_are_nobody_in_the_index(node: Node) -> None:
    send(node, system("H1"), somebody(1))
    before = residents(node)
    done = send(node, system("SB1"), somebody(1))
    told = read_back(node, done.outcomes[0].id)[0]
    again = update(node, system("SB1"), told | {"gender": "male"})

    assert (done.residents, again.residents, residents(node)) == ({}, {}, before)
    assert [one["code"] for one in told["meta"]["security"]] == [HTEST]
    with node.store.transaction(Duty.CARE) as tx:
        assert records.totals(tx)["charts"] == 1


def test_what_happens_in_a_sandbox_is_counted_nowhere(node: Node) -> None:
    send(node, system("SB1"), somebody(2), CHOLERA)
    while deliver_events(node):
        pass
    recount(node)
    wanted = [Wanted(series="cholera", codes=(("http://hl7.org/fhir/sid/icd-10", "A00.9"),))]
    with node.store.transaction(Duty.CARE) as tx:
        day = civil_day(node.clock.now())
        counted = records.counts(tx, node.custodian, wanted, [day], {"H1": "900101", "SB1": "900101"})
    with node.store.transaction(Duty.SURVEILLANCE) as tx:
        figures = tx.row("select count(*) from surveillance.figure")

    assert [one for one in counted if one.count] == []
    assert figures == (0,)
    assert "SB1" not in {one.facility.facility_id for one in app.coverage(node).facilities}
    assert app.quality_of(node, "SB1").resources["Condition"] == 1


def test_a_sandbox_gives_no_evidence() -> None:
    for kind in (FacilityKind.LABORATORY, FacilityKind.SAMPLING_SITE, FacilityKind.COMMAND_CENTRE):
        with pytest.raises(PartyInvalid):
            parties.Facility(
                facility_id="SB2", name_en="x", name_zh="x", level=1, kind=kind, county="900101",
                organisation="Group", sandbox=True,
            )  # fmt: skip


@pytest.mark.parametrize("kind", ["Patient", "RelatedPerson"])
def test_who_could_be_real_is_refused(node: Node, client: Asking, kind: str) -> None:
    digits = "11010519491231002"
    real = {"system": "urn:oid:2.16.156.10011.1.3", "value": digits + identity.check_character(digits)}
    person = {"resourceType": kind, "identifier": [real]}
    if kind == "RelatedPerson":
        mine = client.ask("POST", "/fhir/Patient", content=orjson.dumps({"resourceType": "Patient"})).json()
        person |= {"patient": {"reference": f"Patient/{mine['id']}"}}
    answer = client.ask("POST", f"/fhir/{kind}", content=orjson.dumps(person))

    assert answer.status_code == 422, answer.text
    assert "fictional" in answer.text
    assert real["value"] not in answer.text


DIGITS = "11010519491231002"
REAL = DIGITS + identity.check_character(DIGITS)
WIDE = "".join(chr(ord(one) + 0xFEE0) for one in REAL)
HIDDEN = [
    {"identifier": [{"system": "urn:idcard", "value": REAL}]},
    {"identifier": [{"value": f"{REAL[:6]} {REAL[6:14]} {REAL[14:].lower()}"}]},
    {"name": [{"text": f"吴小梅{WIDE}"}]},
    {
        "contained": [{"resourceType": "Practitioner", "id": "a", "identifier": [{"value": REAL}]}],
        "generalPractitioner": [{"reference": "#a"}],
    },
    {"contact": [{"name": {"text": "x"}, "telecom": [{"system": "other", "value": f"id:{REAL}"}]}]},
    {"extension": [{"url": "urn:x", "valueString": REAL}]},
    {"managingOrganization": {"identifier": {"system": "urn:oid:2.16.156.10011.1.3", "value": REAL}}},
]


@pytest.mark.parametrize("more", HIDDEN)
def test_a_number_that_could_be_real_is_refused_wherever_it_stands(node: Node, more: dict[str, object]) -> None:
    with pytest.raises(RecordRefused) as refused:
        send(node, system("SB1"), {"resourceType": "Patient"} | more)

    assert refused.value.status == 422
    assert "fictional" in refused.value.problems[0].text
    assert REAL not in str(refused.value)


def test_what_only_looks_like_a_number_is_taken(node: Node) -> None:
    wrong = DIGITS + ("1" if REAL[-1] != "1" else "2")
    texts = [wrong, a_number(8), f"{REAL}0", f"1{REAL}", "2031-03-01T08:00:00Z", "00000000-0000-4000-8000-000000000001"]
    identifiers = [{"system": "urn:x", "value": text} for text in texts]

    assert len(send(node, system("SB1"), {"resourceType": "Patient", "identifier": identifiers}).outcomes) == 1


def test_a_sandbox_reads_its_own_and_opens_nobody_elses(node: Node, client: Asking) -> None:
    theirs = send(node, system("H1"), somebody(3)).outcomes[0].id
    mine = client.ask("POST", "/fhir/Patient", content=orjson.dumps({"resourceType": "Patient"})).json()
    match = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": a_patient(a_number(3))}]}

    assert client.ask("GET", f"/fhir/Patient/{mine['id']}").status_code == 200
    assert client.ask("GET", f"/fhir/Patient/{theirs}").status_code == 404
    assert client.ask("POST", "/fhir/Patient/$match", content=orjson.dumps(match)).status_code == 403
    with pytest.raises(Refused):
        app.arrive(node, clinician("SB1"), a_number(3))


def test_what_a_sandbox_makes_up_is_in_no_directory(node: Node, client: Asking) -> None:
    made_up = {"resourceType": "Practitioner", "identifier": [{"system": "urn:p", "value": "7"}]}
    unless = {"If-None-Exist": "identifier=urn:p|7"}
    mine = client.ask("POST", "/fhir/Practitioner", content=orjson.dumps(made_up)).json()
    again = client.ask("POST", "/fhir/Practitioner", content=orjson.dumps(made_up), headers=unless)
    changed = client.ask("PUT", f"/fhir/Practitioner/{mine['id']}", content=orjson.dumps(mine | {"active": True}))
    by = {"performer": [{"reference": "Practitioner?identifier=urn:p|7"}]}
    seen = send(node, system("SB1"), somebody(7), an_observation(URN, **by)).outcomes[1]

    assert (again.status_code, changed.status_code) == (200, 200)
    assert orjson.loads(seen.body)["performer"] == [{"reference": f"Practitioner/{mine['id']}"}]
    with asking(node, Role.HOSPITAL_SYSTEM, "H1") as other:
        assert "entry" not in other.ask("GET", "/fhir/Practitioner?identifier=urn:p|7").json()
        assert other.ask("GET", f"/fhir/Practitioner/{mine['id']}").status_code == 404
        theirs = other.ask("POST", "/fhir/Practitioner", content=orjson.dumps(made_up), headers=unless)
        assert theirs.status_code == 201


def test_a_sandbox_finds_what_it_made_up_of_the_directory_and_nobody_else_does(node: Node, client: Asking) -> None:
    name = [{"family": "Sandborn"}]
    mine = client.ask(
        "POST", "/fhir/Practitioner", content=orjson.dumps({"resourceType": "Practitioner", "name": name})
    )
    public = send(node, system("H1"), {"resourceType": "Practitioner", "name": name}).outcomes[0].id
    by = {"performer": [{"reference": f"Practitioner/{mine.json()['id']}"}]}
    send(node, system("SB1"), somebody(8), an_observation(URN, **by))

    found = ids(client, "Practitioner?family=Sandborn")
    with_it = ids(client, "Observation?_include=Observation:performer&performer.family=Sandborn")
    with asking(node, Role.HOSPITAL_SYSTEM, "H1") as other:
        seen = ids(other, "Practitioner?family=Sandborn"), ids(other, "Practitioner")
    client.ask("DELETE", f"/fhir/Practitioner/{mine.json()['id']}")

    assert found == {mine.json()["id"], str(public)}
    assert mine.json()["id"] in with_it
    assert seen == ({str(public)}, {str(public)} | (seen[1] - {mine.json()["id"]}))
    assert ids(client, "Practitioner?family=Sandborn") == {str(public)}


def ids(client: Asking, query: str) -> set[str]:
    answer = client.ask("GET", f"/fhir/{query}")
    assert answer.status_code == 200, answer.text
    return {one["resource"]["id"] for one in answer.json().get("entry", ())}


def test_charts_of_a_sandbox_are_never_linked(node: Node) -> None:
    one, other = (send(node, system("SB1"), somebody(order)).outcomes[0] for order in (4, 5))
    named = [records.Named(id=one.id)], [records.Named(id=other.id)]
    with pytest.raises(Refused):
        link_own_charts(node, system("SB1"), *named)
    link = {"other": {"reference": f"Patient/{other.id}"}, "type": "replaced-by"}
    with pytest.raises(Refused):
        update(node, system("SB1"), read_back(node, one.id)[0] | {"link": [link]})


def test_a_real_place_cannot_be_made_a_sandbox_by_what_it_sends(node: Node) -> None:
    tagged = somebody(6) | {"meta": {"security": [{"code": HTEST}]}}
    done = send(node, system("H1"), tagged)

    assert len(done.residents) == 1


def test_a_sandbox_holds_everything_that_care_holds(node: Node) -> None:
    with pytest.raises(RecordRefused):
        send(node, system("SB1"), {"resourceType": "Observation", "status": "final"})
