"""SQL of what is counted of what arrives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from salus.storage import Transaction

Row = tuple[str, str, str, int]
_ARRIVED = "select facility, source, type, kind, detail, sum(resources) from records.arrived"
_TOGETHER = " group by facility, source, type, kind, detail order by facility, source, type, kind, detail"


def connect(tx: Transaction, facility: str, source: str, day: date, entries: int) -> None:
    """Note that a facility sent something on a day."""
    tx.run(
        "insert into records.connection as c (facility, source, first_day, last_day, acceptances, entries)"
        " values (%s, %s, %s, %s, 1, %s) on conflict (facility, source) do update set"
        " first_day = least(c.first_day, excluded.first_day), last_day = greatest(c.last_day, excluded.last_day),"
        " acceptances = c.acceptances + 1, entries = c.entries + excluded.entries",
        (facility, source, day, day, entries),
    )


def connections(tx: Transaction) -> list[tuple[str, str, date, date, int, int]]:
    """Return every facility's connections; there are as many as facilities, times three at most."""
    found = tx.rows(
        "select facility, source, first_day, last_day, acceptances, entries from records.connection"
        " order by facility, source"
    )
    return [(facility, source, first, last, int(times), int(n)) for facility, source, first, last, times, n in found]


def connections_of(tx: Transaction, facility: str) -> list[tuple[str, str, date, date, int, int]]:
    """Return one facility's connections."""
    found = tx.rows(
        "select facility, source, first_day, last_day, acceptances, entries from records.connection"
        " where facility = %s order by source",
        (facility,),
    )
    return [(facility, source, first, last, int(times), int(n)) for facility, source, first, last, times, n in found]


def add_arrived(tx: Transaction, facility: str, source: str, day: date, rows: Sequence[Row]) -> None:
    """Count (type, kind, detail, resources) of a day; rows in one order, so that two counters wait for each other."""
    tx.run(
        "insert into records.arrived as a (facility, day, source, type, kind, detail, resources)"
        " select %s, %s, %s, type, kind, detail, resources"
        " from unnest(%s::text[], %s::text[], %s::text[], %s::bigint[]) q(type, kind, detail, resources)"
        " on conflict (facility, day, source, type, kind, detail)"
        " do update set resources = a.resources + excluded.resources",
        (facility, day, source, *(list(column) for column in zip(*rows, strict=True))),
    )


def arrived(tx: Transaction, since: date, until: date) -> list[tuple[str, str, str, str, str, int]]:
    """Return (facility, source, type, kind, detail, resources) of all facilities from one day to another."""
    found = tx.rows(f"{_ARRIVED} where day between %s and %s{_TOGETHER}", (since, until))
    return [(*row[:5], int(row[5])) for row in found]


def arrived_of(tx: Transaction, facility: str, since: date, until: date) -> list[tuple[str, str, str, str, str, int]]:
    """Return the same of one facility."""
    found = tx.rows(f"{_ARRIVED} where facility = %s and day between %s and %s{_TOGETHER}", (facility, since, until))
    return [(*row[:5], int(row[5])) for row in found]


def add_sent(tx: Transaction, facility: str, day: date, digests: Sequence[int]) -> set[int]:
    """Note digests of what was sent; return those that were not known."""
    found = tx.rows(
        "insert into records.sent (facility, digest, day) select %s, digest, %s from unnest(%s::bigint[]) q(digest)"
        " on conflict do nothing returning digest",
        (facility, day, sorted(digests)),
    )
    return {digest for (digest,) in found}


def forget_sent(tx: Transaction, before: date) -> int:
    """Forget what was sent first before a day."""
    return tx.run("delete from records.sent where day < %s", (before,))


def add_turned_away(
    tx: Transaction, facility: str, source: str, day: date, rows: Sequence[tuple[str, str, int]]
) -> None:
    """Count (code, detail, entries) that were refused on a day."""
    tx.run(
        "insert into records.turned_away as t (facility, day, source, code, detail, entries)"
        " select %s, %s, %s, code, detail, entries"
        " from unnest(%s::text[], %s::text[], %s::bigint[]) q(code, detail, entries)"
        " on conflict (facility, day, source, code, detail) do update set entries = t.entries + excluded.entries",
        (facility, day, source, *(list(column) for column in zip(*rows, strict=True))),
    )


def turned_away(tx: Transaction, facility: str, since: date, until: date) -> list[tuple[date, str, str, str, int]]:
    """Return (day, source, code, detail, entries) of a facility."""
    found = tx.rows(
        "select day, source, code, detail, entries from records.turned_away"
        " where facility = %s and day between %s and %s order by day desc, code, detail, source",
        (facility, since, until),
    )
    return [(day, source, code, detail, int(n)) for day, source, code, detail, n in found]
