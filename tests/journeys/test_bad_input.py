"""What a careless or hostile sender sends: a clear OperationOutcome naming entry and element, nothing half stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from journeys.conftest import open_folder
from journeys.live import Live, serving
from salus.app import load_settings
from salus.records import totals
from salus.storage import Duty, Settings, Store, open_store

JSON = {"Content-Type": "application/fhir+json"}
SECRET = "Zhuge Kongming"
NUMBER = "900101198001010010"
DEEP = '[{"url":"u:x","extension":' * 70 + "[]" + "}]" * 70


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(open_folder(tmp_path_factory, "bad"), "serve", "--demo", ready="serving demo") as live:
        yield live


@pytest.fixture(scope="module")
def client(node: Live) -> Iterator[httpx.Client]:
    done = node.command("token", "--data", str(node.data), "--role", "hospital-system")
    headers = {"Authorization": f"Bearer {done.stdout.strip()}"}
    with httpx.Client(base_url=f"{node.url}/fhir", headers=headers, timeout=120) as opened:
        yield opened


@pytest.fixture(scope="module")
def database(node: Live) -> Iterator[Store]:
    settings = load_settings(environment={}, given={"data": node.data})
    with open_store(Settings(data=settings.data)) as opened:
        yield opened


@pytest.fixture(scope="module")
def patient(client: httpx.Client) -> str:
    made = client.post("/Patient", json={"resourceType": "Patient", "name": [{"family": "Stored"}]}, headers=JSON)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def held(database: Store) -> dict[str, int]:
    with database.transaction(Duty.CARE) as tx:
        return totals(tx)


def outcome(answer: httpx.Response) -> dict[str, Any]:
    """Return the one OperationOutcome that a refusal must be."""
    told: dict[str, Any] = answer.json()
    assert told["resourceType"] == "OperationOutcome"
    assert all(issue["diagnostics"] and issue["code"] for issue in told["issue"])
    assert SECRET not in answer.text
    return told


def observation(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **more}


def bundle(*entries: Any, kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(resource: dict[str, Any], url: str | None = None, **more: Any) -> dict[str, Any]:
    request = {"method": "POST", "url": url or resource["resourceType"]}
    return {"resource": resource, "request": request, **more}


NOT_JSON = {
    "empty": b"",
    "truncated": b'{"resourceType": "Patient", "name": [{"fam',
    "an array": b"[]",
    "a text": b'"Patient"',
    "a number": b"1",
    "invalid UTF-8": b'{"resourceType": "Patient", "language": "\xff\xfe"}',
    "UTF-16": '{"resourceType": "Patient"}'.encode("utf-16"),
    "a key twice": b'{"resourceType": "Patient", "gender": "male", "gender": "female"}',
    "NaN": b'{"resourceType": "Observation", "valueQuantity": {"value": NaN}}',
    "Infinity": b'{"resourceType": "Observation", "valueQuantity": {"value": -Infinity}}',
    "a lone surrogate": b'{"resourceType": "Patient", "language": "\\ud800"}',
    "a number of 5,000 digits": b'{"resourceType": "Patient", "multipleBirthInteger": ' + b"9" * 5000 + b"}",
    "100,000 levels": b'{"resourceType": "Patient", "extension": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "trailing text": b'{"resourceType": "Patient"} {"resourceType": "Patient"}',
}


@pytest.mark.parametrize("what", NOT_JSON)
@pytest.mark.parametrize("path", ["/Patient", ""])
def test_what_is_no_json_object_is_refused(client: httpx.Client, database: Store, what: str, path: str) -> None:
    before = held(database)

    answer = client.post(path, content=NOT_JSON[what], headers=JSON)

    assert answer.status_code == 400, answer.text
    outcome(answer)
    assert held(database) == before


WRONG_SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown type": ({"resourceType": "Horoscope"}, "resourceType"),
    "no type": ({"status": "final"}, "resourceType"),
    "an unknown element": (observation(flavour="red"), "Observation"),
    "a text for an object": (observation(code=SECRET), "Observation.code"),
    "an object for a list": (observation(category={}), "Observation.category"),
    "a number for a text": (observation(status=1), "Observation.status"),
    "a code outside its binding": (observation(status="perhaps"), "Observation.status"),
    "two values": (observation(valueString="a", valueBoolean=True), "Observation"),
    "a missing status": ({"resourceType": "Observation", "code": {"text": "x"}}, "Observation"),
    "an impossible date": (observation(effectiveDateTime="2031-13-01"), "Observation.effectiveDateTime"),
    "the year 0000": (observation(effectiveDateTime="0000-01-01"), "Observation.effectiveDateTime"),
    "an empty object": (observation(subject={}), "Observation.subject"),
    "an empty list": (observation(category=[]), "Observation.category"),
    "an empty text": (observation(language=""), "Observation.language"),
    "U+0000": (observation(valueString="a\u0000b"), "Observation.valueString"),
    "70 levels": (
        observation(extension=json.loads('[{"url":"u:x","extension":' * 70 + "[]" + "}]" * 70)),
        "Observation",
    ),
    "a contained reference to nothing": (observation(subject={"reference": "#p"}), "Observation.subject.reference"),
    "a urn to nothing": (observation(subject={"reference": "urn:uuid:none"}), "Observation.subject.reference"),
    "a literal to nothing": (
        observation(subject={"reference": "Patient/00000000-0000-4000-8000-000000000000"}),
        "Observation.subject.reference",
    ),
    "a condition that matches nothing": (
        observation(performer=[{"reference": "Practitioner?identifier=nobody"}]),
        "Observation.performer[0].reference",
    ),
    "a subject by name alone": (observation(subject={"display": SECRET}), "Observation.subject"),
    "a subject by identifier alone": (observation(subject={"identifier": {"value": "7"}}), "Observation.subject"),
    "a subject at another server": (
        observation(subject={"reference": "https://elsewhere.example/fhir/Patient/7"}),
        "Observation.subject",
    ),
    "a subject in the resource itself": (
        observation(subject={"reference": "#p"}, contained=[{"resourceType": "Patient", "id": "p"}]),
        "Observation.subject",
    ),
    "a wrong check digit": (
        {
            "resourceType": "Patient",
            "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": NUMBER[:17] + "9"}],
        },
        "Patient.identifier[0].value",
    ),
}


@pytest.mark.parametrize("what", WRONG_SHAPES)
def test_a_wrong_shape_is_refused_naming_the_element(client: httpx.Client, database: Store, what: str) -> None:
    resource, where = WRONG_SHAPES[what]
    before = held(database)

    answer = client.post(f"/{resource.get('resourceType', 'Observation')}", json=resource, headers=JSON)

    assert answer.status_code in (400, 404), answer.text
    told = outcome(answer)
    if resource.get("resourceType") not in ("Horoscope", None):
        assert any(where in expression for issue in told["issue"] for expression in issue["expression"]), told
    assert NUMBER[:10] not in answer.text
    assert held(database) == before


@pytest.mark.parametrize("what", WRONG_SHAPES)
def test_in_a_transaction_the_entry_is_named_and_nothing_is_stored(
    client: httpx.Client, database: Store, what: str
) -> None:
    resource, _ = WRONG_SHAPES[what]
    before = held(database)
    good = [entry({"resourceType": "Patient"}, fullUrl=f"urn:uuid:{n}") for n in range(3)]

    answer = client.post(
        "", json=bundle(*good, entry(resource, resource.get("resourceType", "Observation"))), headers=JSON
    )

    assert answer.status_code in (400, 404), answer.text
    assert "entry[3]" in json.dumps(outcome(answer))
    assert held(database) == before


@pytest.mark.parametrize("what", WRONG_SHAPES)
def test_in_a_batch_the_others_are_kept(client: httpx.Client, database: Store, what: str) -> None:
    resource, _ = WRONG_SHAPES[what]
    before = held(database)
    wrong = entry(resource, resource.get("resourceType", "Observation"))
    sent = bundle(entry({"resourceType": "Patient"}), wrong, entry({"resourceType": "Patient"}), kind="batch")

    answer = client.post("", json=sent, headers=JSON)

    assert answer.status_code == 200, answer.text
    statuses = [e["response"]["status"][:3] for e in answer.json()["entry"]]
    assert (statuses[0], statuses[2]) == ("201", "201")
    assert statuses[1] in ("400", "404")
    assert answer.json()["entry"][1]["response"]["outcome"]["issue"]
    assert held(database)["resources"] == before["resources"] + 2


BUNDLES: dict[str, tuple[Any, int]] = {
    "no type": ({"resourceType": "Bundle", "entry": []}, 400),
    "a type for reading": ({"resourceType": "Bundle", "type": "searchset", "entry": []}, 400),
    "entries that are no list": ({"resourceType": "Bundle", "type": "transaction", "entry": {}}, 400),
    "an entry that is no object": (bundle(7), 400),
    "an entry without a request": (bundle({"resource": {"resourceType": "Patient"}}), 400),
    "a request without an address": (bundle({"request": {"method": "POST"}, "resource": {}}), 400),
    "an unknown method": (bundle({"request": {"method": "BREW", "url": "Patient"}}), 400),
    "an address of another type": (bundle(entry({"resourceType": "Patient"}, "Observation")), 400),
    "no resource": (bundle({"request": {"method": "POST", "url": "Patient"}}), 400),
    "one fullUrl twice": (bundle(*[entry({"resourceType": "Patient"}, fullUrl="urn:uuid:1")] * 2), 400),
    "more than 10,000 entries": (bundle(*[entry({"resourceType": "Patient"})] * 10_001), 413),
    "a conditional create": (
        bundle({"request": {"method": "POST", "url": "Patient", "ifNoneExist": "x=y"}, "resource": {}}),
        400,
    ),
    "two patients of two charts": (
        bundle(
            entry({"resourceType": "Patient"}, fullUrl="urn:uuid:1"),
            entry({"resourceType": "Patient"}, fullUrl="urn:uuid:2"),
            entry(
                {
                    "resourceType": "Group",
                    "type": "person",
                    "actual": True,
                    "member": [{"entity": {"reference": f"urn:uuid:{n}"}} for n in (1, 2)],
                }
            ),
        ),
        422,
    ),
}


@pytest.mark.parametrize("what", BUNDLES)
def test_a_wrong_bundle_is_refused_whole(client: httpx.Client, database: Store, what: str) -> None:
    sent, status = BUNDLES[what]
    before = held(database)

    answer = client.post("", json=sent, headers=JSON)

    assert answer.status_code == status, answer.text[:400]
    outcome(answer)
    assert held(database) == before


@pytest.mark.parametrize("header", ["If-None-Exist", "If-Match"])
def test_a_bundle_is_not_sent_on_a_condition(client: httpx.Client, database: Store, header: str) -> None:
    before = held(database)

    answer = client.post("", json=bundle(entry({"resourceType": "Patient"})), headers={**JSON, header: "x"})

    assert answer.status_code == 400
    assert outcome(answer)["issue"][0]["expression"] == [header]
    assert held(database) == before


def test_an_empty_transaction_is_answered(client: httpx.Client) -> None:
    assert client.post("", json=bundle(), headers=JSON).json()["type"] == "transaction-response"


def test_a_body_over_the_bound_is_refused(client: httpx.Client) -> None:
    answer = client.post("/Patient", content=b" " * (64 * 1024 * 1024 + 1), headers=JSON)

    assert answer.status_code == 413
    outcome(answer)


QUERIES = [
    "/Observation?zip=1",
    "/Observation?code:text=x",
    "/Observation?patient:Patient=1",
    "/Observation?subject:Nobody=1",
    "/Observation?date=xx2031",
    "/Observation?date=yesterday",
    "/Observation?date=2031-13",
    "/Observation?_count=0.5",
    "/Observation?_count=-1",
    "/Observation?_count=many",
    "/Observation?code=",
    "/Observation?code=a,,b",
    "/Observation?code=|",
    "/Observation?patient=Observation/1",
    "/Observation?patient=1",
    "/Observation?_cursor=AAAA",
    "/Observation?_cursor=%00",
    "/Observation?_format=xml",
    "/Observation?_sort=code",
    "/Observation?_include=Observation:nothing",
    "/Observation?=1",
    "/Observation?code",
    "/Observation?code=%ff",
    "/Patient?address=Wang",
    "/Patient/00000000-0000-4000-8000-000000000000?_elements=id",
    "/metadata/more/parts",
    "/$nothing",
]


@pytest.mark.parametrize("path", QUERIES)
def test_a_search_that_is_not_understood_is_never_answered_wider(client: httpx.Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code in (400, 404), answer.text[:400]
    outcome(answer)


def test_a_count_beyond_the_most_gives_the_most(client: httpx.Client, patient: str) -> None:
    answer = client.get("/Patient?_count=1000000000")

    assert answer.status_code == 200
    assert len(answer.json()["entry"]) <= 200


def test_a_cursor_belongs_to_one_search(client: httpx.Client, patient: str) -> None:
    client.post("", json=bundle(*[entry({"resourceType": "Patient"})] * 3), headers=JSON)
    page = client.get("/Patient?_count=1").json()
    cursor = httpx.URL(next(link["url"] for link in page["link"] if link["relation"] == "next")).params["_cursor"]

    assert client.get("/Patient", params={"_count": "1", "_cursor": cursor}).status_code == 200
    assert client.get("/Patient", params={"_count": "2", "_cursor": cursor}).status_code == 400
    assert client.get("/Observation", params={"_count": "1", "_cursor": cursor}).status_code == 400


def test_a_posted_search_keeps_what_is_searched_for_out_of_every_address(client: httpx.Client) -> None:
    value = {"system": "urn:hospital:mrn", "value": "posted-7"}
    sent = bundle(*[entry({"resourceType": "Patient", "identifier": [value]})] * 3)
    client.post("", json=sent, headers=JSON)
    asked = {"identifier": f"{value['system']}|{value['value']}", "_count": "2"}

    first = client.post("/Patient/_search", data=asked)
    links = {link["relation"]: link["url"] for link in first.json()["link"]}
    second = client.post(links["next"], data=asked)

    assert (len(first.json()["entry"]), len(second.json()["entry"])) == (2, 1)
    assert not any(value["value"] in url for url in links.values())
    assert client.post("/Patient/_search", json=asked).status_code == 415
    assert client.post("/Patient/_search?identifier=x", data=asked).status_code == 400
    assert client.post("/Patient/_search", data={"zip": "1"}).status_code == 400
    assert client.post(links["next"], data={"_count": "2"}).status_code == 400


WRITES: list[tuple[str, str, dict[str, str], Any, int]] = [
    ("PUT", "/Patient/{id}", {}, {"resourceType": "Patient"}, 400),
    ("PUT", "/Patient/{id}", {}, {"resourceType": "Observation", "id": "{id}"}, 400),
    ("PUT", "/Observation/{id}", {}, {"resourceType": "Observation", "id": "{id}"}, 400),
    ("PUT", "/Patient/me", {}, {"resourceType": "Patient", "id": "me"}, 404),
    ("PUT", "/Patient/{id}", {"If-Match": 'W/"9"'}, {"resourceType": "Patient", "id": "{id}"}, 412),
    ("PUT", "/Patient/{id}", {"If-Match": "new"}, {"resourceType": "Patient", "id": "{id}"}, 400),
    ("POST", "/Patient", {"If-None-Exist": "identifier=1"}, {"resourceType": "Patient"}, 400),
    ("POST", "/Patient", {"Content-Type": "application/fhir+xml"}, {"resourceType": "Patient"}, 415),
    ("POST", "/Patient", {"Accept": "application/fhir+xml"}, {"resourceType": "Patient"}, 406),
    ("POST", "/Patient", {"Prefer": "return=everything"}, {"resourceType": "Patient"}, 400),
    ("POST", "/Patient?x=1", {}, {"resourceType": "Patient"}, 400),
    ("POST", "/Observation", {}, {"resourceType": "Patient"}, 400),
    ("DELETE", "/Patient/{id}", {}, None, 409),
    ("PATCH", "/Patient/{id}", {}, [], 415),
    ("PATCH", "/Patient/{id}", {"Content-Type": "application/json-patch+json"}, [], 400),
    ("PUT", "/Patient", {}, {"resourceType": "Patient"}, 400),
]


@pytest.mark.parametrize("wanted", WRITES, ids=lambda w: f"{w[0]} {w[1]} {w[2]} {w[4]}")
def test_a_write_that_cannot_be_is_refused(
    client: httpx.Client, database: Store, patient: str, wanted: tuple[str, str, dict[str, str], Any, int]
) -> None:
    method, path, headers, body, status = wanted
    before = held(database)
    content = json.dumps(body).replace("{id}", patient).encode()

    answer = client.request(method, path.replace("{id}", patient), content=content, headers={**JSON, **headers})

    assert answer.status_code == status, answer.text[:300]
    outcome(answer)
    assert held(database) == before


@pytest.mark.parametrize("bearer", ["", "Bearer", "Bearer x", "Basic eDp4", "Bearer " + "a." * 3, "Bearer é".encode()])
def test_nobody_gets_in_without_a_token_of_ours(node: Live, patient: str, bearer: str | bytes) -> None:
    answer = httpx.get(f"{node.url}/fhir/Patient/{patient}", headers={"Authorization": bearer}, timeout=120)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_number_is_the_same_however_it_is_written(client: httpx.Client, node: Live) -> None:
    wide = str.maketrans("0123456789X", "０１２３４５６７８９ｘ")
    from salus.identity import check_character

    body = "90010119800101"
    serial = next(f"{n:03}" for n in range(1000) if check_character(f"{body}{n:03}") == "X")
    numbers = [f"{body}{serial}X", f"{body}{serial}x", f"{body}{serial}X".translate(wide), f" {body} {serial}X "]
    system = "urn:oid:2.16.156.10011.1.3"
    made = [
        client.post(
            "/Patient",
            json={"resourceType": "Patient", "identifier": [{"system": system, "value": number}]},
            headers=JSON,
        ).json()["id"]
        for number in numbers
    ]
    token = node.command("token", "--data", str(node.data), "--role", "resident", "--resident", made[0]).stdout.strip()

    bearer = {"Authorization": f"Bearer {token}"}
    own = httpx.get(f"{node.url}/fhir/Patient", headers=bearer, timeout=120).json()["entry"]

    assert {e["resource"]["id"] for e in own} == set(made)
