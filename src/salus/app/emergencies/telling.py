"""Tell of openings in emergencies: each to its resident, with everything about it; to the public only how many."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from salus.access import Action, glass
from salus.access.glass import Opening
from salus.app.emergencies.breaking import SEALED_AS
from salus.app.node import Node
from salus.app.residents import own, staff_name
from salus.app.unwrapping import SETTLES
from salus.parties import Principal
from salus.storage import Duty

TOLD_FOR: Final = timedelta(days=30)
"""So long the page that residents open most says it first; the list of who looked says it for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An opening of the own record: who, where, when, why in their words, what was read, and what was found of it."""

    opening: Opening
    name: tuple[str, str] | None
    words: str = field(repr=False)
    seen: tuple[tuple[str, int, datetime], ...]


def my_openings(node: Node, who: Principal) -> tuple[Told, ...]:
    """Return what was ever opened of the resident's record in an emergency, the newest first."""
    mine = own(node, who, Action.READ_REGISTER)
    with node.store.transaction(Duty.CARE) as tx:
        found = glass.openings_of(tx, mine.known_as)
        seen = [tuple(glass.seen(tx, one, mine.known_as)) for one in found]
    return tuple(
        Told(
            opening=one,
            name=staff_name(node, one.opened_by),
            words=node.custodian.open_sealed(SEALED_AS, one.words, one.id.bytes).decode(),
            seen=read,
        )
        for one, read in zip(found, seen, strict=True)
    )


def told_of_emergency(node: Node, who: Principal) -> datetime | None:
    """Return when the resident's record was last opened in an emergency, if that was within the last 30 days."""
    mine, at = own(node, who, Action.READ_REGISTER), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        found = glass.openings_of(tx, mine.known_as)
    return found[0].at if found and at < found[0].at + TOLD_FOR else None


def publish_openings(node: Node) -> int:
    """Hand to the public log how many openings each organisation had on days that are over, and have settled."""
    with node.store.transaction(Duty.CARE) as tx:
        return glass.publish_openings(tx, (node.clock.now() - SETTLES).date())
