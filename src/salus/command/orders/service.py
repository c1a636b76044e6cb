"""The verbs of orders and tasks. An order counts once a person of another organisation has signed it as well."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from salus import ledger
from salus.command import store
from salus.command.errors import CommandInvalid, NotHere, TooLate
from salus.command.model import Officer
from salus.command.orders.model import (
    GivenOrder,
    Order,
    OrderKind,
    Signing,
    Supply,
    Task,
    TaskAnswer,
    TaskKind,
    Verdict,
    check_fields,
    check_signer,
    check_task,
    whole_second,
)
from salus.command.service import open_course
from salus.kernel import new_id, parse_instant
from salus.ledger import Leaf
from salus.storage import Transaction

T = TypeVar("T", bound=StrEnum)
SHOWN_FOR = timedelta(days=90)
"""How long an order that has ended stays on the public list; the log keeps its leaf for ever."""


def give_order(
    tx: Transaction,
    incident_id: UUID,
    given: Mapping[str, str],
    *,
    population: Callable[[str], int | None],
    by: Officer,
    at: datetime,
    new: Callable[[], UUID] = new_id,
) -> Order:
    """Give an order in an open incident; it waits for the other organisation. Duty COMMAND.

    `given` are the fields of the form, all texts. Raises FieldRefused or PeopleRefused for what an order cannot hold,
    CommandInvalid for what does not fit, NotHere or TooLate for the incident.
    """
    check_fields(given)
    told = {name: text.strip() for name, text in given.items()}
    area = told.get("area") or None
    covered = open_course(tx, incident_id).incident
    if area and not covered.covers(area):
        raise CommandInvalid("this area is not one of the incident's", where="area")
    order = _read(told, incident_id, new(), population(area) if area else None, by, at.replace(microsecond=0))
    store.add_order(tx, order)
    return order


def _read(
    told: Mapping[str, str], incident_id: UUID, order_id: UUID, population: int | None, by: Officer, at: datetime
) -> Order:
    return Order(
        order_id=order_id,
        incident_id=incident_id,
        kind=_one_of(OrderKind, told, "kind"),
        supply=_one_of(Supply, told, "supply"),
        amount=whole_number(told.get("amount", ""), "amount"),
        from_facility=told.get("from_facility") or None,
        to_facility=told.get("to_facility") or None,
        area=told.get("area") or None,
        population=population,
        basis=told.get("basis", ""),
        reason=told.get("reason", ""),
        starts=_instant(told, "starts", at),
        ends=_instant(told, "ends", None),
        ordered_at=at,
        by=by,
    )


def answer_order(
    tx: Transaction, order_id: UUID, verdict: Verdict, reason: str, *, by: Officer, at: datetime
) -> GivenOrder:
    """Countersign an order, or reject it with a reason. Countersigning hands its leaf to the public log. Duty COMMAND.

    Raises SameOrganisation for an officer of the organisation that gave it, and TooLate once it ended or is answered.
    """
    found = one_order(tx, order_id)
    check_signer(found, by, at)
    signing = Signing(order_id=order_id, verdict=verdict, reason=reason.strip(), at=at, by=by)
    if verdict is Verdict.COUNTERSIGNED:
        pending = ledger.append(tx, order_leaf(found.order, by.organisation)).id
        signing = Signing(order_id=order_id, verdict=verdict, reason=reason.strip(), at=at, by=by, pending=pending)
    if not store.add_signing(tx, found.order, signing):
        raise TooLate("this order is answered already")
    return GivenOrder(order=found.order, signing=signing)


def order_leaf(order: Order, countersigned: str) -> Leaf:
    """Write the leaf of an order: its hash, both organisations, and its time."""
    return Leaf(
        kind="order",
        body={
            "order": base64.b64encode(order.digest).decode(),
            "organisations": sorted({order.by.organisation, countersigned}),
            "starts": whole_second(order.starts),
            "ends": whole_second(order.ends),
        },
    )


def one_order(tx: Transaction, order_id: UUID) -> GivenOrder:
    """Return an order with its answer. Raises NotHere. Duty COMMAND."""
    found = store.order(tx, order_id)
    if found is None:
        raise NotHere("there is no such order here")
    return found


def orders_shown(tx: Transaction, at: datetime) -> list[GivenOrder]:
    """Return the orders that the public list shows: those that run, wait, or ended within 90 days. Duty COMMAND."""
    return store.orders_ending_after(tx, at - SHOWN_FOR)


def turned_away(tx: Transaction) -> list[tuple[str, int]]:
    """Return how often each organisation tried to aim an order at people. Public. Duty COMMAND."""
    return store.turned_away(tx)


def count_turned_away(tx: Transaction, field: str | None, code: str, by: Officer, at: datetime) -> None:
    """Count such an attempt, in a transaction that commits although the order was refused. Duty COMMAND."""
    store.add_turned_away(tx, field or "?", code, by.organisation, at)


# --- tasks


def add_task(
    tx: Transaction,
    order_id: UUID,
    kind: TaskKind,
    facility: str,
    due: datetime,
    *,
    by: Officer,
    at: datetime,
    new: Callable[[], UUID] = new_id,
) -> Task:
    """Ask a facility to do something for an order that is countersigned and has not ended. Duty COMMAND."""
    check_task(one_order(tx, order_id), due, at)
    task = Task(task_id=new(), order_id=order_id, kind=kind, facility=facility, due=due, at=at, by=by)
    store.add_task(tx, task)
    return task


def answer_task(tx: Transaction, task_id: UUID, given: TaskAnswer) -> UUID:
    """Note that a task is done, or declined and why; return the order's id. Raises NotHere or TooLate. Duty COMMAND."""
    found = store.task(tx, task_id)
    if found is None:
        raise NotHere("there is no such task here")
    if not store.add_answer(tx, task_id, given):
        raise TooLate("this task is answered already")
    return found.order_id


def whole_number(text: str, where: str) -> int:
    """Read a number written in ASCII digits, commas and spaces between them left out. Raises CommandInvalid."""
    plain = text.strip().replace(",", "").replace(" ", "")
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 9):
        raise CommandInvalid("write a whole number", where=where)
    return int(plain)


def _one_of(kind: type[T], given: Mapping[str, str], name: str) -> T:
    value = given.get(name, "")
    if value not in set(kind):
        raise CommandInvalid(f"the {name} is one of: {', '.join(kind)}", where=name)
    return kind(value)


def _instant(given: Mapping[str, str], name: str, otherwise: datetime | None) -> datetime:
    text = given.get(name, "").strip()
    if not text and otherwise is not None:
        return otherwise
    return parse_instant(text).replace(microsecond=0)
