"""When independent witnesses first vouched for a leaf, in their time: what deadlines of the public log are held to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from salus import ledger
from salus.app.node import Node


def vouched_at(node: Node, pending_id: UUID) -> datetime | None:
    """Return when a quorum first cosigned a head that covers a leaf; None while none has."""
    found = ledger.first_receipt(node.store, node.trust, pending_id)
    return found.cosigned.at if found else None


def vouched_place(node: Node, index: int) -> datetime | None:
    """Return the same for the leaf at a place of the log."""
    found = ledger.receipt_at(node.store, node.trust, index, newest=False)
    return found.cosigned.at if found else None
