"""Forget what was derived of charts whose key was destroyed: what their entries said in plain, or as digests.

The rows of the entries themselves stay, with their sealed bodies, which nobody can open: that something was there.
"""

from __future__ import annotations

from collections.abc import Sequence

from salus.records import following, population, store
from salus.records.search import indexing
from salus.storage import Transaction


def forget_charts(tx: Transaction, chart_keys: Sequence[int]) -> int:
    """Drop all that is derived of these charts' entries; return of how many entries something was dropped. Idempotent.

    Counts by day that were told stay as they were told; a day that is counted again has one fewer.
    """
    rows = store.told_of(tx, chart_keys)
    if rows:
        keys = sorted(key for key, _ in rows)
        indexing.forget(tx, rows)
        store.forget_told(tx, keys)
        population.forget(tx, sorted({chart for _, chart in rows}), keys)
        following.forget(tx, keys)
    return len(rows)
