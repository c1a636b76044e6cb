"""Survey the charts of an earlier release for the population register and follow-up: each is read once, and noted.

Nobody looks: the register tells of each opening as the node's own work. Nothing leaves the node by it.
"""

from __future__ import annotations

import logging

from salus import records
from salus.app.indexing import keys_of
from salus.app.node import Node
from salus.records.population import note_surveyed, surveyed, unsurveyed
from salus.storage import Duty, Met, StoreDown

log = logging.getLogger("salus.surveying")

AT_ONCE = 25
"""How many charts are surveyed before something else has its turn."""


def survey_page(node: Node) -> bool:
    """Survey the next charts of an earlier release; tell whether more of them may wait.

    A chart whose key was destroyed, or that cannot be read, stays as it is. Any number may run at once.
    """
    with node.store.transaction(Duty.CARE) as tx:
        waiting = unsurveyed(tx, AT_ONCE)
    if waiting is None:
        return False
    charts, last = waiting
    keys = keys_of(node, "survey", charts)
    for chart in charts:
        if chart in keys:
            _survey(node, chart, keys[chart])
    with node.store.transaction(Duty.CARE) as tx:
        note_surveyed(tx, last)
    return True


def _survey(node: Node, chart: int, key: bytes) -> None:
    """Note what one chart tells. Its resources are locked first, so that nothing newer is written over."""
    try:
        with node.store.transaction(Duty.CARE) as tx:
            parts = surveyed(tx, chart)
            records.lock(tx, [one for part in parts for one in part])
            for part in parts:
                records.note_again(tx, node.custodian, records.fetch(tx, part), {chart: key})
    except (StoreDown, Met):  # nothing is wrong with the chart: the same is tried again
        raise
    except Exception as error:
        log.warning("chart %d cannot be surveyed: %s", chart, type(error).__name__)
