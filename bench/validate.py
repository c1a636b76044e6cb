"""CPU of validation: shape and rules of one resource, beside pydantic models of the same types in the same run.

Usage: python bench/validate.py [ROUNDS]. Takes Patient, Observation and Bundle from the public Synthea bundles.
With a profile claimed: the same resource that claims our core profile of its type. Counted: process time in
microseconds a resource, the middle of the rounds, which take turns. Peer: `fhir.resources` R4B (pydantic), which knows
shapes and no invariants. Floor: the shape alone in jsonschema-rs, which looks at nothing that is inside another
resource.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from salus.cli.country import corpora
from salus.records import parse
from salus.records.fhir import invariants, profiles, validation, walk

MOST = {"Patient": 60, "Observation": 400, "Bundle": 6}
Job = Callable[[dict[str, Any]], object]


def main() -> None:
    """Measure each type and print one line for each way."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for kind, texts in samples().items():
        parsed = [parse(text) for text in texts]
        model, validator = get_fhir_model_class(kind), validation.shape_of(kind)
        ways: dict[str, Job] = {
            "ours: shape and rules": validation.problems,
            "  with a profile claimed": lambda one, k=kind: validation.problems(claiming(one, k)),  # type: ignore[misc]
            "  of it the rules": invariants.breaches,
            "  floor: shape alone": lambda one, v=validator: list(v.iter_errors(one)),  # type: ignore[misc]
            "beside: places taken out": walk.walk,
            "peer: fhir.resources": model.model_validate,
        }
        print(f"{kind}, {len(parsed)} of {sum(map(len, texts)) // len(texts):,} bytes")
        for name, found in measured(ways, parsed, rounds).items():
            middle = found[len(found) // 2]
            print(f"  {name:26} {middle:10,.1f} us  ({found[0]:,.1f} to {found[-1]:,.1f})")


def claiming(one: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return a resource that claims the core profile of its type, where there is one."""
    url = f"urn:salus:profile:core-{kind.lower()}"
    return {**one, "meta": {"profile": [url]}} if profiles.known(url) else one


def samples() -> dict[str, list[bytes]]:
    """Return resources of each type, as JSON."""
    found: dict[str, list[bytes]] = {kind: [] for kind in MOST}
    with gzip.open(corpora() / "synthea" / "bundles.public.ndjson.gz") as stream:
        for line in stream:
            bundle = json.loads(line)
            for one in [bundle, *(entry["resource"] for entry in bundle["entry"])]:
                kind = one["resourceType"]
                if kind in found and len(found[kind]) < MOST[kind]:
                    found[kind].append(json.dumps(one).encode())
    return found


def measured(ways: dict[str, Job], parsed: list[dict[str, Any]], rounds: int) -> dict[str, list[float]]:
    """Return microseconds a resource for each way, sorted; the first round warms up."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, job in ways.items():
            began = time.process_time()
            for one in parsed:
                job(one)
            spent = (time.process_time() - began) / len(parsed) * 1e6
            if number:
                found[name].append(spent)
    return {name: sorted(column) for name, column in found.items()}


if __name__ == "__main__":
    main()
