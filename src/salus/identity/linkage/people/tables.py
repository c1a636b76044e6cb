"""A whole table of people prepared in DuckDB: plain values in SQL, the odd ones by the functions that serve online.

Both give the same, and a test holds them to it: a value is plain only where SQL cannot be wrong about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from duckdb import DuckDBPyConnection
from duckdb.func import FunctionNullHandling

from salus.identity.linkage.people import preparing
from salus.identity.linkage.people.addresses import NUMBERS, STREET, address_keys
from salus.identity.linkage.people.preparing import COLUMNS, Features
from salus.identity.linkage.people.spelling import spelled

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RUNS = "|".join(
    "".join(str((first + step * place) % 10) for place in range(4)) for first in range(10) for step in (1, -1)
)
_HAN = r"\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}"
_KINDS = {
    "numbers": "struct(citizen varchar, typed varchar, guardian varchar, numbered integer)",
    "address": "struct(dwelling varchar, house varchar)",
}


def prepare_people(connection: DuckDBPyConnection, raw: str, prepared: str) -> None:
    """Make the table `prepared` of a raw one with the eleven columns: record id, source, and all preparing.

    Each distinct name is read once.
    """
    written = ", ".join(f"coalesce(cast({column} as varchar), '') as {column}" for column in COLUMNS[2:])
    with _functions(connection):
        connection.execute(
            f"create or replace temp table people_names as select written, {_spelt()} from (select written,"  # noqa: S608
            " string_split(read_name(written), '|') as parts"
            f" from (select distinct coalesce(cast(name as varchar), '') as written from {raw}))"
        )
        connection.execute(
            f"create or replace table {prepared} as"  # noqa: S608
            f" with written as (select record_id, source, {written} from {raw}),"
            f" days as (select *, {_day('birth_date')} as stated, {_day('recorded_at')} as recorded from written),"
            f" births as (select *, {_birth()} as birth from days),"
            f" numbered as (select *, {_numbers()} as numbers, {_address()} as located from births)"
            f" select record_id, source, {_columns()} from numbered join people_names n on n.written = numbered.name"
        )
        connection.execute("drop table people_names")


@contextmanager
def _functions(connection: DuckDBPyConnection) -> Iterator[None]:
    """Lend the database the functions that read one value, and take them back."""
    made: list[tuple[str, Callable[..., Any], int, str]] = [
        ("read_name", spelled, 1, "varchar"),
        ("read_day", preparing.day, 1, "varchar"),
        ("read_numbers", _read_numbers, 3, _KINDS["numbers"]),
        ("read_telephone", preparing.telephone, 1, "varchar"),
        ("read_address", _read_address, 1, _KINDS["address"]),
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


_OF_NUMBERS = ("citizen", "typed", "guardian", "numbered")
_OF_NAME = ("characters", "tones", "sound", "surname", "sounds")


def _spelt() -> str:
    """Return the columns of a name, from the parts between bars."""
    texts = ", ".join(f"nullif(parts[{at}], '') as {field}" for at, field in enumerate(_OF_NAME[:4], 1))
    return f"{texts}, string_split(nullif(parts[5], ''), ' ') as sounds, cast(parts[6] as integer) as nameless"


def _read_numbers(id_type: str, written: str, born: str | None) -> dict[str, object]:
    return dict(zip(_OF_NUMBERS, preparing.numbers(id_type, written, born), strict=True))


def _read_address(written: str) -> dict[str, object]:
    return dict(zip(("dwelling", "house"), address_keys(written), strict=True))


def _day(column: str) -> str:
    form = "[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}([ T][0-9:.+ TZ-]*)?"
    plain = f"regexp_full_match({column}, '{form}') and length({column}) < 60"
    fillers = ", ".join(f"'{one}'" for one in sorted(preparing.FILLER_DAYS))
    digits = f"strftime(try_cast(left({column}, 10) as date), '%Y%m%d')"
    read = f"case when {digits} not in ({fillers}) then {digits} end"
    return f"case when {column} = '' then null when {plain} then {read} else read_day({column}) end"


def _birth() -> str:
    return (
        "case when stated > recorded or cast(left(recorded, 4) as integer) - cast(left(stated, 4) as integer) >"
        f" {preparing.OLDEST_YEARS} then null else stated end"
    )


def _numbers() -> str:
    digits = " + ".join(f"{weight} * (ascii(id_number[{at + 1}]) - 48)" for at, weight in enumerate(_WEIGHTS))
    plain = (
        "id_type = 'resident-id' and regexp_full_match(id_number, '[1-9][0-9]{5}(18|19|20)[0-9]{9}[0-9X]')"
        f" and ('10X98765432')[1 + ({digits}) % 11] = id_number[18]"
        " and coalesce(birth = id_number[7:14], try_strptime(id_number[7:14], '%Y%m%d') is not null)"
        f" and not {_patterned('id_number', 1)} and id_number[7:14] <> '19000101'"
        " and id_number not in ('11010519491231002X', '440524188001010014')"
    )
    linking = ", ".join(f"'{code}'" for code in sorted(preparing.LINKING))
    return (
        f"case when id_number = '' or id_type not in ({linking}) then {_pack('null', 'null', 0)}"
        f" when {plain} then {_pack('id_number', 'id_number', 1)} else read_numbers(id_type, id_number, birth) end"
    )


def _pack(citizen: str, typed: str, numbered: int) -> str:
    return (
        f"cast(struct_pack(citizen := {citizen}, typed := {typed}, guardian := null,"
        f" numbered := {numbered}) as {_KINDS['numbers']})"
    )


def _patterned(column: str, start: int) -> str:
    """Return a condition that all fillers fulfil from a place on, and few others: repeated, or counted up or down."""
    return (
        f"({column}[{start}:{start + 2}] = {column}[{start + 3}:{start + 5}]"
        f" or {column}[{start}:{start + 1}] = {column}[{start + 2}:{start + 3}]"
        f" or regexp_matches({column}[{start}:{start + 3}], '{_RUNS}'))"
    )


def _telephone() -> str:
    plain = f"regexp_full_match(phone, '1[0-9]{{10}}') and not {_patterned('phone', 4)} and phone[4:5] <> '00'"
    return f"case when phone = '' then null when {plain} then phone else read_telephone(phone) end"


def _address() -> str:
    plain = f"length(address) <= 200 and regexp_full_match(address, '[{_HAN}][{_HAN}-]*[0-9][{_HAN}0-9-]*')"
    stem = f"lower(hex(right(replace(regexp_extract(address, '^[^0-9]+'), '-', ''), {STREET})))"
    counted = (
        f"list_transform(regexp_extract_all(address, '[0-9]+')[1:{NUMBERS}],"
        " lambda text: case when ltrim(text, '0') = '' then '0' else ltrim(text, '0') end)"
    )
    return (
        f"case when address = '' then null when {plain} then struct_pack("
        f"dwelling := case when len({counted}) > 1 then {stem} || '.' || array_to_string({counted}, '.') end,"
        f" house := {stem} || '.' || {counted}[1]) else read_address(address) end"
    )


def _columns() -> str:
    made = {
        **{field: f"n.{field}" for field in _OF_NAME},
        "sex": "case sex when 'male' then 'm' when 'female' then 'f' when '' then null else read_sex(sex) end",
        "birth": "birth",
        "birth_year": "left(birth, 4)",
        "birth_day": "cast(date_diff('day', date '0001-01-01', strptime(birth, '%Y%m%d')::date) as integer) + 1",
        "vague": "cast(coalesce(right(birth, 4) = '0101', false) as integer)",
        **{field: f"numbers.{field}" for field in _OF_NUMBERS},
        "phone": _telephone(),
        "county": "case when county = '' then null when regexp_full_match(county, '[0-9]{6}') then county"
        " else read_county(county) end",
        "dwelling": "located.dwelling",
        "house": "located.house",
        "unnamed": "cast(nameless = 1 or id_type = 'temporary' as integer)",
    }
    return ", ".join(f"{made[field]} as {field}" for field in Features._fields)
