"""Survey the charts of an earlier release for the population register and follow-up: each is read once, and noted.

Nobody looks: the keys count each opening, and no register tells of it. Nothing leaves the node by it.
"""

from __future__ import annotations

import logging

from salus import records
from salus.app.indexing import keys_of
from salus.app.node import Node
from salus.records.population import surveyed, unsurveyed
from salus.storage import Duty, Met, StoreDown

log = logging.getLogger("salus.surveying")

LOOKED_AT, AT_ONCE = 10_000, 25
"""How many charts a page has, and how many of them are surveyed before something else has its turn."""


def survey_page(node: Node, after: int) -> int | None:
    """Survey what is not surveyed of the page of charts behind one; return where the next begins, None at the end.

    A chart whose key was destroyed stays as it is: what it says can never be read again. Any number may run at once.
    """
    with node.store.transaction(Duty.CARE) as tx:
        charts, last = unsurveyed(tx, after, LOOKED_AT)
        if len(charts) > AT_ONCE:
            charts = charts[:AT_ONCE]
            last = charts[-1]
    keys = keys_of(node, charts)
    for chart in charts:
        if chart in keys:
            _survey(node, chart, keys[chart])
    return last


def _survey(node: Node, chart: int, key: bytes) -> None:
    """Note what one chart tells. Its resources are locked first, so that nothing newer is written over."""
    try:
        with node.store.transaction(Duty.CARE) as tx:
            found = surveyed(tx, chart)
            records.lock(tx, found)
            records.note_again(tx, node.custodian, records.fetch(tx, found), {chart: key})
    except (StoreDown, Met):  # nothing is wrong with the chart: the same is tried again
        raise
    except Exception as error:
        log.warning("chart %d cannot be surveyed: %s", chart, type(error).__name__)
