"""No duty can touch another's tables: held in PostgreSQL by roles, tried from each duty's own connections.

The privileges of all roles on all tables stand in tests/golden/grants.txt. After a wanted change:
`python tests/promises/test_duties_are_apart.py`, and read the difference.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from salus.app import SCHEMAS
from salus.storage import Duty, Settings, Store, Transaction, open_store
from salus.storage.model import DATABASE, KEYS_DATABASE

GOLDEN = Path(__file__).parent.parent / "golden" / "grants.txt"
DATABASES = (DATABASE, KEYS_DATABASE)
DUTIES = tuple(duty for duty in Duty if duty is not Duty.MIGRATION)
POWERS = {
    "SELECT": "s",
    "INSERT": "i",
    "UPDATE": "u",
    "DELETE": "d",
    "TRUNCATE": "t",
    "REFERENCES": "r",
    "TRIGGER": "g",
}
HISTORIES = (
    "access.entry access.chained access.subtree access.anchored access.refusal access.relation"
    " access.directive access.withdrawal access.disclosure access.disclosed"
    " access.refusals_published appeals.contest appeals.answer healthcode.code"
    " healthcode.evidence healthcode.decision healthcode.notice keys.destruction"
    " healthcode.exposure healthcode.exposure_end"
    " identity.resident identity.claim identity.number identity.assertion identity.question"
    " identity.answer identity.notice keys.shredded ledger.leaf ledger.checkpoint"
    " ledger.cosignature ledger.document ledger.tile ledger.parked records.chart records.acceptance"
    " records.version records.delivery records.import_line"
    " command.incident command.handed_over command.entry command.report command.supply_order command.signing"
    " command.task command.task_answer command.situation_report command.turned_away"
    " ledger.tile ledger.parked records.chart records.acceptance records.version records.delivery records.import_line"
    " surveillance.figure surveillance.alert surveillance.verification surveillance.assessment"
    " surveillance.feed_refusal"
    " command.incident command.handed_over command.entry command.report command.supply_order command.signing"
    " command.task command.task_answer command.situation_report command.turned_away"
).split()

_TABLES = """
select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
    and n.nspname not like 'pg_toast%%' order by 1
"""
_COLUMNS = """
select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum
"""
_WITHOUT_COMMENT = """
select n.nspname || '.' || c.relname || coalesce('.' || a.attname, '')
from pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join lateral (
    select 0 as attnum, null::name as attname
    union all select attnum, attname from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
) a
where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
    and n.nspname not like 'pg_toast%%' and coalesce(col_description(c.oid, a.attnum), '') = ''
    and (a.attnum > 0 or coalesce(obj_description(c.oid, 'pg_class'), '') = '')
order by 1
"""
_DEFINERS = "select proname from pg_proc where prosecdef and pronamespace <> 'pg_catalog'::regnamespace"
_ATTRIBUTES = """
select rolname from pg_roles where rolname like 'salus\\_%%' and rolname <> 'salus_root'
    and (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls or not rolcanlogin)
union all select pg_get_userbyid(member) from pg_auth_members where pg_get_userbyid(member) like 'salus\\_%%'
    and pg_get_userbyid(member) <> 'salus_root'
