"""The tables and sequences of a whole database, found in PostgreSQL's catalogue so that none can be forgotten.

It knows no table by name. What goes into a statement is quoted by PostgreSQL and comes from its catalogue, never from
a back-up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from graphlib import TopologicalSorter

from salus.app.saving.model import SequenceNote
from salus.storage import Transaction

_OWN = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"

# Columns are sorted by their own order where they have one, else as text; every database of ours has locale C.
_RELATIONS = f"""
select n.nspname || '.' || c.relname, format('%%I.%%I', n.nspname, c.relname),
    array(select a.attname::text from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum),
    array(select quote_ident(a.attname) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum),
    array(select quote_ident(a.attname) from pg_index i
        cross join unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
        where i.indrelid = c.oid and i.indisprimary order by k.place),
    array(select quote_ident(a.attname) || case when exists (
            select from pg_opclass o join pg_am m on m.oid = o.opcmethod
            where m.amname = 'btree' and o.opcdefault and o.opcintype = a.atttypid
        ) then '' else '::text' end
        from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum),
    array(select distinct tn.nspname || '.' || t.relname from pg_constraint f
        join pg_class t on t.oid = f.confrelid join pg_namespace tn on tn.oid = t.relnamespace
        where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid),
    exists (select from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and {_OWN}
order by 1
"""  # noqa: S608
_SEQUENCES = f"""
select n.nspname || '.' || c.relname, format('%%I.%%I', n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'S' and {_OWN}
order by 1
"""  # noqa: S608
# Text as COPY writes it must not depend on who reads: PostgreSQL 15 and 18 then write the same bytes.
_SPELLING = """
set local datestyle = 'ISO, YMD'; set local timezone = 'UTC'; set local intervalstyle = 'postgres';
set local bytea_output = 'hex'; set local extra_float_digits = 1; set local statement_timeout = 0;
set local synchronize_seqscans = off
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A table: its name for people, the rest quoted for statements; what it refers to; whether triggers guard it."""

    name: str
    quoted: str
    columns: tuple[str, ...]
    listed: str
    order: str
    refers: tuple[str, ...]
    guarded: bool


def freeze(tx: Transaction) -> datetime:
    """Fix what this transaction sees from now on, let it only read, and return the instant by the server's clock."""
    tx.run("set transaction isolation level repeatable read, read only")
    tx.run(_SPELLING)
    row = tx.row("select clock_timestamp()")
    assert row is not None  # noqa: S101  a select without from has one row
    at: datetime = row[0]
    return at


def spell(tx: Transaction) -> None:
    """Read and write values as `freeze` does, in a transaction that writes."""
    tx.run(_SPELLING)


def server_version(tx: Transaction) -> str:
    """Return the server's version, as 18.1."""
    row = tx.row("show server_version")
    return str(row[0]).split(" ")[0] if row else ""


def relations(tx: Transaction) -> list[Relation]:
    """Return every table of this database, each after those that it refers to."""
    found = {
        name: Relation(
            name=name,
            quoted=quoted,
            columns=tuple(columns),
            listed=", ".join(listed),
            order=", ".join(key or every),
            refers=tuple(refers),
            guarded=guarded,
        )
        for name, quoted, columns, listed, key, every, refers, guarded in tx.rows(_RELATIONS)
    }
    return [found[name] for name in TopologicalSorter({one.name: one.refers for one in found.values()}).static_order()]


def sequences(tx: Transaction) -> list[SequenceNote]:
    """Return where every sequence stands; at or after what this transaction's snapshot used, since they never wait."""
    notes = []
    for name, quoted in tx.rows(_SEQUENCES):
        row = tx.row(f"select last_value, is_called from {quoted}")  # noqa: S608  quoted by the catalogue
        assert row is not None  # noqa: S101  a sequence has one row
        notes.append(SequenceNote(name=name, last=row[0], called=row[1]))
    return notes


def set_sequences(tx: Transaction, notes: Iterable[SequenceNote]) -> None:
    """Put sequences where the notes say."""
    for note in notes:
        tx.row(
            "select setval(format('%%I.%%I', split_part(%(name)s, '.', 1), split_part(%(name)s, '.', 2))::regclass,"
            " %(last)s, %(called)s)",
            {"name": note.name, "last": note.last, "called": note.called},
        )


def rows_of(tx: Transaction, relation: Relation) -> Iterator[bytes | bytearray | memoryview]:
    """Stream a table's rows in COPY's text format, in a fixed order."""
    return tx.copy_out(
        f"copy (select {relation.listed} from {relation.quoted} order by {relation.order}) to stdout"  # noqa: S608
    )


def checksum(tx: Transaction, relation: Relation) -> tuple[int, str]:
    """Return how many rows a table has, and the SHA-256 over them."""
    digest, lines = hashlib.sha256(), 0
    for chunk in rows_of(tx, relation):
        digest.update(chunk)
        lines += bytes(chunk).count(b"\n")
    return lines, digest.hexdigest()


def empty(tx: Transaction, tables: Sequence[Relation]) -> None:
    """Take out what migrations put into new tables."""
    tx.run(f"truncate {', '.join(one.quoted for one in tables)}")


def fill(tx: Transaction, relation: Relation, chunks: Iterable[bytes]) -> None:
    """Load a table's rows; triggers, which guard changes and not this, stand aside meanwhile."""
    if relation.guarded:
        tx.run(f"alter table {relation.quoted} disable trigger user")
    tx.copy_in(f"copy {relation.quoted} ({relation.listed}) from stdin", chunks)
    if relation.guarded:
        tx.run(f"alter table {relation.quoted} enable trigger user")


def analyse(tx: Transaction, tables: Sequence[Relation]) -> None:
    """Let the planner know the new tables."""
    tx.run(f"analyze {', '.join(one.quoted for one in tables)}")
