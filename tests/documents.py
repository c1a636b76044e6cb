"""Summary documents made of Synthea's residents, without a node: what the generator makes of real records."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from salus.records.ips.document import make
from salus.records.ips.model import Making
from salus.records.ips.sections import TYPES
from salus.records.model import Located
from support import corpus

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
BASE = "https://node.example/fhir"


def making(language: str = "en") -> Making:
    """Say who makes a document."""
    ids = [UUID(f"00000000-0000-4000-8000-{n:012}") for n in range(4)]
    names = {"H1": "Hospital One"}
    return Making(base=BASE, author="A node", language=language, at=AT, ids=tuple(ids), names=names)  # type: ignore[arg-type]


def residents() -> Iterator[list[dict[str, Any]]]:
    """Yield the resources of each of Synthea's residents, with references as they are stored."""
    with gzip.open(corpus("synthea/bundles.public.ndjson.gz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            entries = json.loads(line)["entry"]
            fresh = {e["fullUrl"]: f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in entries}
            yield [_stored(entry["resource"], fresh) for entry in entries]


def _stored(node: Any, fresh: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {
            key: fresh.get(value, value) if key == "reference" else _stored(value, fresh) for key, value in node.items()
        }
    return [_stored(value, fresh) for value in node] if isinstance(node, list) else node


def document(resources: list[dict[str, Any]], language: str = "en", facility: str = "H1") -> dict[str, Any]:
    """Make the summary of what one chart holds."""
    parts = [(located(one, n, facility), orjson.dumps(one)) for n, one in enumerate(resources)]
    counts = Counter(one["resourceType"] for one in resources)
    made = make([part for part in parts if part[0].type in TYPES], [], counts, making(language))
    found: dict[str, Any] = json.loads(made)
    return found


def located(resource: dict[str, Any], key: int, facility: str = "H1") -> Located:
    """Say where a resource lies."""
    return Located(
        classes=0,
        resource_key=key,
        id=UUID(resource["id"]),
        type=resource["resourceType"],
        version=1,
        chart_key=1,
        chart_kind="resident",
        facility=facility,
        at=AT,
        sealed=b"",
    )
