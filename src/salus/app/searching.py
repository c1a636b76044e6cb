"""Search within what a principal may see: own facility, open relation, own record. All found are registered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Kind, Read
from salus.app.facts import REFUSED, decide, open_relations, purpose_of, refuse
from salus.app.node import Node, charts_of
from salus.kernel import Refused, Role
from salus.parties import Principal
from salus.records import Asked, Located
from salus.storage import Duty, Transaction

MOST_REGISTERED = 200
"""A bare count of so many or fewer is about each of them, and each is told; of more it is a figure."""
_STAYS = "a search of institutions and terms reaches no record: search the records themselves"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of matches: (type, id, body) in order, what they include, and the cursor of the next page, if any.

    `total` is how many match, where that was asked.
    """

    matches: tuple[tuple[str, UUID, bytes], ...]
    cursor: str | None
    included: tuple[tuple[str, UUID, bytes], ...] = ()
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bound:
    """Whose records a search may find, and on what ground."""

    facility: str | None
    charts: Mapping[int, str] | tuple[int, ...] | None
    ground: str
    residents: tuple[int, ...] = ()
    owners: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSealed:
    """What a search found, sealed; `counted` are the charts of what was counted alone."""

    matches: Sequence[Located] = ()
    included: Sequence[Located] = ()
    counted: Sequence[int] = ()
    more: bool = False
    total: int | None = None


def search(node: Node, principal: Principal, asked: Asked) -> Page:
    """Answer one search. Raises Refused where policy finds no ground; a person's search names a patient.

    Whoever is found, included, or counted among few is told of it.
    """
    try:
        with node.store.transaction(Duty.CARE) as tx:
            found = search_in(tx, node, principal, asked)
    except Refused as refused:
        kept = refuse(node, principal, Action.SEARCH, refused.text)
        kept.where = refused.where
        raise kept from None
    return opened_page(node, asked, found)


def search_in(tx: Transaction, node: Node, principal: Principal, asked: Asked) -> FoundSealed:
    """Find and register in the caller's transaction, and open nothing yet. Raises Refused, which the caller keeps."""
    at = node.clock.now()
    check_indexed(tx, node)
    bound = _bound(tx, node, principal, asked, at)
    if bound is None:
        raise Refused(REFUSED)
    found = _find(tx, asked, bound)
    _register(tx, principal, asked, bound, found, at)
    return found


def opened_page(node: Node, asked: Asked, found: FoundSealed) -> Page:
    """Open what a search found, once its register is durable."""
    keys = node.keys.unwrap(sorted({one.chart_key for one in (*found.matches, *found.included)}))
    cursor = records.next_cursor(asked, found.matches[-1], node.custodian) if found.more else None
    return Page(
        matches=_opened(found.matches, keys, asked),
        included=_opened(found.included, keys, asked),
        cursor=cursor,
        total=found.total,
    )


def _opened(found: Sequence[Located], keys: dict[int, bytes], asked: Asked) -> tuple[tuple[str, UUID, bytes], ...]:
    return tuple((one.type, one.id, _shown(records.open_body(one, keys), one, asked)) for one in found)


def _shown(body: bytes, one: Located, asked: Asked) -> bytes:
    """Return as much of a resource as was asked; `_elements` are of the type that was searched for."""
    return body if asked.shape.elements and one.type != asked.type else records.shaped(body, asked.shape)


def check_indexed(tx: Transaction, node: Node) -> None:
    """Refuse to search while resources of an earlier release lack what they are found by; that they do not is kept."""
    if not node.indexed:
        records.check_indexed(tx)
        node.indexed = True


def _find(tx: Transaction, asked: Asked, bound: _Bound) -> FoundSealed:
    facility, charts = bound.facility, bound.charts
    total = None if asked.shape.total == "none" else records.total(tx, asked, facility, charts)
    if asked.shape.counts_only:
        few = total is not None and total <= MOST_REGISTERED
        counted = records.whose(tx, asked, facility, charts, MOST_REGISTERED) if few else ()
        return FoundSealed(counted=counted, total=total)
    matches, more = records.search(tx, asked, facility, charts)
    included = records.included(tx, asked, matches, facility, charts)
    return FoundSealed(matches=matches, included=included, more=more, total=total)


def _bound(tx: Transaction, node: Node, principal: Principal, asked: Asked, at: datetime) -> _Bound | None:
    if records.is_directory(asked.type):
        decision = decide(node, principal, Action.SEARCH, Kind.DIRECTORY)
        if decision.allowed and asked.touches:
            raise Refused(_STAYS, where=asked.type)
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
    owners = identity.residents_of(tx, [chart for chart, _ in named.values()])
    relations = open_relations(tx, [(principal.facility, resident) for resident in owners.values()], at)
    ground = "own-facility"
    for chart, facility in named.values():
        decision = decide(
            node,
            principal,
            Action.SEARCH,
            Kind.RECORD,
            own_facility=facility == principal.facility,
            relation_open=(principal.facility, owners.get(chart)) in relations,
        )
        if not decision.allowed:
            return None
        ground = decision.ground
    charts = dict(named.values())
    residents = tuple(set(owners.values()))
    return _Bound(facility=None, charts=charts, ground=ground, residents=residents, owners=owners)


def _register(
    tx: Transaction, principal: Principal, asked: Asked, bound: _Bound, found: FoundSealed, at: datetime
) -> None:
    """Write one entry for each resident found or asked about; none found at all is an entry without a resident.

    Bodies that are opened are counted by chart; what was counted alone opens none.
    """
    opened = Counter(one.chart_key for one in (*found.matches, *found.included))
    charts = sorted({*opened, *found.counted})
    unknown = [chart for chart in charts if chart not in bound.owners]
    owners = {**bound.owners, **(identity.residents_of(tx, unknown) if unknown else {})}
    counts: Counter[int | None] = Counter(dict.fromkeys(bound.residents, 0))
    for chart, count in (opened + Counter(found.counted)).items():
        counts[owners.get(chart)] += count
    if not counts:
        counts[None] = 0
    touched: dict[int | None, list[int]] = {}
    for chart in charts:
        touched.setdefault(owners.get(chart), []).append(chart)
    reads = [
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
            unwraps=sum(chart in opened for chart in touched.get(resident, ())),
            at=at,
        )
        for resident, count in counts.items()
    ]
    access.register(tx, reads)