"""


def test_the_privileges_are_the_ones_that_were_reviewed(store: Store) -> None:
    assert written(store) == GOLDEN.read_text("utf-8"), "grants changed: python tests/promises/test_duties_are_apart.py"


@pytest.mark.parametrize("duty", DUTIES)
def test_a_duty_can_do_to_each_table_what_it_was_granted_and_nothing_else(store: Store, duty: Duty) -> None:
    with store.transaction(duty) as tx:
        tx.run("reset role")
        refuse_every_other_role(tx, duty)
        granted = privileges(store)
        done = {table: does(tx, store, table) for table in tables(store, duty.database)}

    assert done == {table: granted[table].get(duty, "")[:5] for table in done}


@pytest.mark.parametrize("duty", DUTIES)
def test_a_duty_cannot_even_connect_to_a_database_that_is_not_its_own(store: Store, duty: Duty) -> None:
    other = KEYS_DATABASE if duty.database == DATABASE else DATABASE

    for database in (other, *(("postgres", "template1") if store.cluster else ())):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            store.connect(duty, database)


def test_no_table_belongs_to_two_duties_but_those_that_pass_things_on(store: Store) -> None:
    shared = {
        table: sorted(duty.value for duty in powers)
        for table, powers in privileges(store).items()
        if len(powers) > 1 and table not in HANDED_ON
    }

    assert shared == {}


HANDED_ON = {
    "access.anchored": "relay anchors; care shows the proof",
    "access.chained": "relay chains; care shows the proof",
    "access.entry": "care registers reads; relay chains them",
    "access.subtree": "relay grows the tree; care shows the proof",
    "access.unchained": "care queues; relay takes out",
    "ledger.document": "care hands public documents over with their leaves; the ledger publishes them",
    "ledger.pending": "every duty may hand a leaf over; the ledger alone reads them",
    "storage.outbox": "every duty may tell; the relay alone reads",
}


def test_histories_can_be_read_and_added_to_but_never_changed(store: Store) -> None:
    granted = privileges(store)

    for history in HISTORIES:
        assert set("".join(granted[history].values())) <= set("si"), history


def test_no_duty_has_a_power_over_the_server_or_is_a_member_of_another_role(store: Store) -> None:
    for database in DATABASES:
        with store.connect(Duty.MIGRATION, database) as connection:
            assert connection.execute(_ATTRIBUTES).fetchall() == []
            assert connection.execute(_DEFINERS).fetchall() == []


def test_every_table_and_every_column_says_what_it_is(store: Store) -> None:
    for database in DATABASES:
        with store.connect(Duty.MIGRATION, database) as connection:
            assert [name for (name,) in connection.execute(_WITHOUT_COMMENT)] == []


class Undo(Exception):
    """Takes back what a try did."""


def refuse_every_other_role(tx: Transaction, duty: Duty) -> None:
    """Try to become every other role of the server."""
    roles = [str(name) for (name,) in tx.rows("select rolname from pg_roles")]
    assert {other.role for other in Duty} < set(roles)
    for role in roles:
        for statement in (f"set role {role}", f"set session authorization {role}"):
            assert role == duty.role or not runs(tx, statement), statement
    assert tx.row("select current_user, session_user") == (duty.role, duty.role)


def does(tx: Transaction, store: Store, table: str) -> str:
    """Try each power on a table, undoing what it did; return the letters of those that were not refused."""
    columns = columns_of(store, table)
    nothing = ", ".join(f"null::{kind}" for _, kind, _ in columns)
    own = [name for name, _, generated in columns if not generated]
    tries = {
        "s": [f"select 1 from {table} where false"],
        "i": [f"insert into {table} overriding system value select * from (select {nothing}) none where false"],
        "u": [f"update {table} set {name} = {value} where false" for name in own for value in (name, "null")],
        "d": [f"delete from {table} where false", f"delete from {table}"],
        "t": [f"truncate {table}"],
    }
    return "".join(letter for letter, statements in tries.items() if any(runs(tx, one) for one in statements))


def runs(tx: Transaction, statement: str) -> bool:
    """Tell whether the server lets this role run a statement; what it did is undone."""
    try:
        with tx.savepoint():
            tx.run(statement)
            raise Undo
    except psycopg.errors.InsufficientPrivilege:
        return False
    except (Undo, psycopg.errors.IntegrityError):
        return True


def columns_of(store: Store, table: str) -> list[tuple[str, str, bool]]:
    """Return the columns of a table with their types, and whether the server alone gives their values."""
    told = "select attname, format_type(atttypid, atttypmod), attidentity = 'a' from pg_attribute"
    for database in DATABASES:
        with store.connect(Duty.MIGRATION, database) as connection:
            if connection.execute("select to_regclass(%s)", (table,)).fetchone() != (None,):
                where = "where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum"
                return [(str(n), str(t), bool(g)) for n, t, g in connection.execute(f"{told} {where}", (table,))]
    raise LookupError(table)


def tables(store: Store, database: str) -> list[str]:
    """Return every table of a database."""
    with store.connect(Duty.MIGRATION, database) as connection:
        return [str(name) for (name,) in connection.execute(_TABLES)]


def privileges(store: Store) -> dict[str, dict[Duty, str]]:
    """Return what each duty may do to each table: a letter a power; one that holds for some columns only counts."""
    found: dict[str, dict[Duty, str]] = {}
    for database in DATABASES:
        with store.connect(Duty.MIGRATION, database) as connection:
            for table in tables(store, database):
                powers = {duty: _powers(connection, duty, table) for duty in DUTIES}
                found[table] = {duty: letters for duty, letters in powers.items() if letters}
    return found


def _powers(connection: psycopg.Connection[tuple[object, ...]], duty: Duty, table: str) -> str:
    schema = table.partition(".")[0]
    reachable = connection.execute("select has_schema_privilege(%s, %s, 'usage')", (duty.role, schema)).fetchone()
    return "".join(
        letter for power, letter in POWERS.items() if reachable == (True,) and _has(connection, duty, table, power)
    )


def _has(connection: psycopg.Connection[tuple[object, ...]], duty: Duty, table: str, power: str) -> bool:
    by_column = power in ("SELECT", "INSERT", "UPDATE", "REFERENCES")
    asked = "has_any_column_privilege" if by_column else "has_table_privilege"
    return connection.execute(f"select {asked}(%s, %s, %s)", (duty.role, table, power)).fetchone() == (True,)


def written(store: Store) -> str:
    """Write the table of privileges; an update that holds for some columns only names them."""
    lines = [
        "# What each duty's role may do to each table: select insert update delete truncate references trigger.",
        "# Written by tests/promises/test_duties_are_apart.py; the owner of all tables is salus_migration, which no",
        "# part of a running node connects as once it has started.",
    ]
    names = {letter: power.lower() for power, letter in POWERS.items()}
    for database in DATABASES:
        lines += ["", f"database {database}"]
        granted = privileges(store)
        with store.connect(Duty.MIGRATION, database) as connection:
            for table in tables(store, database):
                if not granted[table]:
                    lines.append(f"  {table:28}nobody")
                for duty, letters in granted[table].items():
                    powers = [names[letter] + _columns(connection, duty, table, names[letter]) for letter in letters]
                    lines.append(f"  {table:28}{duty.role:20}{' '.join(powers)}")
    return "\n".join(lines) + "\n"


def _columns(connection: psycopg.Connection[tuple[object, ...]], duty: Duty, table: str, power: str) -> str:
    whole = connection.execute("select has_table_privilege(%s, %s, %s)", (duty.role, table, power)).fetchone()
    if whole == (True,):
        return ""
    asked = "select has_column_privilege(%s, %s, %s::text, %s)"
    names = [str(name) for (name,) in connection.execute(_COLUMNS, (table,))]
    some = [n for n in names if connection.execute(asked, (duty.role, table, n, power)).fetchone() == (True,)]
    return f"({','.join(some)})"


@contextlib.contextmanager
def _fresh() -> Iterator[Store]:
    with tempfile.TemporaryDirectory(prefix="salus-grants-") as folder:
        Path(folder).chmod(0o711)
        with open_store(Settings(data=Path(folder) / "data", postgres="wheel")) as opened:
            opened.migrate(SCHEMAS)
            yield opened


if __name__ == "__main__":
    with _fresh() as node:
        GOLDEN.write_text(written(node), "utf-8")
    sys.stdout.write(f"{GOLDEN} written; read the difference\n")
