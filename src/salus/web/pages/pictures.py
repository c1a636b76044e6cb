"""Turn what the command room answers into what its pages show. A frozen snapshot gives the same view for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from salus.command import (
    Course,
    Entry,
    EntryKind,
    Figure,
    GivenOrder,
    HandedOver,
    Known,
    Officer,
    PlaceLine,
    Resource,
    Snapshot,
    Standing,
    Task,
    situation,
)
from salus.web import maps
from salus.web.views import Address, Words
from salus.web.views import command as v

Naming = Callable[[str], Words]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A snapshot to show: with the map, and how facilities, organisations and counties are called."""

    snapshot: Snapshot
    topology: Mapping[str, Any]
    facility: Naming


def picture(shown: Shown) -> v.Picture:
    """Return the situation at the snapshot's cut-off."""
    found = situation(shown.snapshot)
    at = shown.snapshot.cut_off
    return v.Picture(
        incident=incident(shown.snapshot.course),
        cut_off=at,
        figures=tuple(_figure(one) for one in found.figures),
        silent=tuple(Words(en=one.name_en, zh=one.name_zh) for one in found.silent),
        map=area_map(shown.snapshot.course, shown.topology),
        places=tuple(_place(line) for line in found.lines),
        waiting=tuple(order(given, at, shown.facility) for given in found.waiting),
        in_force=tuple(order(given, at, shown.facility) for given in found.in_force),
        overdue=len(found.overdue),
    )


def incident(course: Course) -> v.IncidentFacts:
    """Return what names an incident."""
    return v.IncidentFacts(
        address=f"{Address.INCIDENTS}/{course.incident.incident_id}",
        kind=course.incident.kind,
        alert=alert(course.figures),
        level=course.level,
        opened_at=course.incident.opened_at,
        opened_by=officer(course.incident.by),
        closed=course.closed.text if course.closed else None,
    )


def alert(figures: HandedOver, address: str | None = None) -> v.AlertFacts:
    """Return the public figures of an alert."""
    return v.AlertFacts(
        disease=Words(en=figures.disease_en, zh=figures.disease_zh),
        area=Words(en=figures.area_en, zh=figures.area_zh),
        first=figures.first,
        last=figures.last,
        observed=figures.observed,
        expected=figures.expected,
        once_in_years=figures.once_in_years,
        why=Words(en=figures.why_en, zh=figures.why_zh),
        verified_by=figures.verified_by,
        at=figures.at,
        address=address,
    )


def area_map(course: Course, topology: Mapping[str, Any]) -> v.AreaMap:
    """Return cases by area; the classes of the colours are those of the figures that the incident was opened with."""
    first = [cell.cases or 0 for cell in course.incident.handed_over.areas]
    lines = tuple(
        v.AreaLine(code=cell.area, name=Words(en=cell.name_en, zh=cell.name_zh), cases=cell.cases, few=cell.few)
        for cell in course.figures.areas
    )
    return v.AreaMap(
        topology=topology,
        since=course.figures.since,
        last=course.figures.last,
        lines=lines,
        steps=maps.classes(max(first, default=0)),
    )


def order(given: GivenOrder, at: datetime, name: Naming, index: int | None = None) -> v.OrderLine:
    """Return an order as it stands at an instant."""
    told, answer = given.order, given.signing
    standing = given.standing(at)
    signed = [name(told.by.organisation)]
    if answer and standing is not Standing.REJECTED:
        signed.append(name(answer.by.organisation))
    return v.OrderLine(
        address=f"{Address.ORDERS}/{told.order_id}",
        file=f"{Address.ORDERS}/{told.order_id}/file",
        kind=told.kind,
        supply=told.supply,
        amount=told.amount,
        giver=name(told.from_facility) if told.from_facility else None,
        taker=name(told.to_facility) if told.to_facility else None,
        area=name(told.area) if told.area else None,
        population=told.population,
        basis=told.basis,
        reason=told.reason,
        starts=told.starts,
        ends=told.ends,
        ordered_at=told.ordered_at,
        ordered_by=officer(told.by),
        answered_by=officer(answer.by) if answer else None,
        answer=answer.reason if answer else "",
        organisations=tuple(signed),
        standing=standing,
        digest=told.digest,
        index=index,
    )


