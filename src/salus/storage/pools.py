"""One pool of connections for each duty, and the transaction that rooms work in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool, PoolTimeout

from salus.storage.errors import StoreDown
from salus.storage.model import Duty

Row = tuple[Any, ...]
_CHECKOUT_SECONDS = 20.0


class Transaction:
    """An open transaction of one duty. It commits when its `with` block ends, and rolls back on an exception."""

    __slots__ = ("_after", "_connection", "duty")

    def __init__(self, connection: psycopg.Connection[Row], duty: Duty) -> None:
        self._connection = connection
        self._after: list[Callable[[], None]] = []
        self.duty = duty

    def rows(self, sql: str, params: Sequence[object] | Mapping[str, object] = ()) -> list[Row]:
        """Run a query and return all its rows."""
        return self._connection.execute(sql, params).fetchall()

    def row(self, sql: str, params: Sequence[object] | Mapping[str, object] = ()) -> Row | None:
        """Run a query and return its first row, or None."""
        return self._connection.execute(sql, params).fetchone()

    def run(self, sql: str, params: Sequence[object] | Mapping[str, object] = ()) -> int:
        """Run a statement and return how many rows it touched."""
        return self._connection.execute(sql, params).rowcount

    def many(self, sql: str, params: Iterable[Sequence[object]]) -> None:
        """Run one statement for each set of parameters, pipelined."""
        with self._connection.cursor() as cursor:
            cursor.executemany(sql, params)

    def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Bulk-load rows by COPY. `table` and `columns` are names of ours, never input."""
        statement = f"copy {table} ({', '.join(columns)}) from stdin"
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def copy_out(self, statement: str) -> Iterator[bytes | bytearray | memoryview]:
        """Stream what `copy ... to stdout` gives."""
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            yield from copy

    def copy_in(self, statement: str, chunks: Iterable[bytes]) -> None:
        """Feed chunks to `copy ... from stdin`."""
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for chunk in chunks:
                copy.write(chunk)

    def emit(self, kind: str, payload: Mapping[str, object]) -> None:
        """Put an event into the outbox: it exists exactly if this transaction commits."""
        self.run("insert into storage.outbox (kind, payload) values (%s, %s)", (kind, Jsonb(dict(payload))))

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run `action` once this transaction is durable; never if it is rolled back."""
        self._after.append(action)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what the block did if it raises, and let the transaction go on."""
        with self._connection.transaction():
            yield

    def committed(self) -> None:
        """Run the actions that waited for the commit."""
        for action in self._after:
            action()


class Pools:
    """The pools of all duties. A broken connection is dropped, and `revive` is asked to bring the server back."""

    def __init__(self, address: Callable[[Duty], str], revive: Callable[[], None], most: int = 12) -> None:
        self._address = address
        self._revive = revive
        self._most = most
        self._pools: dict[Duty, ConnectionPool[psycopg.Connection[Row]]] = {}
        self._opening = threading.Lock()
        self._reviving = threading.Lock()

    @contextmanager
    def transaction(self, duty: Duty) -> Iterator[Transaction]:
        """Lend a connection for one transaction.

        Raises StoreDown when the server cannot be reached or dies on the way: then nothing was acknowledged.
        """
        try:
            with self._pool(duty).connection(timeout=_CHECKOUT_SECONDS) as connection:
                transaction = Transaction(connection, duty)
                with connection.transaction():
                    yield transaction
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as lost:
            if isinstance(lost, psycopg.errors.QueryCanceled | psycopg.errors.LockNotAvailable):
                raise
            self._recover()
            raise StoreDown("the database did not answer; nothing was stored, send the request again") from lost
        transaction.committed()

    def close(self) -> None:
        """Close every pool."""
        with self._opening:
            for pool in self._pools.values():
                pool.close(timeout=2)
            self._pools.clear()

    def _pool(self, duty: Duty) -> ConnectionPool[psycopg.Connection[Row]]:
        found = self._pools.get(duty)
        if found is not None:
            return found
        with self._opening:
            if duty not in self._pools:
                self._pools[duty] = ConnectionPool(
                    self._address(duty),
                    connection_class=psycopg.Connection[Row],
                    min_size=0,
                    max_size=self._most,
                    reconnect_timeout=5,
                    name=duty.value,
                    open=True,
                )
            return self._pools[duty]

    def _recover(self) -> None:
        """Bring the server back once, however many threads noticed; the others wait and then try again."""
        if not self._reviving.acquire(blocking=False):
            with self._reviving:
                return
        try:
            self._revive()
            for pool in list(self._pools.values()):
                pool.check()
        finally:
            self._reviving.release()
