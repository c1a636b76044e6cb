"""SQL of the tables of `command`. Rows are only ever inserted and read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from salus.command.model import Course, Entry, HandedOver, Incident, IncidentKind, Officer
from salus.command.orders.model import (
    Answer,
    GivenOrder,
    Order,
    OrderKind,
    Signing,
    Supply,
    Task,
    TaskAnswer,
    TaskKind,
    Verdict,
)
from salus.command.resources.model import Means, Report, Resource
from salus.command.situation.freezing import freeze, thaw
from salus.storage import Transaction

_OFFICER = "by_subject, by_en, by_zh, by_facility, by_organisation"
_INCIDENT = f"incident_id, kind, areas, handed_over, opened_at, {_OFFICER}"
_ORDER = (
    "order_id, incident_id, kind, supply, amount, from_facility, to_facility, area, population, basis, reason,"
    f" starts, ends, ordered_at, {_OFFICER}"
)
_REPORT = f"facility, resource, amount, means, confirmed_with, as_of, at, {_OFFICER}"
_TASK = f"task_id, order_id, kind, facility, due, at, {_OFFICER}"
HANDED_OVER = """
    select figures from (
        select distinct on (alert) alert, figures, handed_over_key from command.handed_over
        order by alert, handed_over_key desc
    ) newest order by handed_over_key desc
"""
INCIDENTS = f"select {_INCIDENT} from command.incident order by opened_at desc"  # noqa: S608
ONE_INCIDENT = f"select {_INCIDENT} from command.incident where incident_id = %s"  # noqa: S608
ENTRIES = "select entry from command.entry where incident_id = %s order by entry_key"
NEWEST_REPORTS = f"""
    select distinct on (facility, resource) {_REPORT} from command.report
    where facility = any(%s) and as_of <= %s and at <= %s order by facility, resource, as_of desc, at desc
"""  # noqa: S608
ORDERS_OF = f"select {_ORDER} from command.supply_order where incident_id = %s order by ordered_at"  # noqa: S608
ORDERS_SINCE = f"select {_ORDER} from command.supply_order where ends >= %s order by ends"  # noqa: S608
ONE_ORDER = f"select {_ORDER} from command.supply_order where order_id = %s"  # noqa: S608
SIGNINGS = f"""
    select order_id, verdict, reason, at, pending_id, {_OFFICER} from command.signing where order_id = any(%s)
"""  # noqa: S608
TASKS = f"select {_TASK} from command.task where order_id = any(%s) order by due, task_id"  # noqa: S608
ONE_TASK = f"select {_TASK} from command.task where task_id = %s"  # noqa: S608
ANSWERS = f"select task_id, answer, note, at, {_OFFICER} from command.task_answer where task_id = any(%s)"  # noqa: S608


def one_at_a_time(tx: Transaction, what: str) -> None:
    """Wait until no other transaction does the same with the same thing; held until this one ends."""
    tx.row("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"command {what}",))


def add_handed_over(tx: Transaction, figures: HandedOver, by: Officer, at: datetime) -> None:
    """Add an alert that was handed over, or newer figures of it."""
    values = (figures.alert, freeze(figures), at, *_officer(by))
    _insert(tx, "insert into command.handed_over", f"alert, figures, at, {_OFFICER}", values)


def handed_over(tx: Transaction) -> list[HandedOver]:
    """Return the newest figures of every alert that was handed over, the alert that came last first."""
    return [thaw(HandedOver, bytes(figures)) for (figures,) in tx.rows(HANDED_OVER)]


def add_incident(tx: Transaction, opened: Incident) -> None:
    """Add an incident."""
    _insert(
        tx,
        "insert into command.incident",
        _INCIDENT,
        (
            opened.incident_id,
            opened.kind.value,
            list(opened.areas),
            freeze(opened.handed_over),
            opened.opened_at,
            *_officer(opened.by),
        ),
    )


def add_entry(tx: Transaction, incident_id: UUID, entry: Entry) -> None:
    """Add a line to an incident's log."""
    tx.run("insert into command.entry (incident_id, entry) values (%s, %s)", (incident_id, freeze(entry)))


def incidents(tx: Transaction) -> list[Incident]:
    """Return all incidents, newest first."""
    return [_incident(row) for row in tx.rows(INCIDENTS)]


