"""The verbs of incidents: open, note, report, look at the situation, freeze it. In the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from salus.command import store
from salus.command.errors import CommandInvalid, NotHere, TooLate
from salus.command.model import Course, Entry, EntryKind, HandedOver, Incident, IncidentKind, Officer
from salus.command.resources.model import Known, Means, Report, Resource, known
from salus.command.situation.freezing import freeze, thaw
from salus.command.situation.model import County, Place, Snapshot
from salus.kernel import new_id
from salus.storage import Transaction

MOST_REPORTS = 200


def hand_over(tx: Transaction, figures: HandedOver, *, by: Officer, at: datetime) -> None:
    """Take a verified alert over, or newer figures of one: open incidents from it note them. Duty COMMAND."""
    store.add_handed_over(tx, figures, by, at)
    for one in courses(tx):
        if one.incident.handed_over.alert == figures.alert and not one.closed:
            store.add_entry(tx, one.incident.incident_id, Entry(kind=EntryKind.FIGURES, figures=figures, at=at, by=by))


def waiting_alerts(tx: Transaction) -> list[HandedOver]:
    """Return the alerts that were handed over and have no incident yet, newest first. Duty COMMAND."""
    opened = {one.handed_over.alert for one in store.incidents(tx)}
    return [figures for figures in store.handed_over(tx) if figures.alert not in opened]


def open_incident(
    tx: Transaction,
    *,
    kind: IncidentKind,
    areas: Sequence[str],
    level: int,
    objectives: str,
    alert: str,
    by: Officer,
    at: datetime,
    new: Callable[[], UUID] = new_id,
) -> Incident:
    """Open an incident from a handed-over alert, with its first level and objectives. Duty COMMAND.

    Raises NotHere for an alert that was not handed over or has an incident, and CommandInvalid for what does not fit.
    """
    store.one_at_a_time(tx, f"open {alert}")
    handed_over = next((figures for figures in waiting_alerts(tx) if figures.alert == alert), None)
    if handed_over is None:
        raise NotHere("no such alert waits here; the epidemiologist hands it over once it is verified")
    opened = Incident(incident_id=new(), kind=kind, areas=tuple(areas), handed_over=handed_over, opened_at=at, by=by)
    store.add_incident(tx, opened)
    store.add_entry(tx, opened.incident_id, Entry(kind=EntryKind.LEVEL, level=level, at=at, by=by))
    store.add_entry(tx, opened.incident_id, Entry(kind=EntryKind.OBJECTIVES, text=objectives, at=at, by=by))
    return opened


def note(tx: Transaction, incident_id: UUID, entry: Entry) -> None:
    """Add a line to the log of an open incident. Raises NotHere, or TooLate once it is closed. Duty COMMAND."""
    open_course(tx, incident_id)
    store.add_entry(tx, incident_id, entry)


def course(tx: Transaction, incident_id: UUID) -> Course:
    """Return an incident with its log. Raises NotHere. Duty COMMAND."""
    found = store.course(tx, incident_id)
    if found is None:
        raise NotHere("there is no such incident here")
    return found


def open_course(tx: Transaction, incident_id: UUID) -> Course:
    """Return an incident that is not closed. Raises NotHere or TooLate. Duty COMMAND."""
    found = course(tx, incident_id)
    if found.closed:
        raise TooLate("this incident is closed; open a new one from its alert")
    return found


def courses(tx: Transaction) -> list[Course]:
    """Return all incidents with their logs, newest first. Duty COMMAND."""
    return [course(tx, one.incident_id) for one in store.incidents(tx)]


def report(
    tx: Transaction,
    *,
    facility: str,
    amounts: Mapping[str, int],
    as_of: datetime,
    by: Officer,
    at: datetime,
    confirmed_with: str | None = None,
) -> list[Report]:
    """Keep what a facility has, as it was at `as_of`: all of it or nothing. Duty COMMAND.

    With `confirmed_with` it was asked for by telephone, and `by` asked. Raises CommandInvalid, naming the item.
    """
    if not 1 <= len(amounts) <= MOST_REPORTS:
        raise CommandInvalid("report one number at least; each resource once")
    means = Means.TELEPHONE if confirmed_with else Means.SYSTEM
    reports = [
        Report(
            facility=facility,
            resource=_resource(name),
            amount=amount,
            means=means,
            as_of=as_of,
            at=at,
            by=by,
            confirmed_with=confirmed_with,
        )
        for name, amount in amounts.items()
    ]
    store.add_reports(tx, reports)
    return reports


def _resource(name: str) -> Resource:
    if name not in set(Resource):
        raise CommandInvalid(f"a resource is one of: {', '.join(Resource)}")
    return Resource(name)


def known_at(tx: Transaction, facilities: Sequence[str], at: datetime) -> tuple[Known, ...]:
    """Return what is known of these facilities at an instant; what is a day old is unknown. Duty COMMAND."""
    return known(store.newest_reports(tx, facilities, at), at)


def snapshot(
    tx: Transaction, incident_id: UUID, places: Iterable[Place], counties: Iterable[County], at: datetime
) -> Snapshot:
    """Gather all that the situation of an incident is computed from. `places` and `counties` may hold more than the
    incident covers; the rest is left out. Duty COMMAND."""
    found = course(tx, incident_id)
    here = tuple(sorted((p for p in places if found.incident.covers(p.county)), key=lambda p: (p.county, p.facility)))
    orders = store.orders_of(tx, incident_id)
    return Snapshot(
        cut_off=at,
        course=found,
        places=here,
        counties=tuple(sorted((c for c in counties if found.incident.covers(c.code)), key=lambda c: c.code)),
        known=known_at(tx, [place.facility for place in here], at),
        orders=tuple(orders),
        tasks=tuple(store.tasks(tx, [given.order.order_id for given in orders])),
    )


def freeze_situation(tx: Transaction, taken: Snapshot, by: Officer) -> int:
    """Keep a snapshot as the incident's next situation report and return its number. Duty COMMAND."""
    return store.add_situation_report(tx, taken.course.incident.incident_id, taken.cut_off, freeze(taken), by)


def frozen(tx: Transaction, incident_id: UUID, number: int) -> tuple[Snapshot, bytes]:
    """Return the snapshot of a situation report, and the SHA-256 of its bytes. Raises NotHere. Duty COMMAND."""
    found = store.situation_report(tx, incident_id, number)
    if found is None:
        raise NotHere("there is no such situation report here")
    kept, digest = found
    if hashlib.sha256(kept).digest() != digest:
        raise NotHere("this situation report does not fit its hash")
    return thaw(Snapshot, kept), digest


def situation_reports(tx: Transaction, incident_id: UUID) -> list[tuple[int, datetime]]:
    """Return number and cut-off of an incident's situation reports, newest first. Duty COMMAND."""
    return store.situation_reports(tx, incident_id)
