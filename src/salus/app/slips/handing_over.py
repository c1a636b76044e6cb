"""A disease control desk hands over exposures that investigators signed, or the end of a case. Nobody is named in it.

What is handed over are leaves as the public log will show them. Slips themselves, with what their bearers need, are
made and printed by the investigators' own programs, and no node is told who gets one.
"""

from __future__ import annotations

import json

from salus.access import Action, Kind
from salus.app.facts import decide, refuse
from salus.app.node import Node
from salus.app.own_work import OwnWork
from salus.healthcode import measures, slips
from salus.healthcode.slips import HandedOver, SlipRefused
from salus.kernel import Invalid, spelt
from salus.ledger import Leaf
from salus.parties import FacilityKind, Principal
from salus.rules import SKEW, PartyKey
from salus.storage import Duty

_NOT_YOURS = "exposures are handed over by a disease control centre, one of whose own investigators signed each of them"
_MOST_BYTES = 128 * 1024


def hand_over(node: Node, who: Principal, text: str) -> HandedOver:
    """Hand over `{"exposures": [leaf, ...]}` of one case, or `{"end": leaf}`, all of it or nothing.

    Raises Refused for anybody else than such a desk, and SlipRefused under the word for what is wrong: signers, the cap
    of a case, a case that did not give its word; or one that did, and is none, was never positive, is too old, or has
    rules that are not alive. The very same handed over again changes nothing. A leaf counts from when witnesses have
    seen it, as all evidence does.
    """
    at = node.clock.now()
    known = measures.known(node.store, node.trust)
    keys = [one.key for one in measures.keys_so_far(node.store, node.trust, at)]
    leaves = _may(node, who, text, keys)
    if leaves[0].kind == "exposure-end":
        slips.check_end(node.store, node.trust, OwnWork(node, "decision"), leaves[0], keys, at)
        with node.store.transaction(Duty.CARE) as tx:
            return slips.end(tx, leaves[0], at)
    slips.check_exposures(leaves, [one for one in keys if not one.ended(at + SKEW)], at)
    slips.case_of(node.store, node.trust, known, OwnWork(node, "decision"), leaves, at)
    with node.store.transaction(Duty.CARE) as tx:
        return slips.add(tx, leaves)


def _may(node: Node, who: Principal, text: str, keys: list[PartyKey]) -> list[Leaf]:
    """Return what was handed over, if it is such a desk that does so; others learn nothing of what is wrong with it."""
    try:
        leaves, fault = _leaves(text), None
    except SlipRefused as refused:
        leaves, fault = [], refused
    place = node.facility(who.facility) if who.facility else None
    desk = place is not None and place.kind is FacilityKind.DISEASE_CONTROL_CENTRE
    own = spelt(place.organisation) if place else ""
    signed = all(own in slips.organisations_of(one, keys) for one in leaves)
    allowed = decide(node, who, Action.HAND_EXPOSURES_OVER, Kind.COUNTS, own_facility=desk and signed).allowed
    if not allowed:
        raise refuse(node, who, Action.HAND_EXPOSURES_OVER, _NOT_YOURS)
    if fault:
        raise fault
    return leaves


def _leaves(text: str) -> list[Leaf]:
    if len(text) > _MOST_BYTES:
        raise SlipRefused("FILE", "this is too much at once")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError, Invalid):
        raise SlipRefused("FILE", "this is no JSON") from None
    if not isinstance(told, dict) or set(told) not in ({"exposures"}, {"end"}):
        raise SlipRefused(
            "FILE", "an object with exposures, or with the end of a case, is handed over, and nothing else"
        )
    if "end" in told:
        return [slips.leaf_of("exposure-end", told["end"])]
    bodies = told["exposures"]
    if not isinstance(bodies, list) or not 1 <= len(bodies) <= slips.MOST_TOGETHER:
        raise SlipRefused("FILE", f"at least one exposure is handed over, and at most {slips.MOST_TOGETHER} together")
    return [slips.leaf_of("exposure", one) for one in bodies]


__all__ = ["hand_over"]
