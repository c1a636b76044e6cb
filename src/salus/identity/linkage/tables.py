"""Files of people into DuckDB, results out of it. A file is read as text; a result is written whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from salus.identity.linkage.diagnosing import fault_of
from salus.identity.linkage.errors import NotWritten, TableRefused
from salus.identity.linkage.model import Reading, Reads, Spec
from salus.identity.linkage.preparing import prepare

RAW, PEOPLE = "linkage_raw", "linkage_people"
READERS = {
    ".csv": "read_csv(?, all_varchar = true, header = true, hive_partitioning = false)",
    ".parquet": "read_parquet(?, hive_partitioning = false)",
}
WRITERS = {".csv": "format csv, header", ".parquet": "format parquet, compression zstd"}


def opened(memory: str = "", threads: int = 0) -> DuckDBPyConnection:
    """Return a database in memory that loads nothing from anywhere."""
    connection = duckdb.connect(":memory:")
    connection.execute("set autoinstall_known_extensions = false; set enable_progress_bar = false")
    if memory:
        connection.execute("set memory_limit = ?", [memory])
    if threads:
        connection.execute(f"set threads = {threads}")
    return connection


def check_format(path: Path) -> None:
    """Refuse a file whose name ends neither in .csv nor in .parquet."""
    if path.suffix.lower() not in READERS:
        raise TableRefused(f"'{path.name}' is neither .csv nor .parquet")


def check_names(source: Path, *results: Path) -> None:
    """Refuse results that cannot be written, or that would overwrite each other or the file that is read."""
    for at, one in enumerate(results):
        check_format(one)
        if one.resolve() in {source.resolve(), *(other.resolve() for other in results[:at])}:
            raise NotWritten(f"'{one.name}' is named twice; give each file a name of its own")
        if one.is_dir() or not (one.parent.is_dir() and os.access(one.parent, os.W_OK)):
            raise NotWritten(f"'{one.name}' could not be written; check the folder, its rights and its space")


def read_table(connection: DuckDBPyConnection, path: Path, spec: Spec, ours: Collection[str] = ()) -> int:
    """Read a file into `RAW`, and return its number of records. Refuses what cannot be read, and a missing column.

    `ours` are columns that are needed because no specification names others.
    """
    check_format(path)
    if not path.is_file():
        raise TableRefused(f"there is no file '{path.name}'")
    named = {spec.record_id, *([spec.source] if spec.source else [])}
    wanted = named | {source for reading in spec.readings for source in reading.sources} | set(ours)
    try:
        connection.execute(f"create or replace table {RAW} as from {READERS[path.suffix.lower()]}", [_pattern(path)])
    except duckdb.Error as error:
        why = _fault(path, wanted) or f"cannot be read as {path.suffix[1:].upper()}"
        raise TableRefused(f"'{path.name}' {why}") from error
    described = connection.execute(f"select column_name from (describe {RAW})").fetchall()  # noqa: S608
    found = {name for (name,) in described}
    if missing := sorted(wanted - found):
        if fault := _fault(path, wanted):
            raise TableRefused(f"'{path.name}' {fault}")
        remedy = "; name the columns that it has with --spec SPEC.toml" if ours else ""
        raise TableRefused(f"'{path.name}' lacks the columns: {', '.join(missing)}{remedy}")
    [(records,)] = connection.execute(f"select count(*) from {RAW}").fetchall()  # noqa: S608
    return int(records)


def _pattern(path: Path) -> str:
    """Return the pattern that stands for one file alone: DuckDB takes a name for one, and would read what matches."""
    return re.sub(r"([*?\[])", r"[\1]", str(path.absolute()))


def _fault(path: Path, wanted: Collection[str]) -> str | None:
    return fault_of(path, wanted) if path.suffix.lower() == ".csv" else None


def prepare_table(connection: DuckDBPyConnection, spec: Spec) -> None:
    """Make `PEOPLE` from `RAW`: record id, source, prepared columns, each worked out once for each distinct value."""
    columns = [f"{_quoted(spec.record_id)}::varchar as record_id"]
    if spec.source:
        columns.append(f"{_quoted(spec.source)}::varchar as source")
    joins = []
    for at, reading in enumerate(spec.readings):
        _read_column(connection, reading, at)
        columns.append(f"read_{at}.prepared as {reading.column}")
        joins.append(f"left join read_{at} on read_{at}.raw = {_joined(reading)}")
    connection.execute(
        f"create or replace table {PEOPLE} as select {', '.join(columns)} from {RAW} {' '.join(joins)}"  # noqa: S608
    )
    for at in range(len(spec.readings)):
        connection.execute(f"drop table read_{at}")


def _read_column(connection: DuckDBPyConnection, reading: Reading, at: int) -> None:
    rows = connection.execute(f"select distinct {_joined(reading)} from {RAW}").fetchall()  # noqa: S608
    raw = [text for (text,) in rows if text is not None]
    prepared = [prepare(reading.reads, text) for text in raw]
    texts = [" ".join(value) if isinstance(value, tuple) else value for value in prepared]
    kind = {Reads.WORDS: "string_split(text, ' ')", Reads.INTEGER: "text::bigint"}.get(reading.reads, "text")
    connection.execute(
        f"create or replace temp table read_{at} as select raw, {kind} as prepared from"  # noqa: S608
        " (select unnest(?::varchar[]) as raw, unnest(?::varchar[]) as text)",
        [raw, [None if text is None else str(text) for text in texts]],
    )


def _joined(reading: Reading) -> str:
    columns = [f"{_quoted(source)}::varchar" for source in reading.sources]
    return columns[0] if len(columns) == 1 else f"nullif(trim(concat_ws(' ', {', '.join(columns)})), '')"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def write_table(connection: DuckDBPyConnection, query: str, path: Path) -> None:
    """Write the rows of a query to a file beside it, then give it its name: readers see all of it or nothing."""
    check_format(path)
    beside = path.absolute().with_name(f".{path.name}.{os.getpid()}")
    try:
        connection.execute(f"copy ({query}) to '{_escaped(beside)}' ({WRITERS[path.suffix.lower()]})")
        beside.replace(path)
    except (duckdb.Error, OSError) as error:
        beside.unlink(missing_ok=True)
        raise NotWritten(f"'{path.name}' could not be written; check the folder, its rights and its space") from error


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
