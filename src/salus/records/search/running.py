"""Run what was asked, within a bound: a facility's own records, or what a sight shows. The directory is everybody's.

Where no `facility` is named the sight bounds what can be found, be included, or decide what is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final, cast

from salus.access.consent import EVERYTHING, Sight
from salus.records.errors import RecordRefused
from salus.records.model import Located, Sealer
from salus.records.search import store
from salus.records.search.asking import Asked, Include
from salus.records.search.conditions import Writing, matches, named, ordered
from salus.records.search.parameters import MOST_SLOTS, is_directory
from salus.records.search.query import cursor_behind
from salus.records.search.values import refused
from salus.records.store import targets
from salus.storage import Transaction

MOST_INCLUDED: Final = 1000
MOST_ROUNDS: Final = 5
MOST_TOTAL: Final = 100_000
MOST_NAMED: Final = 200


Found = tuple[list[Located], Located | None]
"""A page's matches, and the one behind them where more follow."""


def search(tx: Transaction, asked: Asked, facility: str | None, sight: Sight) -> Found:
    """Run a parsed search for one page.

    A page ends early where its sealed bodies are more bytes than it may hold.
    """
    return search_each(tx, [(asked, facility, sight)])[0]


def search_each(tx: Transaction, searches: Sequence[tuple[Asked, str | None, Sight]]) -> list[Found]:
    """Run parsed searches, each in its own bound, in one trip to the database; return the page of each."""
    written = []
    for asked, facility, sight in searches:
        writing = _writing(tx, asked, facility, sight)
        query, order, texts = ordered(asked, writing, asked.count + 1)
        written.append((query, order, texts, writing.params))
    found = store.pages(tx, written)
    return [_page(asked, rows) for (asked, _, _), rows in zip(searches, found, strict=True)]


def _page(asked: Asked, rows: Sequence[store.Row]) -> Found:
    found = [
        replace(Located.of_row(row[:10]), place=(*cast("tuple[str | None, ...]", row[10:]), str(row[0])))
        for row in rows
    ]
    matches = [one for one in found[: asked.count] if one.sealed]
    return matches, found[len(matches)] if len(found) > len(matches) else None


def next_cursor(asked: Asked, last: Located, sealer: Sealer) -> str:
    """Return the cursor that continues a search behind its last match."""
    return cursor_behind(asked, last.place, sealer)


def total(tx: Transaction, asked: Asked, facility: str | None, sight: Sight) -> int:
    """Return how many resources match. Raises RecordRefused where they are more than are counted."""
    writing = _writing(tx, asked, facility, sight)
    found = store.counted(tx, matches(asked, writing), writing.params, MOST_TOTAL + 1)
    if found > MOST_TOTAL:
        if asked.shape.total == "estimate":
            return MOST_TOTAL
        raise _too_much("_total", f"more than {MOST_TOTAL} match, and no more are counted: ask for less")
    return found


def whose(tx: Transaction, asked: Asked, facility: str | None, sight: Sight, most: int) -> list[int]:
    """Return the chart of each resource that matches, `most` + 1 of them at most."""
    writing = _writing(tx, asked, facility, sight)
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
    tx: Transaction, asked: Asked, found: Sequence[Located], facility: str | None, sight: Sight
) -> list[Located]:
    """Return what the search includes beside its matches, each once. Raises RecordRefused where it is too much."""
    if not asked.includes or not found:
        return []
    kinds = {one.resource_key: one.type for one in found}
    fresh, added, sealed = dict(kinds), dict[int, str](), 0
    for round_ in range(MOST_ROUNDS):
        wanted = [one for one in asked.includes if round_ == 0 or one.iterate]
        keys = {key for one in wanted for key in _reached(tx, asked, one, fresh, facility, sight)} - kinds.keys()
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
    tx: Transaction, asked: Asked, include: Include, from_: dict[int, str], facility: str | None, sight: Sight
) -> list[int]:
    """Return the keys of what one include leads to from these resources."""
    writing = _writing(tx, asked, facility, sight)
    if include.reverse:
        numbers = [
            key * MOST_SLOTS + slot for key, kind in from_.items() if kind in include.targets for slot in include.slots
        ]
        within = writing.within("t", [include.type])
        return store.sources_of(tx, numbers, within, writing.params, MOST_INCLUDED + 1) if numbers else []
    keys = [key for key, kind in from_.items() if kind == include.type]
    within = writing.within("t", include.targets)
    return store.targets_of(tx, keys, include.slots, within, writing.params, MOST_INCLUDED + 1) if keys else []


def _writing(tx: Transaction, asked: Asked, facility: str | None, sight: Sight) -> Writing:
    """Begin the SQL of a search in its bound: named patients narrow it."""
    begun = partial(Writing, sealer=asked.sealer, sandbox=asked.sandbox)
    public = is_directory(asked.type)
    bound = None if facility is not None or public else set(sight.closed)
    if asked.patients is not None and not sight.keepers and not public:
        named = targets(tx, [("Patient", id_) for id_ in asked.patients])
        own = {chart for (name, _), (chart, _, at, _) in named.items() if name == "Patient" and facility in (None, at)}
        bound = own if bound is None else own & bound
    if bound is None:
        return begun(facilities=[facility] if facility else [], charts=None)
    kept = sight.keepers or store.facilities_of(tx, sorted(bound))
    shut = {chart: sight.closed[chart] for chart, at in kept.items() if facility is None and at != sight.facility}
    seen = [chart for chart in sorted(kept) if not shut.get(chart, 0) & EVERYTHING]
    return begun(
        facilities=sorted({kept[chart] for chart in seen}),
        charts=seen,
        shut={chart: shut[chart] for chart in seen if shut.get(chart)},
    )


def _too_much(where: str, text: str) -> RecordRefused:
    return refused(where, text, "too-costly")
