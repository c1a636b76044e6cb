"""Bring the database to the schema of this release: roles, databases, and each room's numbered files, forward only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files

import psycopg
from psycopg import sql

from salus.storage.errors import MigrationChanged
from salus.storage.model import DATABASE, KEYS_DATABASE, Duty, Schema
from salus.storage.pools import Transaction

_LOCK = 7_305_811


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered SQL file of a room."""

    room: str
    name: str
    text: str

    @property
    def path(self) -> str:
        """How the file is called among all rooms' files."""
        return f"{self.room}/{self.name}"

    @property
    def digest(self) -> bytes:
        """SHA-256 of the file's text."""
        return hashlib.sha256(self.text.encode()).digest()


OWN = Schema(name="storage", package="salus.storage")


def applied(tx: Transaction) -> dict[str, str]:
    """Return which files were applied to this database, as `room/name`, with the SHA-256 of each in hexadecimal."""
    found = tx.rows("select room, name, digest from storage.migration order by room, name")
    return {f"{room}/{name}": bytes(digest).hex() for room, name, digest in found}


def known_migrations(schemas: Sequence[Schema]) -> dict[str, str]:
    """Return the files that this release has for these schemas and for storage itself, as `applied` does."""
    return {one.path: one.digest.hex() for one in _all([OWN, *schemas])}


def prepare(
    connect: Callable[[str], psycopg.Connection[tuple[object, ...]]], passwords: dict[Duty, str], *, private: bool
) -> None:
    """Create the roles and databases that are missing. `connect` opens a database as an owner who may do so.

    On a `private` server nobody else may connect to the databases that PostgreSQL comes with, either.
    """
    with connect("postgres") as owner:
        owner.autocommit = True
        owner.execute("select pg_advisory_lock(%s)", (_LOCK,))
        for duty, password in passwords.items():
            _role(owner, duty, password)
        for database in (DATABASE, KEYS_DATABASE):
            if owner.execute("select 1 from pg_database where datname = %s", (database,)).fetchone() is None:
                owner.execute(
                    sql.SQL("create database {} owner {} template template0 encoding 'UTF8' locale 'C'").format(
                        sql.Identifier(database), sql.Identifier(Duty.MIGRATION.role)
                    )
                )
        for database in (DATABASE, KEYS_DATABASE, *(("postgres", "template1") if private else ())):
            owner.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(database)))
        for duty in Duty:
            for database in (DATABASE, KEYS_DATABASE) if duty is Duty.MIGRATION else (duty.database,):
                owner.execute(
                    sql.SQL("grant connect on database {} to {}").format(
                        sql.Identifier(database), sql.Identifier(duty.role)
                    )
                )
    for database in (DATABASE, KEYS_DATABASE):
        with connect(database) as owner:
            owner.execute("revoke all on schema public from public")


def _role(owner: psycopg.Connection[tuple[object, ...]], duty: Duty, password: str) -> None:
    exists = owner.execute("select 1 from pg_roles where rolname = %s", (duty.role,)).fetchone() is not None
    verb = "alter" if exists else "create"
    owner.execute(
        sql.SQL(
            verb + " role {} login nosuperuser nocreatedb nocreaterole noinherit noreplication nobypassrls password {}"
        ).format(sql.Identifier(duty.role), sql.Literal(password))
    )


def apply(
    connection: psycopg.Connection[tuple[object, ...]], schemas: Sequence[Schema], only: Collection[str] | None = None
) -> list[str]:
    """Apply what is missing, each file with its note in one transaction, and name what was applied.

    `only`, where given, names the files to apply, as `room/name`: a restore stops at the version that was saved.
    Raises MigrationChanged if an applied file has another text in this release.
    """
    applied: list[str] = []
    with _exclusively(connection):
        _notebook(connection)
        known = {
            (str(room), str(name)): bytes(digest)  # type: ignore[call-overload]
            for room, name, digest in connection.execute("select room, name, digest from storage.migration")
        }
        for migration in _all(schemas):
            seen = known.get((migration.room, migration.name))
            if seen is None:
                if only is None or migration.path in only:
                    _apply_one(connection, migration)
                    applied.append(migration.path)
            elif seen != migration.digest:
                raise MigrationChanged(f"{migration.path} was changed after it was applied here")
    return applied


@contextmanager
def _exclusively(connection: psycopg.Connection[tuple[object, ...]]) -> Iterator[None]:
    connection.autocommit = True
    connection.execute("select pg_advisory_lock(%s)", (_LOCK,))
    try:
        yield
    finally:
        connection.execute("select pg_advisory_unlock(%s)", (_LOCK,))


def _notebook(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    connection.execute("set client_min_messages = warning")
    connection.execute("create schema if not exists storage")
    connection.execute(
        "create table if not exists storage.migration (room text not null, name text not null, digest bytea not null,"
        " at timestamptz not null default now(), primary key (room, name))"
    )
    connection.execute("comment on table storage.migration is 'Which numbered file of which room was applied'")
    for column, what in (
        ("room", "The room that owns the file"),
        ("name", "The file''s name"),
        ("digest", "SHA-256 of its text"),
        ("at", "When it was applied"),
    ):
        connection.execute(sql.SQL(f"comment on column storage.migration.{column} is '{what}'"))


def _apply_one(connection: psycopg.Connection[tuple[object, ...]], migration: Migration) -> None:
    with connection.transaction():
        connection.execute(migration.text.encode())
        connection.execute(
            "insert into storage.migration (room, name, digest) values (%s, %s, %s)",
            (migration.room, migration.name, migration.digest),
        )


def _all(schemas: Sequence[Schema]) -> Iterator[Migration]:
    for schema in schemas:
        folder = files(schema.package) / "migrations"
        for file in sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name):
            yield Migration(room=schema.name, name=file.name, text=file.read_text("utf-8"))
