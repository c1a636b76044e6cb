"""Every query of what is counted of what arrives finds its rows by an index, where the tables are large."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from inspect import getmembers, isfunction
from typing import cast

import pytest
from test_records_queries import WALK

from explaining import Explaining
from salus.records.arriving import store as tables
from salus.storage import Duty, Store, Transaction

DAY = date(2031, 3, 1)
QUERIES: dict[str, Callable[[Transaction], object]] = {
    "connections_of": lambda tx: tables.connections_of(tx, "H7"),
    "arrived": lambda tx: tables.arrived(tx, DAY, DAY),
    "arrived_of": lambda tx: tables.arrived_of(tx, "H7", DAY, DAY),
    "turned_away": lambda tx: tables.turned_away(tx, "H7", DAY, DAY),
    "forget_sent": lambda tx: tables.forget_sent(tx, date(2030, 1, 3)),
}
WALKS_EVERYTHING = {"connections": "one row a facility and way, all of them asked for"}
ADDS_ONLY = {"connect", "add_arrived", "add_sent", "add_turned_away"}


@pytest.fixture(scope="module")
def filled(store: Store) -> Store:
    days = "'2030-01-01'::date + (n / 500)::int"
    statements = [
        (
            "insert into records.connection select 'H' || n, 'fhir', '2030-01-01', '2031-03-01', 1, 1"
            " from generate_series(1, 5000) n"
        ),
        (
            f"insert into records.arrived select 'H' || n % 500, {days}, 'fhir', 'Patient', 'resource', '', 1"
            " from generate_series(1, 200000) n"
        ),
        (
            f"insert into records.turned_away select 'H' || n % 500, {days}, 'fhir', 'SALUS-R001', '', 1"
            " from generate_series(1, 200000) n"
        ),
        f"insert into records.sent select 'H' || n % 500, n, {days} from generate_series(1, 200000) n",
        "analyze",
    ]
    with store.connect(Duty.MIGRATION, "salus") as connection:
        for statement in statements:
            connection.execute(statement.encode())
    return store


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_of_arrivals_walks_through_no_table(filled: Store, name: str) -> None:
    with filled.transaction(Duty.CARE) as tx:
        explaining = Explaining(tx)
        QUERIES[name](cast("Transaction", explaining))

    assert explaining.plans
    assert [plan for plan in explaining.plans if re.search(WALK, plan)] == []


def test_every_statement_of_arrivals_is_listed() -> None:
    functions = {name for name, one in getmembers(tables, isfunction) if one.__module__ == tables.__name__}

    assert set(QUERIES) | set(WALKS_EVERYTHING) | ADDS_ONLY == functions
