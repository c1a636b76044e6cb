"""What residents say of who may read their records: they themselves, or on a paper that they signed at a desk.

Only the resident opens, and takes back. A desk closes, and is shown nothing of what was said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from salus import access, identity, parties
from salus.access import About, Action, Directive, DirectiveInvalid, Kind, Read, Says
from salus.app.facts import decide, read_by, refuse, relation_ends
from salus.app.node import Node
from salus.app.residents import own, own_read
from salus.kernel import Invalid, Role, new_id
from salus.parties import Facility, PartyUnknown, Principal
from salus.records import NotFound
from salus.storage import Duty, Transaction

CLASSES: Final = (About.HIV, About.PSYCHIATRY, About.REPRODUCTION)
MOST_IN_FORCE: Final = 100
"""So much may one resident have said that holds at once: what is worked out for each read stays small."""
MOST_AT_DESKS: Final = 20
"""So much of it may desks have written. It is counted by itself: else a desk would learn how much the resident said."""
TOLD_FOR: Final = timedelta(days=30)
WHAT: Final = "closing"
_AT_DESK = "closed-for-you"
_NOT_HERE = "there is nothing that you said under this address"
_NO_PLACE = "this is no place of care that is registered here; choose one by its name"
_TOO_MUCH = "you have said a hundred things that hold at once; take one of them back first"
_TOO_MUCH_AT_DESKS = "desks wrote down twenty things that hold at once; the resident takes one of them back first"


class TooMuchSaid(Invalid):
    """So much that holds at once that more is not taken; nothing was changed."""

    code = "SALUS-A054"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """What somebody wants to be open or closed: which classes or everything, to which place, for how long."""

    says: Says
    about: tuple[About, ...]
    facility: str | None
    lasts: timedelta | None


def my_directives(node: Node, who: Principal) -> list[Directive]:
    """Return all that a resident ever said, or a desk for them, the newest first."""
    mine, at = own(node, who, Action.READ_CONSENT), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        found = access.directives(tx, mine.known_as)
        access.register(tx, [own_read(who, mine.key, (), WHAT, Action.READ_CONSENT, at)])
    return found


def closed_at_desk(node: Node, who: Principal) -> datetime | None:
    """Return when a desk last closed something for a resident in the last 30 days that still stands, if one did."""
    mine, at = own(node, who, Action.READ_CONSENT), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        found = access.directives(tx, mine.known_as)
    told = (one.since for one in found if one.recorded_as is not Role.RESIDENT and one.holds(at))
    return next((since for since in told if at - since < TOLD_FOR), None)


def say(node: Node, who: Principal, wished: Wished) -> None:
    """Open or close in the resident's own name, from now on; what they said of the same before is taken back.

    Raises DirectiveInvalid for what cannot be said, and Refused for anybody but the resident.
    """
    mine, at = own(node, who, Action.CHANGE_CONSENT), node.clock.now()
    check_place(node, wished)
    with node.store.transaction(Duty.CARE) as tx:
        standing = [one for one in access.directives(tx, mine.known_as) if one.holds(at)]
        before = [one for one in standing if _same(one, wished)]
        if len(standing) - len(before) + len(wished.about) > MOST_IN_FORCE:
            raise TooMuchSaid(_TOO_MUCH)
        for one in before:
            access.withdraw(tx, one.id, who.subject, at)
        for one in _written(wished, who, mine.minted, at):
            access.direct(tx, one)
        access.register(tx, [own_read(who, mine.key, (), WHAT, Action.CHANGE_CONSENT, at)])


def take_back(node: Node, who: Principal, id_: UUID) -> None:
    """Take back what the resident said, or a desk for them, from now on; once is enough. Raises NotFound."""
    mine, at = own(node, who, Action.CHANGE_CONSENT), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        found = access.directive(tx, id_)
        if found is None or found.resident_key not in mine.known_as:
            raise NotFound(_NOT_HERE)
        if found.holds(at):
            access.withdraw(tx, id_, who.subject, at)
        access.register(tx, [own_read(who, mine.key, (), WHAT, Action.CHANGE_CONSENT, at)])


def close_for_resident(node: Node, who: Principal, resident_id: UUID, wished: Wished, paper: str) -> None:
    """Write down what a resident who is at the desk closes, on the paper that they signed; they see who wrote it.

    Raises Refused without an open care relation, and DirectiveInvalid for anything that would open.
    """
    at = node.clock.now()
    if wished.says is not Says.FORBID:
        raise DirectiveInvalid("a desk opens nothing: give the resident a slip to sign in with")
    check_place(node, wished)
    with node.store.transaction(Duty.CARE) as tx:
        key, minted = node.resident_key(tx, resident_id), node.minted(tx, resident_id)
        known = key is not None and who.facility is not None
        is_open = known and relation_ends(tx, who.facility or "", key or 0, at) is not None
        decision = decide(node, who, Action.CLOSE_FOR_RESIDENT, Kind.RECORD, relation_open=is_open)
        if decision.allowed and key is not None and minted is not None:
            _bounded(tx, identity.known_as(tx, key), len(wished.about), at)
            for one in _written(wished, who, minted[0], at, paper.strip()):
                access.direct(tx, one)
            access.register(tx, [_entry(who, key, len(wished.about), decision.ground, at)])
            return
    raise refuse(node, who, Action.CLOSE_FOR_RESIDENT)


def places_like(node: Node, text: str, most: int = 20) -> list[Facility]:
    """Return places of care whose name or code holds a text; those that are called so alone, if there are any."""
    wanted = text.strip().casefold()
    if not wanted:
        return []
    known = [one for one in parties.facilities(node.store) if one.care and not one.sandbox]
    named = {one.facility_id: [one.name_en.casefold(), one.name_zh, one.facility_id.casefold()] for one in known}
    exact = [one for one in known if wanted in named[one.facility_id]]
    return exact[:most] or [one for one in known if any(wanted in name for name in named[one.facility_id])][:most]


def check_place(node: Node, wished: Wished) -> None:
    """Refuse a facility that is no place of care, and to shut out all places at once. Raises DirectiveInvalid."""
    if wished.facility is None:
        if About.EVERYTHING in wished.about:
            raise DirectiveInvalid("name the one place that shall read nothing that others wrote")
        return
    try:
        found = node.facility(wished.facility)
    except PartyUnknown:
        raise DirectiveInvalid(_NO_PLACE) from None
    if not found.care or found.sandbox:
        raise DirectiveInvalid(_NO_PLACE)


def _same(one: Directive, wished: Wished) -> bool:
    """Tell whether a directive says of the same what is wished, so that the new one takes its place."""
    mine = one.recorded_as is Role.RESIDENT and one.says is wished.says
    return mine and one.about in wished.about and one.facility == wished.facility


def _written(
    wished: Wished, who: Principal, minted: int, at: datetime, paper: str | None = None
) -> Iterable[Directive]:
    """Yield one directive for each class, under the identifier that stays with whoever says it."""
    for about in wished.about:
        yield Directive(
            id=new_id(),
            resident_key=minted,
            says=wished.says,
            about=about,
            facility=wished.facility,
            since=at,
            until=None if wished.lasts is None else at + wished.lasts,
            recorded_by=who.subject,
            recorded_as=who.role,
            paper=paper,
        )


def _bounded(tx: Transaction, known_as: Sequence[int], more: int, at: datetime) -> None:
    standing = [one for one in access.directives(tx, known_as) if one.holds(at)]
    if sum(one.recorded_as is not Role.RESIDENT for one in standing) + more > MOST_AT_DESKS:
        raise TooMuchSaid(_TOO_MUCH_AT_DESKS)


def _entry(who: Principal, key: int, count: int, ground: str, at: datetime) -> Read:
    return read_by(
        who, resident_key=key, what=_AT_DESK, count=count, action=Action.CLOSE_FOR_RESIDENT, ground=ground, at=at
    )


__all__ = [
    "CLASSES",
    "TooMuchSaid",
    "Wished",
    "check_place",
    "close_for_resident",
    "closed_at_desk",
    "my_directives",
    "places_like",
    "say",
    "take_back",
]
