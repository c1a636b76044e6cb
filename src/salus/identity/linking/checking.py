"""Replay the log beside what is kept for reading, some residents at a time; say what differs, and change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from salus.identity import store
from salus.identity.assertions import Assertion, Verdict, replay, standing
from salus.storage import Transaction

PAGE = 2_000


def differences(tx: Transaction) -> Iterator[tuple[str, str]]:
    """Return (place, what is wrong), none in a sound index. It is the first to read in its transaction."""
    store.freeze(tx)
    yield from _of_assertions(tx)
    yield from _of_mints(tx)
    after = 0
    while page := store.residents_from(tx, after, PAGE):
        yield from _of_residents(tx, page)
        after = page[-1]


def _of_assertions(tx: Transaction) -> Iterator[tuple[str, str]]:
    after = 0
    while page := store.assertions_from(tx, after, PAGE):
        known = store.residents_of(tx, sorted({chart for one, _ in page for chart in one.pair}))
        for one, total in page:
            if one.evidence and one.evidence.total != total:
                yield f"assertion {one.key}", "its bits do not sum to its total"
            if not known.keys() >= set(one.pair):
                yield f"assertion {one.key}", "it is about a chart that is nobody's"
        after = page[-1][0].key


def _of_mints(tx: Transaction) -> Iterator[tuple[str, str]]:
    after = 0
    while page := store.mints_from(tx, after, PAGE):
        known = store.residents_of(tx, [chart for _, chart in page])
        for resident, chart in page:
            if chart not in known:
                yield f"resident {resident}", "its chart is nobody's"
        after = page[-1][0]


def _of_residents(tx: Transaction, page: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Replay what is asserted of these residents' charts, and of all that stand asserted to be theirs."""
    whose, told = _closed(tx, page)
    mints = {resident: chart for resident, _, chart in store.minted_by(tx, sorted(whose))}
    state = replay(whose, mints, told)
    mine = set(page)
    for chart, resident in sorted(whose.items()):
        if resident in mine and state.residents.get(chart) != resident:
            yield f"chart {chart}", "the assertions make it another resident's"
    for one in told:
        if one.key in state.unfollowed and whose[one.pair[0]] in mine:
            yield f"assertion {one.key}", "it links what a person parted"


def _closed(tx: Transaction, residents: Sequence[int]) -> tuple[dict[int, int], list[Assertion]]:
    """Return charts by resident, and what was asserted among them, once no standing link leads to another chart."""
    known = set(residents)
    while True:
        whose = store.residents_of(tx, store.charts_of(tx, sorted(known)))
        told = store.assertions_of(tx, sorted(whose))
        linked = {chart for one in standing(told) if one.verdict is Verdict.SAME for chart in one.pair}
        more = set(store.residents_of(tx, sorted(linked - whose.keys())).values()) - known
        if not more:
            return whose, [one for one in told if whose.keys() >= set(one.pair)]
        known |= more
