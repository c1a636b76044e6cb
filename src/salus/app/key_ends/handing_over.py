"""Hand the end of a party's key to the public log, and say whether witnesses enough are left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from salus.app.node import Node
from salus.healthcode import measures
from salus.rules import PartyKeyEnd
from salus.storage import Duty


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """How many of a node's witnesses still sign, and how many have to; the end of one makes it no fewer."""

    signing: int
    needed: int

    @property
    def enough(self) -> bool:
        """Tell whether a quorum can still be reached."""
        return self.signing >= self.needed


def end_key(node: Node, body: Mapping[str, Any]) -> PartyKeyEnd:
    """Hand a signed end of a key to the public log. Raises PublicationRefused if it would end nothing."""
    with node.store.transaction(Duty.CARE) as tx:
        return measures.end_key(tx, node.store, node.trust, body, node.clock.now())


def witnesses_left(node: Node, end: PartyKeyEnd) -> Left | None:
    """Return how many witnesses are left once an end counts; None if it is of no witness of this node.

    An end takes nobody off the count that a quorum is made of, or whoever ends keys could make a quorum small.
    """
    keys = {one.public_key for one in node.trust.witnesses} if node.trust else set()
    if node.trust is None or end.key not in keys:
        return None
    return Left(signing=len(keys - node.ending_keys() - {end.key}), needed=node.trust.quorum)
