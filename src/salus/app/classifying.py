"""Work out in which sensitive classes stored entries are, where nobody did yet; until then they are shown to nobody.

Nobody looks: the register tells of each opening as the node's own work. Nothing leaves the node by it.
"""

from __future__ import annotations

from functools import partial

from salus import records
from salus.app.indexing import keys_of
from salus.app.node import Node
from salus.storage import Duty

AT_ONCE = 1000


def classify_some(node: Node, most: int = AT_ONCE) -> bool:
    """Work out the classes of some entries, first of what was asked for; tell whether there were any.

    Any number may run at once, and each page is kept.
    """
    wanted = sorted(node.wanted)
    with node.store.transaction(Duty.CARE) as tx:
        done = records.classify(tx, partial(keys_of, node, "classification"), wanted, most)
    node.wanted.difference_update(wanted)
    return done > 0
