"""Cards with the identity code of who is at a desk and agrees: printed at once, or with others that wait there.

Nobody prints a card of somebody who did not come: an open care relation is asked for when it is ordered and again when
it is printed, and what is printed are orders, never a list of people. Each is shown to its resident.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from salus import access, healthcode, identity, records
from salus.access import Action, Kind, Sight
from salus.app.facts import decide, read_by, refuse, relation_ends
from salus.app.node import Node
from salus.app.residents import own, own_read
from salus.app.seeing import sight_so_far
from salus.healthcode import cards
from salus.healthcode.cards import Agreed, Card, CardRefused, TooManyCards
from salus.identity import Resident
from salus.kernel import Purpose, Role, new_id
from salus.parties import Principal, principal
from salus.records import Located, NotFound
from salus.storage import Duty, Transaction

WHAT = "card"
_Drawn = TypeVar("_Drawn")
_GROUND = "card-agreed"
_NOT_HERE = "a card is for who is here: take the code or the number at the desk first, and ask whether they agree"
_PRINTED_MEANWHILE = "somebody else printed cards of this facility meanwhile; ask again for those that still wait"
_NO_PAPER = (
    "write the number of the signed paper: up to 20 letters, digits, dots, slashes or hyphens, 8 digits at most, and no"
    " number of a person"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What stands on a card: the code, the initial of the name, and which of those printed together it is."""

    code: str = field(repr=False)
    initial: str = field(repr=False)
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How the resident agreed: by word, or on a paper with this number."""

    how: Agreed
    paper: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    code: str = field(repr=False)
    people: list[Located]
    sight: Sight


def print_card(
    node: Node, who: Principal, resident_id: UUID, agreement: Agreement, draw: Callable[[Printed], _Drawn]
) -> _Drawn:
    """Draw the card of a resident who is here and agrees; they see who printed it, where and when.

    What `draw` raises leaves no card behind. Raises Refused without an open care relation, and CardRefused for a paper
    that is none.
    """
    at = node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        found = _asked(tx, node, who, resident_id, agreement, at)
        part = _part(tx, node, who, *found, at) if found is not None else None
    if found is None or part is None:
        raise refuse(node, who, Action.PRINT_CODE, _NOT_HERE)
    drawn = draw(_printed(node, [part])[0])
    with node.store.transaction(Duty.CARE) as tx:
        cards.order(tx, found[0])
        cards.mark_printed(tx, [found[0].id], at)
    return drawn


def order_card(node: Node, who: Principal, resident_id: UUID, agreement: Agreement) -> int:
    """Let a card wait to be printed with others of this facility, a day at most; return how many wait now.

    Raises as `print_card` does, and CardRefused where too many wait.
    """
    at = node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        found = _asked(tx, node, who, resident_id, agreement, at)
        if found is not None:
            card, resident = found
            cards.order(tx, card)
            read = read_by(who, resident_key=resident.key, what=WHAT, action=Action.PRINT_CODE, ground=_GROUND, at=at)
            access.register(tx, [read])
            return len(cards.waiting(tx, card.facility, at))
    raise refuse(node, who, Action.PRINT_CODE, _NOT_HERE)


def print_waiting(node: Node, facility: str, keep: Callable[[list[Printed]], _Drawn]) -> _Drawn:
    """Hand `keep` the cards that wait at a facility, each once: what its desks ordered within a day, in that order.

    They wait no more when `keep` has returned: what it raises leaves them waiting. One whose care relation has ended
    since, or whose resident has replaced the code, is left out, and lapses. Raises PartyUnknown for no facility, and
    CardRefused if another printed some meanwhile.
    """
    node.facility(facility)
    at = node.clock.now()
    printer = principal(Role.HOSPITAL_SYSTEM, "cards", facility=facility, purpose=Purpose.TREAT, strong=True)
    with node.store.transaction(Duty.CARE) as tx:
        ordered = [(one, _there(tx, node, printer, one, at)) for one in cards.waiting(tx, facility, at)]
        found = [(one, resident) for one, resident in ordered if resident]
        parts = [_part(tx, node, printer, one, resident, at) for one, resident in found]
    kept = keep(_printed(node, parts))
    with node.store.transaction(Duty.CARE) as tx:
        if len(cards.mark_printed(tx, [one.id for one, _ in found], at)) < len(found):
            raise CardRefused(_PRINTED_MEANWHILE)
    return kept


def my_cards(node: Node, who: Principal) -> list[Card]:
    """Return the newest cards that desks ordered for a resident, and on what word."""
    mine, at = own(node, who, Action.READ_CODE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        found = cards.of_residents(tx, mine.known_as)
        access.register(tx, [own_read(who, mine.key, (), WHAT, Action.READ_CODE, at)])
    return found


def _asked(
    tx: Transaction, node: Node, who: Principal, resident_id: UUID, agreement: Agreement, at: datetime
) -> tuple[Card, Resident] | None:
    """Return an order that is not kept yet; None where policy finds no ground."""
    key, minted = node.resident_key(tx, resident_id), node.minted(tx, resident_id)
    if key is None or minted is None or who.facility is None or not _may(tx, node, who, key, at):
        return None
    resident = identity.resident_by_key(tx, key)
    if resident is None:
        raise NotFound("nobody here has this number")
    card = Card(
        id=new_id(),
        resident_key=minted[0],
        facility=who.facility,
        ordered_by=who.subject,
        agreed=agreement.how,
        paper=_paper(agreement),
        at=at,
    )
    healthcode.code_of(tx, node.custodian, card.resident_key, at=at)  # so that a later one replaced it
    return card, resident


def _paper(agreement: Agreement) -> str | None:
    paper = agreement.paper.strip()
    if agreement.how is Agreed.SAID and not paper:
        return None
    if agreement.how is Agreed.SAID or not access.names_paper(paper):
        raise CardRefused(_NO_PAPER)
    return paper


def _may(tx: Transaction, node: Node, who: Principal, key: int, at: datetime) -> bool:
    is_open = relation_ends(tx, who.facility or "", key, at) is not None
    return decide(node, who, Action.PRINT_CODE, Kind.RECORD, relation_open=is_open).allowed


def _there(tx: Transaction, node: Node, who: Principal, card: Card, at: datetime) -> Resident | None:
    """Return whose card it is, if their care relation is open still and their code not replaced since."""
    issued = healthcode.issued_at(tx, card.resident_key)
    if issued is not None and issued > card.at:
        return None
    resident = identity.resident_by_key(tx, card.resident_key)
    return resident if resident and _may(tx, node, who, resident.key, at) else None


def _part(tx: Transaction, node: Node, who: Principal, card: Card, resident: Resident, at: datetime) -> _Part:
    """Register what is shown of one resident, and fetch it."""
    sight = sight_so_far(tx, node, who, resident.charts, at)
    people = records.patients(tx, sight)[:1]
    shown = tuple(person.chart_key for person in people)
    read = read_by(
        who,
        resident_key=resident.key,
        chart_keys=shown,
        what=WHAT,
        action=Action.PRINT_CODE,
        ground=_GROUND,
        unwraps=len(shown),
        at=at,
    )
    access.register(tx, [read])
    code = healthcode.code_of(tx, node.custodian, card.resident_key, at=at)
    return _Part(code=code, people=people, sight=sight)


def _printed(node: Node, parts: list[_Part]) -> list[Printed]:
    keys = node.keys.unwrap_left([person.chart_key for part in parts for person in part.people])
    names = [records.patient_name(part.people[0], keys, part.sight) if part.people else None for part in parts]
    return [
        Printed(code=part.code, initial=(name or "?")[0], number=number)
        for number, (part, name) in enumerate(zip(parts, names, strict=True), 1)
    ]


__all__ = ["Agreement", "Printed", "TooManyCards", "my_cards", "order_card", "print_card", "print_waiting"]
