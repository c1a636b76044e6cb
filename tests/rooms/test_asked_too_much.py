"""What a request says that cannot be taken at its word is refused with what to do: packed bodies, a count twice."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import orjson
import pytest

from nodes import Asking, a_node, a_patient, asking
from salus.kernel import Role

JSON_PATCH = "application/json-patch+json"


@pytest.fixture(scope="module")
def h1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with (
        a_node(tmp_path_factory.mktemp("asked"), "H1") as node,
        asking(node, Role.HOSPITAL_SYSTEM) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/fhir/Patient", "application/fhir+json"),
        ("POST", "/fhir", "application/fhir+json"),
        ("POST", "/fhir/Patient/_search", "application/x-www-form-urlencoded"),
        ("PATCH", "/fhir/Patient/00000000-0000-4000-8000-000000000001", JSON_PATCH),
    ],
)
def test_a_packed_body_is_refused_with_what_to_send(h1: Asking, method: str, path: str, kind: str) -> None:
    body = gzip.compress(orjson.dumps(a_patient()))

    answer = h1.ask(method, path, content=body, headers={"Content-Type": kind, "Content-Encoding": "gzip"})

    assert answer.status_code == 415, answer.text
    assert "plain" in answer.json()["issue"][0]["diagnostics"]


def test_a_body_that_says_that_it_is_plain_is_taken(h1: Asking) -> None:
    headers = {"Content-Encoding": "identity"}

    assert h1.ask("POST", "/fhir/Patient", content=orjson.dumps(a_patient()), headers=headers).status_code == 201


@pytest.mark.parametrize("second", ["1", "2", "0"])
def test_a_count_stands_in_a_search_once(h1: Asking, second: str) -> None:
    answer = h1.ask("GET", f"/fhir/Patient?_count=1&_count={second}")

    assert answer.status_code == 400
    assert "_count" in answer.text


@pytest.mark.parametrize("element", ["versionId", "lastUpdated"])
@pytest.mark.parametrize("verb", ["replace", "add", "remove"])
def test_a_patch_does_not_pretend_to_change_what_is_the_servers(h1: Asking, element: str, verb: str) -> None:
    stored = h1.ask("POST", "/fhir/Patient", content=orjson.dumps(a_patient())).json()
    operation = {"op": verb, "path": f"/meta/{element}"} | ({} if verb == "remove" else {"value": "7"})
    address, headers = f"/fhir/Patient/{stored['id']}", {"Content-Type": JSON_PATCH}

    answer = h1.ask("PATCH", address, content=orjson.dumps([operation]), headers=headers)
    test = [{"op": "test", "path": "/meta/versionId", "value": "1"}, {"op": "add", "path": "/active", "value": True}]

    assert answer.status_code == 422
    assert h1.ask("PATCH", address, content=orjson.dumps(test), headers=headers).status_code == 200
