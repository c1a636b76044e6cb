"""A statement that failed inside a transaction is never told as stored, whoever swallowed its error."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import psycopg
import pytest

from salus.storage import Duty, NotCommitted, Store, Transaction, drain


def swallow(tx: Transaction) -> None:
    """Store something, and let nobody hear that the statement after it failed."""
    tx.emit("Committed", {})
    with suppress(psycopg.errors.UndefinedTable):
        tx.run("select * from no_such_table")


def swallow_together(tx: Transaction) -> None:
    """Do the same where statements go out together."""
    with suppress(psycopg.errors.UndefinedTable), tx.together():
        tx.emit("Committed", {})
        tx.run("select * from no_such_table")


@pytest.mark.parametrize("swallowed", [swallow, swallow_together])
@pytest.mark.parametrize("lent", ["from a pool", "over all tables"])
def test_a_swallowed_failure_is_no_success(store: Store, swallowed: Callable[[Transaction], None], lent: str) -> None:
    acted: list[int] = []

    def begin() -> None:
        with store.transaction(Duty.CARE) if lent == "from a pool" else store.whole(Duty.CARE.database) as tx:
            tx.after_commit(lambda: acted.append(1))
            swallowed(tx)

    with pytest.raises(NotCommitted, match="nothing was stored"):
        begin()
    with store.transaction(Duty.CARE) as tx:  # on the same connection, which is as good as before
        tx.emit("Committed", {})

    assert acted == []
    assert drain(store, {"Committed": lambda _: None}).done == 1


def test_a_failure_within_a_savepoint_leaves_the_rest_to_be_stored(store: Store) -> None:
    with store.transaction(Duty.CARE) as tx:
        tx.emit("Committed", {})
        with suppress(psycopg.errors.UndefinedTable), tx.savepoint():
            tx.run("select * from no_such_table")

    assert drain(store, {"Committed": lambda _: None}).done == 1
