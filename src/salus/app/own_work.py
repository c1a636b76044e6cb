"""Chart keys for what the node does by itself: each opening is told in the register before it is done.

Nobody looks and nothing leaves the node by it, so no resident is named; without these entries the counts of keys and
register would differ by them, and a difference could be anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from salus import access
from salus.access import Read
from salus.kernel import Purpose, Role
from salus.keys import KeyService
from salus.storage import Duty

if TYPE_CHECKING:
    from salus.app.node import Node

OWN_WORK: Final = "own-work"
"""The ground of what the node opens for itself: to prepare, to decide by published rules, to check."""


class OwnWork(KeyService):
    """The node's keys, each use declared: `what` names the work, a word of the register."""

    def __init__(self, node: Node, what: str) -> None:
        super().__init__(node.store, node.custodian, node.clock.now)
        self._node, self._what = node, what

    def unwrap(self, chart_keys: Sequence[int], day: date | None = None) -> dict[int, bytes]:
        """Declare, then do as keys do."""
        declare(self._node, self._what, chart_keys)
        return super().unwrap(chart_keys, day)

    def unwrap_left(self, chart_keys: Sequence[int]) -> dict[int, bytes]:
        """Declare, then do as keys do."""
        declare(self._node, self._what, chart_keys)
        return super().unwrap_left(chart_keys)


def declare(node: Node, what: str, chart_keys: Sequence[int]) -> None:
    """Tell in the register, in a transaction of its own, that the node opens, or opened, these keys for itself."""
    if not chart_keys:
        return
    told = Read(
        reader_role=Role.OPERATOR,
        reader=node.name,
        facility=None,
        resident_key=None,
        chart_keys=tuple(sorted(set(chart_keys))),
        what=what,
        count=0,
        action="open",
        purpose=Purpose.HOPERAT,
        ground=OWN_WORK,
        unwraps=len(chart_keys),
        at=node.clock.now(),
    )
    with node.store.transaction(Duty.CARE) as tx:
        access.register(tx, [told])


__all__ = ["OWN_WORK", "OwnWork", "declare"]