def course(tx: Transaction, incident_id: UUID) -> Course | None:
    """Return an incident with its log."""
    row = tx.row(ONE_INCIDENT, (incident_id,))
    if row is None:
        return None
    entries = tuple(thaw(Entry, bytes(entry)) for (entry,) in tx.rows(ENTRIES, (incident_id,)))
    return Course(incident=_incident(row), entries=entries)


def add_reports(tx: Transaction, reports: Sequence[Report]) -> None:
    """Add reports of resources."""
    for one in reports:
        values = (one.facility, one.resource.value, one.amount, one.means.value, one.confirmed_with, one.as_of, one.at)
        _insert(tx, "insert into command.report", _REPORT, (*values, *_officer(one.by)))


def newest_reports(tx: Transaction, facilities: Sequence[str], at: datetime) -> list[Report]:
    """Return of each facility and resource the report that was true last, as it was known at an instant."""
    return [
        Report(
            facility=row[0],
            resource=Resource(row[1]),
            amount=row[2],
            means=Means(row[3]),
            confirmed_with=row[4],
            as_of=row[5],
            at=row[6],
            by=_by(row[7:]),
        )
        for row in tx.rows(NEWEST_REPORTS, (list(facilities), at, at))
    ]


def add_order(tx: Transaction, order: Order) -> None:
    """Add an order, waiting for its second signature."""
    values = (
        order.order_id,
        order.incident_id,
        order.kind.value,
        order.supply.value,
        order.amount,
        order.from_facility,
        order.to_facility,
        order.area,
        order.population,
        order.basis,
        order.reason,
        order.starts,
        order.ends,
        order.ordered_at,
        *_officer(order.by),
    )
    _insert(tx, "insert into command.supply_order", _ORDER, values)


def order(tx: Transaction, order_id: UUID) -> GivenOrder | None:
    """Return one order with its answer."""
    return next(iter(_given(tx, tx.rows(ONE_ORDER, (order_id,)))), None)


def orders_of(tx: Transaction, incident_id: UUID) -> list[GivenOrder]:
    """Return the orders of an incident, oldest first."""
    return _given(tx, tx.rows(ORDERS_OF, (incident_id,)))


def orders_ending_after(tx: Transaction, since: datetime) -> list[GivenOrder]:
    """Return all orders that end at or after an instant, those that end first before the others."""
    return _given(tx, tx.rows(ORDERS_SINCE, (since,)))


def add_signing(tx: Transaction, given: Order, signing: Signing) -> bool:
    """Add the answer to an order; False if there is one already."""
    columns = f"order_id, order_organisation, verdict, reason, pending_id, at, {_OFFICER}"
    values = (
        given.order_id,
        given.by.organisation,
        signing.verdict.value,
        signing.reason,
        signing.pending,
        signing.at,
        *_officer(signing.by),
    )
    return _insert(tx, "insert into command.signing", columns, values, " on conflict (order_id) do nothing") == 1


def add_task(tx: Transaction, task: Task) -> None:
    """Add a task."""
    values = (task.task_id, task.order_id, task.kind.value, task.facility, task.due, task.at, *_officer(task.by))
    _insert(tx, "insert into command.task", _TASK, values)


def tasks(tx: Transaction, orders: Sequence[UUID]) -> list[Task]:
    """Return the tasks of some orders with their answers, due first."""
    return _tasks(tx, tx.rows(TASKS, (list(orders),)))


def task(tx: Transaction, task_id: UUID) -> Task | None:
    """Return one task with its answer."""
    return next(iter(_tasks(tx, tx.rows(ONE_TASK, (task_id,)))), None)


def add_answer(tx: Transaction, task_id: UUID, given: TaskAnswer) -> bool:
    """Add the answer to a task; False if there is one already."""
    columns = f"task_id, answer, note, at, {_OFFICER}"
    values = (task_id, given.answer.value, given.note, given.at, *_officer(given.by))
    return _insert(tx, "insert into command.task_answer", columns, values, " on conflict (task_id) do nothing") == 1


