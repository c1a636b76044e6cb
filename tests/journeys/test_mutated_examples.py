"""Mutated R4 examples through the door: never a failure of ours, and what is taken in is read back as it was sent."""

from __future__ import annotations

import copy
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mutating import mutate, visit
from salus import records
from salus.kernel import SalusError
from serving import Serving, serving
from support import corpus

BODIES = 400


@pytest.fixture(scope="module")
def examples() -> list[dict[str, Any]]:
    with gzip.open(corpus("fhir/r4-examples-patch-fhirpath.ndjson.gz"), "rt", encoding="utf-8") as file:
        told = [json.loads(line) for line in file]
    found = [json.loads(one["text"]) for one in told if "/examples/" in one["id"] and one["id"].endswith(".json")]
    return [one for one in found if one.get("resourceType") in records.resource_types()]


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_is_checked_is_answered_or_refused(examples: list[dict[str, Any]], seed: int) -> None:
    resource = _mutated(Random(seed), examples)
    status = 200

    try:
        raw = json.dumps(resource).encode()
        records.check(records.parse(raw), str(resource.get("resourceType")))
    except SalusError as refused:
        status = refused.status

    assert status < 500


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("examples")) as opened:
        yield opened


@pytest.mark.slow
def test_what_is_taken_in_is_read_back_as_it_was_sent(node: Serving, examples: list[dict[str, Any]]) -> None:
    token, told = node.token("hospital-system", "H1"), Counter[int]()
    patient = node.post("/fhir/Patient", {"resourceType": "Patient"}, token).json()["id"]
    for number in range(BODIES):
        chance = Random(number)
        resource = _mutated(chance, examples, f"Patient/{patient}")
        kind = str(resource.get("resourceType"))
        if not kind.isalpha():
            continue
        answer = node.post(f"/fhir/{kind}", resource, token)
        told[answer.status_code] += 1

        assert answer.status_code < 500, (number, answer.text)
        checked = node.post(f"/fhir/{kind}/$validate", resource, token)
        if answer.status_code == 201:
            issues = checked.json()["issue"]
            notes = [note for note in issues if note["severity"] == "information"]
            warned = [note for note in issues if note not in notes]  # of a profile that is claimed and not known here
            assert all(one["severity"] == "warning" and "profile" in one["diagnostics"] for one in warned), number
            if {note["code"] for note in notes} <= {"informational"}:  # no place was taken out
                read = node.get(f"/fhir/{kind}/{answer.json()['id']}", token)
                assert _comparable(read.json()) == _comparable(resource), number
        else:
            assert answer.json()["resourceType"] == "OperationOutcome"
    print(f"{BODIES} mutated examples: {dict(told)}")

    assert told[201] > BODIES // 10
    assert told[400] + told[422] > BODIES // 4


def _mutated(chance: Random, examples: list[dict[str, Any]], somebody: str = "Patient/1") -> dict[str, Any]:
    """Copy an example without places, lead its references to somebody, and change it in up to two places."""
    resource = copy.deepcopy(chance.choice(examples))
    resource.pop("position", None)

    def lead(node: dict[str, Any]) -> None:
        reference = node.get("reference")
        if isinstance(reference, str) and not reference.startswith("#"):
            node["reference"] = somebody if reference.startswith("Patient/") else f"https://x.example/{len(reference)}"

    visit(resource, lead)
    for _ in range(chance.randint(0, 2)):
        mutate(chance, resource)
    return resource


def _comparable(resource: dict[str, Any]) -> str:
    return json.dumps({key: one for key, one in resource.items() if key not in ("id", "meta")}, sort_keys=True)
