"""Destroy the key of one chart by the order of two, and give the certificate of a destroyed key out."""

from __future__ import annotations

import json
from collections.abc import Mapping

from salus import access, identity, ledger, records
from salus.access import Read
from salus.access.disclosing import KEY_NOTICE
from salus.app.destroying.telling import tell_destructions
from salus.app.node import Node
from salus.app.vouching import vouched_now, vouched_place
from salus.kernel import Purpose, Role
from salus.keys import Certificate, Destruction, Order, check_order
from salus.ledger import PartyKey
from salus.proof import LeafProof
from salus.records import NotFound
from salus.storage import Duty


def destroy_chart(node: Node, order: Order, signatures: Mapping[str, str]) -> Destruction:
    """Destroy the key of the chart that an order names; its certificate goes to the log. Nothing brings it back.

    The entry of its resident's register is durable first. Raises BadRequest unless two signed, with keys that have
    stood in the log for `KEY_NOTICE` by the witnesses' time, and NotFound. Doing it again changes nothing. What was
    derived of the chart goes as `forget_destroyed` has it.
    """
    check_order(order, signatures, _keys(node))
    at, what = node.clock.now(), str(order.chart)
    before = node.keys.destruction(what)
    if before is not None:
        return before
    with node.store.transaction(Duty.CARE) as tx:
        named = records.patients_named(tx, [order.chart]).get(order.chart)
        if named is None:
            raise NotFound("there is no chart whose Patient has this identifier here")
        chart = named[0]
        holder = identity.residents_of(tx, [chart]).get(chart)
        access.register(tx, [_entry(node, order, chart, holder)])
    destroyed = node.keys.shred_when_due(chart, what, order.due, at.replace(microsecond=0))
    tell_destructions(node)
    return destroyed


def certificate(node: Node, what: str) -> Certificate | None:
    """Return the certificate of a destroyed key, once a head of the log has it; None before, or where there is none.

    `what` is a chart's identifier or an emergency's digest. Whoever is given a chart's can find it in the log for good.
    """
    found, head = node.keys.destruction(what), ledger.latest(node.store)
    if found is None or head is None:
        return None
    for index, leaf in ledger.leaves(node.store, "shred"):
        if leaf.encoded == found.leaf.encoded and index < head.size:
            hashes = tuple(ledger.proof_for(node.store, index, head.size))
            proof = LeafProof(index=index, hashes=hashes, checkpoint=head.note)
            return Certificate(opening=found.opening, leaf=json.loads(leaf.encoded)["shred"], proof=str(proof))
    return None


def _keys(node: Node) -> list[PartyKey]:
    """Return the keys that the public had time to see, for as long as witnesses vouch for, without those that ended."""
    at = vouched_now(node)
    over = node.ending_keys()
    logged = [one for one in ledger.party_keys(node.store) if one.key not in over] if at else []
    found = [(one, vouched_place(node, one.index)) for one in logged]
    return [one for one, seen in found if seen and at and seen + KEY_NOTICE <= at]


def _entry(node: Node, order: Order, chart: int, holder: int | None) -> Read:
    """The entry that its resident is shown: that a record of theirs was destroyed, and why. Nothing was read."""
    return Read(
        reader_role=Role.OPERATOR,
        reader=node.name,
        facility=None,
        resident_key=holder,
        chart_keys=(chart,),
        what="destroyed",
        count=0,
        action="destroy",
        purpose=Purpose.HOPERAT,
        ground=str(order.why),
        unwraps=0,
        at=node.clock.now(),
    )


__all__ = ["certificate", "destroy_chart"]
