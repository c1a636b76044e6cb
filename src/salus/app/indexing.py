"""Prepare the charts of an earlier release for the index: what each says is read once, weighed, and sealed.

Nobody looks: the keys count each opening, and no register tells of it. Nothing leaves the node by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from salus import identity, records
from salus.app.node import Node
from salus.kernel import SalusError
from salus.storage import Duty

LOOKED_AT, AT_ONCE = 10_000, 100
"""How many charts a page has, and how many of them are prepared before something else has its turn."""


def prepare_page(node: Node, after: int) -> int | None:
    """Prepare what is not prepared of the page of charts behind one; return where the next begins, None at the end.

    A chart whose key was destroyed stays as it is: what it says can never be read again. Any number may run at once.
    """
    with node.store.transaction(Duty.CARE) as tx:
        charts, last = identity.unprepared(tx, after, LOOKED_AT)
        if len(charts) > AT_ONCE:
            charts = charts[:AT_ONCE]
            last = charts[-1]
        people = records.patients(tx, charts) if charts else []
    keys = _keys(node, sorted({one.chart_key for one in people}))
    for one in people:
        if one.chart_key in keys:
            with node.store.transaction(Duty.CARE) as tx:
                identity.revise(tx, node.custodian, [records.arrival(one, keys)], node.clock.now())
    return last


def _keys(node: Node, charts: Sequence[int]) -> dict[int, bytes]:
    try:
        return node.keys.unwrap(charts)
    except SalusError:
        found: dict[int, bytes] = {}
        for chart in charts:
            try:
                found |= node.keys.unwrap([chart])
            except SalusError:
                continue
        return found
