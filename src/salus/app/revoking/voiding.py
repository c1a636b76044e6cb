"""A holder voids a full certificate, because it was lost or is not wanted any more."""

from __future__ import annotations

from uuid import UUID

from salus import access
from salus.access import Action
from salus.app.full_certificates import FULL
from salus.app.node import Node
from salus.app.residents import own, own_read
from salus.healthcode import certificates
from salus.healthcode.full import FullRefused
from salus.parties import Principal
from salus.storage import Duty


def void_full_certificate(node: Node, who: Principal, certificate_id: UUID) -> None:
    """Void one of the resident's own; the lists have it at once, and each reader when it asks again.

    Of one that is void or has ended nothing changes. Raises FullRefused if it is not theirs, when the register has the
    asking; Refused for anybody but the resident.
    """
    mine, at = own(node, who, Action.TAKE_CERTIFICATE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        access.register(tx, [own_read(who, mine.key, (), FULL, Action.TAKE_CERTIFICATE, at)])
        found = certificates.void_full(tx, mine.known_as, certificate_id, at)
    if not found:
        raise FullRefused("there is no such certificate among yours")
