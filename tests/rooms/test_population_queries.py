"""Every query of the population register and of follow-up finds its rows by an index, at a size where it matters."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import cast

import pytest
from test_records_queries import WALK, _public

from explaining import Explaining
from salus.access import Sight
from salus.records.following import store as following
from salus.records.population import store as population
from salus.storage import Duty, Store, Transaction

CHARTS = 20_000
FEW = "generate_series(1, 5000) n"
SIGHT = Sight(facility="H2", closed={700_005: 7, 700_006: 0})
ONE_ROW = "Seq Scan on surveying"
Call = Callable[[Transaction], object]
QUERIES: dict[str, Call] = {
    "population: replace_vitals": lambda tx: population.replace_vitals(tx, population.vitals_of(tx, [700_005])),
    "population: forget_vitals": lambda tx: population.forget_vitals(tx, [700_005]),
    "population: replace_keepings": lambda tx: population.replace_keepings(tx, [700_005], []),
    "population: vitals_after": lambda tx: population.vitals_after(tx, 700_100, 50),
    "population: vitals_of": lambda tx: population.vitals_of(tx, [700_005, 700_006]),
    "population: keepings_of": lambda tx: population.keepings_of(tx, [700_005, 700_006]),
    "population: keepings_seen": lambda tx: population.keepings_seen(tx, SIGHT),
    "population: keepings": lambda tx: population.keepings(tx, [700_005, 700_006]),
    "population: opened": lambda tx: population.opened(tx, [1, 2, 3]),
    "population: charts_kept": lambda tx: population.charts_kept(tx, "H77", 700_100, 20),
    "population: begin": lambda tx: population.begin(tx, 2),
    "population: charts_between": lambda tx: population.charts_between(tx, 700_100, 710_000, 50),
    "population: note_surveyed": lambda tx: population.note_surveyed(tx, 1, 0),
    "population: unsurveyed": lambda tx: population.unsurveyed(tx, 1),
    "population: resources_of": lambda tx: population.resources_of(tx, 700_005, ("Patient", "Condition")),
    "population: lock_published": population.lock_published,
    "population: newest_published": population.newest_published,
    "population: first_opened": population.first_opened,
    "population: published": lambda tx: population.published(tx, date(2031, 2, 1)),
    "population: add_published": lambda tx: population.add_published(tx, date(2031, 2, 1), []),
    "following: replace_followed": lambda tx: following.replace_followed(tx, [700_005], []),
    "following: followed_of": lambda tx: following.followed_of(tx, SIGHT),
}


@pytest.fixture(scope="module")
def filled(store: Store) -> Store:
    span = f"generate_series(700001, {700_000 + CHARTS}) n"
    statements = [
        "insert into records.chart select n, gen_random_uuid(), 'resident', 'H' || n % 100, 'test', 0, now() from "
        + span,
        "insert into records.resource select n, gen_random_uuid(), 'Patient', n, 1, now(), now(), now(), 0 from "
        + span,
        f"insert into records.version select n, 1, n, 1, now(), '' from {span}",
        f"insert into records.vital select n, 'H1', '1980-01-01', 'male', null, null, true, now() from {span}",
        f"insert into records.keeping select n, n, 'H' || n % 100, '2020-01-01', null, now() from {span}",
        f"insert into records.followed select n, ('topic-' || n % 20)::bytea, n, '2031-01-01' from {span}",
        f"insert into records.published select date '1100-01-01' + make_interval(months => n), '', '{{}}' from {FEW}",
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
        explaining.copy = tx.copy  # type: ignore[attr-defined]
        QUERIES[name](cast("Transaction", explaining))

    assert explaining.plans
    assert [plan for plan in explaining.plans if re.search(WALK, plan) and ONE_ROW not in plan] == []


def test_every_statement_stands_in_the_list() -> None:
    owned = {"population": population, "following": following}

    assert set(QUERIES) == {f"{room}: {name}" for room, module in owned.items() for name in _public(module)}
