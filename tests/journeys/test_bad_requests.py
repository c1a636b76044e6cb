"""Requests that no client library sends: too much, too deep, not HTTP as it should be. Memory stays bounded."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import FHIR_JSON, Serving, serving

MIB = 1 << 20
NUMBER = "110101199003077758"
NO_ROUTE = ["/fhir", "/fhir/", "/fhir//Patient", "/fhir/Patient/", "/fhir/Patient/x/_history", "/fhir/%ff/x"]
REPEATED = [
    f"/fhir/{NUMBER}",
    f"/fhir/Patient?{NUMBER}=1",
    f"/fhir/Patient/x?{NUMBER}=1",
    f"/fhir/Patient?code:{NUMBER}=1",
]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("requests")) as opened:
        yield opened


@pytest.fixture(scope="module")
def token(node: Serving) -> str:
    return node.token("hospital-system", "H1")


def test_a_stream_without_end_is_cut_off_and_takes_no_memory(node: Serving, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": FHIR_JSON}
    before = node.memory_bytes()

    answer = node.client.post("/fhir/Patient", content=(b" " * MIB for _ in range(200)), headers=headers)

    assert answer.status_code == 413
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert node.memory_bytes() - before < 300 * MIB


@pytest.mark.parametrize("part", [b"[],", b"{},", b'"ab",', b"1.5,", b'{"a":1},', b"[[[[[[[[[[]]]]]]]]]],"])
def test_a_body_that_is_all_structure_is_refused_before_it_fills_the_memory(
    node: Serving, token: str, part: bytes
) -> None:
    raw = b'{"resourceType":"Patient","x":[' + part * (60 * MIB // len(part)) + b"1]}"
    before = node.memory_bytes()

    for _ in range(2):
        answer = node.post("/fhir/Patient", raw, token)

        assert answer.status_code == 413
        assert len(answer.content) < 10_000
    assert node.memory_bytes() - before < 300 * MIB


def test_a_thousand_wrong_parts_make_a_short_answer(node: Serving, token: str) -> None:
    entry = {"resource": {"resourceType": "Observation"}, "request": {"method": "POST", "url": "Observation"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry] * 5_000}
    lists = b'{"resourceType":"Patient","x":[' + b"[]," * 400_000 + b"1]}"

    for path, body in (("/fhir", bundle), ("/fhir/Patient", lists)):
        answer = node.post(path, body, token)
        assert answer.status_code == 400
        assert 1 <= len(answer.json()["issue"]) <= 100


@pytest.mark.parametrize("level", [65, 900, 100_000])
def test_depth_is_refused_wherever_it_stands(node: Serving, token: str, level: int) -> None:
    nested = b'{"extension":[' * level + b"]}" * level

    for path, body in (
        ("/fhir/Patient", b'{"resourceType":"Patient","contact":[' + nested + b"]}"),
        ("/fhir", b'{"resourceType":"Bundle","type":"batch","entry":[' + nested + b"]}"),
        ("/fhir/$present", b'{"resourceType":"Parameters","parameter":[' + nested + b"]}"),
    ):
        assert node.post(path, body, token).status_code in (200, 400)


@pytest.mark.parametrize("level", [2, 65, 900, 100_000])
def test_depth_is_refused_where_a_hospital_says_what_it_has(node: Serving, token: str, level: int) -> None:
    deep = b"[" * level + b"]" * level

    assert node.post("/resources", b"[" * 200_000, token).status_code == 400
    assert node.post("/resources", b'{"as_of":' + deep + b',"resources":{}}', token).status_code == 400


@pytest.mark.parametrize("path", ["%00", "checkpoint%00", "tile/%00/000", "..%2fvkey", "%ff", "published/" + "0" * 64])
def test_what_is_no_file_of_the_log_is_not_there(node: Serving, path: str) -> None:
    assert node.client.get(f"/log/{path}").status_code == 404


def test_a_byte_order_mark_is_let_go_and_xml_is_not_spoken(node: Serving, token: str) -> None:
    stored = node.post("/fhir/Patient", b'\xef\xbb\xbf{"resourceType":"Patient"}', token)
    asked = node.ask("GET", "/fhir/metadata", headers={"Accept": "application/fhir+xml"})

    assert stored.status_code == 201
    assert (asked.status_code, asked.json()["resourceType"]) == (406, "OperationOutcome")


def test_digits_are_stored_as_they_were_written(node: Serving, token: str) -> None:
    raw = b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.00}}'
    made = node.post("/fhir/Observation", raw, token)

    assert b'"value":1.00}' in made.content
    assert b'"value":1.00}' in node.get(f"/fhir/Observation/{made.json()['id']}", token).content


@pytest.mark.parametrize("path", NO_ROUTE)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_where_nothing_is_an_outcome_says_so(node: Serving, token: str, method: str, path: str) -> None:
    answer = node.ask(method, path, token)

    assert answer.status_code in (404, 405)
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("path", REPEATED)
def test_a_refusal_repeats_no_number(node: Serving, token: str, path: str) -> None:
    answer = node.get(path, token)

    assert answer.status_code in (400, 404)
    assert NUMBER not in answer.text


@pytest.mark.parametrize(
    "line",
    [
        b"GET /fhir/Patient?code=\xff\xfe HTTP/1.1",
        b"GET /fhir/\xff HTTP/1.1",
        b"BREW /fhir HTTP/1.1",
        b"GET /fhir HTTP/9",
    ],
)
def test_what_is_hardly_http_is_answered_and_the_node_goes_on(node: Serving, line: bytes) -> None:
    with socket.create_connection(("127.0.0.1", node.port), timeout=300) as raw:
        raw.sendall(line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = raw.recv(64)

    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4"))
    assert node.get("/healthz").status_code == 200


def test_a_connection_that_ends_too_early_stores_nothing(node: Serving, token: str) -> None:
    head = f"POST /fhir/Basic HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: {FHIR_JSON}\r\n"
    with socket.create_connection(("127.0.0.1", node.port), timeout=300) as raw:
        raw.sendall(head.encode() + b'Content-Length: 1000\r\n\r\n{"resourceType":"Basic","code":{"text":"x"}}')

    assert "entry" not in node.get("/fhir/Basic", token).json()
    assert "Traceback" not in Path(node.data.parent / "said.txt").read_text("utf-8")
