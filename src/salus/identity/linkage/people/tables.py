"""A whole table of people prepared in DuckDB: plain values in SQL, the odd ones by the functions that serve online.

Both give the same, and a test holds them to it: a value is plain only where SQL cannot be wrong about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from duckdb import DuckDBPyConnection
from duckdb.func import FunctionNullHandling

from salus.identity.linkage.comparing import condition_sql
from salus.identity.linkage.people import preparing
from salus.identity.linkage.people.addresses import NUMBERS, STREET, address_keys
from salus.identity.linkage.people.preparing import COLUMNS, Features
from salus.identity.linkage.people.spelling import spelled
from salus.identity.linkage.people.spelt import OF_NAME, read_names

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RUNS = "|".join(
    "".join(str((first + step * place) % 10) for place in range(4)) for first in range(10) for step in (1, -1)
)
_HAN = r"\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}"


def prepare_people(connection: DuckDBPyConnection, raw: str, prepared: str, today: date | None = None) -> None:
    """Make the table `prepared` of a raw one with the eleven columns: record id, source, and all preparing.

    Each distinct name is read once. `today` is when a record was written that does not say when.
    """
    recorded = f"coalesce({_day('recorded_at')}, '{today:%Y%m%d}')" if today else _day("recorded_at")
    written = ", ".join(f"coalesce(cast({column} as varchar), '') as {column}" for column in COLUMNS[2:])
    with _functions(connection):
        names = f"select distinct coalesce(cast(name as varchar), '') as written from {raw}"  # noqa: S608
        read_names(connection, names, "people_names")
        connection.execute(
            f"create or replace table {prepared} as"  # noqa: S608
            f" with written as (select record_id, source, {written} from {raw}),"
            f" days as (select *, {_day('birth_date')} as stated, {recorded} as recorded from written),"
            f" births as (select *, {_birth()} as birth from days),"
            f" counts as (select *, {_numbers()} as numbers, {_counted()} as counted from births),"
            f" numbered as (select *, {_located()} as located from counts)"
            f" select record_id, source, {_columns()} from numbered join people_names n on n.written = numbered.name"
        )
        connection.execute("drop table people_names")


@contextmanager
def _functions(connection: DuckDBPyConnection) -> Iterator[None]:
    """Lend the database the functions that read one value, and take them back."""
    made: list[tuple[str, Callable[..., Any], int, str]] = [
        ("read_name", spelled, 1, "varchar"),
        ("read_day", preparing.day, 1, "varchar"),
        ("read_numbers", _read_numbers, 3, "varchar"),
        ("read_telephone", preparing.telephone, 1, "varchar"),
        ("read_address", _read_address, 1, "varchar"),
        ("read_sex", preparing.sex_letter, 1, "varchar"),
        ("read_county", preparing.county_code, 1, "varchar"),
    ]
    lent = []
    try:
        for name, function, count, returns in made:
            connection.create_function(
                name, function, ["VARCHAR"] * count, returns, null_handling=FunctionNullHandling.SPECIAL
            )
            lent.append(name)
        yield
    finally:
        for name in lent:
            connection.remove_function(name)


_OF_NUMBERS = ("citizen", "typed", "guardian")


def _read_numbers(id_type: str, written: str, born: str | None) -> str:
    """Return what a number is as one text, which passes into a database faster than a structure: parts between bars."""
    return "|".join(str("" if part is None else part) for part in preparing.numbers(id_type, written, born))


def _read_address(written: str) -> str:
    return "|".join(key or "" for key in address_keys(written))


def _day(column: str) -> str:
    plain = f"regexp_full_match({column}, '[1-9][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}([ T][0-9:.+ TZ-]{{0,40}})?')"
    fillers = ", ".join(f"'{one}'" for one in sorted(preparing.FILLER_DAYS))
    digits = f"left({column}, 4) || {column}[6:7] || {column}[9:10]"
    possible = f"try_cast(left({column}, 10) as date) is not null and {digits} not in ({fillers})"
    read = f"case when {possible} then {digits} end"
    return f"case when {column} = '' then null when {plain} then {read} else read_day({column}) end"


def _birth() -> str:
    return (
        "case when stated > recorded or cast(left(recorded, 4) as integer) - cast(left(stated, 4) as integer) >"
        f" {preparing.OLDEST_YEARS} then null else stated end"
    )


def _numbers() -> str:
    """Return a resident's valid number or slip of the pen, and what else is written by the function that serves online.

    A slip is what has the shape of a number and another check character.
    """
    digits = " + ".join(f"{weight} * (ascii(id_number[{at + 1}]) - 48)" for at, weight in enumerate(_WEIGHTS))
    shaped = (
        "id_type = 'resident-id' and regexp_full_match(id_number, '[0-9]{17}[0-9X]')"
        f" and not {_patterned('id_number', 1)} and id_number[7:14] <> '19000101'"
        " and id_number not in ('11010519491231002X', '440524188001010014')"
    )
    fits = f"('10X98765432')[1 + ({digits}) % 11] = id_number[18]"
    dated = f"{_NUMBERED}[1:2] in ('18', '19', '20') and try_cast({_dashed(_NUMBERED)} as date) is not null"
    linking = ", ".join(f"'{code}'" for code in sorted(preparing.LINKING))
    return (
        f"case when id_number = '' or id_type not in ({linking}) then null"
        f" when {shaped} then case when not {fits} then ['', id_number, '', '0'] when not ({dated}) then {_ODD_NUMBER}"
        f" when {_own()} then [id_number, id_number, '', '1'] else ['', '', id_number, '0'] end else {_ODD_NUMBER} end"
    )


def _own() -> str:
    """Return the condition that `one_birthday` states: whether a valid number is this person's own, or borrowed."""
    days = {"birth": ("birth", _NUMBERED), "birth_day": (_counted_day("birth"), _counted_day(_NUMBERED))}
    alike = " or ".join(
        f"({condition_sql(test, lambda column: days[column][0], lambda column: days[column][1])})"
        for test in preparing.ONE_BIRTHDAY
    )
    year = f"(birth[5:8] = '0101' and birth[1:4] = {_NUMBERED}[1:4])"
    return f"birth is null or birth = {_NUMBERED} or {year} or {alike}"


