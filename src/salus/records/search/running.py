"""Run what was asked, within a bound: a facility's own records, or given charts. The directory is everybody's.

Exactly one of `facility` and `charts` bounds whose resources can be found, be included, or decide what is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, cast

from salus.records.errors import RecordRefused
from salus.records.model import Located, Sealer
from salus.records.search import store
from salus.records.search.asking import Asked, Include
from salus.records.search.conditions import Writing, matches, named, ordered
from salus.records.search.parameters import MOST_SLOTS
from salus.records.search.query import cursor_behind
from salus.records.search.values import refused
from salus.records.store import targets
from salus.storage import Transaction

MOST_INCLUDED: Final = 1000
MOST_ROUNDS: Final = 5
MOST_TOTAL: Final = 100_000
MOST_NAMED: Final = 200
Charts = Mapping[int, str] | Sequence[int] | None
"""Charts, or the charts of the patients that a search names, each with its facility; None where a facility bounds."""


def search(tx: Transaction, asked: Asked, facility: str | None, charts: Charts) -> tuple[list[Located], Located | None]:
    """Run a parsed search for one page; return its matches, and the one behind them where more follow.

    A page ends early where its sealed bodies are more bytes than it may hold.
    """
    writing = _writing(tx, asked, facility, charts)
    query, order, texts = ordered(asked, writing, asked.count + 1)
    rows = store.page(tx, query, order, texts, writing.params)
    found = [
        replace(Located.of_row(row[:9]), place=(*cast("tuple[str | None, ...]", row[9:]), str(row[0]))) for row in rows
    ]
    matches = [one for one in found[: asked.count] if one.sealed]
    return matches, found[len(matches)] if len(found) > len(matches) else None


def next_cursor(asked: Asked, last: Located, sealer: Sealer) -> str:
    """Return the cursor that continues a search behind its last match."""
    return cursor_behind(asked, last.place, sealer)


def total(tx: Transaction, asked: Asked, facility: str | None, charts: Charts) -> int:
    """Return how many resources match. Raises RecordRefused where they are more than are counted."""
    writing = _writing(tx, asked, facility, charts)
    found = store.counted(tx, matches(asked, writing), writing.params, MOST_TOTAL + 1)
    if found > MOST_TOTAL:
        if asked.shape.total == "estimate":
            return MOST_TOTAL
        raise _too_much("_total", f"more than {MOST_TOTAL} match, and no more are counted: ask for less")
    return found


def whose(tx: Transaction, asked: Asked, facility: str | None, charts: Charts, most: int) -> list[int]:
    """Return the chart of each resource that matches, `most` + 1 of them at most."""
    writing = _writing(tx, asked, facility, charts)
    return [chart for _, chart in store.charts_of(tx, matches(asked, writing), writing.params, most + 1)]


def asked_about(tx: Transaction, asked: Asked, facility: str) -> list[int]:
    """Return the charts at a facility about which a search asks, so that finding nothing tells of them as well.

    Whoever it finds by a name alone it tells of already.
    """
    alone = len(asked.conditions) == 1 and asked.conditions == tuple(one.condition for one in asked.named)
    if alone or not asked.named:
        return []
    writing = Writing(sealer=asked.sealer, facilities=[facility], charts=None)
    query = named(asked.named, writing, MOST_NAMED)
    return sorted({chart for _, chart in store.charts_of(tx, query, writing.params, MOST_NAMED)})


def included(
    tx: Transaction, asked: Asked, found: Sequence[Located], facility: str | None, charts: Charts
) -> list[Located]:
    """Return what the search includes beside its matches, each once. Raises RecordRefused where it is too much."""
    if not asked.includes or not found:
        return []
    kinds = {one.resource_key: one.type for one in found}
    fresh, added, sealed = dict(kinds), dict[int, str](), 0
    for round_ in range(MOST_ROUNDS):
        wanted = [one for one in asked.includes if round_ == 0 or one.iterate]
        keys = {key for one in wanted for key in _reached(tx, asked, one, fresh, facility, charts)} - kinds.keys()
        if len(added) + len(keys) > MOST_INCLUDED:
            raise _too_much("_include", f"more than {MOST_INCLUDED} would be included: ask for fewer with _count")
        sized = store.sizes(tx, sorted(keys)) if keys else []
        sealed += sum(size for _, _, size in sized)
        if sealed > store.MOST_SEALED_BYTES:
            raise too_large_to_include()
        fresh = {key: kind for key, kind, _ in sized}
        kinds |= fresh
        added |= fresh
        if not fresh:
            break
    return [Located.of_row(row) for row in store.located(tx, sorted(added))] if added else []


def too_large_to_include() -> RecordRefused:
    """Return the refusal of a search whose includes are more bytes than one answer holds."""
    text = "what would be included is too large for one answer: ask for fewer with _count, or search for it by itself"
    return _too_much("_include", text)


def _reached(
    tx: Transaction, asked: Asked, include: Include, from_: dict[int, str], facility: str | None, charts: Charts
) -> list[int]:
    """Return the keys of what one include leads to from these resources."""
    writing = _writing(tx, asked, facility, charts)
    if include.reverse:
        numbers = [
            key * MOST_SLOTS + slot for key, kind in from_.items() if kind in include.targets for slot in include.slots
        ]
        within = writing.within("t", [include.type])
        return store.sources_of(tx, numbers, within, writing.params, MOST_INCLUDED + 1) if numbers else []
    keys = [key for key, kind in from_.items() if kind == include.type]
    within = writing.within("t", include.targets)
    return store.targets_of(tx, keys, include.slots, within, writing.params, MOST_INCLUDED + 1) if keys else []


def _writing(tx: Transaction, asked: Asked, facility: str | None, charts: Charts) -> Writing:
    """Begin the SQL of a search in its bound: named patients narrow it."""
    if isinstance(charts, Mapping):
        return Writing(sealer=asked.sealer, facilities=sorted(set(charts.values())), charts=sorted(charts))
    bound = None if charts is None else set(charts)
    if asked.patients is not None:
        named = targets(tx, [("Patient", id_) for id_ in asked.patients])
        own = {chart for (name, _), (chart, _, at) in named.items() if name == "Patient" and facility in (None, at)}
        bound = own if bound is None else own & bound
    if bound is None:
        return Writing(sealer=asked.sealer, facilities=[facility] if facility else [], charts=None)
    facilities = store.facilities_of(tx, sorted(bound))
    return Writing(sealer=asked.sealer, facilities=facilities, charts=sorted(bound))


def _too_much(where: str, text: str) -> RecordRefused:
    return refused(where, text, "too-costly")