def add_situation_report(tx: Transaction, incident_id: UUID, cut_off: datetime, snapshot: bytes, by: Officer) -> int:
    """Add a situation report and return its number."""
    one_at_a_time(tx, f"report {incident_id}")
    row = tx.row(
        f"""insert into command.situation_report (incident_id, number, cut_off, snapshot, digest, {_OFFICER})
        select %s, coalesce(max(number), 0) + 1, %s, %s, sha256(%s), %s, %s, %s, %s, %s
        from command.situation_report where incident_id = %s returning number""",  # noqa: S608
        (incident_id, cut_off, snapshot, snapshot, *_officer(by), incident_id),
    )
    return int(row[0]) if row else 0


def situation_report(tx: Transaction, incident_id: UUID, number: int) -> tuple[bytes, bytes] | None:
    """Return the frozen snapshot of a report, and its SHA-256."""
    row = tx.row(
        "select snapshot, digest from command.situation_report where incident_id = %s and number = %s",
        (incident_id, number),
    )
    return (bytes(row[0]), bytes(row[1])) if row else None


def situation_reports(tx: Transaction, incident_id: UUID) -> list[tuple[int, datetime]]:
    """Return number and cut-off of an incident's reports, newest first."""
    return [
        (int(number), cut_off)
        for number, cut_off in tx.rows(
            "select number, cut_off from command.situation_report where incident_id = %s order by number desc",
            (incident_id,),
        )
    ]


def add_turned_away(tx: Transaction, field: str, code: str, organisation: str, at: datetime) -> None:
    """Count an attempt to aim an order at people."""
    tx.run(
        "insert into command.turned_away (field, code, organisation, at) values (%s, %s, %s, %s)",
        (field, code, organisation, at),
    )


def turned_away(tx: Transaction) -> list[tuple[str, int]]:
    """Return how many attempts each organisation made, most first."""
    sql = "select organisation, count(*) from command.turned_away group by 1 order by 2 desc, 1"
    return [(str(organisation), int(count)) for organisation, count in tx.rows(sql)]


# --- rows


def _insert(tx: Transaction, into: str, columns: str, values: Sequence[object], more: str = "") -> int:
    return tx.run(f"{into} ({columns}) values ({', '.join(['%s'] * len(values))}){more}", values)


def _officer(by: Officer) -> tuple[str, str, str, str, str]:
    return by.subject, by.name_en, by.name_zh, by.facility, by.organisation


def _by(row: Sequence[Any]) -> Officer:
    subject, name_en, name_zh, facility, organisation = row
    return Officer(subject=subject, name_en=name_en, name_zh=name_zh, facility=facility, organisation=organisation)


def _incident(row: Sequence[Any]) -> Incident:
    return Incident(
        incident_id=row[0],
        kind=IncidentKind(row[1]),
        areas=tuple(row[2]),
        handed_over=thaw(HandedOver, bytes(row[3])),
        opened_at=row[4],
        by=_by(row[5:]),
    )


def _given(tx: Transaction, rows: Sequence[Sequence[Any]]) -> list[GivenOrder]:
    ids = [row[0] for row in rows]
    answers = {
        row[0]: Signing(
            order_id=row[0], verdict=Verdict(row[1]), reason=row[2], at=row[3], pending=row[4], by=_by(row[5:])
        )
        for row in (tx.rows(SIGNINGS, (ids,)) if ids else ())
    }
    return [GivenOrder(order=_order(row), signing=answers.get(row[0])) for row in rows]


def _order(row: Sequence[Any]) -> Order:
    return Order(
        order_id=row[0],
        incident_id=row[1],
        kind=OrderKind(row[2]),
        supply=Supply(row[3]),
        amount=row[4],
        from_facility=row[5],
        to_facility=row[6],
        area=row[7],
        population=row[8],
        basis=row[9],
        reason=row[10],
        starts=row[11],
        ends=row[12],
        ordered_at=row[13],
        by=_by(row[14:]),
    )


def _tasks(tx: Transaction, rows: Sequence[Sequence[Any]]) -> list[Task]:
    ids = [row[0] for row in rows]
    answers = {
        row[0]: TaskAnswer(answer=Answer(row[1]), note=row[2], at=row[3], by=_by(row[4:]))
        for row in (tx.rows(ANSWERS, (ids,)) if ids else ())
    }
    return [
        Task(
            task_id=row[0],
            order_id=row[1],
            kind=TaskKind(row[2]),
            facility=row[3],
            due=row[4],
            at=row[5],
            by=_by(row[6:]),
            answer=answers.get(row[0]),
        )
        for row in rows
    ]
