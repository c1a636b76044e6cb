"""Who is shown what residents said: they themselves all of it, a place of care what concerns it while it treats them.

A place never learns what was opened to another. Whoever is asked about sees it, whether or not something was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salus import access, identity, records
from salus.access import About, Action, Directive, Kind, Read, Says
from salus.app.consents import WHAT
from salus.app.facts import decide, read_by, relation_ends
from salus.app.node import Node, charts_of
from salus.app.residents import own, own_read
from salus.app.seeing import own_sight, sight_of
from salus.kernel import Role
from salus.parties import Principal
from salus.records import NotFound
from salus.storage import Duty, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A directive as somebody may see it: under which Patient, at which instant, and whether as its resident does."""

    directive: Directive
    patient: UUID | None
    at: datetime
    own: bool


def directives_of(node: Node, who: Principal, patients: Sequence[UUID] = ()) -> list[Shown]:
    """Return what holds now of what residents said: all of it to themselves, to a place what concerns it of these.

    Nothing of those with whom no care relation is open, and nothing where policy finds no ground.
    """
    if who.role is Role.RESIDENT:
        return [one for one in _own(node, who, patients) if one.directive.holds(one.at)]
    at, found, reads = node.clock.now(), list[Shown](), list[Read]()
    with node.store.transaction(Duty.CARE) as tx:
        for key, patient in _residents(tx, patients).items():
            told = _concerning(tx, node, who, key, at)
            if told is not None:
                found += [Shown(directive=one, patient=patient, at=at, own=False) for one in told[0]]
                reads.append(_entry(who, key, len(told[0]), told[1], at))
        if reads:
            access.register(tx, reads)
    return found


def directive_of(node: Node, who: Principal, id_: UUID) -> Shown:
    """Return one directive as the asker may see it. Raises NotFound, the same for what is not theirs to see."""
    if who.role is Role.RESIDENT:
        found = next((one for one in _own(node, who) if one.directive.id == id_), None)
    else:
        found = _one_here(node, who, id_)
    if found is None:
        raise NotFound("there is no Consent with this id here")
    return found


def _own(node: Node, who: Principal, patients: Sequence[UUID] = ()) -> list[Shown]:
    """Return all that a resident ever said; nothing if Patients are named and none of them is the own."""
    mine, at = own(node, who, Action.READ_CONSENT), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        if patients and mine.key not in _residents(tx, patients):
            return []
        people = records.patients(tx, own_sight(charts_of(tx, mine.key)))
        found = access.directives(tx, mine.known_as)
        access.register(tx, [own_read(who, mine.key, (), WHAT, Action.READ_CONSENT, at)])
    patient = people[0].id if people else None
    return [Shown(directive=one, patient=patient, at=at, own=True) for one in found]


def _one_here(node: Node, who: Principal, id_: UUID) -> Shown | None:
    at = node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        found = access.directive(tx, id_)
        resident = identity.resident_by_key(tx, found.resident_key) if found else None
        told = _concerning(tx, node, who, resident.key, at) if resident else None
        if found is None or resident is None or told is None or found not in told[0]:
            return None
        access.register(tx, [_entry(who, resident.key, 1, told[1], at)])
        patient = _patient(tx, node, who, resident.charts, at)
    return Shown(directive=found, patient=patient, at=at, own=False)


def _patient(tx: Transaction, node: Node, who: Principal, charts: Sequence[int], at: datetime) -> UUID | None:
    """Return a Patient of these charts that the asker may read, the own facility's first."""
    people = records.patients(tx, sight_of(tx, node, who, charts, at))
    return next((one.id for one in sorted(people, key=lambda one: one.facility != who.facility)), None)


def _residents(tx: Transaction, patients: Sequence[UUID]) -> dict[int, UUID]:
    """Return the residents whom these Patients are, each with the first Patient by which it was named."""
    charts = records.charts_of_patients(tx, list(patients)) if patients else {}
    owners = identity.residents_of(tx, [chart for chart, _ in charts.values()]) if charts else {}
    found: dict[int, UUID] = {}
    for patient in patients:
        chart = charts.get(patient, (None, ""))[0]
        if chart in owners:
            found.setdefault(owners[chart], patient)
    return found


def _concerning(
    tx: Transaction, node: Node, who: Principal, key: int, at: datetime
) -> tuple[list[Directive], str] | None:
    """Return what a resident said that holds for the asker's place, and the ground; None where policy finds none."""
    is_open = who.facility is not None and relation_ends(tx, who.facility, key, at) is not None
    decision = decide(node, who, Action.READ_CONSENT, Kind.RECORD, relation_open=is_open)
    if not decision.allowed:
        return None
    facility, known = who.facility or "", identity.known_as(tx, key)
    _, opened = access.closed_classes(tx, {(facility, key): known}, at)
    standing = [one for one in access.directives(tx, known) if one.holds(at)]
    return [
        one for one in standing if _told(one, facility, opened.get((facility, one.resident_key), 0))
    ], decision.ground


def _told(one: Directive, facility: str, opened: int) -> bool:
    """Tell whether a place is told: what opens something to it in effect, and that it is shut out. No more.

    That a class is closed, or an opening overruled, would tell what there is to close.
    """
    if one.says is Says.PERMIT:
        return one.facility in (None, facility) and bool(one.about.bits & opened)
    return one.about is About.EVERYTHING and one.facility == facility


def _entry(who: Principal, key: int, count: int, ground: str, at: datetime) -> Read:
    return read_by(who, resident_key=key, what=WHAT, count=count, action=Action.READ_CONSENT, ground=ground, at=at)


__all__ = ["Shown", "directive_of", "directives_of"]
