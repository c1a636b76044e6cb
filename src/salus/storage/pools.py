"""One pool of connections for each duty, and the transaction that rooms work in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool, PoolTimeout

from salus.storage.errors import Met, NotCommitted, StoreDown, TookTooLong, Unstorable
from salus.storage.model import Duty

Row = tuple[Any, ...]


class Link(psycopg.Connection[Row]):
    """A connection that knows how long a statement on it may take at most, if it is limited outside of transactions."""

    seconds: float = 0.0


Pool = ConnectionPool[Link]
_CHECKOUT_SECONDS = 5.0
_LOCK_SECONDS = 20
_LARGE_BYTES = 64 * 1024
_GONE = ("08", "57P")
"""SQLSTATE classes of a server that is gone or going: connection exceptions, operator intervention."""
_NOT_STORED = "the database did not answer; nothing was stored, send the request again"
_MET = "somebody else wrote to the same records at the same time; nothing was stored, send the request again"
_TOOK_TOO_LONG = "this takes too long to answer: ask for less at once, or name a patient"
_MET_ERRORS = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.SerializationFailure,
)
_UNDONE = "a part of this failed unseen, so that all of it was undone; nothing was stored, send the request again"
_PERHAPS_STORED = "the database did not answer while it stored this; look whether it did before you send it again"
_PERHAPS_RAN = "the database did not answer; if you sent something to be stored, look whether it was; else ask again"


class Transaction:
    """An open transaction of one duty. It commits when its `with` block ends, and rolls back on an exception.

    Of one that is not `whole` each statement is durable by itself as soon as it has returned.
    """

    __slots__ = ("_after", "_connection", "_together", "duty", "limited", "whole")

    def __init__(self, connection: psycopg.Connection[Row], duty: Duty, *, whole: bool = True) -> None:
        self._connection = connection
        self._after: list[Callable[[], None]] = []
        self._together = False
        self.duty = duty
        self.limited = False
        self.whole = whole

    def rows(
        self, sql: str, params: Sequence[object] | Mapping[str, object] = (), *, binary: bool = False
    ) -> list[Row]:
        """Run a query and return all its rows; in the binary format many bodies take half the bytes."""
        return self._connection.execute(sql, params, binary=binary).fetchall()

    def rows_of_each(self, queries: Sequence[tuple[str, Sequence[object]]]) -> list[list[Row]]:
        """Run queries in one trip to the server and return the rows of each; the first that fails fails all."""
        if len(queries) < 2:
            return [self.rows(sql, params) for sql, params in queries]
        with self._connection.pipeline():
            cursors = [self._connection.execute(sql, params) for sql, params in queries]
            return [cursor.fetchall() for cursor in cursors]

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send the block's statements without waiting for each: what returns rows takes what stands before it along.

        What one of them raises is raised by it, by a later one, or at the block's end; nothing after it ran. Within
        the block `run` does not tell how many rows it touched, and `copy` is one insert, for which a few rows are few.
        """
        if self._together:
            yield
            return
        self._together = True
        try:
            with self._connection.pipeline():
                yield
        finally:
            self._together = False

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
        if self._together:
            self._insert(table, columns, rows)
            return
        statement = f"copy {table} ({', '.join(columns)}) from stdin"
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def _insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Insert a few rows by one prepared statement. COPY is parsed anew each time, and waits thrice.

        A large row goes by itself, as it is: JSON would say its bytes twice as long, and many of them in one parameter.
        """
        names, few = ", ".join(columns), []
        for row in rows:
            if any(isinstance(value, bytes) and len(value) > _LARGE_BYTES for value in row):
                values = ", ".join(["%s"] * len(columns))
                self._connection.execute(f"insert into {table} ({names}) values ({values})", row)  # noqa: S608
            else:
                few.append(dict(zip(columns, map(_plain, row), strict=True)))
        if few:
            self._connection.execute(
                f"insert into {table} ({names}) select {names} from json_populate_recordset(null::{table}, %s::json)",  # noqa: S608
                (orjson.dumps(few, default=str).decode(),),
            )

    def copy_out(self, statement: str) -> Iterator[bytes | bytearray | memoryview]:
        """Stream what `copy ... to stdout` gives."""
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            yield from copy

    def copy_in(self, statement: str, chunks: Iterable[bytes]) -> None:
        """Feed chunks to `copy ... from stdin`."""
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for chunk in chunks:
                copy.write(chunk)

    def limit(self, seconds: float) -> None:
        """Let none of the statements that follow run longer; where one does, the transaction raises TookTooLong."""
        if not self.whole:
            raise ValueError("statements that commit by themselves have no limit together")
        self.run("select set_config('statement_timeout', %s, true)", (f"{round(seconds * 1000)}ms",))
        self.limited = True

    def unlimited(self) -> None:
        """Let the statements that follow run as long as they take."""
        self.run("select set_config('statement_timeout', '0', true)")

    def emit(self, kind: str, payload: Mapping[str, object]) -> None:
        """Put an event into the outbox: it exists exactly if this transaction commits."""
        self.run("insert into storage.outbox (kind, payload) values (%s, %s)", (kind, Jsonb(dict(payload))))

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run `action` once this transaction is durable; never if it is rolled back."""
        self._after.append(action)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what the block did if it raises, and let the transaction go on.

        Raises Unstorable for an odd value, and TookTooLong for a statement past the transaction's limit.
        """
        try:
            with self._connection.transaction():
                yield
        except psycopg.errors.QueryCanceled as late:
            if self.limited:
                raise TookTooLong(_TOOK_TOO_LONG) from late
            raise
        except (psycopg.DataError, psycopg.errors.ProgramLimitExceeded) as odd:
            raise Unstorable("a value is beyond what can be stored; nothing of it was") from odd

    def committed(self) -> None:
        """Run the actions that waited for the commit."""
        for action in self._after:
            action()


def _plain(value: object) -> object:
    """Return a value as JSON can say it: bytes as PostgreSQL writes them."""
    return "\\x" + value.hex() if isinstance(value, bytes) else value


def check_whole(connection: psycopg.Connection[Row]) -> None:
    """Refuse to commit a transaction in which a statement failed, whoever swallowed its error. Asks no server.

    PostgreSQL answers the COMMIT of such a one with ROLLBACK, which psycopg takes for success: what was acknowledged
    would be lost. Raises NotCommitted.
    """
    if connection.info.transaction_status == TransactionStatus.INERROR:
        raise NotCommitted(_UNDONE)


def listed(values: Iterable[int | UUID | None]) -> str:
    """Write numbers or ids as PostgreSQL writes an array, to be cast in the statement: `%s::bigint[]`.

    Adapting a list of Python's looks at each of its elements several times, which costs a short statement half of all.
    """
    return "{" + ",".join("null" if one is None else str(one) for one in values) + "}"


def _patient(connection: Link) -> None:
    """Bound how long a statement waits for what another transaction holds; none begins a transaction unasked."""
    connection.autocommit = True
    connection.execute(f"set lock_timeout = '{_LOCK_SECONDS}s'")


def _limit(connection: Link, seconds: float) -> None:
    """Bound how long a statement takes: said to the server only where the one before, on this connection, differed."""
    if connection.seconds != seconds:
        connection.execute("select set_config('statement_timeout', %s, false)", (f"{round(seconds * 1000)}ms",))
        connection.seconds = seconds


@dataclass(slots=True)
class _Lending:
    """The use of a connection: whether what breaks now may have been stored, and whether statements are limited.

    `alone` says that each statement commits by itself: one that is lost may have stored, or only read.
    """

    committing: bool = False
    limited: bool = False
    alone: bool = False


class Pools:
    """The pools of all duties. Where a connection breaks, all are dropped; `revive` runs before one is opened."""

    def __init__(self, address: Callable[[Duty], str], revive: Callable[[], None], most: int = 12) -> None:
        self._address = address
        self._revive = revive
        self._most = most
        self._pools: dict[Duty, Pool] = {}
        self._opening = threading.Lock()

    @contextmanager
    def transaction(self, duty: Duty) -> Iterator[Transaction]:
        """Lend a connection for one transaction.

        Raises StoreDown when the server cannot be reached or dies on the way; its text tells whether a commit may
        have been under way. Then nothing was acknowledged. Raises Met for a deadlock, or for a lock that another
        transaction did not give back within 20 seconds, TookTooLong for a statement past the transaction's limit, and
        NotCommitted where a statement failed and its error was swallowed.
        """
        lending = _Lending()
        with self._lent(duty, lending) as connection:
            transaction = Transaction(connection, duty)
            with connection.transaction():
                try:
                    yield transaction
                finally:
                    lending.limited = transaction.limited
                check_whole(connection)
                lending.committing = True
        transaction.committed()

    @contextmanager
    def statements(self, duty: Duty, limit: float = 0.0) -> Iterator[Transaction]:
        """Lend a connection on which each statement is a transaction of its own, durable once it has run.

        Each costs one trip to the server where a transaction costs two more. For work of which one statement writes,
        and what was read before it may be as old as the statement that read it. Raises what `transaction` raises;
        statements that ran before stay. None runs longer than `limit` seconds, if there is one.
        """
        lending = _Lending(alone=True, limited=limit > 0)
        with self._lent(duty, lending, limit) as connection:
            single = Transaction(connection, duty, whole=False)
            lending.committing = True
            yield single
        single.committed()

    @contextmanager
    def _lent(self, duty: Duty, lending: _Lending, limit: float = 0.0) -> Iterator[Link]:
        """Lend a connection of a duty's pool, and say in our words what broke."""
        pool = self._pool(duty)
        try:
            with pool.connection(timeout=_CHECKOUT_SECONDS) as connection:
                _limit(connection, limit)
                yield connection
        except _MET_ERRORS as met:
            raise Met(_MET) from met
        except (psycopg.OperationalError, psycopg.InterfaceError) as lost:
            if isinstance(lost, psycopg.errors.QueryCanceled):
                if lending.limited:
                    raise TookTooLong(_TOOK_TOO_LONG) from lost
                raise
            if not isinstance(lost, PoolTimeout) and (lost.sqlstate is None or lost.sqlstate.startswith(_GONE)):
                self._drop(duty, pool)
            if isinstance(lost, PoolTimeout) or not lending.committing:
                raise StoreDown(_NOT_STORED) from lost
            raise StoreDown(_PERHAPS_RAN if lending.alone else _PERHAPS_STORED) from lost

    def close(self) -> None:
        """Close every pool."""
        with self._opening:
            for pool in self._pools.values():
                pool.close(timeout=2)
            self._pools.clear()

    def _pool(self, duty: Duty) -> Pool:
        """Return the pool of a duty, opened over a server that runs. One opens; the others wait a moment for it."""
        found = self._pools.get(duty)
        if found is not None:
            return found
        if not self._opening.acquire(timeout=_CHECKOUT_SECONDS):
            raise StoreDown(_NOT_STORED)
        try:
            if duty not in self._pools:
                self._revive()
                self._pools[duty] = self._open(duty)
            return self._pools[duty]
        finally:
            self._opening.release()

    def _open(self, duty: Duty) -> Pool:
        return ConnectionPool(
            self._address(duty),
            connection_class=Link,
            configure=_patient,
            min_size=0,
            max_size=self._most,
            reconnect_timeout=_CHECKOUT_SECONDS,
            name=duty.value,
            open=True,
        )

    def _drop(self, duty: Duty, broken: Pool) -> None:
        """Forget all pools, unless somebody did since `broken` was lent; whoever waits for a connection is told."""
        with self._opening:
            if self._pools.get(duty) is not broken:
                return
            dropped = list(self._pools.values())
            self._pools.clear()
        for pool in dropped:
            pool.close(timeout=0)
