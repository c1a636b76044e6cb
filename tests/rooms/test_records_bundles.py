"""Transactions and batches with every verb: all or nothing, or each by itself; what an entry says that means nothing to
its verb is refused.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from nodes import Asking, a_node, a_patient, an_observation, asking, read_back, send, system
from salus import access, identity, records
from salus.app import Node
from salus.kernel import Role
from salus.storage import Duty

H1, H2 = system("H1"), system("H2")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("bundles"), "H1", "H2") as opened:
        yield opened


@pytest.fixture(scope="module")
def h1(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM) as client:
        yield client


@pytest.fixture(scope="module")
def ann(node: Node) -> UUID:
    return send(node, H1, a_patient()).outcomes[0].id


def an_entry(node: Node, ann: UUID, **more: Any) -> str:
    return str(send(node, H1, an_observation(f"Patient/{ann}", **more)).outcomes[0].id)


def identified(value: str) -> dict[str, Any]:
    return {"identifier": [{"system": "urn:lab", "value": value}]}


def ask(method: str, url: str, resource: object = None, full_url: str | None = None, **more: str) -> dict[str, Any]:
    """Write one entry."""
    entry: dict[str, Any] = {"request": {"method": method, "url": url, **more}}
    entry |= {} if resource is None else {"resource": resource}
    return entry | ({"fullUrl": full_url} if full_url else {})


def a_patch(*operations: object) -> dict[str, Any]:
    data = base64.b64encode(orjson.dumps(operations)).decode()
    return {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}


def submit(client: Asking, kind: str, *entries: object, **headers: str) -> httpx.Response:
    body = {"resourceType": "Bundle", "type": kind, "entry": entries}
    return client.ask("POST", "/fhir", content=orjson.dumps(body), headers=headers)


def statuses(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["response"]["status"][:3] for one in answer.json()["entry"]]


def totals(node: Node) -> dict[str, int]:
    with node.store.transaction(Duty.CARE) as tx:
        return records.totals(tx)


def looks(node: Node, ann: UUID) -> list[access.Read]:
    with node.store.transaction(Duty.CARE) as tx:
        ((chart, _),) = records.charts_of_patients(tx, [ann]).values()
        mine = identity.residents_of(tx, [chart])[chart]
        return [one.read for one in access.reads_of(tx, [mine], limit=10_000)][::-1]


def test_a_transaction_does_everything_and_reads_what_it_wrote(node: Node, h1: Asking, ann: UUID) -> None:
    gone, changed, patched = (an_entry(node, ann) for _ in range(3))
    new = an_observation(f"Patient/{ann}", valueString="new")
    before = len(looks(node, ann))

    answer = submit(
        h1,
        "transaction",
        ask("GET", f"Observation/{changed}"),
        ask("PUT", f"Observation/{changed}", an_observation(f"Patient/{ann}", id=changed, valueString="now")),
        ask("POST", "Observation", new),
        ask("DELETE", f"Observation/{gone}"),
        ask("PATCH", f"Observation/{patched}", a_patch({"op": "replace", "path": "/status", "value": "amended"})),
        ask("HEAD", f"Observation/{patched}", ifNoneMatch='W/"1"'),
        ask("GET", f"Observation/{patched}/_history/1"),
        ask("GET", f"Observation/{changed}", ifNoneMatch='W/"2"'),
    )

    assert statuses(answer) == ["200", "200", "201", "204", "200", "200", "200", "304"]
    told = answer.json()["entry"]
    assert told[0]["resource"]["valueString"] == "now"
    assert told[6]["resource"]["status"] == "final"
    assert ["resource" in one for one in told] == [True, False, False, False, False, False, True, False]
    assert told[1]["response"]["etag"] == 'W/"2"'
    assert told[1]["response"]["location"] == f"Observation/{changed}/_history/2"
    assert h1.ask("GET", f"/fhir/Observation/{gone}").status_code == 410
    assert [one.action for one in looks(node, ann)[before:]] == ["create", *["read"] * 4, "read"]


def test_what_cannot_be_read_lets_nothing_be_stored(node: Node, h1: Asking, ann: UUID) -> None:
    theirs = send(node, H2, a_patient()).outcomes[0].id
    gone = an_entry(node, ann)
    h1.ask("DELETE", f"/fhir/Observation/{gone}")
    before = totals(node)

    codes = [
        submit(h1, "transaction", ask("POST", "Observation", an_observation(f"Patient/{ann}")), ask("GET", url))
        for url in (
            f"Patient/{theirs}",
            f"Observation/{uuid4()}",
            f"Observation/{gone}",
            f"Observation?patient={theirs}",
        )
    ]

    assert [one.status_code for one in codes] == [404, 404, 410, 403]
    assert all("entry[1]" in one.json()["issue"][0]["expression"][0] for one in codes)
    assert totals(node) == before


def test_what_cannot_be_opened_lets_nothing_be_stored(node: Node, h1: Asking) -> None:
    lost = send(node, H1, a_patient()).outcomes[0]
    node.keys.shred(lost.chart_key)
    before = totals(node)
    entry = ask("POST", "Organization", {"resourceType": "Organization", "name": "Ward 9"})

    refused = submit(h1, "transaction", entry, ask("GET", f"Patient/{lost.id}"))
    after = totals(node)
    found = submit(h1, "transaction", entry, ask("GET", f"Patient?_id={lost.id}"))

    assert (refused.status_code, after) == (410, before)
    assert found.status_code == 200
    assert "entry" not in found.json()["entry"][1]["resource"]


@pytest.mark.parametrize("writes", [True, False])
def test_what_a_transaction_that_fails_found_is_shown(node: Node, h1: Asking, ann: UUID, writes: bool) -> None:
    gone, there = an_entry(node, ann), an_entry(node, ann)
    h1.ask("DELETE", f"/fhir/Observation/{gone}")
    more = [ask("POST", "Observation", an_observation(f"Patient/{ann}"))] if writes else []
    before = len(looks(node, ann))

    answers = [
        submit(h1, "transaction", *more, *(ask("GET", f"Observation/{id_}") for id_ in ids))
        for ids in ([gone], [there, uuid4()], [uuid4(), there])
    ]

    assert [one.status_code for one in answers] == [410, 404, 404]
    found = looks(node, ann)[before:]
    told = [(one.action, one.count, one.unwraps) for one in found if one.ground != "undone"]
    opened = [(one.action, one.count, one.unwraps) for one in found if one.ground == "undone"]
    assert told == [("read", 0, 0), ("search", 1, 0)]
    assert opened == ([("update", 0, 1)] * 3 if writes else [])


def test_a_search_of_a_transaction_finds_what_it_wrote_and_is_registered(node: Node, h1: Asking, ann: UUID) -> None:
    mark = str(uuid4())
    before = len(looks(node, ann))

    answer = submit(
        h1,
        "transaction",
        ask("GET", f"Observation?identifier=urn:lab|{mark}"),
        ask("POST", "Observation", an_observation(f"Patient/{ann}", **identified(mark))),
    )

    assert statuses(answer) == ["200", "201"]
    (found,) = answer.json()["entry"][0]["resource"]["entry"]
    assert answer.json()["entry"][1]["response"]["location"].startswith(f"Observation/{found['resource']['id']}/")
    assert [(one.action, one.count) for one in looks(node, ann)[before:]] == [("create", 1), ("search", 1)]


def test_a_transaction_that_only_reads_is_answered(node: Node, h1: Asking, ann: UUID) -> None:
    theirs = send(node, H2, a_patient()).outcomes[0].id

    assert statuses(submit(h1, "transaction", ask("GET", f"Patient/{ann}"))) == ["200"]
    assert submit(h1, "transaction", ask("GET", f"Patient/{theirs}")).status_code == 404


def test_what_a_condition_finds_stands_and_others_refer_to_it(node: Node, h1: Asking) -> None:
    mark, urn = str(uuid4()), "urn:uuid:6f3b8a52-0000-4000-8000-000000000001"
    patient = a_patient() | {"identifier": [{"system": "urn:lab", "value": mark}]}
    entries = (
        ask("POST", "Patient", patient, urn, ifNoneExist=f"identifier=urn:lab|{mark}"),
        ask("POST", "Observation", an_observation(urn)),
    )

    first, again = (submit(h1, "transaction", *entries) for _ in range(2))

    assert (statuses(first), statuses(again)) == (["201", "201"], ["200", "201"])
    made, found = (UUID(one.json()["entry"][0]["response"]["location"].split("/")[1]) for one in (first, again))
    assert made == found
    both = [UUID(one.json()["entry"][1]["response"]["location"].split("/")[1]) for one in (first, again)]
    assert {one["subject"]["reference"] for one in read_back(node, *both)} == {f"Patient/{made}"}
    with node.store.transaction(Duty.CARE) as tx:
        assert len({one.chart_key for one in records.fetch(tx, [made, *both])}) == 1


def test_what_is_updated_is_referred_to_by_its_full_address(node: Node, h1: Asking) -> None:
    bob, urn = send(node, H1, a_patient()).outcomes[0].id, "urn:uuid:6f3b8a52-0000-4000-8000-000000000002"

    answer = submit(
        h1,
        "transaction",
        ask("PUT", f"Patient/{bob}", a_patient(id=str(bob)), urn),
        ask("POST", "Observation", an_observation(urn)),
    )

    about = UUID(answer.json()["entry"][1]["response"]["location"].split("/")[1])
    with node.store.transaction(Duty.CARE) as tx:
        assert len({one.chart_key for one in records.fetch(tx, [bob, about])}) == 1


def test_what_is_deleted_is_found_by_no_condition_of_the_same_transaction(node: Node, h1: Asking, ann: UUID) -> None:
    mark = str(uuid4())
    old = an_entry(node, ann, **identified(mark))
    new = an_observation(f"Patient/{ann}", **identified(mark))

    answer = submit(
        h1,
        "transaction",
        ask("POST", "Observation", new, ifNoneExist=f"identifier=urn:lab|{mark}"),
        ask("DELETE", f"Observation/{old}"),
    )

    assert statuses(answer) == ["201", "204"]


def test_conditions_of_every_verb_stand_in_a_bundle(node: Node, h1: Asking, ann: UUID) -> None:
    one, two, three, four = (str(uuid4()) for _ in range(4))
    for mark in (one, two, three):
        an_entry(node, ann, **identified(mark))
    amended = a_patch({"op": "replace", "path": "/status", "value": "amended"})
    entries = (
        ask("PUT", f"Observation?identifier=urn:lab|{one}", an_observation(f"Patient/{ann}", **identified(one))),
        ask("PATCH", f"Observation?identifier=urn:lab|{two}", amended),
        ask("DELETE", f"Observation?identifier=urn:lab|{three}"),
        ask("PUT", f"Observation?identifier=urn:lab|{four}", an_observation(f"Patient/{ann}", **identified(four))),
    )

    assert statuses(submit(h1, "transaction", *entries)) == ["200", "200", "204", "201"]
    assert statuses(submit(h1, "batch", *entries)) == ["200", "200", "404", "200"]


TWICE: dict[str, Any] = {
    "deleted and updated": lambda id_, body: [
        ask("DELETE", f"Observation/{id_}"),
        ask("PUT", f"Observation/{id_}", body),
    ],
    "patched and updated": lambda id_, body: [
        ask("PATCH", f"Observation/{id_}", a_patch({"op": "remove", "path": "/identifier"})),
        ask("PUT", f"Observation/{id_}", body),
    ],
    "named by id and by a condition": lambda id_, body: [
        ask("PUT", f"Observation/{id_}", body),
        ask("DELETE", "Observation?identifier=urn:lab|" + body["identifier"][0]["value"]),
    ],
    "created by one condition twice": lambda id_, body: (
        [
            ask(
                "POST",
                "Observation",
                {**body, "id": "x"},
                ifNoneExist="identifier=urn:lab|" + body["identifier"][0]["value"],
            )
        ]
        * 2
    ),
}


@pytest.mark.parametrize("what", TWICE)
def test_one_resource_stands_in_a_transaction_once(node: Node, h1: Asking, ann: UUID, what: str) -> None:
    mark = str(uuid4())
    id_ = an_entry(node, ann, **identified(mark))
    before = totals(node)

    answer = submit(h1, "transaction", *TWICE[what](id_, an_observation(f"Patient/{ann}", id=id_, **identified(mark))))

    assert answer.status_code == 400, answer.text
    assert answer.json()["issue"][0]["code"] == "duplicate"
    assert totals(node) == before


WRONG: dict[str, Any] = {
    "a version for a create": ask("POST", "Observation", {"resourceType": "Observation"}, ifMatch='W/"1"'),
    "a condition for an update": ask("PUT", "Observation/x", {"resourceType": "Observation"}, ifNoneExist="x=y"),
    "a condition that is none": ask("POST", "Patient", {"resourceType": "Patient"}, ifNoneExist="x"),
    "a search for a create": ask("POST", "Patient?identifier=a|b", {"resourceType": "Patient"}),
    "an id and a search": ask("PUT", "Patient/x?identifier=a|b", {"resourceType": "Patient"}),
    "a resource for a deletion": ask("DELETE", f"Patient/{uuid4()}", {"resourceType": "Patient"}),
    "a resource for a read": ask("GET", "Patient/x", {"resourceType": "Patient"}),
    "a deletion of everything": ask("DELETE", "Patient"),
    "a deletion by no id of ours": ask("DELETE", "Observation/1"),
    "a patch that is no Binary": ask("PATCH", f"Observation/{uuid4()}", {"resourceType": "Parameters"}),
    "a patch of another type": ask(
        "PATCH", f"Observation/{uuid4()}", {"resourceType": "Binary", "contentType": "text/plain", "data": "W10="}
    ),
    "a patch that is no base64": ask(
        "PATCH", f"Observation/{uuid4()}", a_patch({"op": "remove", "path": "/x"}) | {"data": "%"}
    ),
    "a patch that is none": ask("PATCH", f"Observation/{uuid4()}", a_patch()),
    "an unknown verb": ask("BREW", "Patient"),
    "a verb that is no text": {"request": {"method": 7, "url": "Patient"}},
    "a tag that is none": ask("DELETE", f"Observation/{uuid4()}", ifMatch="1"),
    "a tag to read by that is none": ask("GET", f"Patient/{uuid4()}", ifNoneMatch="1"),
    "an instant to read by that is none": ask("GET", f"Patient/{uuid4()}", ifModifiedSince="2031-03"),
    "an address of nothing": ask("GET", f"Patient/{uuid4()}/_history/x"),
}


@pytest.mark.parametrize("what", WRONG)
def test_an_entry_that_is_wrong_is_told_and_nothing_is_stored(node: Node, h1: Asking, ann: UUID, what: str) -> None:
    good = ask("POST", "Observation", an_observation(f"Patient/{ann}"))
    before = totals(node)["resources"]

    whole = submit(h1, "transaction", good, WRONG[what])

    assert whole.status_code in (400, 404), whole.text
    assert totals(node)["resources"] == before
    each = statuses(submit(h1, "batch", good, WRONG[what]))
    assert each[0] == "201"
    assert each[1] in ("400", "404")


def test_entries_that_refer_to_one_another_in_a_circle_are_stored(node: Node, h1: Asking, ann: UUID) -> None:
    urns = ["urn:uuid:6f3b8a52-0000-4000-8000-00000000000a", "urn:uuid:6f3b8a52-0000-4000-8000-00000000000b"]
    entries = [
        ask("POST", "Observation", an_observation(f"Patient/{ann}", hasMember=[{"reference": other}]), urn)
        for urn, other in zip(urns, reversed(urns), strict=True)
    ]

    answer = submit(h1, "transaction", *entries)

    ids = [UUID(one["response"]["location"].split("/")[1]) for one in answer.json()["entry"]]
    told = {one["id"]: one["hasMember"][0]["reference"] for one in read_back(node, *ids)}
    assert told == {str(ids[0]): f"Observation/{ids[1]}", str(ids[1]): f"Observation/{ids[0]}"}


def test_a_sender_gets_back_as_much_as_it_prefers(node: Node, h1: Asking, ann: UUID) -> None:
    entry = ask("POST", "Observation", an_observation(f"Patient/{ann}"))

    for kind in ("transaction", "batch"):
        plain, whole, told = (
            submit(h1, kind, entry, **headers).json()["entry"][0]
            for headers in (
                {},
                {"Prefer": "return=representation"},
                {"Prefer": "handling=strict; return=OperationOutcome"},
            )
        )
        assert set(plain) == {"response"}
        assert whole["resource"]["resourceType"] == "Observation"
        assert told["response"]["outcome"]["issue"]


def test_nothing_is_answered_later_or_taken_leniently(h1: Asking, ann: UUID) -> None:
    body = orjson.dumps(an_observation(f"Patient/{ann}"))
    wrong = orjson.dumps(an_observation(f"Patient/{ann}", horoscope="good"))

    later = h1.ask("POST", "/fhir/Observation", content=body, headers={"Prefer": "respond-async"})
    lenient = h1.ask("POST", "/fhir/Observation", content=wrong, headers={"Prefer": "handling=lenient"})

    assert (later.status_code, lenient.status_code) == (400, 400)
    assert "respond-async" in later.json()["issue"][0]["diagnostics"]


def test_a_batch_keeps_what_went_well(node: Node, h1: Asking, ann: UUID) -> None:
    kept, gone = an_entry(node, ann), an_entry(node, ann)
    theirs = send(node, H2, a_patient()).outcomes[0].id

    answer = submit(
        h1,
        "batch",
        ask("DELETE", f"Observation/{gone}"),
        ask("DELETE", f"Patient/{ann}"),
        ask("DELETE", f"Patient/{theirs}"),
        ask("PATCH", f"Observation/{kept}", a_patch({"op": "test", "path": "/status", "value": "amended"})),
        ask("PATCH", f"Observation/{kept}", a_patch({"op": "replace", "path": "/status", "value": "amended"})),
        ask("GET", f"Observation/{kept}"),
        ask("GET", f"Observation/{gone}"),
        ask("GET", f"Observation/{gone}/_history/1"),
        ask("GET", f"Observation?_id={kept},{gone}"),
        ask("GET", f"Observation/{kept}", ifModifiedSince="2031-03-01T08:00:00Z"),
    )

    assert statuses(answer) == ["204", "409", "404", "422", "200", "200", "410", "200", "200", "304"]
    told = answer.json()["entry"]
    assert told[5]["resource"]["status"] == "amended"
    assert [one["resource"]["id"] for one in told[8]["resource"]["entry"]] == [kept]
