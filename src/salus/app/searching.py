"""Search within what a principal may see: own facility, open relation, own record. All found are registered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Decision, Kind, Read, Sight
from salus.app.begun import Begun, begun_kept
from salus.app.facts import REFUSED, decide, read_by, refuse
from salus.app.node import Node, charts_of
from salus.app.seeing import Standing, own_facility_sight, own_sight, standing, unclassed
from salus.kernel import Purpose, Refused, Role
from salus.parties import Principal
from salus.records import Asked, Located, NotFound
from salus.storage import Duty, Transaction

MOST_REGISTERED = 200
"""A total of so many or fewer is about each of them, and each is told; of more it is a figure, in hundreds."""
ACROSS: Final[Mapping[tuple[Role, Purpose], str]] = {
    (Role.HOSPITAL_SYSTEM, Purpose.TREAT): "what the own facility wrote",
}
"""Who may search without naming a patient, for which purpose, and what it then finds. Nobody else, for no other."""
_ROUNDED = 100
_NAME_IT = ": name the types that it covers, as subject:Patient.name or _include=Observation:subject:Patient"
_STAYS = "a search of institutions and terms reaches no record: search the records themselves"


Body = tuple[str, UUID, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of matches: (type, id, body) in order, what they include, and the cursor of the next page, if any.

    `total` is how many match, where that was asked.
    """

    matches: tuple[Body, ...]
    cursor: str | None
    included: tuple[Body, ...] = ()
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Whose records a search may find, and on what ground."""

    facility: str | None
    sight: Sight
    ground: str
    residents: tuple[int, ...] = ()
    owners: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSealed:
    """What a search found, sealed; `counted` is the chart of each that a total tells of.

    `behind` is the first match that is on no page yet: the link to the next page tells that it is there.
    """

    sight: Sight
    matches: Sequence[Located] = ()
    included: Sequence[Located] = ()
    counted: Sequence[int] = ()
    behind: Located | None = None
    total: int | None = None

    @property
    def charts(self) -> list[int]:
        """The charts whose keys open it."""
        return sorted({one.chart_key for one in (*self.matches, *self.included)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Of the patients whom searches name: (chart, facility), the charts' residents, how facilities stand to these.

    How a facility stands to a resident is known where `judged` needs it: see `_needs_standing`.
    """

    named: Mapping[UUID, tuple[int, str, int | None]]
    owners: Mapping[int, int]
    stands: Standing
    waiting: frozenset[int]


def read_search(node: Node, principal: Principal, kind: str, pairs: Sequence[tuple[str, str]]) -> Asked:
    """Read a search of an asker, whose cursors are good for nobody else. Raises RecordRefused as `parse_query` does."""
    whose = principal.facility or principal.resident or principal.subject
    asked = records.parse_query(kind, pairs, node.custodian, f"{principal.role}\0{whose}")
    if principal.facility is None or not node.facility(principal.facility).sandbox:
        return asked
    return replace(asked, sandbox=principal.facility)


def search(node: Node, principal: Principal, asked: Asked) -> Page:
    """Answer one search. Raises Refused where policy finds no ground; a person's search names a patient.

    Whoever is found, included, or counted among few is told of it. That it was asked stands in the register also where
    it took too long to answer or was too much, and whoever was named is told.
    """
    try:
        limited = node.store.statements(Duty.CARE, limit=node.most_seconds)
        with begun_kept(node, principal) as begun, limited as tx:
            found = search_in(tx, node, principal, asked, begun)
    except Refused as refused:
        kept = refuse(node, principal, Action.SEARCH, refused.text)
        kept.where = refused.where
        raise kept from None
    return opened_page(node, asked, found)


