"""One transaction that writes and reads: reads see what it wrote, and where one fails nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from salus.access import Action
from salus.app.facts import refuse
from salus.app.node import Node
from salus.app.reading import Found, ReadsTogether
from salus.app.writing import accept
from salus.kernel import Refused
from salus.parties import Principal
from salus.records import Accepted, Intent
from salus.storage import Duty


def transact(
    node: Node, who: Principal, intents: Sequence[Intent], reads: Sequence[tuple[int, str, UUID, int | None]]
) -> tuple[Accepted | None, dict[int, Found]]:
    """Take in all intents, then read by (entry, type, id, version), or do nothing; return what was read by entry.

    Raises what `accept` raises, and NotFound, Gone or Refused for a read; a refusal is kept.
    """
    if not reads:
        return (accept(node, who, intents) if intents else None), {}
    together = ReadsTogether(node, who, reads)
    if intents:
        accepted = accept(node, who, intents, noted=lambda tx, _: together.within(tx))
        return accepted, together.opened()
    try:
        with node.store.transaction(Duty.CARE) as tx:
            together.within(tx)
    except Refused as refused:
        kept = refuse(node, who, Action.READ, refused.text)
        kept.where = refused.where
        raise kept from None
    return None, together.opened()


__all__ = ["transact"]
