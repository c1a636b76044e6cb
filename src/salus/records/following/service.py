"""Note of what follow-up looks at as it arrives, and find it again as marks, by keyed digests of topics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from salus.access.consent import Sight
from salus.records.following import store
from salus.records.following.model import Mark
from salus.records.following.topics import TYPES, told, topic_keys
from salus.records.model import Sealer
from salus.storage import Transaction

_DOMAIN = "records.followed"


def note(
    tx: Transaction,
    sealer: Sealer,
    at: datetime,
    written: Sequence[tuple[int, int, Mapping[str, Any]]],
    updated: Sequence[int],
) -> None:
    """Note of which topics written resources tell: (resource key, chart key, resource). In their transaction."""
    rows, digests = [], {}
    for key, chart, resource in written:
        for topic, day in told(resource, at).items() if resource["resourceType"] in TYPES else ():
            if topic not in digests:
                digests[topic] = sealer.digest(_DOMAIN, topic.encode())
            rows.append((key, digests[topic], chart, day))
    store.replace_followed(tx, updated, rows)


def forget(tx: Transaction, resource_keys: Sequence[int]) -> None:
    """Forget what these resources tell."""
    store.replace_followed(tx, resource_keys, ())


def marks(tx: Transaction, sealer: Sealer, sight: Sight) -> dict[int, list[Mark]]:
    """Return what each chart tells of topics, as far as a sight shows it."""
    topics = {sealer.digest(_DOMAIN, topic.encode()): topic for topic in topic_keys()}
    found: dict[int, list[Mark]] = {}
    for chart, digest, day, facility in store.followed_of(tx, sight):
        if digest in topics:
            found.setdefault(chart, []).append(Mark(topic=topics[digest], day=day, facility=facility))
    return found
