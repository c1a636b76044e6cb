"""The plans of a room's statements: a transaction that explains each before it runs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from salus.storage import Transaction


class Explaining:
    """A transaction that keeps the plan of each statement, and then runs it."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.plans: list[str] = []

    def rows(self, sql: str, params: Sequence[object] = (), *, binary: bool = False) -> list[tuple[Any, ...]]:
        self._explain(sql, params)
        return self._transaction.rows(sql, params)

    def rows_of_each(self, queries: Sequence[tuple[str, Sequence[object]]]) -> list[list[tuple[Any, ...]]]:
        return [self.rows(sql, params) for sql, params in queries]

    def row(self, sql: str, params: Sequence[object] = ()) -> tuple[Any, ...] | None:
        return next(iter(self.rows(sql, params)), None)

    def run(self, sql: str, params: Sequence[object] = ()) -> int:
        self._explain(sql, params)
        return self._transaction.run(sql, params)

    def _explain(self, sql: str, params: Sequence[object]) -> None:
        self.plans.append("\n".join(line for (line,) in self._transaction.rows(f"explain {sql}", params)))