def search_in(tx: Transaction, node: Node, principal: Principal, asked: Asked, begun: list[Begun]) -> FoundSealed:
    """Find and register in the caller's transaction, and open nothing yet. Raises Refused, which the caller keeps.

    On which ground it was begun, and about whom, is added to `begun`: keep that where the transaction fails. One
    statement writes, the last, so that each may commit by itself. The caller says how long one may take.
    """
    at = node.clock.now()
    _check_scopes(principal, asked)
    check_indexed(tx, node)
    bound = _bound(tx, node, principal, asked, at)
    if bound is None:
        raise Refused(REFUSED)
    begun.append(Begun(what=asked.type, ground=bound.ground, residents=bound.residents))
    bound = _with_named(tx, asked, bound)
    begun[-1] = Begun(what=asked.type, ground=bound.ground, residents=bound.residents)
    found = find_within(tx, asked, bound)
    access.register(tx, reads_of(tx, principal, asked, bound, found, at))
    return found


def _check_scopes(principal: Principal, asked: Asked) -> None:
    """Refuse a system what its scopes do not cover of the types, beside its own, that its search looks at or brings."""
    for name in sorted(asked.decides - {asked.type}):
        if not principal.in_scope(name, "s"):
            raise Refused(f"the access token's scope does not cover system/{name}.s{_NAME_IT}", where="scope")
    for name in sorted(asked.delivers - {asked.type}):
        if not (principal.in_scope(name, "r") or principal.in_scope(name, "s")):
            raise Refused(f"the access token's scope does not cover system/{name}.r{_NAME_IT}", where="scope")


def opened_page(node: Node, asked: Asked, found: FoundSealed) -> Page:
    """Open what a search found, once its register is durable."""
    return opened(node, asked, found, node.keys.unwrap_left(found.charts))


def opened(node: Node, asked: Asked, found: FoundSealed, keys: Mapping[int, bytes]) -> Page:
    """Open what was found with keys at hand, once it is registered; what was sealed by a destroyed key is left out.

    A page ends early where its matches, opened, are more bytes than it may hold. Raises RecordRefused where what it
    includes is.
    """
    matches, looked_at = _opened(found.matches, keys, asked, found.sight)
    included, looked_through = _opened(found.included, keys, asked, found.sight)
    if looked_through < len(found.included):
        raise records.too_large_to_include()
    more = found.behind is not None or looked_at < len(found.matches)
    cursor = records.next_cursor(asked, found.matches[looked_at - 1], node.custodian) if more else None
    return Page(matches=matches, included=included, cursor=cursor, total=found.total)


def _opened(
    found: Sequence[Located], keys: Mapping[int, bytes], asked: Asked, sight: Sight
) -> tuple[tuple[Body, ...], int]:
    """Open bodies in their order, one at least, while they fit into one answer; tell how many were looked at."""
    bodies: list[Body] = []
    size = 0
    for place, one in enumerate(found):
        if one.chart_key not in keys:
            continue
        try:
            body = records.open_body(one, keys, sight)
        except NotFound:  # about people, in nobody's chart: read by itself it is told what to do with it
            continue
        size += len(body)
        if bodies and size > records.MOST_OPENED_BYTES:
            return tuple(bodies), place
        bodies.append((one.type, one.id, _shown(body, one, asked)))
    return tuple(bodies), len(found)


def _shown(body: bytes, one: Located, asked: Asked) -> bytes:
    """Return as much of a resource as was asked; `_elements` are of the type that was searched for."""
    return body if asked.shape.elements and one.type != asked.type else records.shaped(body, asked.shape)


def check_indexed(tx: Transaction, node: Node) -> None:
    """Refuse to search while resources of an earlier release lack what they are found by; that they do not is kept."""
    if not node.indexed:
        records.check_indexed(tx)
        node.indexed = True


def find_within(tx: Transaction, asked: Asked, bound: Bound) -> FoundSealed:
    """Run a search in its bound."""
    facility, sight = bound.facility, bound.sight
    total, counted = _counted(tx, asked, bound)
    if asked.shape.counts_only:
        return FoundSealed(sight=sight, counted=counted, total=total)
    matches, behind = records.search(tx, asked, facility, sight)
    included = records.included(tx, asked, matches, facility, sight)
    return FoundSealed(sight=sight, matches=matches, included=included, counted=counted, behind=behind, total=total)


