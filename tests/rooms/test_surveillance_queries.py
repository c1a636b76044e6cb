"""Every query of surveillance finds its rows by an index, in tables of a size where it matters."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from inspect import getmembers, isfunction
from typing import cast
from uuid import uuid4

import pytest

from explaining import Explaining
from salus.storage import Duty, Store, Transaction
from salus.surveillance import Figure
from salus.surveillance import store as tables

DAY, AT, SOME = date(2031, 3, 10), datetime(2031, 3, 10, tzinfo=UTC), uuid4()
FIGURES = [Figure(source="hospitals", series="s1", county=f"90{n:04}", day=DAY, count=1) for n in range(200)]
PLACE = ("hospitals", "s1", "900001")
QUERIES: dict[str, Callable[[Transaction], object]] = {
    "insert_changed": lambda tx: tables.insert_changed(tx, FIGURES, AT),
    "newest": tables.newest,
    "figures": lambda tx: tables.figures(tx, DAY - timedelta(days=9), DAY, 10**9),
    "by_place": lambda tx: tables.by_place(tx, DAY - timedelta(days=9), DAY, 10**9, ["900001"], PLACE[:2]),
    "figures_of": lambda tx: tables.figures_of(tx, *PLACE, DAY - timedelta(days=180), DAY),
    "revisions": lambda tx: tables.revisions(tx, *PLACE, DAY - timedelta(days=30), DAY),
    "alert": lambda tx: tables.alert(tx, SOME),
    "latest_alerts": lambda tx: tables.latest_alerts(tx, DAY - timedelta(days=7)),
    "alerts": lambda tx: tables.alerts(tx, 50),
    "alerts_of": lambda tx: tables.alerts_of(tx, *PLACE, 6),
    "verifications": lambda tx: tables.verifications(tx, [SOME, uuid4()]),
    "assessments": lambda tx: tables.assessments(tx, SOME),
}
ADDS_ONLY = {"alone", "insert_alerts", "insert_verification", "insert_assessment", "insert_refusal"}
WALKS_EVERYTHING = {  # Short tables: refusals, told to an operator, and alerts, of which all that wait are shown.
    "refusals",
    "unsettled",
}


@pytest.fixture(scope="module")
def filled(store: Store) -> Store:
    """Fill the tables as the owner: 200 counties, 5 series, 200 days; 20,000 alerts with what was found of them."""
    statements = [
        (
            "insert into surveillance.figure (source, series, county, day, at, count) select 'hospitals', 's' || s,"
            " '90' || lpad(c::text, 4, '0'), '2031-03-10'::date - d, now(), 3"
            " from generate_series(0, 199) d, generate_series(1, 5) s, generate_series(0, 199) c"
        ),
        (
            "insert into surveillance.alert (alert_id, episode, at, source, series, county, day, rule, version,"
            " observed, expected, low, high, baseline, reported, snapshot, known, reason_en, reason_zh)"
            " select gen_random_uuid(), gen_random_uuid(), now(), 'hospitals', 's1',"
            " '90' || lpad((n % 2000)::text, 4, '0'), '2031-03-10'::date - n % 2000, 'ears-c2', 'v', 9, 1, 0, 2, '{}',"
            " '{}', '\\x00', 1, 'why', '为何' from generate_series(1, 20000) n"
        ),
        (
            "insert into surveillance.verification (alert_id, at, by, verdict, reason)"
            " select alert_id, now(), 'staff', 'confirmed', 'why' from surveillance.alert"
        ),
        (
            "insert into surveillance.assessment (alert_id, at, by, likelihood, impact, confidence, level, text)"
            " select alert_id, now(), 'staff', 'likely', 'minor', 'low', 'low', 'why' from surveillance.alert"
        ),
        "analyze",
    ]
    with store.connect(Duty.MIGRATION, "salus") as connection:
        for statement in statements:
            connection.execute(statement.encode())
    return store


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_walks_through_no_table(filled: Store, name: str) -> None:
    with filled.transaction(Duty.SURVEILLANCE) as tx:
        explaining = Explaining(tx)
        QUERIES[name](cast("Transaction", explaining))

    assert explaining.plans
    assert [plan for plan in explaining.plans if re.search(r"Seq Scan on ", plan)] == []


def test_every_statement_stands_in_one_of_the_lists() -> None:
    functions = {name for name, one in getmembers(tables, isfunction) if one.__module__ == tables.__name__}

    assert {name for name in functions if not name.startswith("_")} == set(QUERIES) | ADDS_ONLY | WALKS_EVERYTHING


def test_the_check_can_fail(filled: Store) -> None:
    with filled.transaction(Duty.SURVEILLANCE) as tx:
        explaining = Explaining(tx)
        explaining.rows("select * from surveillance.figure where count > %s", (2,))

    assert re.search(r"Seq Scan on ", explaining.plans[0])
