"""Mutated real bundles and random queries: whatever comes, the answer is a FHIR answer and never a failure of ours."""

from __future__ import annotations

import copy
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import quote

import pytest

from mutating import mutate, visit
from salus.records import resource_types, supported
from serving import Serving, serving
from support import corpus

BODIES, BATCHES, QUERIES = 900, 100, 1_000
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("mutations")) as opened:
        yield opened


@pytest.fixture(scope="module")
def entries() -> list[dict[str, Any]]:
    with gzip.open(corpus("synthea/bundles.public.ndjson.gz"), "rt", encoding="utf-8") as file:
        bundles = [json.loads(next(file)) for _ in range(3)]
    return [entry for bundle in bundles for entry in bundle["entry"]]


def test_mutated_resources_never_fail(node: Serving, entries: list[dict[str, Any]]) -> None:
    rng, told = Random(1), Counter[int]()
    token = node.token("hospital-system", "H1")
    for number in range(BODIES):
        resource = copy.deepcopy(rng.choice(entries)["resource"])
        kind = resource["resourceType"]
        _let_go(resource, rng.random() < 0.7)
        for _ in range(rng.randint(0, 3)):
            mutate(rng, resource)
        raw = json.dumps(resource).encode()
        if rng.random() < 0.2:
            raw = _damaged(rng, raw)
        answer = node.post(f"/fhir/{kind}", raw, token)
        told[answer.status_code] += 1

        assert answer.status_code < 500, (number, answer.text, raw[:2000])
        assert answer.json()["resourceType"] in (kind, "OperationOutcome"), number
    print(f"{BODIES} mutated resources: {dict(told)}")
    assert told[201] > BODIES // 20
    assert told[400] > BODIES // 4


def test_mutated_bundles_never_fail(node: Serving, entries: list[dict[str, Any]]) -> None:
    rng, told = Random(2), Counter[str]()
    token = node.token("hospital-system", "H1")
    for number in range(BATCHES):
        chosen = copy.deepcopy(rng.choices(entries, k=rng.randint(1, 12)))
        bundle: dict[str, Any] = {
            "resourceType": "Bundle",
            "type": rng.choice(["batch", "transaction"]),
            "entry": chosen,
        }
        for _ in range(rng.randint(1, 3)):
            mutate(rng, bundle)
        answer = node.post("/fhir", bundle, token)
        told[str(answer.status_code)] += 1

        assert answer.status_code < 500, (number, answer.text[:500])
        if answer.status_code == 200:
            statuses = [entry["response"]["status"][:1] for entry in answer.json()["entry"]]
            assert "5" not in statuses, answer.text[:2000]
            assert len(statuses) == len(bundle.get("entry", ()))
    print(f"{BATCHES} mutated bundles: {dict(told)}")


def test_random_queries_never_fail_and_never_widen(node: Serving) -> None:
    rng, told = Random(3), Counter[int]()
    token = node.token("hospital-system", "H1")
    values = ["", "a", "|", "a|b", "a\\,b", "%00", "1", "2031", "ge2031-01-01", "9999", "*", "é", "'; drop", "1e9", "_"]
    kinds = sorted(resource_types())
    for _ in range(QUERIES):
        kind = rng.choice([*kinds, "patient", "X", "Patient "])
        names = [
            *(supported(kind) if kind in resource_types() else ()),
            "_count",
            "_cursor",
            "_sort",
            "x",
            "code:in",
            "",
        ]
        pairs = [(rng.choice(names), rng.choice(values)) for _ in range(rng.randint(0, 3))]
        query = "&".join(f"{quote(name)}={value if value == '%00' else quote(value)}" for name, value in pairs)
        answer = node.get(f"/fhir/{quote(kind)}?{query}", token)
        told[answer.status_code] += 1
        known = {"_count", "_cursor", *(supported(kind) if kind in resource_types() else ())}

        assert answer.status_code < 500, (query, answer.text)
        if answer.status_code == 200:
            assert {name for name, _ in pairs} <= known, query
            assert answer.json()["type"] == "searchset"
    print(f"{QUERIES} random queries: {dict(told)}")
    assert told[200] > QUERIES // 10


def _let_go(resource: dict[str, Any], all_of_them: bool) -> None:
    """Let references lead elsewhere, so that many resources would be taken in if nothing else were wrong."""

    def change(node: dict[str, Any]) -> None:
        if isinstance(node.get("reference"), str):
            node["reference"] = f"https://elsewhere.example/{len(node['reference'])}"

    if all_of_them:
        visit(resource, change)


def _damaged(rng: Random, raw: bytes) -> bytes:
    place = rng.randrange(len(raw))
    return rng.choice(
        [
            raw[:place],
            raw[:place] + bytes([rng.randrange(256)]) + raw[place + 1 :],
            raw[:place] + b"\\ud800" + raw[place:],
            raw[:place] + raw[place // 2 :],
        ]
    )
