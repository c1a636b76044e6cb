"""SQL of openings in emergencies and their reviews. All of it is only ever inserted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from salus.access.glass.model import REVIEW_WITHIN, Category, Opening, Review
from salus.storage import Transaction

_TELL_LOCK = 7_305_819
_ROWS = """
select g.id, g.resident_key, g.opened_by, g.facility, g.organisation, g.category, g.words, g.opened_at, g.ends_at,
    r.upheld, r.reviewer, r.organisation, r.at
from access.opening g left join access.opening_review r on r.id = g.id
"""
_OF = f"{_ROWS} where g.resident_key = any(%s::bigint[]) order by g.opened_at desc, g.id"
_ONE = f"{_ROWS} where g.id = %s"
_BY = f"{_ROWS} where g.opened_by = %s order by g.opened_at"
_WAITING = f"{_ROWS} where r.id is null and g.organisation <> %s order by g.opened_at, g.id"
_OVERDUE = """
select count(*) from access.opening g
where g.facility = %s and g.opened_at <= %s and not exists (select from access.opening_review r where r.id = g.id)
"""
# Who opens the same record again before half an hour is over reads by the later opening from then on.
_SEEN = """
select what, count, at from access.entry
where resident_key = any(%(residents)s::bigint[]) and reader = %(by)s and purpose = 'ETREAT'
    and action = 'read-in-emergency' and at >= %(since)s and at < least(%(until)s, (
        select min(opened_at) from access.opening
        where resident_key = any(%(residents)s::bigint[]) and opened_by = %(by)s and opened_at > %(since)s
    ))
order by at, batch, item
"""
# A day counts what was opened on it, and what ran out of its time for review on it; a later review changes neither.
_COUNTS = """
select day, organisation, sum(opened)::bigint, sum(unreviewed)::bigint from (
    select (g.opened_at at time zone 'UTC')::date as day, g.organisation, 1 as opened, 0 as unreviewed
    from access.opening g
    union all
    select ((g.opened_at + %(within)s) at time zone 'UTC')::date, g.organisation, 0, 1
    from access.opening g left join access.opening_review r on r.id = g.id
    where r.at is null or r.at >= g.opened_at + %(within)s
) as counted
where day < %(today)s and not exists (
    select from access.openings_told t where t.day = counted.day and t.organisation = counted.organisation
)
group by day, organisation order by day, organisation
"""


def lock(tx: Transaction, name: str) -> None:
    """Wait until no other transaction breaks the glass under this name; held until this one ends."""
    tx.row("select pg_advisory_xact_lock(hashtextextended('access.opening ' || %s, 0))", (name,))


def add(tx: Transaction, one: Opening) -> None:
    """Insert an opening."""
    tx.run(
        "insert into access.opening (id, resident_key, opened_by, facility, organisation, category, words, opened_at,"
        " ends_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            one.id,
            one.resident_key,
            one.opened_by,
            one.facility,
            one.organisation,
            one.category.value,
            one.words,
            one.at,
            one.ends,
        ),
    )


def add_review(tx: Transaction, id_: UUID, found: Review) -> bool:
    """Insert a judgement; tell whether there was none yet."""
    statement = (
        "insert into access.opening_review (id, upheld, reviewer, organisation, at) values (%s, %s, %s, %s, %s)"
        " on conflict do nothing"
    )
    return tx.run(statement, (id_, found.upheld, found.reviewer, found.organisation, found.at)) == 1


def opening(tx: Transaction, id_: UUID) -> Opening | None:
    """Return one opening."""
    row = tx.row(_ONE, (id_,))
    return _opening(row) if row else None


def openings_of(tx: Transaction, residents: Sequence[int]) -> list[Opening]:
    """Return the openings of these residents' records, the newest first."""
    return [_opening(row) for row in tx.rows(_OF, (list(residents),))]


def by_staff(tx: Transaction, staff: str) -> list[Opening]:
    """Return everything that somebody ever opened, the oldest first; their budget keeps it short."""
    return [_opening(row) for row in tx.rows(_BY, (staff,))]


def waiting(tx: Transaction, organisation: str) -> list[Opening]:
    """Return what nobody has judged of what others than this organisation opened, the oldest first."""
    return [_opening(row) for row in tx.rows(_WAITING, (organisation,))]


def overdue_at(tx: Transaction, facility: str, before: datetime) -> int:
    """Count what a facility opened at `before` or earlier and nobody has judged."""
    row = tx.row(_OVERDUE, (facility, before))
    return int(row[0]) if row else 0


def seen(tx: Transaction, one: Opening, residents: Sequence[int]) -> list[tuple[str, int, datetime]]:
    """Return what the register has of reads by an opening, up to the next of the same record by the same person."""
    asked = {"residents": list(residents), "by": one.opened_by, "since": one.at, "until": one.ends}
    return [(what, int(count), at) for what, count, at in tx.rows(_SEEN, asked)]


def untold(tx: Transaction, today: date) -> list[tuple[date, str, int, int]]:
    """Count by day and organisation what the log was not told of yet; others wait until this commits."""
    tx.row("select pg_advisory_xact_lock(%s)", (_TELL_LOCK,))
    rows = tx.rows(_COUNTS, {"today": today, "within": REVIEW_WITHIN})
    return [(day, organisation, int(opened), int(unreviewed)) for day, organisation, opened, unreviewed in rows]


def add_told(tx: Transaction, day: date, organisation: str, pending_id: UUID) -> None:
    """Remember that the log was told of a day of an organisation."""
    tx.run(
        "insert into access.openings_told (day, organisation, pending_id) values (%s, %s, %s)",
        (day, organisation, pending_id),
    )


def _opening(row: Sequence[Any]) -> Opening:
    id_, resident, by, facility, organisation, category, words, at, ends, upheld, reviewer, judge, judged = row
    return Opening(
        id=id_,
        resident_key=resident,
        opened_by=by,
        facility=facility,
        organisation=organisation,
        category=Category(category),
        words=bytes(words),
        at=at,
        ends=ends,
        review=Review(upheld=upheld, reviewer=reviewer, organisation=judge, at=judged) if reviewer else None,
    )
