"""Invite the resident who is at the desk to an account of their own. It reads no record, and is registered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from salus import access, identity, parties
from salus.access import Action, Kind, Read
from salus.app.facts import decide, read_by, refuse, relation_by_other
from salus.app.node import Node
from salus.parties import INVITATION_LASTS, Principal
from salus.storage import Duty


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An invitation to be handed over on paper: its text, which is stored nowhere, and when it lapses."""

    key: str = field(repr=False)
    ends: datetime


_TWO = (
    "a slip takes two people: a colleague who received this resident today, and you; ask one to take the code or number"
)


def invite_resident(node: Node, principal: Principal, resident_id: UUID) -> Invited:
    """Make an invitation for a resident whom another person of the facility has received: it takes two.

    It replaces any earlier one, and stands in the resident's register: whoever holds a slip could open the account.
    Raises Refused where nobody else opened the care relation, and PartyExists once the resident's account has a
    credential: nobody at a desk can take an account over.
    """
    at, facility = node.clock.now(), principal.facility
    with node.store.transaction(Duty.CARE) as tx:
        key = node.resident_key(tx, resident_id)
        is_open = bool(key is not None and facility and relation_by_other(tx, facility, key, principal.subject, at))
        decision = decide(node, principal, Action.INVITE_RESIDENT, Kind.RECORD, relation_open=is_open)
        known = identity.identifiers(tx, key) if key is not None else ()
        if decision.allowed and key is not None:
            access.register(tx, [_entry(principal, key, decision.ground, at)])
    if not decision.allowed:
        raise refuse(node, principal, Action.INVITE_RESIDENT, _TWO)
    node.sign_in.refuse_second(known)
    account = parties.resident_account(node.store, resident_id)
    return Invited(key=node.sign_in.invite(account, at), ends=at + INVITATION_LASTS)


def _entry(principal: Principal, key: int, ground: str, at: datetime) -> Read:
    return read_by(principal, resident_key=key, what="account", action=Action.INVITE_RESIDENT, ground=ground, at=at)


__all__ = ["Invited", "invite_resident"]
