"""Patches and conditional writes: the one resource that is meant is changed, of the own facility, and once."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from nodes import Asking, a_node, a_patient, an_observation, asking, read_back, send, system
from salus import access, identity, records
from salus.app import Node, accept
from salus.kernel import Role
from salus.records import Condition, Intent, RecordRefused
from salus.storage import Duty

H1, H2 = system("H1"), system("H2")
PATCH = {"Content-Type": "application/json-patch+json"}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("changing"), "H1", "H2") as opened:
        yield opened


@pytest.fixture(scope="module")
def h1(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM) as client:
        yield client


@pytest.fixture(scope="module")
def ann(node: Node) -> UUID:
    return send(node, H1, a_patient()).outcomes[0].id


def an_entry(node: Node, ann: UUID, **more: Any) -> str:
    done = send(node, H1, an_observation(f"Patient/{ann}", **more))
    return f"/fhir/Observation/{done.outcomes[0].id}"


def identified(value: str) -> dict[str, Any]:
    return {"identifier": [{"system": "urn:lab", "value": value}]}


def patch(client: Asking, address: str, *operations: object, **headers: str) -> httpx.Response:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.ask("PATCH", address, content=orjson.dumps(operations), headers=PATCH | more)


def looks(node: Node, ann: UUID) -> list[access.Read]:
    with node.store.transaction(Duty.CARE) as tx:
        ((chart, _),) = records.charts_of_patients(tx, [ann]).values()
        mine = identity.residents_of(tx, [chart])[chart]
        return [one.read for one in access.reads_of(tx, [mine], limit=10_000)][::-1]


def unwraps(node: Node) -> tuple[int, int]:
    with node.store.transaction(Duty.CARE) as tx:
        return node.keys.unwraps(), access.unwraps(tx)


def stored(node: Node, mark: str, facility: str = "H1") -> int:
    """Count the resources that carry a mark as identifier, whoever keeps them."""
    asked = records.parse_query("Observation", [("identifier", f"urn:lab|{mark}")], node.custodian)
    with node.store.transaction(Duty.CARE) as tx:
        return len(records.search(tx, asked, facility, access.Sight(facility=facility, closed={}))[0])


# --- patches


def test_a_patch_makes_the_next_version(node: Node, h1: Asking, ann: UUID) -> None:
    address = an_entry(node, ann, valueQuantity={"value": 1.50, "unit": "g"})
    before, counted = len(looks(node, ann)), unwraps(node)

    answer = patch(
        h1,
        address,
        {"op": "test", "path": "/status", "value": "final"},
        {"op": "replace", "path": "/status", "value": "amended"},
        {"op": "add", "path": "/note", "value": [{"text": "read again"}]},
        {"op": "remove", "path": "/valueQuantity/unit"},
    )

    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    told = answer.json()
    assert (told["status"], told["note"], told["valueQuantity"]) == (
        "amended",
        [{"text": "read again"}],
        {"value": 1.5},
    )
    assert told == h1.ask("GET", address).json()
    assert [(one.action, one.unwraps) for one in looks(node, ann)[before:]] == [("update", 1), ("read", 1)]
    assert [now - then for now, then in zip(unwraps(node), counted, strict=True)] == [2, 2]


def test_a_decimal_that_is_not_patched_keeps_its_digits(node: Node, h1: Asking, ann: UUID) -> None:
    raw = orjson.dumps(an_observation(f"Patient/{ann}", valueQuantity={"value": 7})).replace(b":7}", b":7.00}")
    address = "/fhir/Observation/" + h1.ask("POST", "/fhir/Observation", content=raw).json()["id"]

    patch(h1, address, {"op": "add", "path": "/valueQuantity/unit", "value": "g"})

    assert b'"value":7.00' in h1.ask("GET", address).content


CANNOT = [
    ([{"op": "test", "path": "/status", "value": "amended"}], 422),
    ([{"op": "test", "path": "/nowhere", "value": 1}], 422),
    ([{"op": "remove", "path": "/nowhere"}], 422),
    ([{"op": "replace", "path": "/code/coding/7", "value": {}}], 422),
    ([{"op": "replace", "path": "", "value": []}], 422),
    ([{"op": "replace", "path": "/id", "value": "018f428e-0000-7000-8000-000000000000"}], 422),
    ([{"op": "replace", "path": "/resourceType", "value": "Condition"}], 422),
    ([{"op": "remove", "path": "/status"}], 400),
    ([{"op": "add", "path": "/horoscope", "value": 1}], 400),
    ([{"op": "add", "path": "/subject/reference", "value": "Patient/018f428e-0000-7000-8000-000000000000"}], 400),
    ([{"op": "add", "path": "/x"}], 400),
    ([{"op": "add", "path": "x", "value": 1}], 400),
    ([{"op": "append", "path": "/x", "value": 1}], 400),
    ([{"op": "remove", "path": "/x", "value": 1}], 400),
    ([7], 400),
    ([], 400),
    ({"op": "remove", "path": "/x"}, 400),
    ([{"op": "remove", "path": "/note"}] * 501, 400),
    ([{"op": "copy", "from": "/code", "path": "/code/coding/-"}] * 40, 413),
]


@pytest.mark.parametrize(("operations", "status"), CANNOT)
def test_what_a_patch_cannot_do_changes_nothing(
    node: Node, h1: Asking, ann: UUID, operations: object, status: int
) -> None:
    address = an_entry(node, ann)

    answer = h1.ask("PATCH", address, content=orjson.dumps(operations), headers=PATCH)

    assert answer.status_code == status, answer.text
    assert h1.ask("GET", address).json()["meta"]["versionId"] == "1"


def a_letter(node: Node, ann: UUID, size: int) -> str:
    """Store a DocumentReference whose one attachment is of this size."""
    letter = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": f"Patient/{ann}"},
        "content": [{"attachment": {"contentType": "text/plain", "data": "QUJD" * (size // 4)}}],
    }
    return f"DocumentReference/{send(node, H1, letter).outcomes[0].id}"


def copies(count: int) -> list[dict[str, str]]:
    return [{"op": "copy", "from": "/content/0", "path": "/content/-"}] * count


def test_a_patch_cannot_make_much_of_little(node: Node, h1: Asking, ann: UUID) -> None:
    letter = a_letter(node, ann, 2**20)

    assert patch(h1, f"/fhir/{letter}", *copies(120)).status_code == 413
    assert patch(h1, f"/fhir/{letter}", *copies(2)).status_code == 200
    assert h1.ask("GET", f"/fhir/{letter}").json()["meta"]["versionId"] == "2"


def test_what_could_not_be_sent_whole_is_not_stored(node: Node, ann: UUID) -> None:
    data = {"contentType": "application/octet-stream", "data": "QUJD" * 2**24}  # of text each word would be read
    letter = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": f"Patient/{ann}"},
        "content": [{"attachment": data}],
    }
    with pytest.raises(RecordRefused) as refused:
        accept(node, H1, [Intent(verb="create", resource=letter)])

    assert refused.value.status == 413


def test_many_patches_together_cannot_make_much_of_little(node: Node, h1: Asking, ann: UUID) -> None:
    letters = [a_letter(node, ann, 2**20) for _ in range(6)]
    changes = base64.b64encode(orjson.dumps(copies(13))).decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": changes}
    entries = [{"resource": binary, "request": {"method": "PATCH", "url": letter}} for letter in letters]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}

    answer = h1.ask("POST", "/fhir", content=orjson.dumps(bundle))

    assert answer.status_code == 413, answer.text
    assert h1.ask("GET", f"/fhir/{letters[0]}").json()["meta"]["versionId"] == "1"


def test_the_patches_of_a_batch_share_what_they_may_make(node: Node, h1: Asking, ann: UUID) -> None:
    letters = [a_letter(node, ann, 2**20) for _ in range(7)]
    fails = {"op": "test", "path": "/status", "value": "superseded"}
    changes = base64.b64encode(orjson.dumps([*copies(13), fails])).decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": changes}
    entries = [{"resource": binary, "request": {"method": "PATCH", "url": letter}} for letter in letters]

    answer = h1.ask(
        "POST", "/fhir", content=orjson.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries})
    )

    statuses = [one["response"]["status"][:3] for one in answer.json()["entry"]]
    assert statuses == ["422"] * 5 + ["413"] * 2


def test_a_test_that_fails_is_a_look_and_is_shown(node: Node, h1: Asking, ann: UUID) -> None:
    address = an_entry(node, ann)
    before, counted = len(looks(node, ann)), unwraps(node)

    patch(h1, address, {"op": "test", "path": "/status", "value": "amended"})

    (look,) = looks(node, ann)[before:]
    assert (look.action, look.what, look.unwraps) == ("read", "Observation", 1)
    assert [now - then for now, then in zip(unwraps(node), counted, strict=True)] == [1, 1]


def test_a_patch_is_for_the_version_that_it_names(node: Node, h1: Asking, ann: UUID) -> None:
    address = an_entry(node, ann)
    change = {"op": "replace", "path": "/status", "value": "amended"}

    codes = [patch(h1, address, change, if_match=tag).status_code for tag in ('W/"2"', "1", 'W/"1"', 'W/"1"')]

    assert codes == [412, 400, 200, 412]


def test_a_patch_of_nothing_or_of_what_is_not_ones_own_is_refused_before_anything_is_opened(
    node: Node, h1: Asking, ann: UUID
) -> None:
    address, counted = an_entry(node, ann), unwraps(node)
    change = {"op": "test", "path": "/status", "value": "final"}
    with asking(node, Role.HOSPITAL_SYSTEM, "H2") as h2, asking(node, Role.CLINICIAN) as clinician:
        assert patch(h2, address, change).status_code == 404
        assert patch(clinician, address, change).status_code == 403
    assert patch(h1, f"/fhir/Observation/{uuid4()}", change).status_code == 404
    assert patch(h1, f"/fhir/Condition/{address.rpartition('/')[2]}", change).status_code == 404
    assert patch(h1, "/fhir/Observation/1", change).status_code == 404

    assert unwraps(node) == counted
    h1.ask("DELETE", address)
    assert patch(h1, address, change).status_code == 410


def test_what_refers_to_something_deleted_can_still_be_corrected(node: Node, h1: Asking, ann: UUID) -> None:
    meant = an_entry(node, ann)
    focus = {"focus": [{"reference": meant.removeprefix("/fhir/")}]}
    address = an_entry(node, ann, **focus)
    assert h1.ask("DELETE", meant).status_code == 204

    assert patch(h1, address, {"op": "replace", "path": "/status", "value": "entered-in-error"}).status_code == 200
    again = {**an_observation(f"Patient/{ann}", **focus), "id": address.rpartition("/")[2]}
    assert h1.ask("PUT", address, content=orjson.dumps(again)).status_code == 200
    again.pop("id")
    assert h1.ask("POST", "/fhir/Observation", content=orjson.dumps(again)).status_code == 400


def test_a_condition_that_a_verb_does_not_have_is_refused_and_nothing_is_written(
    node: Node, h1: Asking, ann: UUID
) -> None:
    address = an_entry(node, ann)
    body = orjson.dumps({**an_observation(f"Patient/{ann}"), "id": address.rpartition("/")[2]})

    for name in ("If-None-Match", "If-None-Exist", "If-Unmodified-Since"):
        for method in ("PUT", "PATCH", "DELETE"):
            answer = h1.ask(method, address, content=body, headers={name: "*"})
            assert answer.status_code == 400, (method, name)
    assert h1.ask("POST", "/fhir/Observation", content=body, headers={"If-Match": 'W/"1"'}).status_code == 400
    assert h1.ask("GET", address).headers["etag"] == 'W/"1"'


def test_a_patch_is_json_patch_and_nothing_else(node: Node, h1: Asking, ann: UUID) -> None:
    address = an_entry(node, ann)

    for media in ("application/fhir+json", "application/json", "application/merge-patch+json"):
        assert h1.ask("PATCH", address, content=b"[]", headers={"Content-Type": media}).status_code == 415
    for raw in (b"", b"[", b'[{"op":"remove","op":"add","path":"/x"}]', b"\xff"):
        assert h1.ask("PATCH", address, content=raw, headers=PATCH).status_code == 400


def test_no_patch_writes_a_measure_and_each_attempt_is_counted(node: Node, h1: Asking, ann: UUID) -> None:
    address = an_entry(node, ann)
    red = {"system": "urn:salus:measure", "code": "red"}

    answer = patch(h1, address, {"op": "add", "path": "/meta/tag", "value": [red]})

    assert answer.status_code == 422
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "SALUS-R120"
    with node.store.transaction(Duty.CARE) as tx:
        assert tx.row("select count(*) from access.refusal where code = 'SALUS-R120'") == (1,)


# --- conditions


def put(h1: Asking, query: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return h1.ask("PUT", f"/fhir/Observation?{query}", content=orjson.dumps(body), headers=more)


def test_any_type_is_created_only_if_nothing_matches(node: Node, h1: Asking, ann: UUID) -> None:
    mark = str(uuid4())
    body = orjson.dumps(an_observation(f"Patient/{ann}", **identified(mark)))
    unless = {"If-None-Exist": f"identifier=urn:lab|{mark}"}
    before = len(looks(node, ann))

    first, again = (h1.ask("POST", "/fhir/Observation", content=body, headers=unless) for _ in range(2))

    assert (first.status_code, again.status_code, again.content) == (201, 200, b"")
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["etag"] == 'W/"1"'
    assert [(one.action, one.unwraps) for one in looks(node, ann)[before:]] == [("create", 1), ("search", 0)]


def test_a_condition_may_be_any_search_of_the_type(node: Node, h1: Asking, ann: UUID) -> None:
    code = {"coding": [{"system": "urn:lab", "code": str(uuid4())}]}
    body = an_observation(f"Patient/{ann}", code=code)
    query = f"code=urn:lab|{code['coding'][0]['code']}&patient={ann}"

    codes = [put(h1, query, body | {"status": status}).status_code for status in ("final", "amended")]

    assert codes == [201, 200]
    told = h1.ask("GET", f"/fhir/Observation?{query}").json()["entry"]
    assert [(one["resource"]["status"], one["resource"]["meta"]["versionId"]) for one in told] == [("amended", "2")]


def test_one_that_matches_is_deleted_or_patched_and_several_are_not(node: Node, h1: Asking, ann: UUID) -> None:
    mark, two = str(uuid4()), str(uuid4())
    address = an_entry(node, ann, **identified(mark))
    for _ in range(2):
        an_entry(node, ann, **identified(two))
    change = {"op": "replace", "path": "/status", "value": "amended"}

    assert patch(h1, f"/fhir/Observation?identifier=urn:lab|{mark}", change).json()["status"] == "amended"
    assert h1.ask("DELETE", f"/fhir/Observation?identifier=urn:lab|{mark}").status_code == 204
    assert h1.ask("GET", address).status_code == 410
    assert h1.ask("DELETE", f"/fhir/Observation?identifier=urn:lab|{mark}").status_code == 404
    assert patch(h1, f"/fhir/Observation?identifier=urn:lab|{mark}", change).status_code == 404
    before = len(looks(node, ann))
    assert h1.ask("DELETE", f"/fhir/Observation?identifier=urn:lab|{two}").status_code == 412
    assert patch(h1, f"/fhir/Observation?identifier=urn:lab|{two}", change).status_code == 412
    assert put(h1, f"identifier=urn:lab|{two}", an_observation(f"Patient/{ann}", **identified(two))).status_code == 412
    assert [one.action for one in looks(node, ann)[before:]] == ["search"] * 3
    assert stored(node, two) == 2


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_a_condition_that_finds_nothing_is_told_to_whom_it_names(
    node: Node, h1: Asking, ann: UUID, method: str
) -> None:
    before = len(looks(node, ann))

    body = orjson.dumps([{"op": "remove", "path": "/note"}])
    answer = h1.ask(method, f"/fhir/Observation?code=none&patient={ann}", content=body, headers=PATCH)

    assert answer.status_code == 404
    told = [(one.action, one.what, one.count, one.unwraps) for one in looks(node, ann)[before:]]
    assert told == [("search", "Observation", 0, 0)]


def test_a_create_that_asks_by_another_patient_is_told_to_both(node: Node, h1: Asking, ann: UUID) -> None:
    other = send(node, H1, a_patient()).outcomes[0].id
    before, theirs = len(looks(node, ann)), len(looks(node, other))
    told = {"If-None-Exist": f"code=none&patient={ann}"}

    for _ in range(2):
        body = orjson.dumps(an_observation(f"Patient/{other}"))
        assert h1.ask("POST", "/fhir/Observation", content=body, headers=told).status_code == 201

    assert [(one.action, one.count) for one in looks(node, ann)[before:]] == [("search", 0)] * 2
    assert [(one.action, one.count) for one in looks(node, other)[theirs:]] == [("create", 1)] * 2


def test_no_condition_finds_what_another_facility_keeps(node: Node, h1: Asking, ann: UUID) -> None:
    mark = str(uuid4())
    theirs = send(node, H2, a_patient()).outcomes[0].id
    send(node, H2, an_observation(f"Patient/{theirs}", **identified(mark)))
    mine = an_observation(f"Patient/{ann}", **identified(mark))

    assert h1.ask("DELETE", f"/fhir/Observation?identifier=urn:lab|{mark}").status_code == 404
    assert h1.ask("DELETE", f"/fhir/Observation?patient={theirs}").status_code == 404
    assert put(h1, f"identifier=urn:lab|{mark}", mine).status_code == 201
    assert (stored(node, mark), stored(node, mark, "H2")) == (1, 1)


def test_a_directory_entry_of_anybody_is_found_and_only_its_keeper_changes_it(node: Node, h1: Asking) -> None:
    mark = str(uuid4())
    house = {"resourceType": "Organization", "name": "x", **identified(mark)}
    theirs = send(node, H2, house).outcomes[0].id
    unless = {"If-None-Exist": f"identifier=urn:lab|{mark}"}

    found = h1.ask("POST", "/fhir/Organization", content=orjson.dumps(house), headers=unless)
    changed = h1.ask("PUT", f"/fhir/Organization?identifier=urn:lab|{mark}", content=orjson.dumps(house))

    assert (found.status_code, changed.status_code) == (200, 403)
    assert str(theirs) in found.headers["location"]


@pytest.mark.parametrize("more", ["", "&name=x"])
def test_what_others_keep_in_the_directory_does_not_stand_in_the_way(node: Node, h1: Asking, more: str) -> None:
    mark = str(uuid4())
    house = {"resourceType": "Organization", "name": "x", **identified(mark)}
    send(node, H2, *({**house} for _ in range(4)))
    mine = send(node, H1, house).outcomes[0].id

    changed = h1.ask("PUT", f"/fhir/Organization?identifier=urn:lab|{mark}{more}", content=orjson.dumps(house))

    assert changed.status_code == 200, changed.text
    assert changed.json()["id"] == str(mine)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "_count=1",
        "identifier=urn:lab|x&_sort=date",
        "_include=Observation:subject",
        "horoscope=1",
        "patient.identifier=urn:lab|x",
        "subject:Patient.identifier=urn:lab|x",
        "_has:Provenance:target:agent=1",
        "identifier",
        "identifier=",
        "&".join(f"code=c{n}" for n in range(12)),
    ],
)
def test_a_condition_that_is_none_is_refused_and_nothing_is_written(
    node: Node, h1: Asking, ann: UUID, query: str
) -> None:
    body = orjson.dumps(an_observation(f"Patient/{ann}"))

    answers = [h1.ask(method, f"/fhir/Observation?{query}", content=body) for method in ("PUT", "DELETE")]
    answers.append(h1.ask("POST", "/fhir/Observation", content=body, headers={"If-None-Exist": query}))
    answers.append(patch(h1, f"/fhir/Observation?{query}", {"op": "remove", "path": "/note"}))

    assert [answer.status_code for answer in answers] == [400] * 4


def test_what_is_stored_by_an_identifier_carries_it(node: Node, h1: Asking, ann: UUID) -> None:
    mark = str(uuid4())
    body = an_observation(f"Patient/{ann}")

    assert put(h1, f"identifier=urn:lab|{mark}", body).status_code == 400
    assert put(h1, f"identifier=urn:lab|{mark}", body | identified("another")).status_code == 400
    assert put(h1, f"identifier=urn:lab|{mark}", body | identified(mark), if_match='W/"1"').status_code == 412
    assert put(h1, f"identifier=urn:lab|{mark}", body | identified(mark) | {"id": str(uuid4())}).status_code == 400
    id_ = put(h1, f"identifier=urn:lab|{mark}", body | identified(mark)).json()["id"]
    assert put(h1, f"identifier=urn:lab|{mark}", body | identified(mark) | {"id": str(uuid4())}).status_code == 400
    assert put(h1, f"identifier=urn:lab|{mark}", body | identified(mark) | {"id": id_}).status_code == 200


def test_a_patient_is_meant_by_its_number_and_never_by_a_name_alone(h1: Asking) -> None:
    body = orjson.dumps(a_patient(name=[{"text": "王芳"}]))

    for query in ("name=王芳", "birthdate=1980-01-01", "identifier=1"):
        assert h1.ask("PUT", f"/fhir/Patient?{query}", content=body).status_code == 400


def test_many_who_create_one_thing_at_the_same_time_create_one(node: Node, ann: UUID) -> None:
    mark = str(uuid4())
    condition = Condition(type="Observation", pairs=(("identifier", f"urn:lab|{mark}"),))

    def create(_: int) -> UUID:
        sent = an_observation(f"Patient/{ann}", **identified(mark))
        return accept(node, H1, [records.of_conditional_create(sent, condition)]).outcomes[0].id

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(create, range(16)))

    assert (len(ids), stored(node, mark)) == (1, 1)
    assert read_back(node, *ids)[0]["meta"]["versionId"] == "1"


def test_who_may_not_search_learns_nothing_by_a_condition(node: Node, ann: UUID) -> None:
    body = orjson.dumps(an_observation(f"Patient/{ann}"))
    with asking(node, Role.CLINICIAN) as client:
        for method in ("PUT", "DELETE"):
            answer = client.ask(method, "/fhir/Observation?identifier=urn:lab|x", content=body)
            assert answer.status_code == 403
