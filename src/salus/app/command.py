"""The command room's journeys: an alert handed over, an incident, resources, orders, tasks, reports.

Every journey asks the policy first, about counts: no fact about a person goes in or comes out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from salus import command, ledger, parties
from salus.access import Action, Kind
from salus.app.facts import decide, refuse
from salus.app.node import Node
from salus.command import (
    CommandInvalid,
    County,
    Course,
    Entry,
    FieldRefused,
    GivenOrder,
    HandedOver,
    IncidentKind,
    Officer,
    PeopleRefused,
    Place,
    Situation,
    Snapshot,
    TaskAnswer,
    TaskKind,
    Verdict,
)
from salus.kernel import Purpose, parse_instant
from salus.parties import PartyUnknown, Principal
from salus.storage import Duty

NOT_YOURS = "this is for the command room, and your role does not act there; nothing was shown and nothing was kept"
MAP_FILE = "map.json"


def hand_over(node: Node, who: Principal, figures: HandedOver) -> None:
    """Hand a verified alert over to the command room, or newer figures of one. Raises Refused for other roles."""
    _permitted(node, who, Action.VERIFY_SIGNAL)
    with node.store.transaction(Duty.COMMAND) as tx:
        command.hand_over(tx, figures, by=_officer(node, who), at=node.clock.now())


def waiting_alerts(node: Node, who: Principal) -> list[HandedOver]:
    """Return the alerts that wait for somebody to open an incident. Raises Refused."""
    _permitted(node, who, Action.READ_SITUATION)
    with node.store.transaction(Duty.COMMAND) as tx:
        return command.waiting_alerts(tx)


def open_incident(
    node: Node, who: Principal, *, alert: str, kind: IncidentKind, areas: Sequence[str], level: int, objectives: str
) -> UUID:
    """Open an incident from a handed-over alert and return its id. Raises Refused, NotHere or CommandInvalid."""
    _permitted(node, who, Action.COMMAND)
    with node.store.transaction(Duty.COMMAND) as tx:
        opened = command.open_incident(
            tx,
            alert=alert,
            kind=kind,
            areas=areas,
            level=level,
            objectives=objectives,
            by=_officer(node, who),
            at=node.clock.now(),
        )
    return opened.incident_id


def note(node: Node, who: Principal, incident_id: UUID, **written: Any) -> None:
    """Add a line to an incident's log; `written` are the fields of an Entry but its instant and officer.

    Raises Refused, NotHere, TooLate or CommandInvalid.
    """
    _permitted(node, who, Action.COMMAND)
    entry = Entry(at=node.clock.now(), by=_officer(node, who), **written)
    with node.store.transaction(Duty.COMMAND) as tx:
        command.note(tx, incident_id, entry)


def courses(node: Node, who: Principal) -> list[Course]:
    """Return all incidents, newest first. Raises Refused."""
    _permitted(node, who, Action.READ_SITUATION)
    with node.store.transaction(Duty.COMMAND) as tx:
        return command.courses(tx)


# --- resources


def report_resources(node: Node, who: Principal, body: object) -> int:
    """Keep what a hospital's system says that it has: `{"as_of": instant, "resources": {name: number}}`.

    The facility is the system's own. Returns how many numbers were kept, all or none; raises Refused or CommandInvalid.
    """
    who = who if who.purpose else who.for_purpose(Purpose.HOPERAT)
    _permitted(node, who, Action.REPORT_RESOURCES, own_facility=True)
    if not isinstance(body, dict) or set(body) != {"as_of", "resources"} or not isinstance(body["resources"], dict):
        raise CommandInvalid('send {"as_of": "2031-03-01T08:00:00Z", "resources": {"icu-beds-staffed": 12}}')
    if not all(isinstance(n, int) and not isinstance(n, bool) for n in body["resources"].values()):
        raise CommandInvalid("a number of resources is a whole number", where="resources")
    by = _officer(node, who)
    with node.store.transaction(Duty.COMMAND) as tx:
        kept = command.report(
            tx,
            facility=by.facility,
            amounts=body["resources"],
            as_of=parse_instant(str(body["as_of"])),
            by=by,
            at=node.clock.now(),
        )
    return len(kept)


def own_resources(node: Node, who: Principal, at: datetime) -> tuple[command.Known, ...]:
    """Return what the asker's own facility said that it has, as it was known at an instant; a day later it is unknown.

    Raises Refused for whoever may not say it either.
    """
    who = who if who.purpose else who.for_purpose(Purpose.HOPERAT)
    _permitted(node, who, Action.REPORT_RESOURCES, own_facility=True)
    with node.store.transaction(Duty.COMMAND) as tx:
        found = command.known_at(tx, [who.facility or ""], min(at, node.clock.now()))
    return tuple(one for one in found if one.amount is not None)


def confirm_by_telephone(
    node: Node, who: Principal, *, facility: str, amounts: Mapping[str, int], confirmed_with: str, as_of: datetime
) -> None:
    """Keep what somebody at a facility said on the telephone, and who asked. Raises Refused or CommandInvalid."""
    _permitted(node, who, Action.REPORT_RESOURCES)
    _registered(node, facility)
    if not confirmed_with.strip():
        raise CommandInvalid("write whom you spoke with", where="confirmed_with")
    with node.store.transaction(Duty.COMMAND) as tx:
        command.report(
            tx,
            facility=facility,
            amounts=amounts,
            as_of=as_of,
            by=_officer(node, who),
            at=node.clock.now(),
            confirmed_with=confirmed_with.strip(),
        )


# --- the situation


def situation_of(node: Node, who: Principal, incident_id: UUID) -> tuple[Snapshot, Situation]:
    """Return an incident's situation now, and the snapshot that it was computed from. Raises Refused or NotHere."""
    _permitted(node, who, Action.READ_SITUATION)
    snapshot = _snapshot(node, incident_id)
    return snapshot, command.situation(snapshot)


