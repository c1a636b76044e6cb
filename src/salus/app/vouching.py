"""When independent witnesses first vouched for a leaf, in their time: what deadlines of the public log are held to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from salus import ledger
from salus.app.node import Node
from salus.ledger import Receipt
from salus.rules import SKEW


def vouched(node: Node, pending_id: UUID) -> Receipt | None:
    """Return the proof of a leaf under the first head that a quorum cosigned; none of a head dated in the future."""
    return ledger.first_receipt(node.store, node.trust, pending_id, by=node.clock.now() + SKEW)


def vouched_at(node: Node, pending_id: UUID) -> datetime | None:
    """Return when a quorum first cosigned a head that covers a leaf; None while none has."""
    found = vouched(node, pending_id)
    return found.cosigned.at if found else None


def vouched_now(node: Node) -> datetime | None:
    """Return when a quorum last stood by the newest head that one cosigned; None without. No clock of ours alters it.

    What can never be undone is due by this time as well, so that one wrong reading of a clock destroys nothing.
    """
    return ledger.latest_quorum_at(node.store, node.trust)


def vouched_place(node: Node, index: int) -> datetime | None:
    """Return the same for the leaf at a place of the log."""
    found = ledger.receipt_at(node.store, node.trust, index, newest=False, by=node.clock.now() + SKEW)
    return found.cosigned.at if found else None
