"""Under which identifiers a resident is kept: the own, others' only while care is open (IHE PIXm, ITI-83)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Decision, Kind, Sight
from salus.app.facts import REFUSED, decide, read_by, refuse, relation_ends
from salus.app.node import Node
from salus.app.own_charts import Ambiguous
from salus.app.seeing import sight_of
from salus.identity import Resident
from salus.parties import Principal
from salus.records import Identified, Located, Named, NotFound
from salus.storage import Duty, Transaction

NOBODY = "sourceIdentifier Patient Identifier not found"
"""The text that ITI-83 wants, 2:3.83.4.2.2.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """A resident of the index, and each Patient that may be named with its identifiers."""

    resident_id: UUID
    patients: tuple[Identified, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    resident: Resident
    located: tuple[Located, ...]
    sight: Sight


def cross_reference(node: Node, who: Principal, named: Named, resident_id: UUID | None = None) -> Crossed:
    """Return under which identifiers somebody is kept who is named by an own Patient, or by the index's identifier.

    That somebody is known elsewhere is told only while a care relation is open. Shown to the resident. Raises Refused,
    NotFound for nobody of the own facility, Ambiguous for several.
    """
    decision = decide(node, who, Action.READ_IDENTITY, Kind.RECORD, own_facility=True)
    if not decision.allowed or who.facility is None:
        raise refuse(node, who, Action.READ_IDENTITY, REFUSED)
    with node.store.transaction(Duty.CARE) as tx:
        resident = _resident(tx, node, who, named, resident_id)
        seen = _seen(tx, node, who, resident, decision) if resident else None
        if seen is None:
            _register(tx, node, who, None, (), decision)
    if seen is None:
        raise NotFound(NOBODY, where="sourceIdentifier")
    keys = node.keys.unwrap_left([one.chart_key for one in seen.located])
    patients = tuple(records.identified(one, keys, seen.sight) for one in seen.located if one.chart_key in keys)
    return Crossed(resident_id=seen.resident.resident_id, patients=patients)


def _resident(tx: Transaction, node: Node, who: Principal, named: Named, resident_id: UUID | None) -> Resident | None:
    if resident_id is not None:
        return identity.resident(tx, resident_id)
    charts = records.own_patients(tx, node.custodian, who.facility or "", named).values()
    residents = set(identity.residents_of(tx, sorted(charts)).values())
    if len(residents) > 1:
        raise Ambiguous("several of your Patients carry this identifier, and they are several residents")
    return identity.resident_by_key(tx, residents.pop()) if residents else None


def _seen(tx: Transaction, node: Node, who: Principal, resident: Resident, own: Decision) -> _Seen | None:
    """Register and return what may be told; None for a resident of whom the own facility has no chart."""
    sight = sight_of(tx, node, who, resident.charts, node.clock.now())
    everywhere = records.patients(tx, sight)
    mine = [one for one in everywhere if one.facility == who.facility]
    related = who.facility is not None and relation_ends(tx, who.facility, resident.key, node.clock.now()) is not None
    wider = decide(node, who, Action.READ_IDENTITY, Kind.RECORD, relation_open=related)
    located = everywhere if wider.allowed else mine
    if not located:
        return None
    ground = wider if len(located) > len(mine) else own
    _register(tx, node, who, resident.key, sorted(one.chart_key for one in located), ground)
    return _Seen(resident=resident, located=tuple(sorted(located, key=lambda one: one.chart_key)), sight=sight)


def _register(
    tx: Transaction, node: Node, who: Principal, resident: int | None, charts: Sequence[int], decision: Decision
) -> None:
    read = read_by(
        who,
        resident_key=resident,
        chart_keys=tuple(charts),
        what="cross-reference",
        count=len(charts),
        action=Action.READ_IDENTITY,
        ground=decision.ground,
        unwraps=len(charts),
        at=node.clock.now(),
    )
    access.register(tx, [read])


__all__ = ["NOBODY", "Crossed", "cross_reference"]
