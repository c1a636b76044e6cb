"""Load a served node with Synthea's bundles and some resources more, and keep what was stored as a library."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import Any

from serving import Serving
from support import corpus
from twins.naive.evaluator import Library
from twins.naive.extras import extras

Resource = dict[str, Any]
FACILITY, STRANGER = "H1", "H2"
DIRECTORY = (
    "Organization",
    "Practitioner",
)  # of the types that the bundles hold: nobody's record, open to every system


def load(node: Serving, bundles: int, strangers: int = 1) -> Library:
    """Send bundles as one facility and `strangers` more as another; return what the first one's system may find.

    That is all of its own, and of the stranger's what is directory; else the stranger's resources are none for it.
    """
    with gzip.open(corpus("synthea/bundles.public.ndjson.gz"), "rt", encoding="utf-8") as file:
        lines = [next(file) for _ in range(bundles + strangers)]
    place = ("--level", "2", "--kind", "hospital", "--county", "900101", "--organisation", "Group")
    added = node.command("facility", "add", STRANGER, "--name", "Another", "--name-zh", "别院", *place)
    assert added.returncode == 0, added.stderr
    known = [one for kind in ("Organization", "Location", "Practitioner") for one in _there(node, kind)]
    held = [one for line in lines[strangers:] for one in send(node, json.loads(line, parse_float=Decimal), FACILITY)]
    theirs = [one for line in lines[:strangers] for one in send(node, json.loads(line, parse_float=Decimal), STRANGER)]
    patient = next(one for one in held if one["resourceType"] == "Patient")
    more = [
        {
            "request": {"method": "POST", "url": one["resourceType"]},
            "resource": {k: v for k, v in one.items() if k != "id"},
        }
        for one in extras(f"Patient/{patient['id']}")
    ]
    held += send(node, {"resourceType": "Bundle", "type": "transaction", "entry": more}, FACILITY)
    return Library([*known, *held, *(one for one in theirs if one["resourceType"] in DIRECTORY)])


def _there(node: Serving, kind: str) -> list[Resource]:
    """Return what of a type the node itself keeps before anything is sent, such as its institutions."""
    found = node.get(f"/fhir/{kind}?_count=200", node.token("hospital-system", FACILITY)).json()
    return [entry["resource"] for entry in found.get("entry", ())]


def send(node: Serving, bundle: Resource, facility: str) -> list[Resource]:
    """Send a transaction; return its resources as the node then keeps them."""
    written = json.dumps(bundle, ensure_ascii=False, default=float).encode()
    answer = node.post("/fhir", written, node.token("hospital-system", facility))
    assert answer.status_code == 200, answer.text[:1000]
    responses = [entry["response"] for entry in answer.json()["entry"]]
    new = {
        entry["fullUrl"]: response["location"].partition("/_history")[0]
        for entry, response in zip(bundle["entry"], responses, strict=True)
        if "fullUrl" in entry
    }
    return [
        _stored(entry["resource"], response, new) for entry, response in zip(bundle["entry"], responses, strict=True)
    ]


def _stored(resource: Resource, response: dict[str, str], new: dict[str, str]) -> Resource:
    kept: Resource = _led(resource, new)
    kept["id"] = response["location"].partition("/_history")[0].rpartition("/")[2]
    kept["meta"] = {**kept.get("meta", {}), "lastUpdated": response["lastModified"], "versionId": "1"}
    return kept


def _led(value: Any, new: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            name: new.get(inner, inner) if name == "reference" and isinstance(inner, str) else _led(inner, new)
            for name, inner in value.items()
        }
    return [_led(inner, new) for inner in value] if isinstance(value, list) else value
