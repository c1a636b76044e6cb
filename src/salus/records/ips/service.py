"""Fetch what a summary document is made of, and make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from salus.access.consent import Sight
from salus.records import store
from salus.records.ips.document import make
from salus.records.ips.model import Making
from salus.records.ips.sections import MOST_OF_A_TYPE, TYPES
from salus.records.model import Located
from salus.storage import Transaction


def ips_parts(tx: Transaction, sight: Sight) -> tuple[list[Located], dict[str, int]]:
    """Return the newest sealed resources of each type that a section may hold, and the count of everything shown."""
    return store.of_types(tx, sight, TYPES, MOST_OF_A_TYPE), store.count_types(tx, sight)


def ips(
    parts: Sequence[tuple[Located, bytes]],
    referred: Sequence[tuple[Located, bytes]],
    counts: Mapping[str, int],
    making: Making,
) -> bytes:
    """Make an International Patient Summary, a document Bundle, of opened bodies. It is stored nowhere."""
    return make(parts, referred, counts, making)