def make_report(node: Node, who: Principal, incident_id: UUID) -> int:
    """Freeze the situation as the incident's next report and return its number. Raises Refused or NotHere."""
    _permitted(node, who, Action.COMMAND)
    taken = _snapshot(node, incident_id)
    with node.store.transaction(Duty.COMMAND) as tx:
        return command.freeze_situation(tx, taken, _officer(node, who))


def report_of(node: Node, who: Principal, incident_id: UUID, number: int) -> tuple[Snapshot, bytes]:
    """Return the frozen snapshot of a situation report and its SHA-256. Raises Refused or NotHere."""
    _permitted(node, who, Action.READ_SITUATION)
    with node.store.transaction(Duty.COMMAND) as tx:
        return command.frozen(tx, incident_id, number)


def reports_of(node: Node, who: Principal, incident_id: UUID) -> list[tuple[int, datetime]]:
    """Return number and cut-off of an incident's situation reports, newest first. Raises Refused."""
    _permitted(node, who, Action.READ_SITUATION)
    with node.store.transaction(Duty.COMMAND) as tx:
        return command.situation_reports(tx, incident_id)


def _snapshot(node: Node, incident_id: UUID) -> Snapshot:
    places = [
        Place(facility=one.facility_id, name_en=one.name_en, name_zh=one.name_zh, county=one.county)
        for one in parties.facilities(node.store)
        if one.care
    ]
    with node.store.transaction(Duty.COMMAND) as tx:
        figures = command.course(tx, incident_id).figures
        named = {
            cell.area: County(code=cell.area, name_en=cell.name_en, name_zh=cell.name_zh) for cell in figures.areas
        }
        named |= {place.county: County(code=place.county, name_en=place.county, name_zh=place.county)
                  for place in places if place.county not in named}  # fmt: skip
        return command.snapshot(tx, incident_id, places, (named | counties_of(node)).values(), node.clock.now())


# --- orders and tasks


