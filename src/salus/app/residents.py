"""The resident's own journeys: my code, my record, who looked at me, and the proof of each look."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from salus import access, appeals, healthcode, identity, parties, records
from salus.access import Action, Kind, Read, ReadProof
from salus.app.desk import Viewed, view_summary
from salus.app.facts import decide, purpose_of, refuse
from salus.app.node import Node
from salus.app.seeing import own_sight
from salus.appeals import Look, Looks
from salus.healthcode import phones, sharing
from salus.kernel import Invalid, Role
from salus.parties import PartyUnknown, Principal
from salus.records import NotFound
from salus.storage import Duty


@dataclass(frozen=True, slots=True, kw_only=True)
class MyCode:
    """The resident's current identity code."""

    code: str = field(repr=False)
    initial: str
    issued: datetime
    readers_this_week: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The keys of a resident who asks: of the resident now, of the identifier that they sign in with, and all others.

    What hangs on a resident is read under all of them, and written under `minted`: should their records ever be parted,
    it goes with the identifier of whoever wrote it.
    """

    key: int
    minted: int
    known_as: tuple[int, ...]


def my_code(node: Node, who: Principal) -> MyCode:
    """Return the resident's code, issued at the first asking; it goes with the identifier that they sign in with."""
    mine = own(node, who, Action.READ_CODE)
    key, at = mine.key, node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        code = healthcode.code_of(tx, node.custodian, mine.minted, at=at)
        issued = healthcode.issued_at(tx, mine.minted) or at
        resident = identity.resident_by_key(tx, key)
        sight = own_sight(resident.charts if resident else ())
        people = records.patients(tx, sight)[:1]
        charts = tuple(person.chart_key for person in people)
        access.register(tx, [own_read(who, key, charts, "code", Action.READ_CODE, at)])
    keys = node.keys.unwrap_left([person.chart_key for person in people])
    name = records.patient_name(people[0], keys, sight) if people else None
    seen = appeals.looks(node.store, mine.known_as, at)
    return MyCode(code=code, initial=(name or "?")[0], issued=issued, readers_this_week=seen.readers_this_week)


def replace_code(node: Node, who: Principal) -> None:
    """Replace the resident's code. The one before means nothing from now on, nor does an alias's or a telephone's.

    Nor does any that another shows for the resident: every right to do so ends. No card ordered before is printed.
    """
    mine, at = own(node, who, Action.REPLACE_CODE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        healthcode.replace(tx, node.custodian, mine.minted, at=at)
        for other in mine.known_as:
            if other != mine.minted and healthcode.issued_at(tx, other):
                healthcode.replace(tx, node.custodian, other, at=at)
        phones.remove_all(tx, mine.known_as)
        sharing.end_given(tx, node.custodian, mine.known_as, who.subject, at)
        access.register(tx, [own_read(who, mine.key, (), "code", Action.REPLACE_CODE, at)])


def my_record(node: Node, who: Principal) -> Viewed:
    """Return the summary of the resident's own record."""
    if who.resident is None:
        raise refuse(node, who, Action.READ_SUMMARY)
    return view_summary(node, who, who.resident)


def who_looked(node: Node, who: Principal, before: tuple[int, int] | None = None) -> Looks:
    """Return a page of who looked at the resident's record, newest first."""
    mine = own(node, who, Action.READ_REGISTER)
    return appeals.looks(node.store, mine.known_as, node.clock.now(), before)


def look_proof(node: Node, who: Principal, place: tuple[int, int]) -> tuple[Look, ReadProof] | None:
    """Return one look with its proof, or None if it is not this resident's, or not in the public log yet."""
    mine = own(node, who, Action.READ_REGISTER)
    return appeals.look_proof(node.store, mine.known_as, place, node.clock.now())


def my_look(node: Node, who: Principal, place: tuple[int, int]) -> Look:
    """Return one entry of the resident's own register. Raises NotFound if it is not theirs."""
    mine = own(node, who, Action.READ_REGISTER)
    found = appeals.look(node.store, mine.known_as, place, node.clock.now())
    if found is None:
        raise NotFound("there is no such entry in your list of who looked")
    return found


def reader_name(node: Node, look: Look) -> tuple[str, str] | None:
    """Return a staff reader's institutional name in English and Chinese; None for systems and residents."""
    return None if look.role.software or look.role is Role.RESIDENT else staff_name(node, look.reader)


def staff_name(node: Node, subject: str) -> tuple[str, str] | None:
    """Return the institutional name of a member of staff in English and Chinese; None for anybody else."""
    try:
        member = parties.staff_member(node.store, UUID(subject))
    except (PartyUnknown, ValueError):
        return None
    return member.name_en, member.name_zh


def own_key(node: Node, who: Principal, action: Action) -> int:
    """Return the physical key of the resident who asks, once policy agrees that it is theirs to ask."""
    return own(node, who, action).key


def own(node: Node, who: Principal, action: Action) -> Own:
    """Return the keys of the resident who asks, once policy agrees that it is theirs to ask."""
    if who.resident is not None and decide(node, who, action, Kind.RECORD, own_record=True).allowed:
        with node.store.transaction(Duty.CARE) as tx:
            minted, key = node.minted(tx, who.resident), node.resident_key(tx, who.resident)
            known = identity.known_as(tx, key) if key is not None else ()
        if key is None or minted is None:
            raise Invalid("this resident is not in the index of this node", code="SALUS-A020")
        return Own(key=key, minted=minted[0], known_as=known)
    raise refuse(node, who, action)


def own_read(who: Principal, key: int, charts: tuple[int, ...], what: str, action: Action, at: datetime) -> Read:
    """Write down for the register that a resident looked at their own: which charts, and what of them."""
    return Read(
        reader_role=who.role,
        reader=who.subject,
        facility=None,
        resident_key=key,
        chart_keys=charts,
        what=what,
        count=1,
        action=action,
        purpose=purpose_of(who),
        ground="own-record",
        unwraps=len(charts),
        at=at,
    )


__all__ = [
    "MyCode",
    "Own",
    "look_proof",
    "my_code",
    "my_record",
    "own",
    "own_key",
    "own_read",
    "reader_name",
    "replace_code",
    "staff_name",
    "who_looked",
]
