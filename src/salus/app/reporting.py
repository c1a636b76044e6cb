"""Say that records held to be one person's are not, or that others are, for a person to judge. It changes nothing.

A clinician says it of somebody who is there, a resident of the own records. Which institutions hold them is all that
is shown for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Kind, Read
from salus.app.facts import decide, read_by, refuse, relation_ends
from salus.app.node import Node
from salus.app.residents import Own, own
from salus.app.seeing import own_sight, sight_of
from salus.identity import AssertionRefused, Notice, Question, Says, pair_of, review
from salus.kernel import Role
from salus.parties import Principal
from salus.storage import Duty, Transaction

WHAT, REPORT = "institutions", "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One institution's record of a resident: the id of its Patient, its chart, and since when it says what it says.

    `own` is the record for which the identifier was made that a resident signs in with: that one is theirs.
    """

    id: UUID
    chart: int
    facility: str
    at: datetime
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notice of a link or a parting, with the institutions of those records that are the resident's now.

    `key` names the other identifier where its resident can be said to be the same person again.
    """

    notice: Notice
    facilities: tuple[str, ...]
    parted: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MyInstitutions:
    """Whose records are held to be a resident's, and what they were told of links and partings, the newest first."""

    held: tuple[Held, ...]
    told: tuple[Told, ...]


def my_institutions(node: Node, who: Principal) -> MyInstitutions:
    """Return whose records are held to be the resident's, and what they were told; the look is registered."""
    mine, at = own(node, who, Action.REPORT_IDENTITY), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        held = _held(tx, node, who, mine.key, _anchor(tx, node, who))
        told = tuple(_told(tx, mine, held, one) for one in identity.notices(tx, mine.key))
        access.register(tx, [_entry(who, mine.key, WHAT, len(held), "own-record", at)])
    return MyInstitutions(held=held, told=told)


def report_mine(node: Node, who: Principal, named: frozenset[UUID]) -> None:
    """Ask a person whether these records are another's.

    Raises AssertionRefused unless they are some of the own ones, and not the one that the identifier goes with.
    """
    mine, at = own(node, who, Action.REPORT_IDENTITY), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        anchor = _anchor(tx, node, who)
        _ask(tx, who, [anchor], _named(_held(tx, node, who, mine.key, anchor), named), Says.NOT_SAME, at)
        access.register(tx, [_entry(who, mine.key, REPORT, len(named), "own-record", at)])


def report_parted(node: Node, who: Principal, other: UUID) -> None:
    """Ask a person whether the records that were parted off are the resident's after all.

    Raises AssertionRefused for any but an identifier that a notice of theirs names.
    """
    mine, at = own(node, who, Action.REPORT_IDENTITY), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        named = {id_ for one in identity.notices(tx, mine.key) for id_ in one.others}
        found = node.minted(tx, other) if other in named else None
        if found is None or found[0] in mine.known_as:
            raise AssertionRefused("no notice of yours says that these records were parted from yours")
        pair = pair_of(_anchor(tx, node, who), found[1])
        review.ask(tx, [_question(pair, who, Says.SAME, frozenset(), at)])
        access.register(tx, [_entry(who, mine.key, REPORT, 1, "own-record", at)])


def institutions_of(node: Node, who: Principal, resident_id: UUID) -> tuple[Held, ...]:
    """Return whose records are held to be one resident's, for a clinician who treats them; the look is registered."""
    at = node.clock.now()
    key, ground = _treated(node, who, resident_id)
    with node.store.transaction(Duty.CARE) as tx:
        held = _held(tx, node, who, key, None)
        access.register(tx, [_entry(who, key, WHAT, len(held), ground, at)])
    return held


def report_mixed(node: Node, who: Principal, resident_id: UUID, named: frozenset[UUID], says: Says) -> None:
    """Ask a person whether these records are another's than the rest of the resident's, who is told of the report.

    Raises Refused without an open care relation, AssertionRefused unless they are some but not all of the resident's.
    """
    at = node.clock.now()
    key, ground = _treated(node, who, resident_id)
    with node.store.transaction(Duty.CARE) as tx:
        held = _held(tx, node, who, key, None)
        charts = _named(held, named)
        _ask(tx, who, [one.chart for one in held if one.chart not in charts], charts, says, at)
        access.register(tx, [_entry(who, key, REPORT, len(named), ground, at)])


def _treated(node: Node, who: Principal, resident_id: UUID) -> tuple[int, str]:
    """Return the key of a resident with whom the clinician's facility has an open care relation, and the ground."""
    with node.store.transaction(Duty.CARE) as tx:
        key = node.resident_key(tx, resident_id)
        ends = relation_ends(tx, who.facility, key, node.clock.now()) if who.facility and key is not None else None
    decision = decide(node, who, Action.REPORT_IDENTITY, Kind.RECORD, relation_open=ends is not None)
    if key is None or not decision.allowed:
        raise refuse(node, who, Action.REPORT_IDENTITY)
    return key, decision.ground


def _named(held: Sequence[Held], named: frozenset[UUID]) -> frozenset[int]:
    """Return the charts of these Patients; none if one of them is not held to be the resident's."""
    charts = {one.id: one.chart for one in held}
    return frozenset(charts[one] for one in named) if named <= set(charts) else frozenset()


def _ask(
    tx: Transaction, who: Principal, rest: Sequence[int], charts: frozenset[int], says: Says, at: datetime
) -> None:
    if not charts or not rest or not charts.isdisjoint(rest):
        raise AssertionRefused("name some of the records, and leave at least one that is the person's own")
    review.ask(tx, [_question(pair_of(rest[0], min(charts)), who, says, charts, at)])


def _question(pair: tuple[int, int], who: Principal, says: Says, charts: frozenset[int], at: datetime) -> Question:
    return Question(pair=pair, reason=review.REPORTED, at=at, reporter=who.role, claim=says.value, concerns=charts)


def _anchor(tx: Transaction, node: Node, who: Principal) -> int:
    found = node.minted(tx, who.resident) if who.resident else None
    if found is None:
        raise AssertionRefused("this resident is not in the index of this node")
    return found[1]


def _held(tx: Transaction, node: Node, who: Principal, key: int, anchor: int | None) -> tuple[Held, ...]:
    """Return whose records they are: all to the resident, to a facility those that are not closed to it."""
    resident = identity.resident_by_key(tx, key)
    charts = resident.charts if resident else ()
    own = who.role is Role.RESIDENT
    sight = own_sight(charts) if own else sight_of(tx, node, who, charts, node.clock.now())
    people = records.patients(tx, sight)
    return tuple(
        Held(id=one.id, chart=one.chart_key, facility=one.facility, at=one.at, own=one.chart_key == anchor)
        for one in sorted(people, key=lambda one: one.chart_key)
    )


def _told(tx: Transaction, mine: Own, held: Sequence[Held], notice: Notice) -> Told:
    found = [(id_, identity.minted(tx, id_)) for id_ in notice.others]
    charts = {minted[1] for _, minted in found if minted}
    return Told(
        notice=notice,
        facilities=tuple(dict.fromkeys(one.facility for one in held if one.chart in charts)),
        parted=tuple(id_ for id_, minted in found if minted and minted[0] not in mine.known_as),
    )


def _entry(who: Principal, key: int, what: str, count: int, ground: str, at: datetime) -> Read:
    return read_by(who, resident_key=key, what=what, count=count, action=Action.REPORT_IDENTITY, ground=ground, at=at)


__all__ = [
    "Held",
    "MyInstitutions",
    "Told",
    "institutions_of",
    "my_institutions",
    "report_mine",
    "report_mixed",
    "report_parted",
]
