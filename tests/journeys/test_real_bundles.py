"""The public Synthea bundles go in whole, over HTTP and by import, and come back as they were sent."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from journeys.conftest import open_folder
from journeys.live import Live, serving
from support import corpus

ENTRIES = 18_460
HOMES = 60
pytestmark = pytest.mark.slow

Sent = list[dict[str, Any]]


@pytest.fixture(scope="module")
def bundles() -> list[bytes]:
    with gzip.open(corpus("synthea/bundles.public.ndjson.gz")) as file:
        return file.readlines()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(open_folder(tmp_path_factory, "synthea"), "serve", "--demo", ready="serving demo") as live:
        yield live


@pytest.fixture(scope="module")
def client(node: Live) -> Iterator[httpx.Client]:
    done = node.command("token", "--data", str(node.data), "--role", "hospital-system", "--facility", "H1")
    assert done.returncode == 0, done.stderr
    headers = {"Authorization": f"Bearer {done.stdout.strip()}"}
    with httpx.Client(base_url=f"{node.url}/fhir", headers=headers, timeout=120) as opened:
        yield opened


def test_they_go_in_over_http_and_come_back_equal(client: httpx.Client, bundles: list[bytes]) -> None:
    """Each is found with its like, page by page; one of each type in a bundle is also read by its address."""
    sent: dict[str, dict[str, Any]] = {}
    homes = 0
    for raw in bundles:
        answer = client.post("", content=raw, headers={"Content-Type": "application/fhir+json"})
        assert answer.status_code == 200, answer.text[:500]
        entries, responses = json.loads(raw)["entry"], [e["response"] for e in answer.json()["entry"]]
        places = [response["location"].partition("/_history")[0] for response in responses]
        new = {entry["fullUrl"]: place for entry, place in zip(entries, places, strict=True)}
        homes += sum(len(response.get("outcome", {}).get("issue", ())) for response in responses)
        stored = [_comparable(_rewritten(entry["resource"], new)) for entry in entries]
        sent |= zip(places, stored, strict=True)
        for place in {place.partition("/")[0]: place for place in places}.values():
            assert _comparable(client.get(f"/{place}").json()) == sent[place]
    kinds = sorted({place.partition("/")[0] for place in sent})
    found = {f"{kind}/{one['id']}": _comparable(one) for kind in kinds for one in _all(client, kind)}

    assert (len(sent), homes) == (ENTRIES, HOMES)
    assert [place for place, one in sent.items() if found.get(place) != one] == []


def test_they_go_in_by_import_and_come_back_equal(
    tmp_path_factory: pytest.TempPathFactory, bundles: list[bytes]
) -> None:
    wanted = [e["resource"] for raw in bundles for e in json.loads(raw)["entry"]]
    folder = open_folder(tmp_path_factory, "imported")
    file = folder / "bundles.ndjson.gz"
    file.write_bytes(gzip.compress(b"".join(bundles), 1))
    with serving(folder, "serve", "--demo", ready="serving demo") as live:
        first = _imported(live, file)
        again = _imported(live, file)
        token = live.command("token", "--data", str(live.data), "--role", "hospital-system").stdout.strip()
        with httpx.Client(
            base_url=f"{live.url}/fhir", headers={"Authorization": f"Bearer {token}"}, timeout=300
        ) as opened:
            stored = [
                resource
                for kind in sorted({r["resourceType"] for r in wanted})
                for resource in _all(opened, kind)
                if not _is_registered(resource)
            ]

    assert (first["entries"], first["stripped"], first["refused"]) == (ENTRIES, HOMES, [])
    assert (again["entries"], again["skipped"]) == (0, len(bundles))
    assert _multiset(stored) == _multiset(wanted)


def _is_registered(resource: dict[str, Any]) -> bool:
    """Tell whether this is one of the institutions that a node publishes of itself; nobody else may name them so."""
    identifiers = resource.get("identifier")
    given = identifiers if isinstance(identifiers, list) else []
    return any(str(one.get("system")).startswith("urn:salus:") for one in given)


def _imported(live: Live, file: Path) -> dict[str, Any]:
    done = live.command("import", str(file), "--data", str(live.data), "--facility", "H1", "--json")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _all(client: httpx.Client, kind: str) -> Sent:
    """Return every resource of a type, page after page."""
    found: Sent = []
    address: str | None = f"/{kind}?_count=200"
    while address:
        page = client.get(address).json()
        found += [entry["resource"] for entry in page.get("entry", ())]
        address = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
    return found


def _multiset(resources: Sent) -> list[str]:
    """Return what can be compared without knowing which is which: everything but references, ids and places."""
    blank = [_walk(_comparable(r), lambda _: "reference") for r in resources]
    return sorted(json.dumps(r, sort_keys=True) for r in blank)


def _comparable(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource without id, meta, and the home coordinates that are taken out at the door."""
    kept = {name: value for name, value in resource.items() if name not in ("id", "meta")}
    for address in kept.get("address", ()) if kept["resourceType"] == "Patient" else ():
        address.pop("extension", None)
    return kept


def _rewritten(resource: dict[str, Any], new: dict[str, str]) -> dict[str, Any]:
    return _walk(resource, lambda reference: new.get(reference, reference))


def _walk(value: Any, reference: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {
            name: reference(inner) if name == "reference" and isinstance(inner, str) else _walk(inner, reference)
            for name, inner in value.items()
        }
    return [_walk(inner, reference) for inner in value] if isinstance(value, list) else value
