"""The record on a real node: every version is kept, one wins a race, and a body opens in its own row only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import orjson
import pytest

from nodes import a_node, a_patient, an_observation, clinician, read_back, send, system, update
from salus import access, records
from salus.app import Node
from salus.kernel import Refused, Unsafe
from salus.parties import Principal
from salus.records import Conflict, Located, RecordRefused
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


def test_an_update_that_names_nobody_stays_in_its_chart(node: Node) -> None:
    stored = observation(node, patient(node))
    chart = located(node, stored["id"]).chart_key

    update(node, H1, {name: value for name, value in stored.items() if name != "subject"})
    assert located(node, stored["id"]).chart_key == chart


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


def test_who_treats_by_hand_writes_no_records(node: Node) -> None:
    with pytest.raises(Refused):
        send(node, clinician("H1"), a_patient())


def test_contained_resources_are_referred_to_by_their_mark(node: Node) -> None:
    contained = [{"resourceType": "Practitioner", "id": "dr", "name": [{"family": "X"}]}]
    stored = observation(node, patient(node), contained=contained, performer=[{"reference": "#dr"}])

    assert stored["contained"] == contained
    assert stored["performer"] == [{"reference": "#dr"}]


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


def test_a_conditional_reference_finds_no_patient_of_another_facility(node: Node) -> None:
    send(node, H2, a_patient() | {"identifier": [{"system": MRN, "value": "elsewhere"}]})

    with pytest.raises(RecordRefused, match="matches nothing"):
        send(node, H1, an_observation(f"Patient?identifier={MRN}|elsewhere"))


@pytest.fixture
def two(node: Node) -> tuple[Located, Located]:
    """Two Observations of one chart, so that one key opens both."""
    about = patient(node)
    first, second = (located(node, observation(node, about, valueString=text)["id"]) for text in ("one", "two"))
    assert first.chart_key == second.chart_key
    return first, second


def opened(node: Node, one: Located) -> bytes:
    now = located(node, one.id)
    return records.open_body(now, node.keys.unwrap([now.chart_key]), access.whole([now.chart_key]))


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
        records.open_body(two[0], keys, access.whole(keys))


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
