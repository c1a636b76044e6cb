"""The command room on the real database: histories, signatures that the table itself checks, reports that stay."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from salus import command
from salus.command import (
    CommandInvalid,
    Entry,
    EntryKind,
    FieldRefused,
    Incident,
    IncidentKind,
    NotHere,
    Officer,
    Place,
    Post,
    Resource,
    SameOrganisation,
    Standing,
    TaskAnswer,
    TaskKind,
    TooLate,
    Verdict,
)
from salus.command import store as sql
from salus.ledger import Leaf, parse_leaf
from salus.storage import Duty, Store
from spec.test_situation import COUNTIES, FIGURES

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEI = Officer(subject="1", name_en="Wei Ran", name_zh="韦然", facility="EOC1", organisation="Commission")
TAN = Officer(subject="3", name_en="Tan Cheng", name_zh="谭诚", facility="EOC2", organisation="Emergency")
GIVEN = {
    "kind": "move-supply",
    "supply": "ventilators",
    "amount": "6",
    "from_facility": "H1",
    "to_facility": "H2",
    "basis": "Regulation 376, article 32",
    "reason": "H2 has none left.",
    "ends": "2031-03-04T08:00:00Z",
}


@pytest.fixture(scope="module")
def alerts() -> Iterator[str]:
    return iter(f"alert-{n}" for n in range(1_000))


def opened(store: Store, alert: str) -> Incident:
    with store.transaction(Duty.COMMAND) as tx:
        command.hand_over(tx, replace(FIGURES, alert=alert), by=WEI, at=AT)
        return command.open_incident(
            tx,
            alert=alert,
            kind=IncidentKind.INFECTIOUS,
            areas=["910100"],
            level=3,
            objectives="No one waits for a bed.",
            by=WEI,
            at=AT,
        )


def order(store: Store, incident: Incident, **other: str) -> UUID:
    with store.transaction(Duty.COMMAND) as tx:
        given = command.give_order(
            tx, incident.incident_id, GIVEN | other, population={"910101": 400_000}.get, by=WEI, at=AT
        )
    return given.order_id


def answer(store: Store, order_id: UUID, by: Officer, verdict: Verdict = Verdict.COUNTERSIGNED) -> command.GivenOrder:
    with store.transaction(Duty.COMMAND) as tx:
        return command.answer_order(tx, order_id, verdict, "Seen.", by=by, at=AT + HOUR)


def test_an_incident_is_opened_once_from_an_alert_that_was_handed_over(store: Store, alerts: Iterator[str]) -> None:
    incident = opened(store, next(alerts))

    with store.transaction(Duty.COMMAND) as tx:
        found = command.course(tx, incident.incident_id)
        assert found.incident == incident
        assert (found.level, [entry.kind for entry in found.entries]) == (3, [EntryKind.LEVEL, EntryKind.OBJECTIVES])
        assert incident.handed_over.alert not in {one.alert for one in command.waiting_alerts(tx)}
    for alert in (incident.handed_over.alert, "never-handed-over"):
        with pytest.raises(NotHere), store.transaction(Duty.COMMAND) as tx:
            command.open_incident(
                tx,
                alert=alert,
                kind=IncidentKind.INFECTIOUS,
                areas=["910100"],
                level=3,
                objectives="x",
                by=WEI,
                at=AT,
            )


def test_the_newest_entry_holds_and_all_stay(store: Store, alerts: Iterator[str]) -> None:
    incident = opened(store, next(alerts))
    with store.transaction(Duty.COMMAND) as tx:
        for level in (2, 1):
            command.note(tx, incident.incident_id, Entry(kind=EntryKind.LEVEL, level=level, at=AT, by=WEI))
        lead = Entry(kind=EntryKind.POST, post=Post.LEAD, holder="Wei Ran", deputy="Qin Lan", at=AT, by=WEI)
        command.note(tx, incident.incident_id, lead)
        command.hand_over(tx, replace(incident.handed_over, observed=90), by=WEI, at=AT + DAY)
        found = command.course(tx, incident.incident_id)

    assert (found.level, found.posts, found.figures.observed) == (1, (lead,), 90)
    assert found.incident.handed_over.observed == 62
    assert [entry.level for entry in found.entries if entry.kind is EntryKind.LEVEL] == [3, 2, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": EntryKind.LEVEL, "level": 5},
        {"kind": EntryKind.OBJECTIVES, "text": " "},
        {"kind": EntryKind.POST, "post": Post.LEAD, "holder": "Wei Ran", "deputy": "Wei Ran"},
        {"kind": EntryKind.PERIOD, "starts": AT, "ends": AT + 8 * DAY},
        {"kind": EntryKind.PERIOD, "starts": AT, "ends": AT},
        {"kind": EntryKind.CLOSED},
    ],
)
def test_an_entry_that_does_not_fit_cannot_be_made(wrong: dict[str, object]) -> None:
    with pytest.raises(CommandInvalid):
        Entry(at=AT, by=WEI, **wrong)  # type: ignore[arg-type]


def test_a_closed_incident_takes_no_entry_and_no_order(store: Store, alerts: Iterator[str]) -> None:
    incident = opened(store, next(alerts))
    with store.transaction(Duty.COMMAND) as tx:
        command.note(tx, incident.incident_id, Entry(kind=EntryKind.CLOSED, text="It is over.", at=AT, by=WEI))

    with pytest.raises(TooLate), store.transaction(Duty.COMMAND) as tx:
        command.note(tx, incident.incident_id, Entry(kind=EntryKind.LEVEL, level=1, at=AT, by=WEI))
    with pytest.raises(TooLate):
        order(store, incident)


def test_reports_are_kept_whole_or_not_at_all_and_the_newest_is_known(store: Store) -> None:
    with store.transaction(Duty.COMMAND) as tx:
        command.report(tx, facility="H7", amounts={"masks": 500, "oxygen-days": 4}, as_of=AT, by=WEI, at=AT)
        command.report(
            tx, facility="H7", amounts={"masks": 90}, as_of=AT + HOUR, by=WEI, at=AT + HOUR, confirmed_with="Sister Li"
        )
    with pytest.raises(CommandInvalid), store.transaction(Duty.COMMAND) as tx:
        command.report(tx, facility="H7", amounts={"masks": 1, "handcuffs": 2}, as_of=AT, by=WEI, at=AT + HOUR)

    with store.transaction(Duty.COMMAND) as tx:
        now = {one.resource: one for one in command.known_at(tx, ["H7"], AT + HOUR)}
        then = {one.resource: one.amount for one in command.known_at(tx, ["H7"], AT)}
        later = {one.resource: one.amount for one in command.known_at(tx, ["H7"], AT + DAY)}
    assert (now[Resource.MASKS].amount, now[Resource.MASKS].confirmed_with) == (90, "Sister Li")
    assert then == {Resource.MASKS: 500, Resource.OXYGEN_DAYS: 4}
    assert later == {Resource.MASKS: 90, Resource.OXYGEN_DAYS: None}


def test_an_order_counts_once_another_organisation_has_signed_and_its_leaf_waits_for_the_log(
    store: Store, alerts: Iterator[str]
) -> None:
    order_id = order(store, opened(store, next(alerts)))
    with pytest.raises(SameOrganisation):
        answer(store, order_id, replace(WEI, subject="2"))

    given = answer(store, order_id, TAN)

    assert given.standing(AT + HOUR) is Standing.IN_FORCE
    assert given.signing
    with store.transaction(Duty.LEDGER) as tx:
        entry = tx.row("select entry from ledger.pending where pending_id = %s", (given.signing.pending,))
    assert entry
    assert parse_leaf(bytes(entry[0])) == Leaf(
        kind="order",
        body={
            "order": base64.b64encode(given.order.digest).decode(),
            "organisations": ["Commission", "Emergency"],
            "starts": "2031-03-01T08:00:00Z",
            "ends": "2031-03-04T08:00:00Z",
        },
    )
    with store.transaction(Duty.COMMAND) as tx:
        assert command.one_order(tx, order_id) == given
    with pytest.raises(TooLate):
        answer(store, order_id, TAN, Verdict.REJECTED)


def test_the_table_itself_refuses_a_signature_of_the_same_organisation(store: Store, alerts: Iterator[str]) -> None:
    """The rule holds even against code that forgets it; with the true organisation of the order the row goes in."""
    order_id = order(store, opened(store, next(alerts)))
    row = """insert into command.signing (order_id, order_organisation, verdict, reason, at, by_subject, by_en, by_zh,
        by_facility, by_organisation) values (%s, %s, 'rejected', 'x', %s, '9', 'x', 'x', 'EOC2', %s)"""

    for claimed, by in (("Commission", "Commission"), ("Another", "Commission"), ("Emergency", "Commission")):
        with pytest.raises(psycopg.errors.IntegrityError), store.transaction(Duty.COMMAND) as tx:
            tx.run(row, (order_id, claimed, AT, by))
    with store.transaction(Duty.COMMAND) as tx:
        assert tx.run(row, (order_id, "Commission", AT, "Emergency")) == 1


def test_the_table_itself_refuses_longer_orders_and_smaller_areas(store: Store, alerts: Iterator[str]) -> None:
    incident = opened(store, next(alerts))
    row = """insert into command.supply_order (order_id, incident_id, kind, supply, amount, area, population, basis,
        reason, starts, ends, ordered_at, by_subject, by_en, by_zh, by_facility, by_organisation)
        values (gen_random_uuid(), %s, %s, 'masks', 1, '910101', %s, 'x', 'x', %s, %s, %s, '1', 'x', 'x', 'E', 'C')"""

    for kind, people, lasts in [
        ("distribute-supply", 9_999, DAY),
        ("distribute-supply", 10_000, 14 * DAY + timedelta(seconds=1)),
        ("confine", 10_000, DAY),
    ]:
        with pytest.raises(psycopg.errors.IntegrityError), store.transaction(Duty.COMMAND) as tx:
            tx.run(row, (incident.incident_id, kind, people, AT, AT + lasts, AT))
    with store.transaction(Duty.COMMAND) as tx:
        assert tx.run(row, (incident.incident_id, "distribute-supply", 10_000, AT, AT + 14 * DAY, AT)) == 1


def test_an_order_is_aimed_at_the_incidents_own_areas(store: Store, alerts: Iterator[str]) -> None:
    incident = opened(store, next(alerts))
    area = {"kind": "distribute-supply", "from_facility": "", "to_facility": ""}

    assert order(store, incident, **area, area="910101")
    for other in ("910102", "920101"):  # the first has no population that is known here
        with pytest.raises(CommandInvalid):
            order(store, incident, **area, area=other)


def test_attempts_are_counted_by_organisation(store: Store, alerts: Iterator[str]) -> None:
    with pytest.raises(FieldRefused) as refused:
        order(store, opened(store, next(alerts)), person="x")

    with store.transaction(Duty.COMMAND) as tx:
        command.count_turned_away(tx, refused.value.where, refused.value.code, WEI, AT)
        assert command.turned_away(tx) == [("Commission", 1)]


def test_a_task_is_answered_once(store: Store, alerts: Iterator[str]) -> None:
    order_id = order(store, opened(store, next(alerts)))
    answer(store, order_id, TAN)
    with store.transaction(Duty.COMMAND) as tx:
        task = command.add_task(tx, order_id, TaskKind.RECEIVE, "H2", AT + DAY, by=WEI, at=AT + HOUR)
    done = TaskAnswer(answer=command.Answer.DONE, note="Six came.", at=AT + 2 * HOUR, by=WEI)

    with store.transaction(Duty.COMMAND) as tx:
        assert command.answer_task(tx, task.task_id, done) == order_id
    with pytest.raises(TooLate), store.transaction(Duty.COMMAND) as tx:
        command.answer_task(tx, task.task_id, done)
    with store.transaction(Duty.COMMAND) as tx:
        assert sql.task(tx, task.task_id) == replace(task, answer=done)


def test_a_situation_report_is_kept_with_its_hash_and_never_changes(store: Store, alerts: Iterator[str]) -> None:
    incident = opened(store, next(alerts))
    places = [Place(facility="H1", name_en="One", name_zh="一", county="910101"),
              Place(facility="H9", name_en="Nine", name_zh="九", county="920101")]  # fmt: skip
    with store.transaction(Duty.COMMAND) as tx:
        taken = command.snapshot(tx, incident.incident_id, places, COUNTIES, AT + HOUR)
        number = command.freeze_situation(tx, taken, WEI)
        command.note(tx, incident.incident_id, Entry(kind=EntryKind.LEVEL, level=1, at=AT, by=WEI))
        second = command.freeze_situation(
            tx, command.snapshot(tx, incident.incident_id, places, COUNTIES, AT + 2 * HOUR), WEI
        )

    with store.transaction(Duty.COMMAND) as tx:
        kept, digest = command.frozen(tx, incident.incident_id, number)
        again = command.frozen(tx, incident.incident_id, second)
    assert [place.facility for place in taken.places] == ["H1"]
    assert (kept, len(digest), number, second) == (taken, 32, 1, 2)
    assert again[0].course.level == 1
    assert again[1] != digest


TABLES = "handed_over incident entry report supply_order signing task task_answer situation_report turned_away".split()


@pytest.mark.parametrize("table", TABLES)
def test_nothing_in_the_room_is_ever_changed_or_taken_out(store: Store, table: str) -> None:
    for statement in (f"delete from command.{table}", f"truncate command.{table}", f"drop table command.{table}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), store.transaction(Duty.COMMAND) as tx:
            tx.run(statement)


@pytest.mark.parametrize(
    "query", [sql.ENTRIES, sql.NEWEST_REPORTS, sql.ORDERS_OF, sql.ORDERS_SINCE, sql.SIGNINGS, sql.TASKS, sql.ANSWERS]
)
def test_every_query_has_an_index(store: Store, query: str) -> None:
    values = {1: (UUID(int=1),), 3: (["H1"], AT, AT)}[query.count("%s")]
    if query is sql.ORDERS_SINCE:
        values = (AT,)
    if "any(%s)" in query and query is not sql.NEWEST_REPORTS:
        values = ([UUID(int=1)],)

    with store.transaction(Duty.COMMAND) as tx:
        tx.run("set local enable_seqscan = off")
        plan = "\n".join(str(line[0]) for line in tx.rows(f"explain {query}", values))
    assert "Seq Scan" not in plan
    assert "Index" in plan
