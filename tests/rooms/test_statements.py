"""Statements that commit by themselves: durable one by one, under the same duty, with the same errors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.identity import store as identity_store
from salus.records import store as records_store
from salus.records.sensitivity import store as classes
from salus.storage import Duty, Met, Store, StoreDown, TookTooLong, Transaction, listed, pools


def test_each_statement_is_durable_though_the_next_one_fails(store: Store) -> None:
    before = _events(store)

    with pytest.raises(psycopg.errors.UndefinedTable), store.statements(Duty.CARE) as tx:
        _emit_and_fail(tx)

    assert _events(store) == before + 1


def test_a_transaction_of_the_same_pool_is_still_all_or_nothing(store: Store) -> None:
    before = _events(store)

    for _ in range(3):
        with store.statements(Duty.CARE) as tx:
            tx.row("select 1")
        with pytest.raises(psycopg.errors.UndefinedTable), store.transaction(Duty.CARE) as tx:
            _emit_and_fail(tx)

    assert _events(store) == before


def _emit_and_fail(tx: Transaction) -> None:
    tx.emit("Nothing", {})
    tx.run("select * from no_such_table")


def _events(store: Store) -> int:
    with store.connect(Duty.MIGRATION, "salus") as owner:
        found = owner.execute("select count(*) from storage.outbox where kind = 'Nothing'").fetchone()
    return int(found[0]) if found else 0


def test_they_run_under_the_dutys_own_role(store: Store) -> None:
    with store.statements(Duty.KEYS) as tx:
        assert tx.row("select current_user") == (Duty.KEYS.role,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), store.statements(Duty.KEYS) as tx:
        tx.run("update keys.chart_key set wrapped = wrapped")


def test_they_have_no_limit_together(store: Store) -> None:
    with pytest.raises(ValueError, match="no limit"), store.statements(Duty.CARE) as tx:
        tx.limit(1)


def test_each_of_them_has_a_limit_where_one_is_given(store: Store) -> None:
    with pytest.raises(TookTooLong), store.statements(Duty.CARE, limit=0.1) as tx:
        tx.run("select pg_sleep(20)")
    with store.statements(Duty.CARE, limit=30) as tx:
        assert tx.row("show statement_timeout") == ("30s",)


def test_a_limit_is_not_left_to_whoever_is_lent_the_connection_next(store: Store) -> None:
    for _ in range(4):
        with store.statements(Duty.CARE, limit=20) as tx:
            assert tx.row("show statement_timeout") == ("20s",)
        with store.statements(Duty.CARE) as tx:
            assert tx.row("show statement_timeout") == ("0",)
        with store.statements(Duty.CARE, limit=20) as tx:
            tx.row("select 1")
        with store.transaction(Duty.CARE) as tx:
            assert tx.row("show statement_timeout") == ("0",)


ASKED_EACH_TIME: dict[str, Callable[[Transaction, int], object]] = {
    "records: fetch": lambda tx, n: records_store.fetch(tx, [uuid4() for _ in range(n)]),
    "records: targets": lambda tx, n: records_store.targets(tx, [("Patient", uuid4()) for _ in range(n)]),
    "records: charts_waiting": lambda tx, n: classes.charts_waiting(tx, range(n), "H1"),
    "identity: residents_of": lambda tx, n: identity_store.residents_of(tx, range(n)),
    "identity: minted_of": lambda tx, n: identity_store.minted_of(tx, range(n)),
}
"""What a read or a search asks, whoever asks: the statement is the same, the list is longer or shorter."""


@pytest.mark.parametrize("name", ASKED_EACH_TIME)
def test_what_each_read_asks_is_planned_once_for_a_connection(store: Store, name: str) -> None:
    with store.statements(Duty.CARE) as tx:
        tx.run("deallocate all")
        for n in (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 16, 1, 3, 1):
            ASKED_EACH_TIME[name](tx, n)
        planned = tx.rows("select custom_plans, generic_plans from pg_prepared_statements where generic_plans > 0")

    assert planned, "it is planned anew for each list"


def test_what_waits_runs_when_all_were_run(store: Store) -> None:
    told: list[str] = []

    with store.statements(Duty.CARE) as tx:
        tx.after_commit(lambda: told.append("done"))
        assert told == []

    assert told == ["done"]


def test_a_lost_connection_and_a_lock_are_told_as_ever(store: Store) -> None:
    def lose(tx: Transaction) -> None:
        tx.run("select pg_terminate_backend(pg_backend_pid())")

    def wait(tx: Transaction) -> None:
        tx.run("do $$ begin raise lock_not_available; end $$")

    for error, run in ((StoreDown, lose), (Met, wait)):
        with pytest.raises(error), store.statements(Duty.CARE) as tx:
            run(tx)
    with store.statements(Duty.CARE) as tx:
        assert tx.row("select 1") == (1,)


def test_what_is_told_of_a_lost_statement_fits_a_read_as_well(store: Store) -> None:
    with pytest.raises(StoreDown, match="if you sent something") as told, store.statements(Duty.CARE) as tx:
        tx.row("select pg_terminate_backend(pg_backend_pid())")
    assert "while it stored" not in told.value.text


def test_where_no_connection_was_free_nothing_was_stored(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_CHECKOUT_SECONDS", 0.5)
    with ExitStack() as busy, pytest.raises(StoreDown, match="nothing was stored"):
        _occupy(store, busy)


def _occupy(store: Store, busy: ExitStack) -> None:
    for _ in range(20):
        busy.enter_context(store.statements(Duty.LEDGER))


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_numbers_are_listed_as_arrays(store: Store, numbers: list[int]) -> None:
    with store.statements(Duty.CARE) as tx:
        assert tx.row("select %s::bigint[]", (listed(numbers),)) == (numbers,)


def test_ids_are_listed_as_arrays(store: Store) -> None:
    ids = [uuid4() for _ in range(5)]

    with store.statements(Duty.CARE) as tx:
        assert tx.row("select %s::uuid[]", (listed(ids),)) == (ids,)


def test_queries_of_one_trip_are_answered_each_in_order(store: Store) -> None:
    with store.transaction(Duty.CARE) as tx:
        assert tx.rows_of_each([]) == []
        assert tx.rows_of_each([("select %s::int", (1,))]) == [[(1,)]]
        assert tx.rows_of_each([("select %s::int", (n,)) for n in range(20)]) == [[(n,)] for n in range(20)]
        assert tx.row("select 5") == (5,)


def test_one_of_them_that_fails_fails_all(store: Store) -> None:
    queries = [("select 1", ()), ("select * from no_such_table", ()), ("select 2", ())]

    with pytest.raises(psycopg.errors.UndefinedTable), store.transaction(Duty.CARE) as tx:
        tx.rows_of_each(queries)
    with store.transaction(Duty.CARE) as tx:
        assert tx.row("select 5") == (5,)


def test_one_of_them_that_takes_too_long_is_told_as_that(store: Store) -> None:
    queries: list[tuple[str, tuple[()]]] = [("select 1", ()), ("select pg_sleep(20)", ()), ("select 2", ())]

    with pytest.raises(TookTooLong), store.transaction(Duty.CARE) as tx:
        _limited(tx, queries)
    with store.transaction(Duty.CARE) as tx:
        assert tx.row("select 5") == (5,)


def _limited(tx: Transaction, queries: list[tuple[str, tuple[()]]]) -> None:
    tx.limit(0.1)
    tx.rows_of_each(queries)
