"""Keep, for the quality report of a facility, how much of what it sent was refused, and why. Never what was sent."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from salus.app.node import Node
from salus.kernel import SalusError, civil_day
from salus.parties import Principal
from salus.records import arriving
from salus.records.arriving import Reason
from salus.storage import Duty

log = logging.getLogger("salus.turning_away")


def turn_away(node: Node, who: Principal, source: str, reasons: Sequence[Reason]) -> None:
    """Count refused entries of a facility's system. Where that fails, the sender is told no less of the refusal."""
    if who.facility is None or not who.role.software or not reasons:
        return
    try:
        with node.store.transaction(Duty.CARE) as tx:
            arriving.turn_away(tx, who.facility, source, civil_day(node.clock.now()), reasons)
    except SalusError as error:
        log.warning("refused entries could not be counted: %s", error.code)


def turn_away_for(node: Node, who: Principal, source: str, error: SalusError) -> None:
    """Count the entries that an error is about, unless it is ours: then nothing was wrong with them."""
    if error.status < 500:
        turn_away(node, who, source, arriving.reasons(error))


__all__ = ["turn_away", "turn_away_for"]
