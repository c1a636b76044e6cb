"""A resident collects reports at a desk: those that this very facility wrote, and no others."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from salus import access, identity
from salus.access import Action, Kind, Sight
from salus.app.facts import decide, read_by, refuse, relation_ends
from salus.app.node import Node
from salus.app.seeing import own_facility_sight
from salus.parties import Principal
from salus.records import Located
from salus.records.reports import Report, report_parts, reports
from salus.storage import Duty, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """The finished reports that the facility wrote of somebody who is there, and until when it may read them."""

    reports: list[Report] = field(repr=False)
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    located: list[Located]
    charts: tuple[int, ...]
    sight: Sight
    ends: datetime


def collect_reports(node: Node, principal: Principal, resident_id: UUID) -> Collected:
    """Read the reports that the principal's own facility wrote of a resident who was at its desk; the resident sees it.

    Raises Refused without an open care relation.
    """
    with node.store.transaction(Duty.CARE) as tx:
        parts = _parts(tx, node, principal, resident_id)
    if parts is None:
        raise refuse(node, principal, Action.READ)
    found = reports(parts.located, node.keys.unwrap_left(parts.charts), parts.sight)
    return Collected(reports=found, ends=parts.ends)


def _parts(tx: Transaction, node: Node, principal: Principal, resident_id: UUID) -> _Parts | None:
    """Register the read and fetch what it shows, or None if policy finds no ground."""
    at, facility = node.clock.now(), principal.facility
    resident = identity.resident(tx, resident_id)
    ends = relation_ends(tx, facility, resident.key, at) if resident and facility else None
    open_here = ends is not None
    decision = decide(node, principal, Action.READ, Kind.RECORD, own_facility=True, relation_open=open_here)
    if resident is None or ends is None or not decision.allowed:
        return None
    sight = own_facility_sight(facility, resident.charts)
    located = report_parts(tx, sight)
    charts = tuple(sorted({one.chart_key for one in located}))
    entry = read_by(
        principal,
        resident_key=resident.key,
        chart_keys=charts,
        what="DiagnosticReport",
        count=sum(one.type == "DiagnosticReport" for one in located),
        action=Action.READ,
        ground=decision.ground,
        unwraps=len(charts),
        at=at,
    )
    access.register(tx, [entry])
    return _Parts(located=located, charts=charts, sight=sight, ends=ends)


__all__ = ["Collected", "collect_reports"]
