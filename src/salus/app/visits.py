"""The reference of a visit, for the pay desk of the same institution: it says nothing about anybody, and ends with it.

It is worked out from the care relation by a key of the node, and kept nowhere.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Final

from salus import access
from salus.access import Action, Kind
from salus.app.facts import decide, refuse
from salus.app.node import Node
from salus.kernel import CROCKFORD, Invalid
from salus.parties import Principal
from salus.storage import Duty

REFERENCE_PREFIX: Final = "V-"
_CHARACTERS = 10
_DOMAIN = "app.visit"


class NoSuchVisit(Invalid):
    """No visit with this reference is open at the institution that asks."""

    code = "SALUS-A055"
    status = 404

    def __init__(self) -> None:
        super().__init__("no visit with this reference is open here; it ends with the visit")


def reference_of(node: Node, facility: str, resident_key: int, ends: datetime) -> str:
    """Return the reference of a visit, such as V-7K3M9-QTX40: another for each facility, resident and relation.

    Whoever receives a resident opens a relation of their own: a visit has as many references, and each is taken.
    """
    visit = f"{facility}\x00{resident_key}\x00{ends.isoformat()}".encode()
    number = int.from_bytes(node.custodian.digest(_DOMAIN, visit)[:7])
    text = "".join(CROCKFORD[number >> 5 * place & 31] for place in range(_CHARACTERS))
    return f"{REFERENCE_PREFIX}{text[:5]}-{text[5:]}"


def visit_ends(node: Node, principal: Principal, reference: str) -> datetime:
    """Return until when the visit with this reference is open at the principal's facility; NoSuchVisit if none is.

    Nothing else is told of it, and no record is read.
    """
    at, facility, given = node.clock.now(), principal.facility, reference.strip().upper()
    allowed = decide(node, principal, Action.READ_IDENTITY, Kind.RECORD, relation_open=True).allowed
    if facility is None or not allowed:
        raise refuse(node, principal, Action.READ_IDENTITY)
    with node.store.transaction(Duty.CARE) as tx:
        open_now = access.visit_relations(tx, facility, at)
    for resident_key, ends, latest in open_now:
        if hmac.compare_digest(reference_of(node, facility, resident_key, ends).encode(), given.encode()):
            return latest
    raise NoSuchVisit


__all__ = ["REFERENCE_PREFIX", "NoSuchVisit", "reference_of", "visit_ends"]