def _counted(tx: Transaction, asked: Asked, bound: Bound) -> tuple[int | None, Sequence[int]]:
    """Return the total if one was asked for, and the charts of those whom it tells of.

    Whom more than a few are about is told to nobody, so two exact totals that differ by one person must not leave;
    who is named, or asks for the own record, is told of any total.
    """
    if asked.shape.total == "none":
        return None, ()
    total = records.total(tx, asked, bound.facility, bound.sight)
    if total <= MOST_REGISTERED:
        return total, records.whose(tx, asked, bound.facility, bound.sight, MOST_REGISTERED)
    if bound.facility is None or records.is_directory(asked.type):
        return total, ()
    return total - total % _ROUNDED, ()


def _bound(tx: Transaction, node: Node, principal: Principal, asked: Asked, at: datetime) -> Bound | None:
    if records.is_directory(asked.type):
        decision = decide(node, principal, Action.SEARCH, Kind.DIRECTORY)
        if decision.allowed and asked.touches:
            raise Refused(_STAYS, where=asked.type)
        return _at_home(principal, decision) if decision.allowed else None
    if principal.role is Role.RESIDENT:
        return _own(tx, node, principal)
    if asked.patients is None:
        decision = decide(node, principal, Action.SEARCH, Kind.RECORD, own_facility=True)
        allowed = decision.allowed and (principal.role, principal.purpose) in ACROSS
        return _at_home(principal, decision) if allowed else None
    return _of_patients(tx, node, principal, asked.patients, at)


def _at_home(principal: Principal, decision: Decision) -> Bound:
    """Bound a search to what the own facility wrote, and the directory."""
    sight = own_facility_sight(principal.facility)
    return Bound(facility=principal.facility, sight=sight, ground=decision.ground)


def _with_named(tx: Transaction, asked: Asked, bound: Bound) -> Bound:
    """Add the residents whom a search of a facility names: that nothing is found tells of them as well."""
    if bound.facility is None or records.is_directory(asked.type):
        return bound
    charts = records.asked_about(tx, asked, bound.facility)
    owners = identity.residents_of(tx, charts) if charts else {}
    return replace(bound, residents=tuple(sorted(set(owners.values()))), owners=owners)


def _own(tx: Transaction, node: Node, principal: Principal) -> Bound | None:
    decision = decide(node, principal, Action.SEARCH, Kind.RECORD, own_record=True)
    key = node.resident_key(tx, principal.resident) if principal.resident else None
    if not decision.allowed or key is None:
        return None
    return Bound(facility=None, sight=own_sight(charts_of(tx, key)), ground=decision.ground, residents=(key,))


def _of_patients(
    tx: Transaction, node: Node, principal: Principal, patients: Sequence[UUID], at: datetime
) -> Bound | None:
    return judged(node, principal, patients, gather(tx, [(principal, patients)], at))


def gather(tx: Transaction, asked: Sequence[tuple[Principal, Sequence[UUID]]], at: datetime) -> Gathered:
    """Find whose charts the named patients are, and how the askers' facilities stand to them."""
    named = records.patients_named(tx, list(dict.fromkeys(one for _, patients in asked for one in patients)))
    owners = identity.residents_of(tx, [chart for chart, *_ in named.values()]) if named else {}
    told = [(who, *named[one][:2]) for who, patients in asked for one in patients if one in named]
    pairs = {(who.facility, owners.get(chart)) for who, chart, facility in told if _needs_standing(who, facility)}
    abroad = {chart for who, chart, facility in told if facility != who.facility}
    waiting = frozenset(records.charts_waiting(tx, abroad, None))
    return Gathered(named=named, owners=owners, stands=standing(tx, pairs, at), waiting=waiting)


