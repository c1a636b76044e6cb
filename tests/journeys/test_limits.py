"""Input at its limits, with the memory that it may cost: refused in words or taken in whole, and never half stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from serving import Serving, serving

MIB = 1024 * 1024
# What a request may add to the most memory that the node ever had: the body, its JSON as Python values, and its answer.
# A body of many small pieces is the costly kind: some six bytes for each byte sent.
FOR_EACH_BYTE, AT_MOST = 10, 300 * MIB
CODE = {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("limits")) as opened:
        place = ("--level", "2", "--kind", "hospital", "--county", "900101", "--organisation", "Group")
        added = opened.command("facility", "add", "H2", "--name", "Another", "--name-zh", "别院", *place)
        assert added.returncode == 0, added.stderr
        yield opened


@pytest.fixture(scope="module")
def token(node: Serving) -> str:
    return node.token("hospital-system", "H1")


def observation(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": CODE, **more}


def transaction(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [
        {"fullUrl": f"urn:uuid:{place}", "resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for place, one in enumerate(resources)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def grown(node: Serving, before: int, sent: bytes) -> str:
    """Say by how much the node's most memory has grown, if that is more than a request of this size may cost."""
    more, may = node.memory_bytes() - before, min(AT_MOST, 60 * MIB + FOR_EACH_BYTE * len(sent))
    print(f"{len(sent) / MIB:.1f} MiB sent, {more / MIB:.0f} MiB more memory, {may / MIB:.0f} allowed")
    return f"{more} bytes more for {len(sent)} sent" if more > may else ""


def count(node: Serving, token: str, kind: str) -> int:
    return len(node.get(f"/fhir/{kind}?_count=200", token).json().get("entry", ()))


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_a_bundle_of_fifty_thousand_entries_is_refused_within_its_memory(node: Serving, token: str, kind: str) -> None:
    bundle = transaction(*[{"resourceType": "Basic", "code": {"text": "x"}}] * 50_000) | {"type": kind}
    raw, before = json.dumps(bundle).encode(), node.memory_bytes()

    answer = node.post("/fhir", raw, token)

    assert answer.status_code == 413, answer.text[:500]
    assert "10000" in answer.json()["issue"][0]["diagnostics"]
    assert not grown(node, before, raw)
    assert count(node, token, "Basic") == 0


def test_a_resource_of_twenty_megabytes_is_kept_whole_within_its_memory(node: Serving, token: str) -> None:
    photo = {"resourceType": "Binary", "contentType": "image/png", "data": "QUJD" * (5 * MIB)}
    raw, before = json.dumps(photo).encode(), node.memory_bytes()
    assert len(raw) > 20 * MIB

    made = node.post("/fhir/Binary", raw, token)
    assert made.status_code == 201, made.text[:500]
    read = node.get(f"/fhir/Binary/{made.json()['id']}", token)

    assert read.json()["data"] == photo["data"]
    assert not grown(node, before, raw)


def test_a_resource_of_twenty_megabytes_in_small_pieces_is_answered_within_its_memory(
    node: Serving, token: str
) -> None:
    pieces = [{"url": "urn:piece", "valueString": "x" * 40}] * 300_000
    raw, before = json.dumps(observation(extension=pieces)).encode(), node.memory_bytes()
    assert len(raw) > 20 * MIB

    answer = node.post("/fhir/Observation", raw, token)

    assert answer.status_code in (201, 400, 413)
    assert not grown(node, before, raw)


def test_references_in_a_circle_are_stored_and_read(node: Serving, token: str) -> None:
    ring = [observation(hasMember=[{"reference": f"urn:uuid:{(place + 1) % 5}"}]) for place in range(5)]

    done = node.post("/fhir", transaction(*ring), token)

    assert done.status_code == 200, done.text[:500]
    places = [entry["response"]["location"].partition("/_history")[0] for entry in done.json()["entry"]]
    for place, address in enumerate(places):
        [member] = node.get(f"/fhir/{address}", token).json()["hasMember"]
        assert member["reference"] == places[(place + 1) % 5]


def test_a_resource_that_points_at_itself_is_stored(node: Serving, token: str) -> None:
    done = node.post("/fhir", transaction(observation(hasMember=[{"reference": "urn:uuid:0"}])), token)

    assert done.status_code == 200, done.text[:500]


@pytest.mark.parametrize("year", ["0000", "0000-01-01", "ge0000", "10000"])
def test_no_search_is_made_for_a_year_that_is_none(node: Serving, token: str, year: str) -> None:
    answer = node.get(f"/fhir/Observation?date={year}", token)

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize("counted", ["-1", "1e3", "９", "99999999999999999999", "1.5", "0x10"])
def test_a_count_that_is_none_or_beyond_all_bounds_is_refused_or_bounded(
    node: Serving, token: str, counted: str
) -> None:
    answer = node.get(f"/fhir/Observation?_count={counted}", token)

    assert answer.status_code == 400 or (counted.isascii() and counted.isdigit())
    assert len(answer.json().get("entry", ())) <= 200


def test_a_cursor_is_good_for_whom_it_was_given_to(node: Serving, token: str) -> None:
    for facility in ("H1", "H2"):
        done = node.post("/fhir", transaction(*[observation()] * 5), node.token("hospital-system", facility))
        assert done.status_code == 200
    stranger = node.token("hospital-system", "H2")
    page = node.get("/fhir/Observation?_count=2", token).json()
    parts = urlsplit(next(link["url"] for link in page["link"] if link["relation"] == "next"))

    theirs = node.get(f"{parts.path}?{parts.query}", stranger)

    assert theirs.status_code == 400
    assert "entry" not in theirs.json()


@pytest.mark.parametrize("at", [0, 5, -1])
def test_a_cursor_with_another_letter_is_none(node: Serving, token: str, at: int) -> None:
    page = node.get("/fhir/Observation?_count=2", token).json()
    parts = urlsplit(next(link["url"] for link in page["link"] if link["relation"] == "next"))
    before, _, cursor = parts.query.rpartition("=")
    changed = list(cursor)
    changed[at] = "A" if changed[at] != "A" else "B"

    assert node.get(f"{parts.path}?{before}={''.join(changed)}", token).status_code == 400


def test_nothing_of_all_this_was_a_failure(node: Serving) -> None:
    assert "Traceback" not in Path(node.data.parent / "said.txt").read_text("utf-8")
