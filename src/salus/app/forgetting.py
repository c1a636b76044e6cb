"""Drop what the data still tell of charts whose key was destroyed, here or before a restore."""

from __future__ import annotations

from salus import records
from salus.app.node import Node
from salus.storage import Duty

AT_ONCE = 100
"""How many charts are looked at in one transaction."""


def forget_destroyed(node: Node) -> int:
    """Drop what was derived of charts whose key was destroyed; return of how many entries. Any number may run at once.

    Nothing is opened. A sender that held the key while it was destroyed may still write: the next round drops that.
    """
    dropped, after = 0, 0
    while charts := node.keys.destroyed(after, AT_ONCE):
        with node.store.transaction(Duty.CARE) as tx:
            dropped += records.forget_charts(tx, charts)
        after = charts[-1]
    return dropped
