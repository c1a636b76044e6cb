"""Give resources of an earlier release their search rows. Until all have them no search answers: some would lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from salus.kernel import SalusError, Unavailable
from salus.records.fhir.parse import parse
from salus.records.model import Located, Sealer
from salus.records.sealing import unseal
from salus.records.search import store
from salus.records.search.digests import sandboxed
from salus.records.search.indexing import Indexed, put
from salus.records.search.parameters import LAYOUT, is_directory
from salus.records.store import fetch
from salus.storage import Transaction

MOST_SEALED_BYTES: Final = 8 * 1024 * 1024
"""How many bytes of bodies are opened for one transaction; one body of more is opened alone."""
_DAMAGED: Final = (
    SalusError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfound:
    """The next resources of an earlier release: those that lack their search rows, and how far one has looked."""

    lacking: Sequence[Located]
    done: int
    last: int


def check_indexed(tx: Transaction) -> None:
    """Raise Unavailable while resources of an earlier release lack their search rows."""
    if store.unfinished(tx, LAYOUT) is not None:
        raise Unavailable(
            "the records of an earlier release are being prepared for searching; ask again in some minutes"
        )


def unfound(tx: Transaction, most: int) -> Unfound | None:
    """Return the next resources of an earlier release, sealed; None where all have their search rows."""
    store.begin(tx, LAYOUT)
    state = store.unfinished(tx, LAYOUT)
    if state is None:
        return None
    until, done = state
    ids, last = store.without_rows(tx, done, until, most, MOST_SEALED_BYTES)
    return Unfound(lacking=fetch(tx, ids) if ids else (), done=done, last=last)


def let_be_found(tx: Transaction, sealer: Sealer, keys: Mapping[int, bytes], waiting: Unfound, most: int) -> list[int]:
    """Write the search rows of resources that are locked, unless their source said something meanwhile; note how far.

    Return the keys of those that are found by nothing: their chart's key was destroyed, or they were damaged, or they
    would have to be found by more than a resource may be found by.
    """
    still = set(store.without_rows(tx, waiting.done, waiting.last, most, MOST_SEALED_BYTES)[0])
    entries: list[Indexed] = []
    unread: list[int] = []
    for one in waiting.lacking:
        if one.id not in still:
            continue
        try:
            entries.append(_indexed(one, keys))
        except _DAMAGED:
            unread.append(one.resource_key)
    unread += _put(tx, sealer, entries)
    store.note_done(tx, LAYOUT, waiting.last)
    return unread


def _put(tx: Transaction, sealer: Sealer, entries: Sequence[Indexed]) -> list[int]:
    """Write search rows together, or where that fails each by itself; return the keys of those that get none."""
    if not entries:
        return []
    try:
        with tx.savepoint():
            put(tx, sealer, entries)
    except _DAMAGED:
        if len(entries) == 1:
            return [entries[0].resource_key]
        return [key for one in entries for key in _put(tx, sealer, [one])]
    return []


def _indexed(one: Located, keys: Mapping[int, bytes]) -> Indexed:
    made_up = one.chart_kind == "facility" and is_directory(one.type)  # by a sandbox, for itself
    body = unseal(keys[one.chart_key], one.resource_key, one.version, one.sealed)
    return Indexed(
        resource_key=one.resource_key,
        id=one.id,
        type=one.type,
        chart_key=one.chart_key,
        facility=sandboxed(one.facility) if made_up else one.facility,
        at=one.at,
        resource=parse(body),
    )