def tasks(found: Iterable[Task], at: datetime, name: Naming) -> tuple[v.TaskLine, ...]:
    """Return tasks as they stand at an instant; the overdue ones first, then by when they are due."""
    ranked = sorted(found, key=lambda task: (not task.overdue(at), task.answer is not None, task.due))
    return tuple(
        v.TaskLine(
            address=f"{Address.TASKS}/{task.task_id}",
            order=f"{Address.ORDERS}/{task.order_id}",
            kind=task.kind,
            facility=name(task.facility),
            due=task.due,
            overdue=task.overdue(at),
            answered=task.answer.answer if task.answer else None,
            note=task.answer.note if task.answer else "",
            answered_at=task.answer.at if task.answer else None,
        )
        for task in ranked
    )


def log(entries: Iterable[Entry]) -> tuple[v.LogLine, ...]:
    """Return an incident's log, newest first."""
    return tuple(line(entry) for entry in reversed(tuple(entries)))


def line(entry: Entry) -> v.LogLine:
    """Return one line of a log."""
    return v.LogLine(
        kind=entry.kind,
        at=entry.at,
        by=officer(entry.by),
        text=entry.text,
        level=entry.level,
        post=entry.post,
        holder=entry.holder,
        deputy=entry.deputy,
        starts=entry.starts,
        ends=entry.ends,
    )


def posts(course: Course) -> tuple[v.LogLine, ...]:
    """Return who holds which post."""
    return tuple(line(entry) for entry in course.posts)


def period(course: Course) -> v.LogLine | None:
    """Return the operational period that was written last."""
    entry = course.newest(EntryKind.PERIOD)
    return line(entry) if entry else None


def officer(by: Officer) -> Words:
    """Name an officer."""
    return Words(en=by.name_en, zh=by.name_zh)


def names_of(snapshot: Snapshot, others: Naming) -> Naming:
    """Call facilities and counties as the snapshot does; those outside it as `others` does."""
    known = {place.facility: Words(en=place.name_en, zh=place.name_zh) for place in snapshot.places}
    known |= {cell.area: Words(en=cell.name_en, zh=cell.name_zh) for cell in snapshot.course.figures.areas}
    return lambda name: known.get(name) or others(name)


def sources(snapshot: Snapshot) -> tuple[Words, ...]:
    """Name whom the numbers of a snapshot come from: who verified the alert, and the places that have reported."""
    heard = {one.facility for one in snapshot.known}
    verified = snapshot.course.figures.verified_by
    places = (Words(en=one.name_en, zh=one.name_zh) for one in snapshot.places if one.facility in heard)
    return (Words(en=verified, zh=verified), *places)


def _figure(one: Figure) -> v.FigureLine:
    return v.FigureLine(kind=one.kind, amount=one.amount, oldest=one.oldest, counted=one.counted, asked=one.asked)


def _place(told: PlaceLine) -> v.PlaceView:
    amounts = {one.resource: one.amount for one in told.values if one}
    return v.PlaceView(
        facility=told.place.facility,
        name=Words(en=told.place.name_en, zh=told.place.name_zh),
        lines=tuple(_resource(one) for one in told.values if one),
        silent=told.silent,
        icu_free=_free(amounts.get(Resource.ICU_STAFFED), amounts.get(Resource.ICU_OCCUPIED)),
        isolation_free=_free(amounts.get(Resource.ISOLATION_STAFFED), amounts.get(Resource.ISOLATION_OCCUPIED)),
        oxygen_days=amounts.get(Resource.OXYGEN_DAYS),
    )


def _free(staffed: int | None, occupied: int | None) -> int | None:
    return None if staffed is None or occupied is None else max(0, staffed - occupied)


def _resource(one: Known) -> v.ResourceLine:
    return v.ResourceLine(
        resource=one.resource,
        amount=one.amount,
        as_of=one.as_of,
        said_by=Words(en=one.said_by_en, zh=one.said_by_zh),
        confirmed_with=one.confirmed_with,
    )
