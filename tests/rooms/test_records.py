"""The record on a real node: versions, conflicts, charts, references, and bodies that open only in their own row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from nodes import a_node, a_patient, an_observation, clinician, read_back, send, system, update
from salus import records
from salus.app import Node, accept, search
from salus.kernel import Refused, Unsafe
from salus.parties import Principal
from salus.records import Conflict, Intent, Located, NotFound, RecordRefused
from salus.records.sealing import seal, unseal
from salus.storage import Duty

H1, H2 = system("H1"), system("H2")
MRN = "urn:salus:facility:H1:mrn"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("records"), "H1", "H2") as opened:
        yield opened


def patient(node: Node, who: Principal = H1, **more: Any) -> UUID:
    """Send a Patient; return its id."""
    return send(node, who, a_patient(**more)).outcomes[0].id


def observation(node: Node, of: UUID, who: Principal = H1, **more: Any) -> dict[str, Any]:
    """Send an Observation about a stored Patient; return it as stored."""
    body = send(node, who, an_observation(f"Patient/{of}", **more)).outcomes[0].body
    stored: dict[str, Any] = orjson.loads(body)
    return stored


def rows(node: Node, sql: str, *params: object) -> list[tuple[Any, ...]]:
    with node.store.transaction(Duty.CARE) as tx:
        return tx.rows(sql, params)


def located(node: Node, id_: UUID | str) -> Located:
    with node.store.transaction(Duty.CARE) as tx:
        return records.fetch(tx, [UUID(str(id_))])[0]


def held(node: Node) -> list[tuple[Any, ...]]:
    """Count everything that a write could leave behind."""
    return rows(
        node,
        "select (select count(*) from records.chart), (select count(*) from records.resource),"
        " (select count(*) from records.version), (select count(*) from records.token),"
        " (select count(*) from records.acceptance), (select count(*) from identity.resident)",
    )


# Versions


def test_every_version_is_kept_and_the_newest_is_read(node: Node) -> None:
    stored = observation(node, patient(node), valueString="one")
    for text in ("two", "three"):
        stored["valueString"] = text
        update(node, H1, stored)

    (key,) = rows(node, "select resource_key from records.resource where id = %s", UUID(stored["id"]))[0]
    chart = located(node, stored["id"]).chart_key
    kept = rows(node, "select version, body from records.version where resource_key = %s order by version", key)
    opened = [orjson.loads(unseal(node.keys.unwrap([chart])[chart], key, n, bytes(body))) for n, body in kept]
    assert [(one["meta"]["versionId"], one["valueString"]) for one in opened] == [
        ("1", "one"),
        ("2", "two"),
        ("3", "three"),
    ]
    assert read_back(node, UUID(stored["id"])) == opened[-1:]


def test_what_is_read_is_what_was_sent_but_for_id_and_meta(node: Node) -> None:
    sent = an_observation(f"Patient/{patient(node)}", note=[{"text": "中文 — 1\u20282"}])
    sent |= {"id": "theirs", "meta": {"profile": ["http://a.example/p"], "versionId": "77"}}
    done = send(node, H1, sent).outcomes[0]

    (read,) = read_back(node, done.id)
    assert {name: read[name] for name in read if name not in ("id", "meta")} == {
        name: sent[name] for name in sent if name not in ("id", "meta")
    }
    assert read["id"] == str(done.id)
    assert read["meta"]["profile"] == ["http://a.example/p"]
    assert read["meta"]["versionId"] == "1"


def test_an_update_is_found_by_its_new_code_and_date_and_no_more_by_its_old(node: Node) -> None:
    about = patient(node)
    stored = observation(node, about, effectiveDateTime="2031-01-01")
    changed = deepcopy(stored) | {"effectiveDateTime": "2032-01-01"}
    changed["code"]["coding"][0]["code"] = "4548-4"
    update(node, H1, changed)

    def found(**by: str) -> int:
        asked = records.parse_query("Observation", [("patient", str(about)), *by.items()], node.custodian)
        return len(search(node, H1, asked).matches)

    assert (found(code="718-7"), found(date="2031")) == (0, 0)
    assert (found(code="4548-4"), found(date="2032")) == (1, 1)


# Conflicts


@pytest.mark.parametrize("if_match", ['W/"1"', '"1"', None])
def test_an_update_of_the_current_version_is_taken(node: Node, if_match: str | None) -> None:
    stored = observation(node, patient(node))

    assert update(node, H1, stored, if_match).outcomes[0].version == 2


@pytest.mark.parametrize("if_match", ['W/"0"', 'W/"2"', 'W/"999999999"'])
def test_an_update_of_another_version_conflicts_and_stores_nothing(node: Node, if_match: str) -> None:
    stored = observation(node, patient(node))
    before = held(node)

    with pytest.raises(Conflict):
        update(node, H1, stored | {"valueString": "lost"}, if_match)
    assert held(node) == before


def test_of_two_updates_of_one_version_at_the_same_time_one_wins(node: Node) -> None:
    together, stored = Barrier(4), observation(node, patient(node))

    def race(n: int) -> str:
        together.wait()
        try:
            update(node, H1, stored | {"valueString": str(n)}, 'W/"1"')
        except Conflict:
            return "conflict"
        return str(n)

    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(race, range(4)))

    (winner,) = [end for end in ends if end != "conflict"]
    assert read_back(node, UUID(stored["id"]))[0]["valueString"] == winner


def test_updates_without_a_version_queue_up_and_lose_none(node: Node) -> None:
    together, stored = Barrier(4), observation(node, patient(node))

    def race(n: int) -> int:
        together.wait()
        return update(node, H1, stored | {"valueString": str(n)}).outcomes[0].version

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(race, range(4))) == [2, 3, 4, 5]


@pytest.mark.parametrize("wrong", ["an id of nobody", "an id of another type"])
def test_an_update_of_nothing_is_refused(node: Node, wrong: str) -> None:
    about = patient(node)
    id_ = uuid4() if wrong == "an id of nobody" else about

    with pytest.raises(NotFound):
        update(node, H1, an_observation(f"Patient/{about}") | {"id": str(id_)})


# Charts


def test_an_update_stays_in_its_chart(node: Node) -> None:
    mine, theirs = patient(node), patient(node)
    stored = observation(node, mine)
    chart = located(node, stored["id"]).chart_key

    with pytest.raises(RecordRefused, match="another person's chart") as refused:
        update(node, H1, stored | {"subject": {"reference": f"Patient/{theirs}"}})
    assert refused.value.status == 422
    update(node, H1, {name: value for name, value in stored.items() if name != "subject"})
    assert located(node, stored["id"]).chart_key == chart


def test_a_resource_about_two_patients_is_refused_whole(node: Node) -> None:
    one, two = patient(node), patient(node)
    before = held(node)
    group = {"resourceType": "Group", "type": "person", "actual": True}
    group["member"] = [{"entity": {"reference": f"Patient/{id_}"}} for id_ in (one, two)]

    with pytest.raises(RecordRefused, match="two charts"):
        send(node, H1, observation_of(one), group)
    assert held(node) == before


def observation_of(about: UUID) -> dict[str, Any]:
    """An Observation about a stored Patient, not sent yet."""
    return an_observation(f"Patient/{about}")


def test_each_patient_opens_a_chart_and_what_is_about_them_goes_into_it(node: Node) -> None:
    done = send(
        node,
        H1,
        a_patient(fullUrl="urn:uuid:a"),
        a_patient(fullUrl="http://old.example/fhir/Patient/7"),
        an_observation("urn:uuid:a"),
        an_observation("Patient/7"),
        an_observation("http://old.example/fhir/Patient/7"),
        {"resourceType": "Organization", "name": "Group"},
    )

    first, second, *about, organisation = (one.chart_key for one in done.outcomes)
    assert about == [first, second, second]
    assert len({first, second, organisation}) == 3
    assert located(node, done.outcomes[5].id).chart_kind == "directory"


@pytest.mark.parametrize("verb", ["create", "update"])
def test_nobody_writes_into_another_facilitys_chart(node: Node, verb: str) -> None:
    about = patient(node)
    stored = observation(node, about)
    writes = {
        "create": lambda: send(node, H2, observation_of(about)),
        "update": lambda: update(node, H2, stored),
    }
    before = held(node)

    with pytest.raises(Refused):
        writes[verb]()
    assert held(node) == before


def test_who_treats_by_hand_writes_no_records(node: Node) -> None:
    with pytest.raises(Refused):
        send(node, clinician("H1"), a_patient())


# References


def test_contained_resources_are_referred_to_by_their_mark(node: Node) -> None:
    contained = [{"resourceType": "Practitioner", "id": "dr", "name": [{"family": "X"}]}]
    stored = observation(node, patient(node), contained=contained, performer=[{"reference": "#dr"}])

    assert stored["contained"] == contained
    assert stored["performer"] == [{"reference": "#dr"}]


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("#nobody", "nothing contained"),
        ("urn:uuid:7f3c0e0e-0000-4000-8000-000000000000", "no entry of this bundle"),
        ("Practitioner/7f3c0e0e-0000-4000-8000-000000000000", "nothing that is stored"),
        ("Practitioner/17", "nothing that is stored"),
        ("Doctor/17", "not a reference"),
        ("Practitioner?identifier=urn:x|1", "matches nothing"),
        ("Practitioner?name=X", "not a reference"),
        ("/Practitioner/17", "not a reference"),
    ],
)
def test_a_reference_into_nowhere_is_refused_naming_entry_and_element(node: Node, reference: str, told: str) -> None:
    before = held(node)

    with pytest.raises(RecordRefused, match=told) as refused:
        send(node, H1, a_patient(), an_observation("urn:uuid:x") | _performed(reference))
    places = {problem.location for problem in refused.value.problems}
    assert "Bundle.entry[1].resource.Observation.performer[0].reference" in places
    assert held(node) == before


def _performed(reference: str) -> dict[str, Any]:
    return {"performer": [{"reference": reference}], "subject": {"display": "somebody"}}


def test_a_conditional_reference_names_the_one_that_matches(node: Node) -> None:
    doctor = {"resourceType": "Practitioner", "identifier": [{"system": "urn:x", "value": "17"}]}
    id_ = send(node, H2, doctor).outcomes[0].id
    about = send(node, H1, a_patient(), a_patient() | {"identifier": [{"system": MRN, "value": "a|b,c"}]}).outcomes[1]
    sent = an_observation(f"Patient?identifier={MRN}|a%5C%7Cb%5C%2Cc", performer=[{"reference": ""}])
    sent["performer"] = [{"reference": "Practitioner?identifier=urn:x|17"}]
    done = send(node, H1, sent).outcomes[0]

    (stored,) = read_back(node, done.id)
    assert stored["performer"] == [{"reference": f"Practitioner/{id_}"}]
    assert stored["subject"] == {"reference": f"Patient/{about.id}"}
    assert done.chart_key == about.chart_key


def test_a_conditional_reference_that_two_match_is_refused(node: Node) -> None:
    twin = {"identifier": [{"system": MRN, "value": "twins"}]}
    send(node, H1, a_patient() | twin, a_patient() | twin)

    with pytest.raises(RecordRefused, match="more than one"):
        send(node, H1, an_observation(f"Patient?identifier={MRN}|twins"))


def test_a_conditional_reference_finds_no_patient_of_another_facility(node: Node) -> None:
    send(node, H2, a_patient() | {"identifier": [{"system": MRN, "value": "elsewhere"}]})

    with pytest.raises(RecordRefused, match="matches nothing"):
        send(node, H1, an_observation(f"Patient?identifier={MRN}|elsewhere"))


# Bodies


@pytest.fixture
def two(node: Node) -> tuple[Located, Located]:
    """Two Observations of one chart, so that one key opens both."""
    about = patient(node)
    first, second = (located(node, observation(node, about, valueString=text)["id"]) for text in ("one", "two"))
    assert first.chart_key == second.chart_key
    return first, second


def opened(node: Node, one: Located) -> bytes:
    now = located(node, one.id)
    return records.open_body(now, node.keys.unwrap([now.chart_key]))


def test_bodies_that_change_places_are_both_unreadable(node: Node, two: tuple[Located, Located]) -> None:
    assert (b"one" in opened(node, two[0]), b"two" in opened(node, two[1])) == (True, True)
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        for place, other in (two, two[::-1]):
            owner.execute(
                "update records.version set body = %s where resource_key = %s", (other.sealed, place.resource_key)
            )

    for one in two:
        with pytest.raises(Unsafe, match="does not open"):
            opened(node, one)


def test_an_old_version_does_not_pass_for_the_new_one(node: Node, two: tuple[Located, Located]) -> None:
    update(node, H1, orjson.loads(opened(node, two[0])) | {"valueString": "newer"})
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute(
            "update records.version set body = %s where resource_key = %s and version = 2",
            (two[0].sealed, two[0].resource_key),
        )

    with pytest.raises(Unsafe):
        opened(node, two[0])


def test_a_body_opens_with_no_other_charts_key(node: Node, two: tuple[Located, Located]) -> None:
    other = located(node, patient(node)).chart_key
    keys = {two[0].chart_key: node.keys.unwrap([other])[other]}

    with pytest.raises(Unsafe, match="does not open"):
        records.open_body(two[0], keys)


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "another format": lambda body: bytes((2,)) + body[1:],
    "another dictionary": lambda body: body[:1] + bytes((9,)) + body[2:],
    "no dictionary": lambda body: body[:1] + bytes((0,)) + body[2:],
    "another nonce": lambda body: body[:2] + bytes(12) + body[14:],
    "a turned bit": lambda body: body[:-20] + bytes((body[-20] ^ 1,)) + body[-19:],
    "a lost end": lambda body: body[:-1],
    "the head alone": lambda body: body[:14],
    "half a head": lambda body: body[:5],
    "nothing": lambda body: b"",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_body_that_was_changed_is_refused_and_never_shown(change: str) -> None:
    key, body = bytes(32), b'{"resourceType":"Patient"}'
    sealed = seal(key, 1, 1, body)

    assert unseal(key, 1, 1, sealed) == body
    with pytest.raises(Unsafe):
        unseal(key, 1, 1, CHANGES[change](sealed))


def test_a_body_lies_in_the_database_unreadable(node: Node) -> None:
    stored = observation(node, patient(node), valueString="only-the-doctor-knows")

    assert b"only-the-doctor" not in bytes(located(node, stored["id"]).sealed)


# All or nothing


def test_a_transaction_whose_last_entry_is_wrong_leaves_nothing(node: Node) -> None:
    before, wanted = held(node), uuid4()
    first = Intent(verb="create", resource=a_patient(), full_url="urn:uuid:p", entry=0)
    late = Intent(verb="update", resource=an_observation("urn:uuid:p") | {"id": str(wanted)}, id=wanted, entry=1)

    with pytest.raises(RecordRefused):
        send(node, H1, a_patient(), *[an_observation("urn:uuid:none")] * 3)
    with pytest.raises(NotFound):
        accept(node, H1, [first, late])
    assert held(node) == before