def give_order(node: Node, who: Principal, incident_id: UUID, given: Mapping[str, str]) -> UUID:
    """Give an order and return its id; it waits for the other organisation.

    An attempt to aim it at people is refused, counted in public, and kept in the register of refusals. Raises Refused,
    NotHere, TooLate or CommandInvalid.
    """
    _permitted(node, who, Action.COMMAND)
    by, at = _officer(node, who), node.clock.now()
    for name in ("from_facility", "to_facility"):
        if given.get(name, "").strip():
            _registered(node, given[name].strip())
    try:
        with node.store.transaction(Duty.COMMAND) as tx:
            population = _populations(node, command.course(tx, incident_id).figures)
            order = command.give_order(tx, incident_id, given, population=population.get, by=by, at=at)
            return order.order_id
    except (FieldRefused, PeopleRefused) as refused:
        _count(node, who, by, refused, at)
        raise


def answer_order(node: Node, who: Principal, order_id: UUID, verdict: Verdict, reason: str) -> GivenOrder:
    """Countersign or reject an order of another organisation.

    Raises Refused, SameOrganisation, NotHere, TooLate or CommandInvalid.
    """
    _permitted(node, who, Action.COMMAND)
    by, at = _officer(node, who), node.clock.now()
    try:
        with node.store.transaction(Duty.COMMAND) as tx:
            return command.answer_order(tx, order_id, verdict, reason, by=by, at=at)
    except PeopleRefused as refused:
        _count(node, who, by, refused, at)
        raise


def one_order(node: Node, who: Principal, order_id: UUID) -> GivenOrder:
    """Return an order with its answer. Raises Refused or NotHere."""
    _permitted(node, who, Action.READ_SITUATION)
    with node.store.transaction(Duty.COMMAND) as tx:
        return command.one_order(tx, order_id)


def add_task(node: Node, who: Principal, order_id: UUID, kind: TaskKind, facility: str, due: datetime) -> None:
    """Ask a facility to do something for an order. Raises Refused, NotHere, TooLate or CommandInvalid."""
    _permitted(node, who, Action.COMMAND)
    _registered(node, facility)
    with node.store.transaction(Duty.COMMAND) as tx:
        command.add_task(tx, order_id, kind, facility, due, by=_officer(node, who), at=node.clock.now())


def answer_task(node: Node, who: Principal, task_id: UUID, answer: command.Answer, text: str) -> UUID:
    """Note that a task is done or declined; return its order. Raises Refused, NotHere, TooLate or CommandInvalid."""
    _permitted(node, who, Action.COMMAND)
    given = TaskAnswer(answer=answer, note=text.strip(), at=node.clock.now(), by=_officer(node, who))
    with node.store.transaction(Duty.COMMAND) as tx:
        return command.answer_task(tx, task_id, given)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicOrder:
    """An order as anybody may see it. `index` is its leaf's place in the public log, None until the next batch."""

    given: GivenOrder
    index: int | None


def public_orders(node: Node) -> tuple[list[PublicOrder], list[tuple[str, int]]]:
    """Return the orders that the public list shows, those that end first before the others; and how often each
    organisation tried to aim an order at people."""
    with node.store.transaction(Duty.COMMAND) as tx:
        shown, counted = command.orders_shown(tx, node.clock.now()), command.turned_away(tx)
    places: dict[UUID, int] = node.memory.recall("places of orders", node.stamp, dict)
    return [PublicOrder(given=given, index=_known_index(node, given, places)) for given in shown], counted


def order_document(node: Node, order_id: UUID) -> dict[str, object]:
    """Return what anybody needs to check an order against the public log: the document whose canonical bytes the leaf
    hashes, the leaf, and the proof of its place. Raises NotHere."""
    with node.store.transaction(Duty.COMMAND) as tx:
        given = command.one_order(tx, order_id)
    told: dict[str, object] = {"document": given.order.document, "sha256": given.order.digest.hex(), "leaf": None}
    if given.signing and given.signing.pending:
        leaf = command.order_leaf(given.order, given.signing.by.organisation)
        told |= {"leaf": json.loads(leaf.encoded), "proof": _proof(node, _index(node, given))}
    return told


def _index(node: Node, given: GivenOrder) -> int | None:
    pending = given.signing.pending if given.signing else None
    return ledger.index_of(node.store, pending) if pending else None


def _known_index(node: Node, given: GivenOrder, places: dict[UUID, int]) -> int | None:
    """Return the same, from `places` where it is known: a place in the log never changes."""
    order_id = given.order.order_id
    index = places.get(order_id)
    if index is None:
        index = _index(node, given)
        if index is not None:
            places[order_id] = index
    return index


