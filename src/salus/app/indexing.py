"""Prepare what an earlier release stored: charts for the index of residents, resources for being searched.

Nobody looks: the register tells of each opening as the node's own work. Nothing leaves the node by it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from salus import access, identity, records
from salus.access import Sight
from salus.app.node import Node
from salus.app.own_work import OwnWork
from salus.records import Located
from salus.storage import Duty, Met, StoreDown

log = logging.getLogger("salus.indexing")

FOUND_AT_ONCE = 200
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
        sight = access.whole(charts)
        people = records.patients(tx, sight) if charts else []
    keys = keys_of(node, "preparation", sorted({one.chart_key for one in people}))
    for one in people:
        if one.chart_key in keys:
            _prepare(node, one, keys, sight)
    return last


def _prepare(node: Node, patient: Located, keys: Mapping[int, bytes], sight: Sight) -> None:
    """Prepare one chart, unless its source said something meanwhile. One that cannot be read stays as it is."""
    try:
        with node.store.transaction(Duty.CARE) as tx:
            records.lock(tx, [patient.id])
            if not identity.prepared(tx, patient.chart_key):
                said = records.arrival(patient, keys, sight)
                identity.revise(tx, node.custodian, [said], node.clock.now(), node.judge)
    except (StoreDown, Met):  # nothing is wrong with the chart: the same is tried again
        raise
    except Exception as error:
        log.warning("chart %d cannot be prepared: %s", patient.chart_key, type(error).__name__)


def keys_of(node: Node, what: str, charts: Sequence[int]) -> dict[int, bytes]:
    """Unwrap the keys of charts for the node's own work; those that were destroyed are left out.

    `what` is what the register calls the work. Raises whatever else keeps a key away.
    """
    return OwnWork(node, what).unwrap_left(charts)


def find_page(node: Node) -> bool:
    """Give the next resources of an earlier release their search rows; tell whether more of them wait.

    A resource whose chart's key was destroyed, or that cannot be read, is found by nothing. Any number may run at once.
    """
    with node.store.transaction(Duty.CARE) as tx:
        waiting = records.unfound(tx, FOUND_AT_ONCE)
    if waiting is None:
        node.indexed = True
        return False
    keys = keys_of(node, "preparation", sorted({one.chart_key for one in waiting.lacking}))
    with node.store.transaction(Duty.CARE) as tx:
        records.lock(tx, [one.id for one in waiting.lacking])
        unread = records.let_be_found(tx, node.custodian, keys, waiting, FOUND_AT_ONCE)
    for key in unread:
        log.warning("resource %d cannot be read and is found by nothing", key)
    return True
