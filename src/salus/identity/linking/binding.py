"""Which charts are joined to one chart by equal own numbers alone: what no opinion and no weight has brought there."""

from __future__ import annotations

from collections.abc import Mapping

from salus.identity import store
from salus.identity.assertions import Assertion, Verdict, reached, standing
from salus.storage import Transaction


def joined_by_number(tx: Transaction, chart: int) -> tuple[int, ...]:
    """Return a chart and those of its resident that rules joined to it because both carry one own number, in order.

    A chart that a person linked, or that a weight did, is not among them, nor is any that is joined only through such
    a one: it may be another person's. Nobody's chart is joined to nothing.
    """
    residents = store.residents_of(tx, [chart])
    charts = store.charts_of(tx, sorted(residents.values()))
    numbers = store.numbers_of(tx, charts)
    told = standing(store.assertions_of(tx, charts))
    found = reached(chart, [one.pair for one in told if _by_number(one, numbers)])
    return tuple(one for one in charts if one in found)


def _by_number(one: Assertion, numbers: Mapping[int, set[bytes]]) -> bool:
    if one.verdict is not Verdict.SAME or one.author.human:
        return False
    return not numbers.get(one.pair[0], set()).isdisjoint(numbers.get(one.pair[1], set()))
