"""SQL of the tables of the keys database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from salus.storage import Transaction, listed

_ADD = """
insert into keys.chart_key (chart_key, wrapped)
select fresh.chart_key, fresh.wrapped from unnest(%s::bigint[], %s::bytea[]) as fresh (chart_key, wrapped)
where not exists (select from keys.shredded s where s.chart_key = any(%s::bigint[]))
on conflict do nothing
returning chart_key
"""
# Each server process adds to its own of 64 slots of the day, so that parallel calls do not queue for one row.
_TAKE = """
with found as materialized (
    select chart_key, wrapped from keys.chart_key where chart_key = any(%(charts)s::bigint[])
), gone as materialized (
    select chart_key from keys.shredded where %(left)s and chart_key = any(%(charts)s::bigint[])
), counted as (
    insert into keys.unwraps_of_day as kept (day, slot, unwraps)
    select %(day)s::date, pg_backend_pid() %% 64, %(count)s
    where (select count(*) from found) + (select count(*) from gone) = %(distinct)s
    on conflict (day, slot) do update set unwraps = kept.unwraps + excluded.unwraps
)
select chart_key, wrapped from found union all select chart_key, null from gone
"""
_BURY = """
with gone as (delete from keys.chart_key where chart_key = %(chart)s)
insert into keys.shredded (chart_key) values (%(chart)s) on conflict do nothing
"""


def add(tx: Transaction, chart_keys: Sequence[int], wrapped: Sequence[bytes]) -> set[int]:
    """Store new wrapped keys; return the charts that had none, and got one now: none, where one has a tombstone."""
    charts = listed(chart_keys)
    return {chart for (chart,) in tx.rows(_ADD, (charts, list(wrapped), charts))}


def take(
    tx: Transaction, chart_keys: Sequence[int], count: int, day: date, *, left: bool = False
) -> dict[int, bytes | None]:
    """Read the wrapped keys of distinct charts and add `count` to the unwraps of a day, in one statement.

    Where one of them is not there, nothing is counted. With `left` one that has a tombstone is there, and is None.
    """
    asked = {
        "charts": listed(chart_keys),
        "count": count,
        "day": day,
        "distinct": len(chart_keys),
        "left": left,
    }
    return {chart: None if wrapped is None else bytes(wrapped) for chart, wrapped in tx.rows(_TAKE, asked)}


def shredded(tx: Transaction, chart_keys: Sequence[int]) -> set[int]:
    """Return which of these charts have a tombstone."""
    found = tx.rows("select chart_key from keys.shredded where chart_key = any(%s::bigint[])", (list(chart_keys),))
    return {chart for (chart,) in found}


def bury(tx: Transaction, chart_key: int) -> None:
    """Delete a wrapped key and leave a tombstone."""
    tx.run(_BURY, {"chart": chart_key})


def destroyed(tx: Transaction, after: int, most: int) -> list[int]:
    """Return the next charts that have a tombstone, in key order."""
    found = tx.rows(
        "select chart_key from keys.shredded where chart_key > %s order by chart_key limit %s", (after, most)
    )
    return [chart for (chart,) in found]


def absent(tx: Transaction, chart_keys: Sequence[int]) -> set[int]:
    """Return which of these charts have neither a wrapped key nor a tombstone."""
    found = tx.rows(
        "select asked from unnest(%s::bigint[]) as asked"
        " where not exists (select from keys.chart_key k where k.chart_key = asked)"
        " and not exists (select from keys.shredded s where s.chart_key = asked)",
        (list(chart_keys),),
    )
    return {chart for (chart,) in found}


def highest(tx: Transaction) -> int:
    """Return the highest chart that has or had a key; 0 where none ever had one."""
    row = tx.row(
        "select greatest((select max(chart_key) from keys.chart_key), (select max(chart_key) from keys.shredded), 0)"
    )
    return int(row[0]) if row else 0


def unwraps(tx: Transaction) -> int:
    """Return the sum of all days and slots."""
    row = tx.row("select sum(unwraps) from keys.unwraps_of_day")
    return int(row[0]) if row and row[0] is not None else 0


def unwraps_by_day(tx: Transaction) -> list[tuple[date, int]]:
    """Return the sum of each day, the oldest first; what was counted before days were told apart is left out."""
    rows = tx.rows(
        "select day, sum(unwraps) from keys.unwraps_of_day where day > '-infinity' group by day order by day"
    )
    return [(day, int(count)) for day, count in rows]


def unwraps_before_days(tx: Transaction) -> int:
    """Return what was counted before days were told apart."""
    row = tx.row("select sum(unwraps) from keys.unwraps_of_day where day = '-infinity'")
    return int(row[0]) if row and row[0] is not None else 0


def add_emergency(tx: Transaction, emergency: bytes, wrapped: bytes) -> None:
    """Store the wrapped key of an emergency, unless it has one or had one."""
    tx.run(
        "insert into keys.emergency_key (emergency, wrapped) select %(emergency)s, %(wrapped)s where not exists"
        " (select from keys.destruction where what = encode(%(emergency)s, 'base64')) on conflict do nothing",
        {"emergency": emergency, "wrapped": wrapped},
    )


def emergencies(tx: Transaction) -> dict[bytes, bytes]:
    """Return the wrapped keys of all emergencies that have one."""
    found = tx.rows("select emergency, wrapped from keys.emergency_key")
    return {bytes(emergency): bytes(wrapped) for emergency, wrapped in found}


def bury_emergency(tx: Transaction, emergency: bytes) -> None:
    """Delete the wrapped key of an emergency."""
    tx.run("delete from keys.emergency_key where emergency = %s", (emergency,))


def add_destruction(tx: Transaction, told: tuple[str, str, bytes, datetime, datetime]) -> None:
    """Note a destruction as (what, kind, blind, due, done), and that its certificate is due; once for each thing."""
    row = tx.row(
        "insert into keys.destruction (what, kind, blind, due, done) values (%s, %s, %s, %s, %s)"
        " on conflict do nothing returning what",
        told,
    )
    if row is not None:
        tx.run("insert into keys.untold_destruction (what) values (%s)", (told[0],))


def destruction(tx: Transaction, what: str) -> tuple[str, str, bytes, datetime, datetime] | None:
    """Return what was noted of one destruction."""
    row = tx.row("select what, kind, blind, due, done from keys.destruction where what = %s", (what,))
    return (row[0], row[1], bytes(row[2]), row[3], row[4]) if row else None


def untold_destructions(tx: Transaction, most: int) -> list[str]:
    """Return destructions whose certificate was not handed over yet."""
    found = tx.rows("select what from keys.untold_destruction order by what limit %s", (most,))
    return [what for (what,) in found]


def told_destruction(tx: Transaction, what: str) -> None:
    """Note that a certificate was handed over."""
    tx.run("delete from keys.untold_destruction where what = %s", (what,))
