"""Register what was asked and not answered, since it took too long: nobody is named in it, for nobody was found yet."""

from __future__ import annotations

from salus import access
from salus.access import Action, Read
from salus.app.facts import purpose_of
from salus.app.node import Node
from salus.parties import Principal
from salus.storage import Duty


def register_unanswered(node: Node, who: Principal, what: str, ground: str, action: Action = Action.SEARCH) -> None:
    """Write down, in a transaction of its own, that somebody asked for a type and was told that it takes too long."""
    read = Read(
        reader_role=who.role,
        reader=who.subject,
        facility=who.facility,
        resident_key=None,
        chart_keys=(),
        what=what,
        count=0,
        action=action,
        purpose=purpose_of(who),
        ground=ground,
        unwraps=0,
        at=node.clock.now(),
    )
    with node.store.transaction(Duty.CARE) as tx:
        access.register(tx, [read])


__all__ = ["register_unanswered"]
