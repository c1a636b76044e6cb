"""Relatives and dependants: who may show whose identity code, and until when. Nothing else of theirs goes with it.

A resident hands the right over by a key that opens it once, so that nobody names another by a number; for a child a
desk does, with the guardian there. Each right has a code of its own, whose copies end with it. Each showing stands in
the register of whose code it is, under who showed it, and so does each desk that takes it, on that ground.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Kind, Read
from salus.app.facts import decide, read_by, refuse, relation_confirmed, relation_ends
from salus.app.node import Node
from salus.app.residents import Own, own, own_read
from salus.app.seeing import own_sight
from salus.healthcode import sharing
from salus.healthcode.sharing import KEY_LASTS, NoPaper, Share, ShareRefused, guardian_until
from salus.kernel import new_id
from salus.parties import Principal
from salus.records import NotFound
from salus.storage import Duty, Transaction

WHAT = "sharing"
ENDED_WHAT = "guardians-ended"
ENDED_GROUND = "guardian-paper"
_NOT_HERE = "there is no such right to show a code here, or it is over"
_TWO_HERE = "a guardian's slip is for a child who is here: take the child's code or number at the desk first"
_CONFIRMED = (
    "one person's word ends no guardian's right, nor does a guardian's code: take the child's own code, or let a second"
    " person at the desk take the child's number"
)
_NO_PAPER = "write the number of the paper that the guardian showed, as your institution files it"
_NO_BIRTH_DATE = "there is no number here that says when this person was born; a guardian's right needs its end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A right that waits to be taken: the key, which is stored nowhere, until when it works, and the right's end."""

    key: str = field(repr=False)
    key_ends: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """Who may show the resident's code, and whose codes the resident may show; those that are over, too."""

    given: tuple[Share, ...]
    held: tuple[Share, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenCode:
    """The code that leads to somebody who gave the right to show it, while the right holds."""

    code: str = field(repr=False)
    share: Share


def my_wallet(node: Node, who: Principal) -> Wallet:
    """Return who may show the resident's code, and whose codes the resident may show."""
    mine, at = own(node, who, Action.READ_CODE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        found = Wallet(
            given=tuple(sharing.given(tx, node.custodian, mine.known_as, at)),
            held=tuple(sharing.held(tx, node.custodian, mine.known_as, at)),
        )
        access.register(tx, [own_read(who, mine.key, (), WHAT, Action.READ_CODE, at)])
    return found


def give_code(node: Node, who: Principal, lasts: timedelta) -> Offered:
    """Let whoever gets the key show the resident's code until an end. Raises ShareRefused, and Refused for others."""
    mine, at = own(node, who, Action.READ_CODE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        share = Share(
            id=new_id(),
            giver=mine.minted,
            kind=sharing.Kind.GIVEN,
            initial=_initial(tx, node, who, mine.key, at),
            offered=at,
            until=at + lasts,
            offered_by=who.subject,
        )
        key = sharing.offer(tx, node.custodian, share, mine.known_as)
    return Offered(key=key, key_ends=at + KEY_LASTS, until=share.until)


def give_child_code(node: Node, who: Principal, resident_id: UUID, paper: str, *, child_agrees: bool) -> Offered:
    """Let the guardian of a child who is here show a code for the child, a year or until a birthday.

    That is the 14th, or the 18th. The child sees it, and from 14 on has to agree. Raises Refused without an open care
    relation, ShareRefused for an adult.
    """
    at = node.clock.now()
    if not access.names_paper(paper.strip()):
        raise NoPaper(_NO_PAPER)
    with node.store.transaction(Duty.CARE) as tx:
        key, minted = node.resident_key(tx, resident_id), node.minted(tx, resident_id)
        is_open = key is not None and relation_ends(tx, who.facility or "", key, at) is not None
        decision = decide(node, who, Action.PRINT_CODE, Kind.RECORD, relation_open=is_open)
        if decision.allowed and key is not None and minted is not None:
            born = identity.born_of(tx, node.custodian, key)
            if born is None:
                raise ShareRefused(_NO_BIRTH_DATE)
            until = guardian_until(born, at, child_agrees=child_agrees)
            share = _guardians(minted[0], who, paper.strip(), at, until)
            access.register(tx, [_desk_entry(who, key, at)])
            offered = sharing.offer(tx, node.custodian, share, identity.known_as(tx, key))
            return Offered(key=offered, key_ends=at + KEY_LASTS, until=share.until)
    raise refuse(node, who, Action.PRINT_CODE, _TWO_HERE)


def end_guardians(node: Node, who: Principal, resident_id: UUID, paper: str) -> None:
    """End every guardian's right over a child's code, on a paper that the desk saw, while the child is here.

    A guardian whose guardianship is over gives nothing back, and a child may have no account to end it with. Rights
    that the child gave stay. Whichever desk gave the guardians', they are over, one that nobody took yet, too; the
    child sees it, and who held one sees by which place. It takes a care relation that the child's own code or a second
    person opened: nobody alone, with a number and any paper's name, ends anything, and no guardian does with the code
    that they show for the child. Raises NoPaper, and Refused.
    """
    at, named = node.clock.now(), paper.strip()
    if not access.names_paper(named):
        raise NoPaper(_NO_PAPER)
    with node.store.transaction(Duty.CARE) as tx:
        key = node.resident_key(tx, resident_id)
        is_open = key is not None and relation_confirmed(tx, who.facility or "", key, at)
        if key is not None and decide(node, who, Action.PRINT_CODE, Kind.RECORD, relation_open=is_open).allowed:
            access.register(tx, [_ending(who, key, at)])
            for share in sharing.given(tx, node.custodian, identity.known_as(tx, key), at):
                if share.kind is sharing.Kind.GUARDIAN and share.stands(at):
                    sharing.end_at_desk(tx, share.id, who.subject, named, who.facility or "", at)
            return
    raise refuse(node, who, Action.PRINT_CODE, _CONFIRMED)


def _guardians(giver: int, who: Principal, paper: str, at: datetime, until: datetime) -> Share:
    return Share(
        id=new_id(),
        giver=giver,
        kind=sharing.Kind.GUARDIAN,
        initial="",
        offered=at,
        until=until,
        offered_by=who.subject,
        paper=paper,
    )


def take_code(node: Node, who: Principal, key: str) -> UUID:
    """Take the right that a key hands over, once; both see it from now on. Raises ShareRefused."""
    mine, at = own(node, who, Action.READ_CODE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        share = sharing.take(tx, node.custodian, key.strip(), mine.minted, mine.known_as, at)
        reads = [own_read(who, mine.key, (), WHAT, Action.READ_CODE, at)]
        giver = identity.resident_by_key(tx, share.giver)
        if giver is not None:
            reads.append(_shown(who, giver.key, WHAT, at))
        access.register(tx, reads)
    return share.id


def end_sharing(node: Node, who: Principal, share_id: UUID) -> None:
    """End a right at once: whoever gave it may, and whoever holds it. Raises NotFound for a stranger's."""
    mine, at = own(node, who, Action.READ_CODE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        _one(tx, node, mine, share_id)
        sharing.end(tx, share_id, who.subject, at)
        access.register(tx, [own_read(who, mine.key, (), WHAT, Action.READ_CODE, at)])


def given_code(node: Node, who: Principal, share_id: UUID) -> GivenCode:
    """Return the right's own code; the giver sees each showing. Raises NotFound once the right is over."""
    mine, at = own(node, who, Action.READ_CODE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        share = _one(tx, node, mine, share_id)
        giver = identity.resident_by_key(tx, share.giver)
        holds = share.holder in mine.known_as and share.holds(at) and giver is not None
        allowed = decide(node, who, Action.SHOW_GIVEN_CODE, Kind.RECORD, relation_open=holds).allowed
        if allowed and giver is not None:
            access.register(tx, [_shown(who, giver.key, "code", at)])
            return GivenCode(code=sharing.code_of(tx, node.custodian, share, at=at), share=share)
    raise NotFound(_NOT_HERE)


def _one(tx: Transaction, node: Node, mine: Own, share_id: UUID) -> Share:
    """Return a right that the resident gave or took. Raises NotFound."""
    share = sharing.find(tx, node.custodian, share_id)
    if share is None or not {share.giver, share.holder} & set(mine.known_as):
        raise NotFound(_NOT_HERE)
    return share


def _initial(tx: Transaction, node: Node, who: Principal, key: int, at: datetime) -> str:
    """Return the initial of the resident's own name; looking stands in their register."""
    resident = identity.resident_by_key(tx, key)
    sight = own_sight(resident.charts if resident else ())
    people = records.patients(tx, sight)[:1]
    charts = tuple(person.chart_key for person in people)
    access.register(tx, [own_read(who, key, charts, WHAT, Action.READ_CODE, at)])
    keys = node.keys.unwrap_left(charts)
    return ((records.patient_name(people[0], keys, sight) if people else None) or "?")[0]


def _shown(who: Principal, giver: int, what: str, at: datetime) -> Read:
    return read_by(who, resident_key=giver, what=what, action=Action.SHOW_GIVEN_CODE, ground=access.GIVEN, at=at)


def _desk_entry(who: Principal, key: int, at: datetime) -> Read:
    return read_by(who, resident_key=key, what=WHAT, action=Action.PRINT_CODE, ground="card-agreed", at=at)


def _ending(who: Principal, key: int, at: datetime) -> Read:
    return read_by(who, resident_key=key, what=ENDED_WHAT, action=Action.PRINT_CODE, ground=ENDED_GROUND, at=at)


__all__ = [
    "GivenCode",
    "Offered",
    "Wallet",
    "end_guardians",
    "end_sharing",
    "give_child_code",
    "give_code",
    "given_code",
    "my_wallet",
    "take_code",
]
