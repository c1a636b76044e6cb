"""The lists of void full certificates, the same for everybody: for verifiers of cards, and for the EU's gateway."""

from __future__ import annotations

from typing import Any

from salus.app.node import Node
from salus.healthcode import certificates, full
from salus.storage import Duty


def revoked_cards(node: Node) -> dict[str, Any]:
    """Return the revocation list of this node's SMART Health Cards, made once a minute or when one is voided."""
    return node.memory.recall("revoked cards", _state(node), lambda: _revoked_cards(node))


def revoked_hcerts(node: Node) -> list[dict[str, Any]]:
    """Return this node's void HC1 as batches of the EU's gateway, made once a minute or when one is voided."""
    return node.memory.recall("revoked hcerts", _state(node), lambda: _revoked_hcerts(node))


def _state(node: Node) -> tuple[object, ...]:
    with node.store.transaction(Duty.CARE) as tx:
        return node.stamp, certificates.void_count(tx)


def _revoked_cards(node: Node) -> dict[str, Any]:
    with node.store.transaction(Duty.CARE) as tx:
        return full.revoked_cards(tx, node.custodian, node.clock.now())


def _revoked_hcerts(node: Node) -> list[dict[str, Any]]:
    with node.store.transaction(Duty.CARE) as tx:
        return full.revoked_hcerts(tx, node.custodian, node.name, node.settings.country, node.clock.now())
