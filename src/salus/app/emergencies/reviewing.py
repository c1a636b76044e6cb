"""Judge an opening in an emergency: why, when, what kinds of entries; nothing of the record, nor whose it is.

Another organisation than the one that opened it judges. The resident sees each look and the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from salus import access, identity
from salus.access import Action, Decision, Kind, OpeningInvalid, glass
from salus.access.glass import Opening, Review
from salus.app.emergencies.breaking import SEALED_AS
from salus.app.facts import decide, read_by, refuse
from salus.app.node import Node
from salus.parties import Principal
from salus.storage import Duty, Transaction

_WITHIN = tuple(timedelta(hours=n) for n in range(24))
"""The shortest care relation lasts two hours, so that looking at each hour of the day that followed meets every one.

The last instant is now, or the end of that day: a visit since the last whole hour is open then.
"""
_DAY = timedelta(days=1) - timedelta(microseconds=1)
_NOT_YOURS = "there is no such opening that you may judge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An opening before its reviewer: why in the clinician's words, what was read and when, and what bears it out.

    `received` tells that somebody else of the same place opened a care relation with the resident then, or within the
    day that followed. Who the resident is, is not told.
    """

    opening: Opening
    words: str = field(repr=False)
    seen: tuple[tuple[str, int, datetime], ...]
    received: bool


def waiting_openings(node: Node, who: Principal) -> list[Opening]:
    """Return what the reviewer's organisation may judge, the oldest first. It names no resident."""
    organisation = _organisation(node, who)
    with node.store.transaction(Duty.CARE) as tx:
        return glass.waiting(tx, organisation)


def judge_opening(node: Node, who: Principal, id_: UUID) -> Judged:
    """Show an opening to a reviewer: a look that the resident sees. Raises OpeningInvalid for what is not theirs."""
    organisation, at = _organisation(node, who), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        found, decision = _found(tx, node, who, id_, organisation)
        known = identity.known_as(tx, found.resident_key)
        _register(tx, who, found, decision.ground, at)
        words = node.custodian.open_sealed(SEALED_AS, found.words, found.id.bytes).decode()
        instants = [found.at + later for later in _WITHIN if found.at + later <= at]
        instants.append(min(at, found.at + _DAY))
        return Judged(
            opening=found,
            words=words,
            seen=tuple(glass.seen(tx, found, known)),
            received=any(
                access.relation_by_other(tx, found.facility, key, found.opened_by, one)
                for key in known
                for one in instants
            ),
        )


def answer_opening(node: Node, who: Principal, id_: UUID, *, upheld: bool) -> bool:
    """Answer whether the emergency bears an opening out, once; tell whether this did. The resident sees it at once."""
    organisation, at = _organisation(node, who), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        found, decision = _found(tx, node, who, id_, organisation)
        _register(tx, who, found, decision.ground, at)
        return glass.review(tx, id_, Review(upheld=upheld, reviewer=who.subject, organisation=organisation, at=at))


def _organisation(node: Node, who: Principal) -> str:
    if who.facility is None or not decide(node, who, Action.REVIEW_EMERGENCY, Kind.RECORD, independent=True).allowed:
        raise refuse(node, who, Action.REVIEW_EMERGENCY, "an access reviewer judges what was opened in an emergency")
    return node.facility(who.facility).organisation


def _found(tx: Transaction, node: Node, who: Principal, id_: UUID, organisation: str) -> tuple[Opening, Decision]:
    """Return an opening that this organisation may judge, and by what ground."""
    found = glass.opening(tx, id_)
    independent = found is not None and found.organisation != organisation
    decision = decide(node, who, Action.REVIEW_EMERGENCY, Kind.RECORD, independent=independent)
    if found is None or not decision.allowed:
        refuse(node, who, Action.REVIEW_EMERGENCY)
        raise OpeningInvalid(_NOT_YOURS)
    return found, decision


def _register(tx: Transaction, who: Principal, found: Opening, ground: str, at: datetime) -> None:
    now = identity.resident_by_key(tx, found.resident_key)
    key = now.key if now else found.resident_key
    what, action = "emergency-review", Action.REVIEW_EMERGENCY
    access.register(tx, [read_by(who, resident_key=key, what=what, action=action, ground=ground, at=at)])