def _proof(node: Node, index: int | None) -> dict[str, object] | None:
    newest = ledger.latest(node.store)
    if index is None or newest is None or index >= newest.size:
        return None
    path = ledger.proof_for(node.store, index, newest.size)
    return {"index": index, "checkpoint": newest.note, "path": [one.hex() for one in path]}


# --- places


@dataclass(slots=True)
class _Kept:
    """The map of a node as it was read last."""

    stamp: tuple[int, int] = (0, 0)
    topology: dict[str, Any] = field(default_factory=dict, repr=False)


_KEPT: dict[str, _Kept] = {}


def area_map(node: Node) -> Mapping[str, Any]:
    """Return the node's map of counties as TopoJSON, from `map.json` in its folder; empty where there is none."""
    path = node.settings.data / MAP_FILE
    if not path.exists():
        return {}
    told = path.stat()
    kept = _KEPT.setdefault(str(path), _Kept())
    if kept.stamp != (told.st_mtime_ns, told.st_size):
        kept.topology, kept.stamp = json.loads(path.read_text("utf-8")), (told.st_mtime_ns, told.st_size)
    return kept.topology


def map_properties(node: Node) -> dict[str, dict[str, Any]]:
    """Return what the node's map says of each county, by its code: names, and how many people live there."""
    found = area_map(node)
    geometries = found["objects"]["counties"]["geometries"] if found else []
    return {str(one["id"]): one["properties"] for one in geometries}


def counties_of(node: Node) -> dict[str, County]:
    """Return the counties of the node's map by their codes; none where it has no map."""
    return {
        code: County(code=code, name_en=told["name_en"], name_zh=told["name_zh"])
        for code, told in map_properties(node).items()
    }


def _populations(node: Node, figures: HandedOver) -> dict[str, int]:
    """Return the inhabitants of every county that is known, and of areas above them where all their counties are."""
    told = map_properties(node)
    counties = {code: one["population"] for code, one in told.items() if isinstance(one.get("population"), int)}
    counties |= {cell.area: cell.population for cell in figures.areas if cell.population is not None}
    everything = set(told) | {cell.area for cell in figures.areas}
    found = dict(counties)
    for area in {area for county in everything for area in (county[:4] + "00", county[:2] + "0000")} - everything:
        below = [county for county in everything if command.covers(area, county)]
        if all(county in counties for county in below):
            found[area] = sum(counties[county] for county in below)
    return found


def _registered(node: Node, facility: str) -> None:
    try:
        node.facility(facility)
    except PartyUnknown:
        raise CommandInvalid("there is no such facility here", where="facility") from None


# --- who


def _permitted(node: Node, who: Principal, action: Action, *, own_facility: bool = False) -> None:
    if not decide(node, who, action, Kind.COUNTS, own_facility=own_facility).allowed:
        raise refuse(node, who, action, NOT_YOURS)


def _officer(node: Node, who: Principal) -> Officer:
    if who.facility is None:
        raise CommandInvalid("whoever acts here acts for a facility")
    place = node.facility(who.facility)
    return Officer(
        subject=who.subject,
        name_en=who.name_en or place.name_en,
        name_zh=who.name_zh or place.name_zh,
        facility=place.facility_id,
        organisation=place.organisation,
    )


def _count(node: Node, who: Principal, by: Officer, refused: FieldRefused | PeopleRefused, at: datetime) -> None:
    with node.store.transaction(Duty.COMMAND) as tx:
        command.count_turned_away(tx, refused.where, refused.code, by, at)
    refuse(node, who, Action.COMMAND)


__all__ = [
    "PublicOrder",
    "add_task",
    "answer_order",
    "answer_task",
    "area_map",
    "confirm_by_telephone",
    "courses",
    "give_order",
    "hand_over",
    "make_report",
    "map_properties",
    "note",
    "one_order",
    "open_incident",
    "order_document",
    "own_resources",
    "public_orders",
    "report_of",
    "report_resources",
    "reports_of",
    "situation_of",
    "waiting_alerts",
]
