"""Every version stays and can be read; nothing finds what was deleted; each look is registered like any read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import psycopg
import pytest

from nodes import START, Asking, a_node, a_patient, an_observation, asking, send, system
from salus import access, identity, records
from salus.app import Node, accept
from salus.kernel import FixedClock, Role
from salus.records import RecordRefused
from salus.storage import Duty

H1, H2 = system("H1"), system("H2")
HAEMOGLOBIN = "http://loinc.org|718-7"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("history"), "H1", "H2", "H3") as opened:
        yield opened


@pytest.fixture(scope="module")
def h1(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM) as client:
        yield client


@pytest.fixture(scope="module")
def h2(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM, "H2") as client:
        yield client


@pytest.fixture(scope="module")
def ann(node: Node) -> UUID:
    return send(node, H1, a_patient()).outcomes[0].id


def an_address(h1: Asking, ann: UUID, **more: Any) -> str:
    """Store an observation of hers and return its address."""
    body = orjson.dumps(an_observation(f"Patient/{ann}", **more))
    return "/fhir/Observation/" + str(h1.ask("POST", "/fhir/Observation", content=body).json()["id"])


def put(h1: Asking, address: str, ann: UUID, **more: Any) -> httpx.Response:
    told = an_observation(f"Patient/{ann}", id=address.rpartition("/")[2], **more)
    return h1.ask("PUT", address, content=orjson.dumps(told))


def entries(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return list(answer.json().get("entry", ()))


def next_page(h1: Asking, answer: httpx.Response) -> httpx.Response | None:
    links = [one["url"] for one in answer.json()["link"] if one["relation"] == "next"]
    return h1.ask("GET", links[0]) if links else None


def looks(node: Node, ann: UUID) -> list[access.Read]:
    """Return what the register tells her, oldest first."""
    with node.store.transaction(Duty.CARE) as tx:
        ((chart, _),) = records.charts_of_patients(tx, [ann]).values()
        mine = identity.residents_of(tx, [chart])[chart]
        return [one.read for one in access.reads_of(tx, [mine], limit=10_000)][::-1]


def unwraps(node: Node) -> tuple[int, int]:
    with node.store.transaction(Duty.CARE) as tx:
        return node.keys.unwraps(), access.unwraps(tx)


def test_each_version_is_read_by_its_number(node: Node, h1: Asking, ann: UUID) -> None:
    address = an_address(h1, ann, valueString="first")
    put(h1, address, ann, valueString="second")
    before = len(looks(node, ann))

    first, second = (h1.ask("GET", f"{address}/_history/{n}") for n in (1, 2))

    assert [one.json()["valueString"] for one in (first, second)] == ["first", "second"]
    assert [one.headers["etag"] for one in (first, second)] == ['W/"1"', 'W/"2"']
    assert second.content == h1.ask("GET", address).content
    assert [one.action for one in looks(node, ann)[before:]] == ["read"] * 3


@pytest.mark.parametrize("version", ["3", "0", "01", "-1", "x", "2147483648", "1 "])
def test_a_version_that_is_none_is_not_found(h1: Asking, ann: UUID, version: str) -> None:
    address = an_address(h1, ann)

    assert h1.ask("GET", f"{address}/_history/{version}").status_code == 404


def test_nobody_reads_a_version_or_a_history_of_another_facility(h1: Asking, h2: Asking, ann: UUID) -> None:
    address = an_address(h1, ann)

    for path in (f"{address}/_history/1", f"{address}/_history"):
        assert h2.ask("GET", path).status_code == 404


def test_a_history_tells_newest_first_what_was_done(node: Node, h1: Asking, ann: UUID) -> None:
    address = an_address(h1, ann, valueString="first")
    put(h1, address, ann, valueString="second")
    h1.ask("DELETE", address)
    before, counted = len(looks(node, ann)), unwraps(node)

    answer = h1.ask("GET", f"{address}/_history")

    told = entries(answer)
    assert answer.json()["type"] == "history"
    assert [one["request"]["method"] for one in told] == ["DELETE", "PUT", "POST"]
    assert [one["response"]["etag"] for one in told] == ['W/"3"', 'W/"2"', 'W/"1"']
    assert "resource" not in told[0]
    assert [one["resource"]["valueString"] for one in told[1:]] == ["second", "first"]
    (look,) = looks(node, ann)[before:]
    assert (look.what, look.count, look.action, look.unwraps) == ("Observation", 3, "read", 1)
    assert [now - then for now, then in zip(unwraps(node), counted, strict=True)] == [1, 1]


def test_pages_of_a_history_hold_each_version_once_also_while_others_are_written(h1: Asking, ann: UUID) -> None:
    address = an_address(h1, ann, valueString="1")
    for n in range(2, 8):
        put(h1, address, ann, valueString=str(n))
    page: httpx.Response | None = h1.ask("GET", f"{address}/_history?_count=3")
    found = []

    while page is not None:
        found += [one["resource"]["valueString"] for one in entries(page)]
        put(h1, address, ann, valueString="later")
        page = next_page(h1, page)

    assert found == ["7", "6", "5", "4", "3", "2", "1"]


def test_a_history_is_told_from_an_instant_on_and_as_it_was_at_a_time(node: Node, h1: Asking, ann: UUID) -> None:
    try:
        node.clock = FixedClock(START - timedelta(hours=3))
        address = an_address(h1, ann, valueString="at five")
        for hours, text in ((2, "at six"), (1, "at seven")):
            node.clock = FixedClock(START - timedelta(hours=hours))
            put(h1, address, ann, valueString=text)
    finally:
        node.clock = FixedClock(START)
    asked = {
        "_since=2031-03-01T06:00:00Z": ["at seven", "at six"],
        "_since=2031-03-01T15:00:00%2B08:00": ["at seven"],
        "_at=2031-03-01T06:30:00Z": ["at six"],
        "_at=2031-03-01": ["at seven", "at six", "at five"],
        "_at=2031-03-02": ["at seven"],
        "_at=2030": [],
    }

    found = {
        query: [one["resource"]["valueString"] for one in entries(h1.ask("GET", f"{address}/_history?{query}"))]
        for query in asked
    }

    assert found == asked


WRONG = [
    "_since=2031-03",
    "_at=soon",
    "_at=ge2031",
    "_count=0",
    "_count=x",
    "_sort=_lastUpdated",
    "_list=1",
    "_cursor=AAAA",
    "_count=1&_count=2",
    "_format=xml",
    "patient=x",
]


@pytest.mark.parametrize("query", WRONG)
def test_what_a_history_does_not_know_is_refused_by_its_name(h1: Asking, ann: UUID, query: str) -> None:
    addresses = [f"{an_address(h1, ann)}/_history", "/fhir/Observation/_history", "/fhir/_history"]

    for address in addresses:
        answer = h1.ask("GET", f"{address}?{query}")
        assert answer.status_code == 400
        assert answer.json()["issue"][0]["expression"] == [query.partition("=")[0]]


def test_a_cursor_is_good_for_its_own_history_alone(h1: Asking, ann: UUID) -> None:
    address = an_address(h1, ann)
    put(h1, address, ann, valueString="second")
    page = h1.ask("GET", f"{address}/_history?_count=1").json()
    cursor = next(one["url"] for one in page["link"] if one["relation"] == "next").rpartition("_cursor=")[2]

    other = f"{an_address(h1, ann)}/_history?_count=1&_cursor={cursor}"
    for path in (other, f"{address}/_history?_count=2&_cursor={cursor}", f"/fhir/_history?_count=1&_cursor={cursor}"):
        assert h1.ask("GET", path).status_code == 400


def test_the_history_of_a_type_is_the_own_facilitys(node: Node, ann: UUID, h1: Asking, h2: Asking) -> None:
    address = an_address(h1, ann)
    put(h1, address, ann, valueString="second")
    h1.ask("DELETE", address)
    before = len(looks(node, ann))

    told = entries(h1.ask("GET", "/fhir/Observation/_history?_count=3"))

    assert [(one["request"]["method"], one["fullUrl"].endswith(address)) for one in told] == [
        ("DELETE", True),
        ("PUT", True),
        ("POST", True),
    ]
    (look,) = looks(node, ann)[before:]
    assert (look.what, look.count, look.action) == ("Observation", 3, "search")
    assert not {one["fullUrl"] for one in told} & {
        one["fullUrl"] for one in entries(h2.ask("GET", "/fhir/Observation/_history"))
    }


def test_pages_of_everything_hold_each_version_of_every_type_once(node: Node) -> None:
    patient = send(node, system("H3"), a_patient()).outcomes[0].id
    done = send(node, system("H3"), *[an_observation(f"Patient/{patient}") for _ in range(5)])
    wanted = {str(patient), *(str(one.id) for one in done.outcomes)}
    with asking(node, Role.HOSPITAL_SYSTEM, "H3") as h3:
        page: httpx.Response | None = h3.ask("GET", "/fhir/_history?_count=2")
        found: list[str] = []
        sizes = []

        while page is not None:
            sizes.append(len(entries(page)))
            found += [one["resource"]["id"] for one in entries(page)]
            page = next_page(h3, page)

    assert sizes == [2, 2, 2]
    assert sorted(found) == sorted(wanted)


def test_a_rare_type_is_found_behind_many_others(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = send(node, H2, a_patient()).outcomes[0].id
    send(node, H2, *[an_observation(f"Patient/{patient}") for _ in range(12)])
    monkeypatch.setattr("salus.records.history.service.LOOKED_AT", 5)
    with asking(node, Role.HOSPITAL_SYSTEM, "H2") as h2:
        page: httpx.Response | None = h2.ask("GET", "/fhir/Patient/_history")
        found: list[str] = []
        while page is not None:
            found += [one["resource"]["id"] for one in entries(page)]
            page = next_page(h2, page)

    assert found.count(str(patient)) == 1
    assert len(set(found)) == len(found)


def test_only_a_hospitals_system_reads_what_a_facility_wrote(node: Node, h1: Asking) -> None:
    for role in (Role.CLINICIAN, Role.AUDITOR):
        with asking(node, role) as client:
            assert client.ask("GET", "/fhir/_history").status_code == 403


def test_what_was_deleted_is_gone_and_found_by_nothing(node: Node, h1: Asking, ann: UUID) -> None:
    text = "before it went"
    address = an_address(h1, ann, valueString=text, identifier=[{"system": "urn:x", "value": "gone-1"}])
    before = len(looks(node, ann))

    done = h1.ask("DELETE", address)

    assert (done.status_code, done.content, done.headers["etag"]) == (204, b"", 'W/"2"')
    assert looks(node, ann)[-1].action == "delete"
    gone = h1.ask("GET", address)
    assert (gone.status_code, gone.json()["issue"][0]["code"]) == (410, "deleted")
    assert h1.ask("GET", f"{address}/_history/2").status_code == 410
    assert h1.ask("GET", f"{address}/_history/1").json()["valueString"] == text
    for query in (f"_id={address.rpartition('/')[2]}", f"patient={ann}", "identifier=urn:x|gone-1", "date=2031"):
        found = [one["fullUrl"] for one in entries(h1.ask("GET", f"/fhir/Observation?{query}"))]
        assert not [one for one in found if one.endswith(address)]
    shown = looks(node, ann)[before:]
    assert [(one.action, one.count) for one in shown][:4] == [("delete", 1), ("read", 0), ("read", 0), ("read", 1)]


def test_deleting_again_changes_nothing(h1: Asking, ann: UUID) -> None:
    address = an_address(h1, ann)

    tags = [h1.ask("DELETE", address).headers["etag"] for _ in range(3)]

    assert tags == ['W/"2"'] * 3
    assert len(entries(h1.ask("GET", f"{address}/_history"))) == 2


def test_an_update_brings_back_what_was_deleted(h1: Asking, ann: UUID) -> None:
    address = an_address(h1, ann, valueString="first")
    h1.ask("DELETE", address)

    back = put(h1, address, ann, valueString="again")

    assert (back.status_code, back.headers["etag"]) == (200, 'W/"3"')
    assert h1.ask("GET", address).json()["valueString"] == "again"
    methods = [one["request"]["method"] for one in entries(h1.ask("GET", f"{address}/_history"))]
    assert methods == ["PUT", "DELETE", "POST"]
    assert [one["resource"]["id"] for one in entries(h1.ask("GET", f"/fhir/Observation?_id={back.json()['id']}"))]
    assert h1.ask("DELETE", address).headers["etag"] == 'W/"4"'


def test_a_version_that_is_not_current_is_not_deleted(h1: Asking, ann: UUID) -> None:
    address = an_address(h1, ann)
    put(h1, address, ann, valueString="second")

    answers = [h1.ask("DELETE", address, headers={"If-Match": tag}).status_code for tag in ('W/"1"', "x", 'W/"2"')]

    assert answers == [412, 400, 204]


def test_what_is_kept_elsewhere_or_nowhere_is_not_deleted(node: Node, h1: Asking, h2: Asking, ann: UUID) -> None:
    address = an_address(h1, ann)
    id_ = address.rpartition("/")[2]

    assert h2.ask("DELETE", address).status_code == 404
    assert h1.ask("DELETE", f"/fhir/Condition/{id_}").status_code == 404
    assert h1.ask("DELETE", f"/fhir/Observation/{uuid4()}").status_code == 404
    assert h1.ask("DELETE", "/fhir/Observation/1").status_code == 404
    assert h1.ask("GET", address).status_code == 200


def test_a_patient_stays_and_says_so(h1: Asking, ann: UUID) -> None:
    answer = h1.ask("DELETE", f"/fhir/Patient/{ann}")

    assert answer.status_code == 409
    assert "active" in answer.json()["issue"][0]["diagnostics"]
    assert h1.ask("GET", f"/fhir/Patient/{ann}").status_code == 200


def test_a_clinician_deletes_nothing(node: Node, h1: Asking, ann: UUID) -> None:
    address = an_address(h1, ann)
    with asking(node, Role.CLINICIAN) as client:
        assert client.ask("DELETE", address).status_code == 403


def test_nothing_refers_to_what_was_deleted(node: Node, h1: Asking, ann: UUID) -> None:
    keeper = send(node, H1, {"resourceType": "Practitioner"}).outcomes[0].id
    about = an_observation(f"Patient/{ann}", performer=[{"reference": f"Practitioner/{keeper}"}])
    send(node, H1, about)
    deletion = records.of_delete("Practitioner", str(keeper), None)

    with pytest.raises(RecordRefused, match="refers to nothing"):
        accept(node, H1, [deletion, records.of_resource(records.parse(orjson.dumps(about)), "Observation")])
    assert h1.ask("DELETE", f"/fhir/Practitioner/{keeper}").status_code == 204

    with pytest.raises(RecordRefused, match="refers to nothing"):
        send(node, H1, about)


def test_a_deleted_visit_is_counted_on_no_day(node: Node, h1: Asking, ann: UUID) -> None:
    visit = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": {"reference": f"Patient/{ann}"},
        "period": {"start": "2031-02-01"},
    }
    stored = send(node, H1, visit).outcomes[0]
    asked = "select count(*) from records.occurrence where resource_key = %s"
    with node.store.transaction(Duty.CARE) as tx:
        assert tx.row(asked, (stored.resource_key,)) == (1,)

    done = accept(node, H1, [records.of_delete("Encounter", str(stored.id), None)])

    assert done.outcomes[0].deleted
    with node.store.transaction(Duty.CARE) as tx:
        assert tx.row(asked, (stored.resource_key,)) == (0,)
    with node.store.transaction(Duty.RELAY) as tx:
        told = tx.row("select payload from storage.outbox order by id desc limit 1")
    assert told is not None
    assert told[0]["days"] == ["2031-02-01"]


def test_no_row_disappears_without_a_version_that_says_so(node: Node, h1: Asking, ann: UUID) -> None:
    id_ = an_address(h1, ann).rpartition("/")[2]

    with (
        pytest.raises(psycopg.errors.RaiseException, match="by a version that says so"),
        node.store.transaction(Duty.CARE) as tx,
    ):
        tx.run("delete from records.resource where id = %s", (id_,))

    assert h1.ask("GET", f"/fhir/Observation/{id_}").status_code == 200


def test_head_answers_like_get_without_a_body_and_is_registered(node: Node, h1: Asking, ann: UUID) -> None:
    address = an_address(h1, ann)
    before = len(looks(node, ann))

    head, get = h1.ask("HEAD", address), h1.ask("GET", address)

    assert (head.status_code, head.headers["etag"]) == (get.status_code, get.headers["etag"])
    assert len(looks(node, ann)) == before + 2


UNCHANGED = [
    ({"If-None-Match": 'W/"1"'}, 304),
    ({"If-None-Match": '"7", W/"1"'}, 304),
    ({"If-None-Match": "*"}, 304),
    ({"If-None-Match": 'W/"2"'}, 200),
    ({"If-None-Match": 'W/"2"', "If-Modified-Since": "Sat, 01 Mar 2031 08:00:00 GMT"}, 200),
    ({"If-Modified-Since": "Sat, 01 Mar 2031 08:00:00 GMT"}, 304),
    ({"If-Modified-Since": "Sat, 01 Mar 2031 07:59:59 GMT"}, 200),
    ({"If-None-Match": "1"}, 400),
    ({"If-Modified-Since": "yesterday"}, 400),
]


@pytest.mark.parametrize(("headers", "status"), UNCHANGED)
def test_what_has_not_changed_is_not_sent_again_and_the_look_is_registered(
    node: Node, h1: Asking, ann: UUID, headers: dict[str, str], status: int
) -> None:
    address = an_address(h1, ann)
    before = len(looks(node, ann))

    answer = h1.ask("GET", address, headers=headers)

    assert answer.status_code == status
    assert (answer.content == b"") == (status == 304)
    assert len(looks(node, ann)) - before == (status != 400)
