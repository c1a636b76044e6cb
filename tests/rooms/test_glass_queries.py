"""Every query of openings in emergencies has an index, but for the two lists that grow with nobody's wait for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from inspect import getmembers, isfunction
from typing import cast
from uuid import UUID

import pytest

from explaining import Explaining
from reads import AT, as_owner
from salus.access.glass import GLASS_LASTS, Category, Opening, Review
from salus.access.glass import store as tables
from salus.kernel import new_id
from salus.storage import Duty, Store, Transaction


def an_opening(n: int) -> Opening:
    at = AT + timedelta(minutes=n)
    return Opening(
        id=new_id(),
        resident_key=n // 4,
        opened_by=f"doctor-{n // 10}",
        facility=f"H{n % 50}",
        organisation="Group",
        category=Category.CONFUSED,
        words=b"sealed",
        at=at,
        ends=at + GLASS_LASTS,
    )


QUERIES: dict[str, Callable[[Transaction], object]] = {
    "opening": lambda tx: tables.opening(tx, UUID(int=7)),
    "openings_of": lambda tx: tables.openings_of(tx, [7, 8]),
    "by_staff": lambda tx: tables.by_staff(tx, "doctor-7"),
    "overdue_at": lambda tx: tables.overdue_at(tx, "H7", AT),
    "seen": lambda tx: tables.seen(tx, an_opening(7), [1, 2]),
}
WALKS_EVERYTHING = {"waiting", "untold"}
WRITES = {"add", "add_review", "add_told", "lock"}


@pytest.fixture(scope="module")
def filled(store: Store) -> Store:
    with store.transaction(Duty.CARE) as tx:
        for n in range(3000):
            one = an_opening(n)
            tables.add(tx, one)
            if n % 3:
                tables.add_review(tx, one.id, Review(upheld=True, reviewer="judge", organisation="Board", at=one.ends))
    as_owner(store, "analyze")
    return store


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_of_openings_walks_through_a_table(filled: Store, name: str) -> None:
    with filled.transaction(Duty.CARE) as tx:
        tx.run("set local enable_seqscan = off")
        explaining = Explaining(tx)
        QUERIES[name](cast("Transaction", explaining))

    assert explaining.plans
    assert not [plan for plan in explaining.plans if "Seq Scan" in plan]


def test_every_statement_of_openings_is_in_one_of_the_lists() -> None:
    functions = {name for name, function in getmembers(tables, isfunction) if function.__module__ == tables.__name__}

    assert {name for name in functions if not name.startswith("_")} == set(QUERIES) | WALKS_EVERYTHING | WRITES
