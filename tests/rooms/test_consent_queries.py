"""Every query of what residents said has an index, however much was said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from inspect import getmembers, isfunction
from typing import cast
from uuid import UUID

import pytest

from explaining import Explaining
from reads import AT, as_owner
from salus.access.consent import About, Directive, Says
from salus.access.consent import store as tables
from salus.kernel import Role, new_id
from salus.storage import Duty, Store, Transaction

QUERIES: dict[str, Callable[[Transaction], object]] = {
    "directives": lambda tx: tables.directives(tx, [7, 8]),
    "directive": lambda tx: tables.directive(tx, UUID(int=7)),
    "said": lambda tx: tables.said(tx, [("H1", 7), ("H2", 8)], AT),
}
WRITES = {"add", "withdraw"}


@pytest.fixture(scope="module")
def filled(store: Store) -> Store:
    with store.transaction(Duty.CARE) as tx:
        for n in range(4000):
            one = Directive(
                id=new_id(),
                resident_key=n // 4,
                says=Says.PERMIT,
                about=About.HIV,
                facility="H1" if n % 2 else None,
                since=AT,
                until=AT + timedelta(days=1),
                recorded_by="me",
                recorded_as=Role.RESIDENT,
            )
            tables.add(tx, one)
            if n % 3 == 0:
                tables.withdraw(tx, one.id, AT, "me")
    as_owner(store, "analyze")
    return store


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_of_what_was_said_walks_through_a_table(filled: Store, name: str) -> None:
    with filled.transaction(Duty.CARE) as tx:
        tx.run("set local enable_seqscan = off")
        explaining = Explaining(tx)
        QUERIES[name](cast("Transaction", explaining))

    assert explaining.plans
    assert not [plan for plan in explaining.plans if "Seq Scan" in plan]


def test_every_statement_of_consent_is_in_one_of_the_lists() -> None:
    functions = {name for name, function in getmembers(tables, isfunction) if function.__module__ == tables.__name__}

    assert {name for name in functions if not name.startswith("_")} == set(QUERIES) | WRITES
