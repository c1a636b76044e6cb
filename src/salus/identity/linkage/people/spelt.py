"""The names of a whole table in DuckDB: plain ones by a table of characters, the odd ones by the function of one name.

A name is plain if it has two or three Chinese characters and nothing odd about them.
"""

from __future__ import annotations

from collections.abc import Iterable

from duckdb import DuckDBPyConnection

from salus.identity.linkage.people.tones import TONED
from salus.identity.names.han import MOST_READINGS
from salus.identity.names.spelling import SPECIAL
from salus.identity.names.tables import GIVEN, SIMPLIFIED, SURNAME, compounds

OF_NAME = ("characters", "tones", "sound", "surname", "sounds")
_CHARACTER = ("char", "simple", "code", "tone", "family", "given")


def read_names(connection: DuckDBPyConnection, names: str, into: str) -> None:
    """Make the table `into` of a query for distinct names, `written`: the columns `OF_NAME`, and `nameless`.

    The connection has `read_name`, which reads one.
    """
    connection.execute(
        "create or replace temp table people_written as select written, written[1] as one, written[2] as two,"  # noqa: S608
        f" written[3] as three, regexp_full_match(written, '[一-鿿]{{2,3}}') as plain from ({names})"
    )
    _write_characters(connection)
    connection.execute(f"create or replace temp table {into} as {_PLAIN_NAMES}")
    connection.execute(
        f"insert into {into} select written, {_split()} from (select written,"  # noqa: S608
        " string_split(read_name(written), '|') as parts from"
        f" (select written from people_written anti join {into} using (written)))"
    )
    connection.execute("drop table people_written; drop table people_characters")


def _split() -> str:
    """Return the columns of a name, from the parts between bars."""
    texts = ", ".join(f"nullif(parts[{at}], '')" for at in range(1, 5))
    return f"{texts}, string_split(nullif(parts[5], ''), ' '), cast(parts[6] as integer)"


def _write_characters(connection: DuckDBPyConnection) -> None:
    """Write each character's readings as a surname and in a given name, or null where it is not plain."""
    query = "select distinct unnest([one, two, three]) from people_written where plain"
    rows = [_character(char) for (char,) in connection.execute(query).fetchall() if char]
    columns = ", ".join(f"unnest(?::varchar[]) as {column}" for column in _CHARACTER)
    connection.execute(
        f"create or replace temp table people_characters as select char, simple, code, tone,"  # noqa: S608
        f" string_split(family, '/') as family, string_split(given, '/') as given from (select {columns})",
        [[row[at] for row in rows] for at in range(len(_CHARACTER))],
    )


def _character(char: str) -> tuple[str, str, str, str, str | None, str | None]:
    simple = SIMPLIFIED[ord(char)]
    code = simple.encode("utf-16-be").hex()
    plain = char not in SPECIAL and len(code) == len("4e00")  # longer codes do not sort as characters do
    family, given = "/".join(SURNAME[simple]), "/".join(GIVEN[simple])
    return char, simple, code, TONED[simple], family if plain else None, given if plain else None


def _turned(key: str) -> str:
    """Return SQL for the least of all rotations of a key."""
    return f"list_min(list_transform(range(length({key})), lambda i: substr({key}, i + 1) || substr({key}, 1, i)))"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(f"'{text}'" for text in sorted(texts))


# All readings, in the order of `itertools.product`, as many as `names` takes.
_READINGS = f"""
    flatten(list_transform(families, lambda f: flatten(list_transform(seconds, lambda g: list_transform(thirds,
        lambda h: f || g || h)))))[:{MOST_READINGS}]
"""
_PLAIN_NAMES = f"""
    select written, least(x || y || z, y || z || x, z || x || y) as characters, {_turned("called")} as tones, sound,
        surname, case when readings = 1 then [{_turned("sound")}]
            else list_sort(list_distinct(list_transform({_READINGS}, lambda one: {_turned("one")}))) end as sounds,
        0 as nameless
    from (
        select written, a.code as x, b.code as y, coalesce(c.code, '') as z, a.family as families, b.given as seconds,
            coalesce(c.given, ['']) as thirds, families[1] as surname, families[1] || seconds[1] || thirds[1] as sound,
            len(families) * len(seconds) * len(thirds) as readings,
            a.tone || b.tone || coalesce(c.tone, '') as called
        from people_written w join people_characters a on a.char = one join people_characters b on b.char = two
            left join people_characters c on c.char = three
        where plain and a.family is not null and b.given is not null and (three = '' or (
            c.given is not null and a.simple || b.simple not in ({_listed(compounds())})))
    )
"""  # noqa: S608
