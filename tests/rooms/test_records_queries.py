"""Every query of records and of the resident index finds its rows by an index, in tables of a size where it matters."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from inspect import getmembers, isfunction
from types import ModuleType
from typing import cast
from uuid import uuid4

import pytest

from explaining import Explaining
from salus.access import Sight
from salus.identity import store as index
from salus.identity.matching import store as likeness
from salus.identity.review import store as reviews
from salus.records import store as tables
from salus.records.everything.model import AskedEverything
from salus.records.history import Place
from salus.records.history import store as past
from salus.records.messages import store as sent
from salus.records.sensitivity import store as classes
from salus.storage import Duty, Store, Transaction

CHARTS, RESOURCES = 20_000, 200_000
EACH = f"generate_series(1, {CHARTS}) n"
AT = datetime(2031, 3, 1, tzinfo=UTC)
DAY = date(2031, 3, 1)
SOME = uuid4()
ROW = (1, SOME, "resident", "H1", "test", 1, AT)
HERE = Place(at=AT, acceptance=1000, resource_key=1000, version=1)
Call = Callable[[Transaction], object]


SIGHT = Sight(facility="H2", closed={1: 7, 2: 0})
WALK = r"Seq Scan on "
EVERYTHING = AskedEverything(types=("Observation",), since=AT, lo=AT, hi=None, count=100, after=3, canonical="")
QUERIES: dict[str, Call] = {
    "common_chart": lambda tx: tables.common_chart(tx, "H1", "directory"),
    "targets": lambda tx: tables.targets(tx, [("Patient", SOME)]),
    "referred_before": lambda tx: tables.referred_before(tx, [SOME], "H1", [SOME]),
    "by_identifier": lambda tx: tables.by_identifier(tx, [b"number-77"]),
    "lock": lambda tx: tables.lock(tx, [SOME]),
    "fetch": lambda tx: tables.fetch(tx, [SOME, uuid4()]),
    "patients_at": lambda tx: tables.patients_at(tx, [1, 2], "H1"),
    "patients": lambda tx: tables.patients(tx, SIGHT),
    "of_types": lambda tx: tables.of_types(tx, SIGHT, ("Observation", "Condition"), 200),
    "count_types": lambda tx: tables.count_types(tx, SIGHT),
    "everything": lambda tx: tables.everything(tx, SIGHT, EVERYTHING),
    "told_of": lambda tx: tables.told_of(tx, [1, 2]),
    "forget_told": lambda tx: tables.forget_told(tx, [1, 2]),
    "classes: hold": lambda tx: classes.hold(tx, [1, 2]),
    "classes: hold_alone": lambda tx: classes.hold_alone(tx, [1, 2]),
    "classes: again": lambda tx: classes.again(tx, [1, 2]),
    "classes: add_again": lambda tx: classes.add_again(tx, [(7, 1), (8, 17)]),
    "classes: unclass_entries": lambda tx: classes.unclass_entries(tx, [7, 8]),
    "classes: reached": lambda tx: classes.reached(tx, [1, 2], [(7, 1), (8, 2)]),
    "classes: followers": lambda tx: classes.followers(tx, [(7, 1), (8, 2)]),
    "classes: waiting": lambda tx: classes.waiting(tx, 200),
    "classes: waiting_in": lambda tx: classes.waiting_in(tx, [1, 2], 200),
    "classes: waiting_among": lambda tx: classes.waiting_among(tx, [SOME]),
    "classes: charts_waiting": lambda tx: classes.charts_waiting(tx, [1, 2], "H1"),
    "classes: classes_of": lambda tx: classes.classes_of(tx, [SOME]),
    "classes: versions": lambda tx: classes.versions(tx, [7, 8]),
    "classes: set_classes": lambda tx: classes.set_classes(tx, [(7, 0), (8, 1)]),
    "imported": lambda tx: tables.imported(tx, b"file"),
    "charts": lambda tx: tables.charts(tx, 100, 50),
    "update_resources": lambda tx: tables.update_resources(tx, [(7, 2, AT, None, None, 0), (8, 2, AT, AT, AT, 1)]),
    "occurrences": lambda tx: tables.occurrences(tx, [DAY], [(b"code-7", 1, "Condition")] * 400, range(400)),
    "uncounted": lambda tx: tables.uncounted(tx, 5),
    "forget_uncounted": lambda tx: tables.forget_uncounted(tx, [(DAY, 1), (DAY, 2)]),
    "replace_occurrences": lambda tx: tables.replace_occurrences(tx, [7, 8], []),
    "history: lock_current": lambda tx: past.lock_current(tx, [SOME]),
    "history: lock_deleted": lambda tx: past.lock_deleted(tx, [SOME]),
    "history: delete": lambda tx: past.delete(tx, [(17, 2, AT), (18, 2, AT)]),
    "history: bring_back": lambda tx: past.bring_back(tx, [7, 8]),
    "history: fetch_versions": lambda tx: past.fetch_versions(tx, [(SOME, 1), (uuid4(), 2)]),
    "history: targets_deleted": lambda tx: past.targets_deleted(tx, [("Encounter", SOME)]),
    "history: fetch_deleted": lambda tx: past.fetch_deleted(tx, [SOME, uuid4()]),
    "history: versions_of": lambda tx: past.versions_of(tx, 7, AT, (AT, AT), 2**31 - 1, 50),
    "history: written": lambda tx: past.written(tx, "H1", None, None, None, 50),
    "history: written since": lambda tx: past.written(tx, "H1", AT, None, None, 2000),
    "history: written and current": lambda tx: past.written(tx, "H1", None, (AT, AT), None, 2000),
    "history: written, next page": lambda tx: past.written(tx, "H1", None, None, HERE, 2000),
    "history: types_of": lambda tx: past.types_of(tx, [7, 8]),
    "history: bodies": lambda tx: past.bodies(tx, [HERE]),
    "lock_numbers": lambda tx: tables.lock_numbers(tx, [7, 3]),
    "messages: answered": lambda tx: sent.answered(tx, [b"message-7", b"message-8"]),
    "messages: newest": lambda tx: sent.newest(tx, [7, 8]),
    "identity: holders": lambda tx: index.holders(tx, [b"digest-5"]),
    "identity: residents_of": lambda tx: index.residents_of(tx, [1, 2, 3]),
    "identity: charts_of": lambda tx: index.charts_of(tx, [5, 6]),
    "identity: anchor_of": lambda tx: index.anchor_of(tx, SOME),
    "identity: whole": lambda tx: index.whole(tx, [5, 6]),
    "identity: current": lambda tx: index.current(tx, 5),
    "identity: minted_by": lambda tx: index.minted_by(tx, [5, 6]),
    "identity: minted": lambda tx: index.minted(tx, SOME),
    "identity: anchors_of": lambda tx: index.anchors_of(tx, [5, 6]),
    "identity: minted_of": lambda tx: index.minted_of(tx, [5, 6]),
    "identity: first_number": lambda tx: index.first_number(tx, [5, 6]),
    "identity: members_of": lambda tx: index.members_of(tx, [5, 6]),
    "identity: numbers_of": lambda tx: index.numbers_of(tx, [5, 6]),
    "identity: replace_numbers": lambda tx: index.replace_numbers(tx, [(5, "resident-id", b"digest-5")]),
    "identity: assertion": lambda tx: index.assertion(tx, 5),
    "identity: assertions_from": lambda tx: index.assertions_from(tx, 5, 50),
    "identity: residents_from": lambda tx: index.residents_from(tx, 5, 50),
    "identity: mints_from": lambda tx: index.mints_from(tx, 5, 50),
    "identity: assertions_of": lambda tx: index.assertions_of(tx, [5, 6]),
    "identity: move_members": lambda tx: index.move_members(tx, [(5, 5), (6, 6)]),
    "identity: insert_notices": lambda tx: index.insert_notices(tx, 1, "linked", [5, 6], AT),
    "matching: found": lambda tx: likeness.found(tx, [(n, 200) for n in range(12)], [5]),
    "matching: found_with_residents": lambda tx: likeness.found_with_residents(tx, [(n, 200) for n in range(12)]),
    "matching: people": lambda tx: likeness.people(tx, [5, 6]),
    "matching: without_person": lambda tx: likeness.without_person(tx, 100, 50),
    "matching: last_of_page": lambda tx: likeness.last_of_page(tx, 100, 50),
    "matching: put": lambda tx: likeness.put(tx, [(5, "H1", b"sealed", AT)], [(5, 5)]),
    "matching: drop_keys": lambda tx: likeness.drop_keys(tx, [(5, 5), (6, 6)]),
    "review: waiting": lambda tx: reviews.waiting(tx, "one", 5, 50),
    "review: any_question": lambda tx: reviews.any_question(tx, 5),
    "review: answered_by": lambda tx: reviews.answered_by(tx, "one", AT, 20),
    "review: question": lambda tx: reviews.question(tx, 5, lock=True),
    "review: answers": lambda tx: reviews.answers(tx, 5),
    "review: close": lambda tx: reviews.close(tx, 5),
    "review: asked_since": lambda tx: reviews.asked_since(tx, AT),
    "review: answered_since": lambda tx: reviews.answered_since(tx, AT),
    "review: agreed": lambda tx: reviews.agreed(tx, AT),
    "review: agreement": lambda tx: reviews.agreement(tx, AT),
    "identity: notices_of": lambda tx: index.notices_of(tx, [5, 6]),
}
SEVERAL = ("history: written",)
"""Statements that are put together from what is asked."""
ADDS_ONLY = {
    "history: insert_versions",
    "messages: insert_messages",
    "messages: insert_resources",
    "deliver",
    "insert_acceptance",
    "insert_charts",
    "insert_resources",
    "insert_tokens",
    "insert_versions",
    "keys",
    "lock_conditions",
    "bar_conditions",
    "note_lines",
    "note_uncounted",
    "open_common_chart",
    "skip_keys",
    "identity: freeze",
    "identity: insert_assertions",
    "identity: open_residents",
    "identity: note_numbers",
    "identity: insert_residents",
    "identity: keys",
    "identity: lock_for_moving",
    "identity: lock_keys",
    "review: insert",
    "review: insert_answer",
}
# Told by commands to an operator; on no request's path. What waits to be reviewed is counted whole, and is few.
WALKS_EVERYTHING = {
    "history: longest_open",  # the server's own list of connections
    "totals",
    "deliveries",
    "review: queue",
    "identity: minted_so_far",  # of more than 100,000 the database's estimate is told
}


@pytest.fixture(scope="module")
def filled(store: Store) -> Store:
    """Fill the tables as the owner: charts of four facilities, resources of four types, three tokens each."""
    statements = [
        (
            f"insert into records.chart select n, gen_random_uuid(), 'resident', 'H' || (n % 4), 'test', 0, now()"
            f" from generate_series(1, {CHARTS}) n"
        ),
        (
            f"insert into records.resource select n, gen_random_uuid(), (array['Observation','Condition','Patient',"
            f"'Encounter'])[1 + n % 4], 1 + n % {CHARTS}, 1, now(), now(), now(),"
            " case when n % 1000 = 0 then null when n % 1000 = 1 then 8 else 0 end"
            f" from generate_series(1, {RESOURCES}) n"
        ),
        (
            f"insert into records.version select n, 1, 1 + n % {CHARTS}, 1 + n / 3, now(), '\\x00'"
            f" from generate_series(1, {RESOURCES}) n"
        ),
        (
            "insert into records.acceptance select n, 'H' || (n % 4), 'fhir', now() - n * interval '1 second', 3, 0"
            f" from generate_series(1, {RESOURCES // 3}) n"
        ),
        (
            "insert into records.deleted select -n, gen_random_uuid(), 'Observation', n, 2, now(),"
            " case when n % 1000 = 0 then null else 0 end"
            f" from generate_series(1, {CHARTS}) n"
        ),
        (
            "insert into records.token select resource_key, 1, ('code-' || resource_key % 50)::bytea, chart_key, type"
            " from records.resource"
        ),
        (
            "insert into records.token select resource_key, 2, ('number-' || resource_key)::bytea, chart_key, type"
            " from records.resource"
        ),
        f"insert into records.import_line select ('file' || n % 100)::bytea, n, n from generate_series(1, {CHARTS}) n",
        (
            "insert into identity.resident (resident_key, resident_id, bucket, anchor_chart, opened_at)"
            f" select n, gen_random_uuid(), 0, n, now() from generate_series(1, {CHARTS}) n"
        ),
        f"insert into identity.member select n, n from generate_series(1, {CHARTS}) n",
        f"insert into identity.claim select ('digest-' || n)::bytea, n from generate_series(1, {CHARTS}) n",
        (
            "insert into identity.number (digest, chart_key, sealed, at)"
            f" select ('digest-' || n)::bytea, n, '\\x00', now() from generate_series(1, {CHARTS}) n"
        ),
        (
            "insert into identity.said select ('digest-' || n)::bytea, n, 'own', 'resident-id'"
            f" from generate_series(1, {CHARTS}) n"
        ),
        (
            "insert into identity.person select n, 'H1', repeat('x', 300)::bytea, 1, now()"
            f" from generate_series(1, {CHARTS}) n"
        ),
        f"insert into identity.found_by select n % 5000, n from generate_series(1, {CHARTS}) n",
        (
            "insert into identity.assertion (chart_a, chart_b, verdict, ground, author, at)"
            f" select n, n + 1, 'same', 'number', 'equal-number', now() from generate_series(1, {CHARTS}) n"
        ),
        (
            "insert into identity.question (chart_a, chart_b, reason, at) select n, n + 1, 'another-name',"
            f" '2029-03-01'::timestamptz + n * interval '1 hour' from generate_series(1, {CHARTS}) n"
        ),
        f"insert into identity.unanswered select n from generate_series(1, {CHARTS}) n",
        (
            "insert into identity.answer (question, says, reason, author_role, author, at)"
            " select n, 'same', 'mistyped',"
            " 'index-reviewer', 'one', '2029-03-01'::timestamptz + n * interval '1 hour'"
            f" from generate_series(1, {CHARTS}) n"
        ),
        (
            "insert into identity.notice (event, resident_key, kind, others, at)"
            f" select n, n, 'linked', '{{}}', now() from generate_series(1, {CHARTS}) n"
        ),
        (
            "insert into records.occurrence select resource_key, '2031-03-01'::date - (resource_key % 400)::int, type,"
            " chart_key, 'H' || resource_key % 4 from records.resource where type <> 'Patient'"
        ),
        (
            "insert into records.message select ('message-' || n)::bytea, 'x', 'H1', now(), now(), '{}'"
            f" from generate_series(1, {RESOURCES}) n"
        ),
        (
            "insert into records.message_resource select n % 1000, now() - n * interval '1 second',"
            f" ('message-' || n)::bytea from generate_series(1, {RESOURCES}) n"
        ),
        f"insert into records.found select n, n, 1, now(), null, null, '{{}}', '{{}}', array[n * 1024 + 3] from {EACH}",
        f"insert into records.vital select n, 'H1', '1980-01-01', 'male', null, null, true, now() from {EACH}",
        f"insert into records.keeping select n, n, 'H1', '2020-01-01', null, now() from {EACH}",
        f"insert into records.followed select n, 'topic'::bytea, n, '2031-01-01' from {EACH}",
        f"insert into records.uncounted select '2031-03-01'::date - n % 400, n from generate_series(1, {CHARTS}) n",
        "analyze",
    ]
    with store.connect(Duty.MIGRATION, "salus") as connection:
        for statement in statements:
            connection.execute(statement.encode())
    return store


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_walks_through_no_table(filled: Store, name: str) -> None:
    with filled.transaction(Duty.CARE) as tx:
        explaining = Explaining(tx)
        QUERIES[name](cast("Transaction", explaining))

    assert explaining.plans
    walked = [plan for plan in explaining.plans if re.search(WALK, plan)]
    assert walked == []


def test_every_statement_stands_in_one_of_the_lists() -> None:
    named = {next((call for call in SEVERAL if name.startswith(call)), name) for name in QUERIES}

    owned = {
        "": tables,
        "messages: ": sent,
        "history: ": past,
        "classes: ": classes,
        "identity: ": index,
        "matching: ": likeness,
        "review: ": reviews,
    }
    assert named | ADDS_ONLY | WALKS_EVERYTHING == {
        f"{room}{name}" for room, module in owned.items() for name in _public(module)
    }


def test_the_check_can_fail(filled: Store) -> None:
    with filled.transaction(Duty.CARE) as tx:
        explaining = Explaining(tx)
        explaining.rows("select * from records.resource where updated_at > %s", (AT,))

    assert re.search(WALK, explaining.plans[0])


def _public(module: ModuleType) -> set[str]:
    functions = {name for name, function in getmembers(module, isfunction) if function.__module__ == module.__name__}
    return {name for name in functions if not name.startswith("_")}
