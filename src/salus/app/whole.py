"""Whose whole record may be read by whom: the doors that `$everything` and `$summary` share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Kind, Read, Sight
from salus.app.begun import Begun
from salus.app.facts import decide, read_by
from salus.app.node import Node, charts_of
from salus.app.seeing import check_classed, own_facility_sight, own_sight, standing
from salus.kernel import Role
from salus.parties import Principal
from salus.records import Located
from salus.storage import Duty, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What may be read of a resident, and on which ground: all charts, or the asker's own one."""

    resident: int | None
    sight: Sight
    ground: str


def open_whole(
    tx: Transaction, node: Node, principal: Principal, patient: UUID, action: Action, at: datetime
) -> Opened | None:
    """Return what the asker may read of the resident whose chart a Patient opens; None where policy finds no ground.

    The resident and a facility with an open care relation read all charts, a hospital's system its facility's own one.
    A Patient that does not exist is answered like a stranger's. None of the statements that follow may run for long.
    """
    tx.limit(node.most_seconds)
    named = records.patients_named(tx, [patient]).get(patient)
    resident = identity.residents_of(tx, [named[0]]).get(named[0]) if named else None
    if named is None or resident is None:
        return None
    own = principal.role is Role.RESIDENT and principal.resident is not None
    own = own and node.resident_key(tx, principal.resident or patient) == resident
    stands, mine = standing(tx, [(principal.facility, resident)], at), named[1] == principal.facility
    whole = decide(
        node,
        principal,
        action,
        Kind.RECORD,
        relation_open=(principal.facility, resident) in stands.open,
        own_record=own,
        closed=not mine and stands.denied(principal.facility, resident),
    )
    if whole.allowed:
        whose = dict.fromkeys(charts_of(tx, resident), resident)
        sight = own_sight(whose) if own else stands.sight(principal.facility, whose)
        check_classed(tx, node, sight)
        if not sight.shows(*named):
            return None
        return Opened(resident=resident, sight=sight, ground=whole.ground)
    home = decide(node, principal, action, Kind.RECORD, own_facility=mine)
    sight = own_facility_sight(principal.facility, [named[0]])
    return Opened(resident=resident, sight=sight, ground=home.ground) if home.allowed else None


def begun_of(opened: Opened | None, what: str, action: Action) -> list[Begun]:
    """Write down what is begun once a record is opened; nothing where it is not."""
    if opened is None:
        return []
    residents = () if opened.resident is None else (opened.resident,)
    return [Begun(what=what, ground=opened.ground, residents=residents, action=action)]


def read_of(
    principal: Principal,
    opened: Opened,
    charts: Sequence[int],
    what: str,
    count: int,
    action: Action,
    at: datetime,
) -> Read:
    """Write down for the register what was read of one resident: in which charts, each unwrapped once."""
    return read_by(
        principal,
        resident_key=opened.resident,
        chart_keys=tuple(charts),
        what=what,
        count=count,
        action=action,
        ground=opened.ground,
        unwraps=len(charts),
        at=at,
    )


def directory_of(
    node: Node, principal: Principal, ids: Sequence[UUID], types: Sequence[str] | None, at: datetime
) -> tuple[list[tuple[Located, bytes]], int]:
    """Return the directory entries among `ids` that are of these types and allowed, opened, in key order.

    Also how many of these types were left out, because policy or the token's scopes do not cover them.
    """
    if not ids:
        return [], 0
    decision = decide(node, principal, Action.READ, Kind.DIRECTORY)
    nothing = own_facility_sight(principal.facility)
    with node.store.transaction(Duty.CARE) as tx:
        there = [one for one in records.fetch(tx, ids) if one.chart_kind == "directory"]
        wanted = [one for one in there if types is None or one.type in types]
        found = [one for one in wanted if decision.allowed and principal.in_scope(one.type, "r")]
        found.sort(key=lambda one: one.resource_key)
        charts = sorted({one.chart_key for one in found})
        if found:
            nobody = Opened(resident=None, sight=nothing, ground=decision.ground)
            access.register(tx, [read_of(principal, nobody, charts, "directory", len(found), Action.READ, at)])
    keys = node.keys.unwrap_left(charts)
    found = [one for one in found if one.chart_key in keys]
    bodies = records.open_all(found, keys, nothing)
    return list(zip(found, bodies, strict=True)), len(wanted) - len(found)
