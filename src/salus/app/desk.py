"""The reception desk: a code or a number opens a care relation; a clinician then reads one screen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from salus import access, healthcode, identity, records
from salus.access import Action, Kind, Read, Sight
from salus.app.facts import decide, read_by, refuse, relation_by_other, relation_ends
from salus.app.in_care import brought_in_care
from salus.app.node import Node
from salus.app.seeing import own_sight, sight_of, sight_so_far
from salus.app.visits import reference_of
from salus.codec import trimmed
from salus.codec.dynamic import SKEW_STEPS, STEP_SECONDS, is_dynamic
from salus.healthcode import CodeUnknown, phones, sharing
from salus.healthcode.brought import Brought
from salus.identity import IdNumber
from salus.kernel import Purpose, Role, civil_day
from salus.parties import Principal
from salus.records import Located, NotFound, Summary, following, population
from salus.records.following import Followed, Mark
from salus.records.population import Keeping, Stands
from salus.storage import Duty, Transaction

CODE_PREFIX = "SL1:"
CODE_LASTS = timedelta(seconds=(2 * SKEW_STEPS + 1) * STEP_SECONDS)
"""From the first instant at which a telephone's code is taken to the last."""

_ONLY_CARE = "only a place of care may do this, for treatment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A resident who is here: the relation that their presence opened, its end, and the Patients of their charts.

    `reference` is the visit's, for the pay desk of the same institution.
    """

    resident_id: UUID
    resident_key: int
    name: str | None = field(repr=False)
    ends: datetime
    patients: tuple[UUID, ...]
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewed:
    """A summary that was read, until when the facility may read on, and what its resident brought for care to see."""

    summary: Summary
    ends: datetime | None
    stands: Stands
    followed: tuple[Followed, ...]
    brought: tuple[Brought, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a summary is made of, not opened yet."""

    located: list[Located]
    counts: dict[str, int]
    charts: tuple[int, ...]
    sight: Sight
    ends: datetime | None
    keepings: list[Keeping]
    marks: list[Mark]
    brought: tuple[Brought, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Who is presented, and whether somebody presents them whom they let do so."""

    key: int
    given: bool = False


def arrive(node: Node, principal: Principal, presented: str) -> Visit:
    """Resolve what a resident presents at the desk, an identity code or an identity number, and open a care relation.

    Raises Refused (not a care facility, wrong role or purpose), CodeUnknown, NumberRefused, or NotFound for a number
    that nobody here has. A code opens it for 24 hours. So does a number, where somebody else of the facility has one
    open with the resident; typed by one person alone it opens it for 2 hours. The opening stands in the resident's
    register of reads. It waits for no chart that is being prepared: a name that is not known to be open is not told.
    """
    at = node.clock.now()
    by_code = (text := presented.strip()).upper().startswith(CODE_PREFIX)
    action = Action.RESOLVE_CODE if by_code else Action.OPEN_RELATION
    decision = decide(node, principal, action, Kind.RECORD)
    if not decision.allowed or principal.facility is None:
        raise refuse(node, principal, action, _ONLY_CARE)
    with node.store.transaction(Duty.CARE) as tx:
        found = presented_by(tx, node, principal.facility, text)
        opened_for, ground = found.key, access.GIVEN if found.given else decision.ground
        resident = identity.resident_by_key(tx, opened_for)
        if resident is None:
            raise NotFound("nobody here has this number")
        key = resident.key
        others = by_code or relation_by_other(tx, principal.facility, key, principal.subject, at)
        opens = partial(access.open_relation, given=found.given) if others else access.open_unconfirmed
        ends = opens(tx, principal.facility, opened_for, principal.subject, at)
        sight = sight_so_far(tx, node, principal, resident.charts, at)
        people = records.patients(tx, sight)
        shown = tuple(person.chart_key for person in people[:1])
        access.register(tx, [_entry(principal, key, shown, "identity", action, ground, at)])
    keys = node.keys.unwrap_left(shown)
    name = records.patient_name(people[0], keys, sight) if people else None
    return Visit(
        resident_id=resident.resident_id,
        resident_key=key,
        name=name,
        ends=ends,
        patients=tuple(person.id for person in people),
        reference=reference_of(node, principal.facility, opened_for, ends),
    )


def presented_by(tx: Transaction, node: Node, facility: str, text: str) -> Found:
    """Return who is presented at a facility, by an identity code or an identity number. See `arrive` for its errors."""
    by_code = text.upper().startswith(CODE_PREFIX)
    return _resolve(tx, node, facility, text) if by_code else _by_number(tx, node, text)


def _resolve(tx: Transaction, node: Node, facility: str, text: str) -> Found:
    """Return whose code it is. A telephone's is good once: again only where it was just taken, as scanners do it."""
    at = node.clock.now()
    if not is_dynamic(trimmed(text)):
        try:
            return Found(key=healthcode.resolve(tx, node.custodian, text))
        except CodeUnknown:
            return Found(key=sharing.resolve(tx, node.custodian, text, at=at).giver, given=True)
    presented = phones.present(tx, node.custodian, text, at=at)
    ends = access.relation_ends(tx, facility, presented.resident_key, at)
    if not presented.first and (ends is None or ends - access.RELATION_LASTS <= at - CODE_LASTS):
        raise CodeUnknown
    return Found(key=presented.resident_key)


def _by_number(tx: Transaction, node: Node, text: str) -> Found:
    """Return the key that goes with the number, whoever was linked to it: the relation stays theirs after a parting."""
    chart = identity.holder(tx, node.custodian, IdNumber.read(text))
    if chart is None:
        raise NotFound("nobody here has this number")
    return Found(key=identity.minted_for(tx, chart) or identity.residents_of(tx, [chart])[chart])


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """A resident whom a facility may read now."""

    resident_id: UUID
    name: str | None = field(repr=False)
    ends: datetime


def present_here(node: Node, principal: Principal, most: int = 8) -> list[Present]:
    """Return whom the principal's facility has an open care relation with; each name shown is a registered read."""
    at, facility = node.clock.now(), principal.facility
    if facility is None:
        raise refuse(node, principal, Action.READ_IDENTITY)
    principal = principal if principal.purpose else principal.for_purpose(Purpose.TREAT)
    with node.store.transaction(Duty.CARE) as tx:
        open_now = access.relations_at(tx, facility, at)[: 2 * most]
        decision = decide(node, principal, Action.READ_IDENTITY, Kind.RECORD, relation_open=True)
        found: dict[UUID, tuple[datetime, list[Located], Sight]] = {}
        reads = []
        for key, ends in open_now if decision.allowed else ():
            resident = identity.resident_by_key(tx, key)
            if resident and resident.resident_id not in found and len(found) < most:
                sight = sight_so_far(tx, node, principal, resident.charts, at)
                people = records.patients(tx, sight)[:1]
                charts, action = tuple(person.chart_key for person in people), Action.READ_IDENTITY
                found[resident.resident_id] = (ends, people, sight)
                reads.append(_entry(principal, resident.key, charts, "identity", action, decision.ground, at))
        if reads:
            access.register(tx, reads)
    keys = node.keys.unwrap_left([person.chart_key for _, people, _ in found.values() for person in people])
    return [
        Present(resident_id=id_, name=records.patient_name(people[0], keys, sight) if people else None, ends=ends)
        for id_, (ends, people, sight) in found.items()
    ]


def view_summary(node: Node, principal: Principal, resident_id: UUID) -> Viewed:
    """Read one resident's summary over all charts. Raises Refused without an open care relation, and NotFound."""
    with node.store.transaction(Duty.CARE) as tx:
        parts = _summary_parts(tx, node, principal, resident_id)
    if parts is None:
        raise refuse(node, principal, Action.READ_SUMMARY)
    return unwrap_summary(node, parts)


def unwrap_summary(node: Node, parts: Parts) -> Viewed:
    """Open what was fetched for a summary, once its read is durable."""
    keys, today = node.keys.unwrap_left(parts.charts), civil_day(node.clock.now())
    located = [one for one in parts.located if one.chart_key in keys]
    summary = records.summary(located, parts.counts, keys, parts.sight)
    born, sex = following.born_on(summary.birth_date), summary.gender
    return Viewed(
        summary=summary,
        ends=parts.ends,
        stands=records.stands(located, keys, parts.sight, parts.keepings, summary, today),
        followed=tuple(following.follow(node.plans, born, sex, parts.marks, today)),
        brought=parts.brought,
    )


def _summary_parts(tx: Transaction, node: Node, principal: Principal, resident_id: UUID) -> Parts | None:
    """Register the read and fetch what it shows, or None if policy finds no ground."""
    at = node.clock.now()
    resident = identity.resident(tx, resident_id)
    if resident is None:
        return None
    ends = relation_ends(tx, principal.facility, resident.key, at) if principal.facility else None
    own = principal.resident is not None and node.resident_key(tx, principal.resident) == resident.key
    own = own and principal.role is Role.RESIDENT
    decision = decide(node, principal, Action.READ_SUMMARY, Kind.RECORD, relation_open=ends is not None, own_record=own)
    if not decision.allowed:
        return None
    sight = own_sight(resident.charts) if own else sight_of(tx, node, principal, resident.charts, at)
    parts = gather(tx, node, principal, resident.key, sight, ends, Action.READ_SUMMARY, decision.ground)
    if own or ends is None:
        return parts
    return replace(parts, brought=brought_in_care(tx, node, resident.key, sight))


def gather(
    tx: Transaction,
    node: Node,
    principal: Principal,
    resident: int,
    sight: Sight,
    ends: datetime | None,
    action: Action,
    ground: str,
) -> Parts:
    """Fetch what a summary shows through a sight, and register the read. Ask policy first."""
    located, counts = records.summary_parts(tx, sight)
    charts, at = tuple(sorted({part.chart_key for part in located})), node.clock.now()
    access.register(tx, [_entry(principal, resident, charts, "summary", action, ground, at, len(located))])
    marks = following.marks(tx, node.custodian, sight)
    return Parts(
        located=located,
        counts=counts,
        charts=charts,
        sight=sight,
        ends=ends,
        keepings=population.keepings_of(tx, sight),
        marks=[mark for told in marks.values() for mark in told],
    )


def _entry(
    principal: Principal,
    resident: int,
    charts: tuple[int, ...],
    what: str,
    action: Action,
    ground: str,
    at: datetime,
    count: int = 1,
) -> Read:
    return read_by(
        principal,
        resident_key=resident,
        chart_keys=charts,
        what=what,
        count=count,
        action=action,
        ground=ground,
        unwraps=len(charts),
        at=at,
    )


__all__ = ["CodeUnknown", "Present", "Viewed", "Visit", "arrive", "present_here", "view_summary"]
