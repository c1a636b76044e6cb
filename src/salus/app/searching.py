"""Search within what a principal may see: own facility, open relation, own record. All found are registered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Kind, Read
from salus.app.facts import decide, open_relations, purpose_of, refuse
from salus.app.node import Node, charts_of
from salus.kernel import Role
from salus.parties import Principal
from salus.records import Asked, Located
from salus.storage import Duty, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of matches: (type, id, body) in order, and the cursor of the next page, if there is one."""

    matches: tuple[tuple[str, UUID, bytes], ...]
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bound:
    """Whose records a search may find, and on what ground."""

    facility: str | None
    charts: tuple[int, ...] | None
    ground: str
    residents: tuple[int, ...] = ()


def search(node: Node, principal: Principal, asked: Asked) -> Page:
    """Answer one search. Raises Refused where policy finds no ground; a person's search names a patient."""
    at = node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        bound = _bound(tx, node, principal, asked, at)
        found, more = ([], False) if bound is None else records.search(tx, asked, bound.facility, bound.charts)
        if bound is not None:
            _register(tx, principal, asked, bound, found, at)
    if bound is None:
        raise refuse(node, principal, Action.SEARCH)
    keys = node.keys.unwrap(_unwrapped(found))
    matches = tuple((located.type, located.id, records.open_body(located, keys)) for located in found)
    cursor = records.next_cursor(asked, found[-1], node.custodian) if more else None
    return Page(matches=matches, cursor=cursor)


def _unwrapped(found: Sequence[Located]) -> list[int]:
    return sorted({located.chart_key for located in found})


def _bound(tx: Transaction, node: Node, principal: Principal, asked: Asked, at: datetime) -> _Bound | None:
    if records.is_directory(asked.type):
        decision = decide(node, principal, Action.SEARCH, Kind.DIRECTORY)
        return _Bound(facility=principal.facility, charts=None, ground=decision.ground) if decision.allowed else None
    if principal.role is Role.RESIDENT:
        return _own(tx, node, principal)
    if asked.patients is None:
        decision = decide(node, principal, Action.SEARCH, Kind.RECORD, own_facility=True)
        allowed = decision.allowed and principal.role is Role.HOSPITAL_SYSTEM
        return _Bound(facility=principal.facility, charts=None, ground=decision.ground) if allowed else None
    return _of_patients(tx, node, principal, asked.patients, at)


def _own(tx: Transaction, node: Node, principal: Principal) -> _Bound | None:
    decision = decide(node, principal, Action.SEARCH, Kind.RECORD, own_record=True)
    key = node.resident_key(tx, principal.resident) if principal.resident else None
    if not decision.allowed or key is None:
        return None
    return _Bound(facility=None, charts=charts_of(tx, key), ground=decision.ground, residents=(key,))


def _of_patients(
    tx: Transaction, node: Node, principal: Principal, patients: Sequence[UUID], at: datetime
) -> _Bound | None:
    """Bound a search to the charts of named patients; one of them without a ground refuses the whole search."""
    named = records.charts_of_patients(tx, patients)
    if len(named) != len(set(patients)):
        return None  # Nobody is named, so there is no ground; the answer is the one that a stranger's Patient gets.
    residents = identity.residents_of(tx, [chart for chart, _ in named.values()])
    relations = open_relations(tx, [(principal.facility, resident) for resident in residents.values()], at)
    ground = "own-facility"
    for chart, facility in named.values():
        decision = decide(
            node,
            principal,
            Action.SEARCH,
            Kind.RECORD,
            own_facility=facility == principal.facility,
            relation_open=(principal.facility, residents.get(chart)) in relations,
        )
        if not decision.allowed:
            return None
        ground = decision.ground
    charts = tuple(chart for chart, _ in named.values())
    return _Bound(facility=None, charts=charts, ground=ground, residents=tuple(set(residents.values())))


def _register(
    tx: Transaction, principal: Principal, asked: Asked, bound: _Bound, found: Sequence[Located], at: datetime
) -> None:
    """Write one entry for each resident found or asked about; none found at all is an entry without a resident."""
    charts = sorted({located.chart_key for located in found})
    owners = identity.residents_of(tx, charts) if charts else {}
    counts: Counter[int | None] = Counter(dict.fromkeys(bound.residents, 0))
    counts.update(owners.get(located.chart_key) for located in found)
    if not counts:
        counts[None] = 0
    touched: dict[int | None, list[int]] = {}
    for chart in charts:
        touched.setdefault(owners.get(chart), []).append(chart)
    access.register(
        tx,
        [
            Read(
                reader_role=principal.role,
                reader=principal.subject,
                facility=principal.facility,
                resident_key=resident,
                chart_keys=tuple(touched.get(resident, ())),
                what=asked.type,
                count=count,
                action=Action.SEARCH,
                purpose=purpose_of(principal),
                ground=bound.ground,
                unwraps=len(touched.get(resident, ())),
                at=at,
            )
            for resident, count in counts.items()
        ],
    )