def _dashed(digits: str) -> str:
    return f"({digits}[1:4] || '-' || {digits}[5:6] || '-' || {digits}[7:8])"


def _counted_day(digits: str) -> str:
    return f"(date_diff('day', date '0001-01-01', cast({_dashed(digits)} as date)) + 1)"


_NUMBERED = "(id_number[7:14])"
_ODD_NUMBER = "string_split(read_numbers(id_type, id_number, birth), '|')"


def _patterned(text: str, start: int) -> str:
    """Return a condition that all fillers fulfil from a place on, and few others: repeated, or counted up or down."""

    def cut(place: int, length: int) -> str:
        return f"substr({text}, {start + place}, {length})"

    return f"({cut(0, 3)} = {cut(3, 3)} or {cut(0, 2)} = {cut(2, 2)} or regexp_matches({cut(0, 4)}, '{_RUNS}'))"


def _telephone() -> str:
    digits = "replace(phone, '-', '')"
    plain = (
        f"regexp_full_match({digits}, '1[0-9]{{10}}') and length(phone) <= 32 and not {_patterned(digits, 4)}"
        f" and substr({digits}, 4, 2) <> '00'"
    )
    return f"case when phone = '' then null when {plain} then {digits} else read_telephone(phone) end"


def _counted() -> str:
    """Return the numbers of a plain address, or null. Plain is Chinese and no number begins with nought."""
    plain = (
        f"length(address) <= 200 and regexp_full_match(address, '[{_HAN}][{_HAN}-]*([1-9][0-9]*[{_HAN}-]+)*"
        f"[1-9][0-9]*[{_HAN}-]*')"
    )
    return f"case when {plain} then regexp_extract_all(address, '[0-9]+')[1:{NUMBERS}] end"


def _located() -> str:
    """Return the keys of dwelling and house, of an address whose numbers are `counted`."""
    stem = f"lower(hex(right(replace(left(address, strpos(address, counted[1]) - 1), '-', ''), {STREET})))"
    dwelling = f"case when len(counted) > 1 then {stem} || '.' || array_to_string(counted, '.') else '' end"
    return (
        "case when address = '' then null when counted is null then string_split(read_address(address), '|')"
        f" else [{dwelling}, {stem} || '.' || counted[1]] end"
    )


def _series() -> str:
    spaces = ", ".join(f"'{space}'" for space in preparing.SERIES)
    return (
        f"cast(coalesce(list_position([{spaces}], nullif(split_part(numbers[2], '.', 1), numbers[2])), 0) as integer)"
    )


def _columns() -> str:
    made = {
        **{field: f"n.{field}" for field in OF_NAME},
        "sex": "case sex when 'male' then 'm' when 'female' then 'f' when '' then null else read_sex(sex) end",
        "birth": "birth",
        "birth_year": "left(birth, 4)",
        "birth_day": f"cast({_counted_day('birth')} as integer)",
        "vague": "cast(coalesce(right(birth, 4) = '0101', false) as integer)",
        **{field: f"nullif(numbers[{at}], '')" for at, field in enumerate(_OF_NUMBERS, 1)},
        "numbered": "coalesce(cast(numbers[4] as integer), 0)",
        "phone": _telephone(),
        "county": "case when county = '' then null when regexp_full_match(county, '[0-9]{6}') then county"
        " else read_county(county) end",
        "dwelling": "nullif(located[1], '')",
        "house": "nullif(located[2], '')",
        "series": _series(),
        "unnamed": "cast(nameless = 1 or id_type = 'temporary' as integer)",
    }
    return ", ".join(f"{made[field]} as {field}" for field in Features._fields)
