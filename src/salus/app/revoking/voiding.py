"""A holder voids a full certificate, because it was lost or is not wanted any more."""

from __future__ import annotations

from uuid import UUID

from salus import access
from salus.access import Action
from salus.app.full_certificates import FULL
from salus.app.node import Node
from salus.app.residents import own, own_read
from salus.healthcode import certificates
from salus.healthcode.full import FullRefused, held_full
from salus.parties import Principal
from salus.storage import Duty


def void_full_certificate(node: Node, who: Principal, certificate_id: UUID) -> None:
    """Void one of the resident's own; the lists have it at once, and each reader when it asks again.

    Of one that is void or has ended nothing changes. Raises FullRefused if it is not theirs, Refused for anybody but
    the resident.
    """
    mine, at = own(node, who, Action.TAKE_CERTIFICATE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        whose = {one.certificate_id: key for key in mine.known_as for one in held_full(tx, node.custodian, key)}
        access.register(tx, [own_read(who, mine.key, (), FULL, Action.TAKE_CERTIFICATE, at)])
        if certificate_id not in whose:
            raise FullRefused("there is no such certificate among yours")
        certificates.void_full(tx, whose[certificate_id], certificate_id, at)
