"""20,000 odd requests to /fhir: never a failure of ours, and whatever is taken in is what was sent.

They go straight into the application (middleware, routes and database, without a socket), eight at a time; some more
go over the wire in test_mutations.py.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from journeys.fuzz_answers import comparable, exact, wrong_with
from journeys.fuzz_requests import Fuzzer, Sent
from nodes import a_node
from salus.app import Node, demo_token
from salus.kernel import Role
from salus.records import resource_types, supported, totals
from salus.storage import Duty
from salus.web.serve import application
from support import corpus

AT_ONCE = 8
JSON = {"Content-Type": "application/fhir+json"}
Answer = tuple[int, dict[str, str], bytes]


def test_some_hundred_odd_requests_are_refused_or_explained(tmp_path: Path) -> None:
    _fuzz(tmp_path, requests=600, seed=1)


@pytest.mark.slow
def test_twenty_thousand_odd_requests_are_refused_or_explained(tmp_path: Path) -> None:
    _fuzz(tmp_path, requests=20_000, seed=2)


def _fuzz(folder: Path, requests: int, seed: int) -> None:
    with a_node(folder, "H1") as node:
        told, wrong, stored = asyncio.run(_all(node, requests, seed))
        with node.store.transaction(Duty.CARE) as tx:
            held = totals(tx)["resources"]

    print(f"{requests} requests: {dict(sorted(told.items()))}")
    assert not wrong, "\n".join(wrong[:20])
    assert held == stored
    assert (
        min(told["create 2xx"], told["search 2xx"], told["update 2xx"], told["batch 2xx"], told["transaction 2xx"]) > 0
    )
    assert told["2xx"] > requests // 10
    assert told["4xx"] > requests // 4


async def _all(node: Node, requests: int, seed: int) -> tuple[Counter[str], list[str], int]:
    """Send the requests; return how many were answered how, what is wrong, and how many resources there must be now."""
    app = application(node, relay=False)
    bearer = f"Bearer {demo_token(node, Role.HOSPITAL_SYSTEM, 'H1', None, None)}"
    listed = {kind: dict(supported(kind)) for kind in resource_types()}
    told, wrong, stored = Counter[str](), list[str](), 1
    async with app.router.lifespan_context(app):
        made = await call(
            app, bearer, Sent(method="POST", path="/fhir/Patient", body=b'{"resourceType":"Patient"}', headers=JSON)
        )
        fuzzer = Fuzzer(seed, _resources(), f"Patient/{json.loads(made[2])['id']}", listed)

        async def one() -> None:
            nonlocal stored
            sent = fuzzer.draw()
            answer = await call(app, bearer, sent)
            why = wrong_with(sent, *answer, listed)
            stored += _created(sent, answer)
            if not why and sent.what in ("create", "update") and answer[0] < 300:
                why = await _read_back(app, bearer, sent, answer, fuzzer)
            told.update((f"{answer[0] // 100}xx", f"{sent.what} {answer[0] // 100}xx"))
            if sent.planted:
                told["planted"] += 1
            if why:
                wrong.append(f"{why}: {_shown(sent)} -> {answer[0]} {answer[2][:300]!r}")

        left = requests

        async def some() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                await one()

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return told, wrong, stored


def _shown(sent: Sent) -> str:
    return f"{sent.method} {sent.target[:300]} {sent.headers} {(sent.body or b'')[:600]!r}"


def _created(sent: Sent, answer: Answer) -> int:
    """Return how many resources an answer says there are more."""
    status, _, body = answer
    if sent.what in ("create", "update"):
        return int(status == 201)
    if sent.what in ("batch", "transaction") and status == 200:
        return sum(one["response"]["status"].startswith("201") for one in json.loads(body).get("entry", ()))
    return 0


async def _read_back(app: Any, bearer: str, sent: Sent, answer: Answer, fuzzer: Fuzzer) -> str:
    """Read what was taken in, remember it, and say where it is another than what was sent."""
    location = answer[1].get("location", sent.path).rpartition("/fhir/")[2].partition("/_history")[0]
    read = await call(app, bearer, Sent(method="GET", path=f"/fhir/{location}"))
    if read[0] != 200:
        return f"taken in, and answered with {read[0]} when read"
    kind, _, id_ = location.partition("/")
    fuzzer.known.append((kind, id_, json.loads(read[2])["meta"]["versionId"]))
    if "x-salus-stripped" in answer[1] or b"?" in (sent.body or b""):
        return ""
    return "" if comparable(exact(read[2])) == comparable(exact(sent.body or b"")) else "read otherwise than sent"


def _resources() -> list[dict[str, Any]]:
    with gzip.open(corpus("fhir/r4-examples-patch-fhirpath.ndjson.gz"), "rt", encoding="utf-8") as file:
        told = [json.loads(line) for line in file]
    examples = [json.loads(one["text"]) for one in told if "/examples/" in one["id"] and one["id"].endswith(".json")]
    with gzip.open(corpus("synthea/bundles.public.ndjson.gz"), "rt", encoding="utf-8") as file:
        entries = json.loads(next(file))["entry"]
    found = [one for one in examples if one.get("resourceType") in resource_types()]
    return [*found, *(entry["resource"] for entry in entries)]


async def call(app: Any, bearer: str, sent: Sent) -> Answer:
    """Send one request into an ASGI application; what it raises is a 500."""
    path, _, query = sent.target.partition("?")
    headers = {"host": "127.0.0.1:8000", "authorization": bearer} | {k.lower(): v for k, v in sent.headers.items()}
    if sent.body is not None:
        headers["content-length"] = str(len(sent.body))
    scope: MutableMapping[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    waiting, parts, start = [sent.body or b""], list[bytes](), dict[str, Any]()

    async def receive() -> dict[str, Any]:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    try:
        await app(scope, receive, send)
    except Exception as failure:
        return 500, {}, repr(failure).encode()
    told = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    return int(start["status"]), told, b"".join(parts)
