"""What statements that are sent together promise: one trip, the same rows, and none where one of them is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from nodes import a_node, a_number, a_patient, send, system
from salus.app import Node
from salus.storage import Duty, Store, drain

H1 = system("H1")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("together"), "H1") as opened:
        yield opened


@pytest.fixture
def store(node: Node) -> Store:
    return node.store


def test_statements_sent_together_are_stored_together_with_the_bytes_and_instants_of_their_rows(store: Store) -> None:
    at = datetime(2026, 11, 27, 3, 4, 5, 678901, tzinfo=UTC)
    rows = [
        (number, 1, -number, 7, at, body) for number, body in ((-4, bytes(range(256)) * 4096), (-3, b""), (-2, b"0"))
    ]
    columns = ("resource_key", "version", "chart_key", "acceptance", "at", "body")
    asked = f"select {', '.join(columns)} from records.version where resource_key < 0 order by 1"
    with store.transaction(Duty.CARE) as tx:
        with tx.together(), tx.together():
            tx.copy("records.version", columns, rows)
            tx.copy("records.version", columns, [])
            tx.emit("Together", {})
            seen = tx.rows(asked)
        by_insert = tx.rows(asked)
    with store.transaction(Duty.CARE) as tx:
        tx.copy("records.version", columns, [(-1, *rows[0][1:])])
        by_copy = tx.rows(asked)[3:]

    assert seen == by_insert == rows
    assert by_copy == [(-1, *rows[0][1:])]
    assert drain(store, {"Together": lambda _: None}).done == 1


def test_of_statements_sent_together_the_wrong_one_is_told_and_none_is_stored(store: Store) -> None:
    def send_wrong(*asked: str) -> None:
        with store.transaction(Duty.CARE) as tx, tx.together():
            tx.emit("Together", {})
            tx.run(
                "insert into identity.assertion (chart_a, chart_b, verdict, ground, author, at)"
                " values (2, 1, 'same', 'number', 'equal-number', now())"
            )
            tx.emit("Together", {})
            for one in asked:
                tx.rows(one)

    with pytest.raises(psycopg.errors.CheckViolation):  # at the end of the block
        send_wrong()
    with pytest.raises(psycopg.errors.CheckViolation):  # at what returns rows
        send_wrong("select 1")

    with store.transaction(Duty.CARE) as tx:
        assert tx.row("select 1") == (1,)
    assert drain(store, {"Together": lambda _: None}).done == 0


def test_registering_somebody_who_is_known_leaves_prepared_statements_prepared(node: Node) -> None:
    """To roll back to a savepoint makes psycopg forget them all; each was then planned anew for every person."""

    def prepared() -> set[str]:
        with node.store.transaction(Duty.CARE) as tx:
            return {name for (name,) in tx.rows("select name from pg_prepared_statements")}

    for _ in range(8):
        send(node, H1, a_patient(a_number(7)))
    before = prepared()
    send(node, H1, a_patient(a_number(7)))

    assert len(before) > 10
    assert before <= prepared()
