"""Open a node's database: start or attach PostgreSQL, prepare roles, lend transactions."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from salus.storage import forward
from salus.storage.errors import FolderRefused, StoreDown
from salus.storage.model import DATABASE, KEYS_DATABASE, Duty, Schema, Settings
from salus.storage.pools import Pools, Row, Transaction, check_whole
from salus.storage.postgres.cluster import SUPERUSER, Cluster

UNUSABLE = "unusable.txt"
"""A data folder with this file is opened by nobody but the one who is filling it; its text says why."""


class Store:
    """An open database of one node. Thread-safe. Close it, or use it as a context manager."""

    def __init__(self, settings: Settings, cluster: Cluster | None, url: str | None) -> None:
        self.settings = settings
        self.cluster = cluster
        self._url = url
        self._passwords = _passwords(settings.data)
        self._pools = Pools(self._address, cluster.ensure if cluster else lambda: None)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self, duty: Duty) -> Iterator[Transaction]:
        """Lend one transaction under a duty's own LOGIN role; it is durable once the block has ended."""
        with self._pools.transaction(duty) as transaction:
            yield transaction

    @contextmanager
    def statements(self, duty: Duty, limit: float = 0.0) -> Iterator[Transaction]:
        """Lend a connection of a duty on which each statement is a transaction of its own, durable once it has run.

        None of them runs longer than `limit` seconds, if there is one; where one would, it raises TookTooLong.
        """
        with self._pools.statements(duty, limit) as single:
            yield single

    @contextmanager
    def whole(self, database: str) -> Iterator[Transaction]:
        """Lend one transaction of the migration role over all tables of a database, on a connection of its own."""
        try:
            with psycopg.connect(self._conninfo(Duty.MIGRATION, database)) as connection:
                yield Transaction(connection, Duty.MIGRATION)
                check_whole(connection)
        except psycopg.OperationalError as lost:
            raise StoreDown("the database did not answer; nothing was stored, try again") from lost

    def fresh(self) -> bool:
        """Tell whether the server has neither a database nor a role of Salus yet."""
        with self._owner("postgres") as owner:
            found = owner.execute(
                "select datname from pg_database where datname = any(%(databases)s) union all"
                " select rolname from pg_roles where rolname = any(%(roles)s)",
                {"databases": [DATABASE, KEYS_DATABASE], "roles": [duty.role for duty in Duty]},
            )
            return found.fetchone() is None

    def migrate(self, schemas: Sequence[Schema], only: Collection[str] | None = None) -> list[str]:
        """Create missing roles and databases, apply missing migrations; name what was applied. Idempotent.

        `only` names the files to apply, as `room/name`; without it all are.
        """
        self._check_owner()
        forward.prepare(self._owner, self._passwords, private=self.cluster is not None)
        main = [forward.OWN, *(schema for schema in schemas if not schema.keys)]
        applied = []
        for database, wanted in ((DATABASE, main), (KEYS_DATABASE, [s for s in schemas if s.keys])):
            with psycopg.connect(self._conninfo(Duty.MIGRATION, database)) as connection:
                applied += forward.apply(connection, wanted, only)
        return applied

    def _check_owner(self) -> None:
        """Refuse an operator's server whose roles another data folder made, before anything there is changed."""
        if self._url is None:
            return
        with self._owner("postgres") as owner:
            known = owner.execute("select 1 from pg_roles where rolname = %s", (Duty.MIGRATION.role,)).fetchone()
        if known is None:
            return
        try:
            psycopg.connect(self._conninfo(Duty.MIGRATION, DATABASE)).close()
        except psycopg.OperationalError:
            raise FolderRefused(
                "this PostgreSQL serves another data folder of Salus already; open it with that folder, or name another"
            ) from None

    def connect(self, duty: Duty, database: str | None = None) -> psycopg.Connection[Row]:
        """Open one connection outside the pools, for tools and tests."""
        return psycopg.connect(self._conninfo(duty, database or duty.database))

    def close(self) -> None:
        """Close the pools; the last user of a private server stops it."""
        self._pools.close()
        if self.cluster:
            self.cluster.release()

    def _address(self, duty: Duty) -> str:
        return self._conninfo(duty, duty.database)

    def _conninfo(self, duty: Duty, database: str) -> str:
        return self._dsn(duty.role, self._passwords[duty], database)

    def _dsn(self, user: str, password: str, database: str) -> str:
        if self.cluster:
            return make_conninfo(
                host=str(self.cluster.socket_folder), user=user, password=password, dbname=database, connect_timeout=60
            )
        return make_conninfo(self._url or "", user=user, password=password, dbname=database)

    def _owner(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        if self.cluster:
            return psycopg.connect(self._dsn(SUPERUSER, self.cluster.password, database))
        return psycopg.connect(make_conninfo(self._url or "", dbname=database))


def open_store(settings: Settings, *, filling: bool = False) -> Store:
    """Open the database of a data folder: attach to its running server, or start one for this process's time.

    Only who is `filling` a folder opens one that is marked unusable. Raises NoPostgres, FolderRefused or StoreDown,
    each with what to do next.
    """
    mark = settings.data / UNUSABLE
    if not filling and mark.exists():
        raise FolderRefused(f"{settings.data} is unusable: {mark.read_text('utf-8').strip()}")
    if settings.postgres.startswith(("postgresql://", "postgres://")):
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Store(settings, None, settings.postgres)
    if settings.data.exists() and not settings.data.is_dir():
        raise FolderRefused(f"{settings.data} is not a folder")
    cluster = Cluster(settings.data, settings.postgres)
    cluster.use()
    return Store(settings, cluster, None)


def _passwords(data: Path) -> dict[Duty, str]:
    """Read the roles' passwords, made on first use; the file is the node's own user's alone."""
    path = data / "roles.json"
    known: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    missing = [duty for duty in Duty if duty.value not in known]
    if missing:
        known |= {duty.value: secrets.token_urlsafe(32) for duty in missing}
        partial = path.with_suffix(".new")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(known, file)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    return {duty: known[duty.value] for duty in Duty}