def _needs_standing(who: Principal, facility: str) -> bool:
    """Tell whether it matters how an asker stands to a resident: not to a hospital's system in its facility's chart.

    What its facility wrote is its own ground, and nothing of that is closed to it.
    """
    return who.role is not Role.HOSPITAL_SYSTEM or facility != who.facility


def judged(node: Node, principal: Principal, patients: Sequence[UUID], facts: Gathered) -> Bound | None:
    """Bound a search to the charts of named patients; one of them without a ground refuses the whole search."""
    named = {one: facts.named[one] for one in patients if one in facts.named}
    if len(named) != len(set(patients)):
        return None  # Nobody is named, so there is no ground; the answer is the one that a stranger's Patient gets.
    owners = {chart: facts.owners[chart] for chart, *_ in named.values() if chart in facts.owners}
    ground = "own-facility"
    for chart, facility, _ in named.values():
        resident, own = owners.get(chart), facility == principal.facility
        decision = decide(
            node,
            principal,
            Action.SEARCH,
            Kind.RECORD,
            own_facility=own,
            relation_open=(principal.facility, resident) in facts.stands.open,
            closed=not own and facts.stands.denied(principal.facility, resident),
        )
        if not decision.allowed:
            return None
        if chart in facts.waiting and not own:
            raise unclassed(node, [chart])
        ground = decision.ground
    keepers = {chart: facility for chart, facility, _ in named.values()}
    sight = facts.stands.sight(principal.facility, {chart: owners.get(chart) for chart in keepers}, keepers)
    if not all(sight.shows(*told) for told in named.values()):
        return None
    residents = tuple(set(owners.values()))
    return Bound(facility=None, sight=sight, ground=ground, residents=residents, owners=owners)


def reads_of(
    tx: Transaction, principal: Principal, asked: Asked, bound: Bound, found: FoundSealed, at: datetime
) -> list[Read]:
    """Return one entry for each resident found or asked about; none found at all is an entry without a resident.

    Bodies that are opened are counted by chart; what was counted alone opens none, nor does what the next page holds.
    """
    opened = Counter(one.chart_key for one in (*found.matches, *found.included))
    alone = Counter(found.counted) - Counter(one.chart_key for one in found.matches)
    behind = () if found.behind is None else (found.behind.chart_key,)
    charts = sorted({*opened, *alone, *behind})
    unknown = [chart for chart in charts if chart not in bound.owners]
    owners = {**bound.owners, **(identity.residents_of(tx, unknown) if unknown else {})}
    counts: Counter[int | None] = Counter(dict.fromkeys(bound.residents, 0))
    for chart in charts:
        counts[owners.get(chart)] += opened[chart] + alone[chart]
    if not counts:
        counts[None] = 0
    touched: dict[int | None, list[int]] = {}
    for chart in charts:
        touched.setdefault(owners.get(chart), []).append(chart)
    types = _types(asked, found, owners)
    return [
        read_by(
            principal,
            resident_key=resident,
            chart_keys=tuple(touched.get(resident, ())),
            what=types.get(resident, asked.type),
            count=count,
            action=Action.SEARCH,
            ground=bound.ground,
            unwraps=sum(chart in opened for chart in touched.get(resident, ())),
            at=at,
        )
        for resident, count in counts.items()
    ]


def _types(asked: Asked, found: FoundSealed, owners: Mapping[int, int]) -> dict[int | None, str]:
    """Return what was opened of each resident: one type, or a Bundle of several; of who was counted too, what was."""
    types: dict[int | None, set[str]] = {}
    for one in (*found.matches, *found.included):
        types.setdefault(owners.get(one.chart_key), set()).add(one.type)
    for chart in found.counted:
        types.setdefault(owners.get(chart), set()).add(asked.type)
    return {resident: one if len(rest) == 0 else "Bundle" for resident, (one, *rest) in types.items()}
