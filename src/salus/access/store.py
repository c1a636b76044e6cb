"""SQL of the tables that access owns. Entries, chain and anchors are only ever inserted; the queue alone is emptied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from salus.access.model import Read, Refusal, RegisteredRead
from salus.access.tree.leaf import ITEM, Row
from salus.kernel import Purpose, Role
from salus.proof.tiles import TILE_WIDTH, TileName
from salus.storage import Transaction, listed

Anchor = tuple[int, bytes, str, UUID]

_CHAIN_LOCK = 7_305_812
_PUBLISH_LOCK = 7_305_814
_PAGE = 1_000
LAST = (2**63 - 1, 2**31 - 1)

# One JSON parameter whose objects are reads, field by column: on the server it costs what an array for each column
# costs, in Python a third. The nonces come in one piece and are cut by place.
_REGISTER = """
with batch as (select nextval('access.batch_number') as number),
entries as (
    insert into access.entry (
        batch, item, reader_role, reader, facility, resident_key, chart_keys, what, count, action, purpose, ground,
        unwraps, at, nonce
    )
    select
        number, place - 1, reader_role, reader, facility, resident_key, chart_keys, what, count, action, purpose,
        ground, unwraps, at, substring(%s::bytea from (place * 16 - 15)::integer for 16)
    from batch, rows from (json_to_recordset(%s::json) as (
        reader_role text, reader text, facility text, resident_key bigint, chart_keys bigint[], what text,
        count integer, action text, purpose text, ground text, unwraps smallint, at timestamptz
    )) with ordinality as read (
        reader_role, reader, facility, resident_key, chart_keys, what, count, action, purpose, ground, unwraps, at,
        place
    )
),
queue as (insert into access.unchained (batch) select number from batch)
select number from batch
"""

_READS_OF = """
select found.* from unnest(%(residents)s::bigint[]) as resident (key)
cross join lateral (
    select batch, item, reader_role, reader, facility, resident_key, chart_keys, what, count, action, purpose, ground,
        unwraps, at
    from access.entry
    where resident_key = resident.key
        and batch <= %(batch)s::bigint and (batch, item) < (%(batch)s::bigint, %(item)s::integer)
        and (%(since)s::timestamptz is null or at >= %(since)s) and (%(until)s::timestamptz is null or at < %(until)s)
    order by batch desc, item desc limit %(limit)s
) as found
order by found.batch desc, found.item desc limit %(limit)s
"""

_OPEN_RELATIONS = """
select asked.facility, asked.resident_key
from unnest(%(facilities)s::text[], %(residents)s::bigint[]) as asked (facility, resident_key)
where exists (
    select from access.relation r
    where r.facility = asked.facility and r.resident_key = asked.resident_key
        and r.ends_at > %(at)s and r.opened_at <= %(at)s
)
"""

# One person typed a number; before it ended nobody else did, and no code was shown.
_ORPHANS = """
select r.facility, count(*) from access.relation r
where r.opened_at >= %(since)s and r.ends_at <= %(at)s and r.ends_at - r.opened_at <= %(short)s
    and not exists (
        select from access.relation c
        where c.facility = r.facility and c.resident_key = r.resident_key
            and c.ends_at - c.opened_at > %(short)s and c.opened_at <= r.ends_at and c.ends_at > r.opened_at
    )
group by r.facility order by count(*) desc, r.facility
"""

_RELATIONS_AT = """
select resident_key, max(ends_at) from access.relation
where facility = %(facility)s and ends_at > %(at)s and opened_at <= %(at)s
group by resident_key order by 2 desc
"""

_VISITS_AT = """
select resident_key, ends_at, latest from (
    select resident_key, opened_at, ends_at, max(ends_at) over (partition by resident_key) as latest
    from access.relation where facility = %(facility)s and ends_at > %(since)s and opened_at <= %(at)s
) as recent where latest > %(at)s and opened_at > %(since)s order by ends_at desc
"""

_READS_OF_CHARTS = """
select batch, item, reader_role, reader, facility, resident_key, chart_keys, what, count, action, purpose, ground,
    unwraps, at
from access.entry where resident_key = %(resident)s and chart_keys && %(charts)s::bigint[] order by batch, item
"""

_ENTRIES = """
select batch, item, reader_role, reader, facility, resident_key, chart_keys, what, count, action, purpose, ground,
    unwraps, at, nonce
from access.entry where batch = any(%s::bigint[]) order by batch, item
"""


def add_reads(tx: Transaction, reads: Sequence[Read], nonces: bytes) -> int:
    """Insert the entries of one batch and queue it, in one statement; `nonces` has 16 bytes for each read."""
    row = tx.row(_REGISTER, (nonces, orjson.dumps(reads).decode()))
    return int(row[0]) if row else 0


def reads_of(
    tx: Transaction,
    residents: Sequence[int],
    before: tuple[int, int] | None,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[RegisteredRead]:
    """Return the newest reads of these residents, older than `before`, at `since` or later and before `until`."""
    asked = {"residents": list(residents), "limit": limit, "since": since, "until": until}
    asked["batch"], asked["item"] = before or LAST
    rows = tx.rows(_READS_OF, asked)
    return [registered(row) for row in rows]


def reads_of_charts(tx: Transaction, resident: int, charts: Sequence[int]) -> list[RegisteredRead]:
    """Return the reads of a resident that opened one of these charts, oldest first."""
    rows = tx.rows(_READS_OF_CHARTS, {"resident": resident, "charts": list(charts)})
    return [registered(row) for row in rows]


def add_refusal(tx: Transaction, refusal: Refusal) -> None:
    """Insert one refusal, or what counts several."""
    tx.run(
        "insert into access.refusal (code, role, principal, facility, action, purpose, at, count, since)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            refusal.code,
            refusal.role.value,
            refusal.principal,
            refusal.facility,
            str(refusal.action),
            refusal.purpose,
            refusal.at,
            refusal.count,
            refusal.since,
        ),
    )


def refusal_counts(tx: Transaction, actions: Sequence[str]) -> list[tuple[date, str, int]]:
    """Count refusals of these actions by UTC day, the newest day first."""
    rows = tx.rows(
        "select (at at time zone 'UTC')::date as day, action, sum(count) from access.refusal"
        " where action = any(%s::text[]) group by day, action order by day desc, action",
        (list(actions),),
    )
    return [(day, action, int(count)) for day, action, count in rows]


def unpublished_counts(tx: Transaction, actions: Sequence[str], today: date) -> list[tuple[date, str, int]]:
    """Count refusals of days before `today` that were not handed to the public log; others wait until this commits."""
    tx.row("select pg_advisory_xact_lock(%s)", (_PUBLISH_LOCK,))
    published = {(day, action) for day, action in tx.rows("select day, action from access.refusals_published")}
    found = sorted(refusal_counts(tx, actions))
    return [(day, action, count) for day, action, count in found if day < today and (day, action) not in published]


def add_published(tx: Transaction, day: date, action: str, count: int, pending_id: UUID) -> None:
    """Remember that a day's count was handed to the public log."""
    tx.run(
        "insert into access.refusals_published (day, action, count, pending_id) values (%s, %s, %s, %s)",
        (day, action, count, pending_id),
    )


def add_relation(
    tx: Transaction,
    facility: str,
    resident: int,
    opened_by: str,
    opened_at: datetime,
    ends_at: datetime,
    *,
    given: bool = False,
) -> None:
    """Insert a care relation; the same one twice is one. What lasts otherwise, or was opened otherwise, is another."""
    tx.run(
        "insert into access.relation (facility, resident_key, opened_by, opened_at, ends_at, given)"
        " values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
        (facility, resident, opened_by, opened_at, ends_at, given),
    )


def open_relations(tx: Transaction, pairs: Sequence[tuple[str, int]], at: datetime) -> set[tuple[str, int]]:
    """Return those pairs of facility and resident that have a relation with opened_at <= at < ends_at."""
    facilities, residents = [facility for facility, _ in pairs], listed(resident for _, resident in pairs)
    rows = tx.rows(_OPEN_RELATIONS, {"facilities": facilities, "residents": residents, "at": at})
    return {(facility, resident) for facility, resident in rows}


def relations_at(tx: Transaction, facility: str, at: datetime) -> list[tuple[int, datetime]]:
    """Return each resident that a facility has an open relation with, and when the last of them ends, newest first."""
    rows = tx.rows(_RELATIONS_AT, {"facility": facility, "at": at})
    return [(resident, ends) for resident, ends in rows]


def visit_relations(
    tx: Transaction, facility: str, since: datetime, at: datetime
) -> list[tuple[int, datetime, datetime]]:
    """Return each relation opened after `since` of who has one open at `at`: resident, its end, and the last end."""
    rows = tx.rows(_VISITS_AT, {"facility": facility, "since": since, "at": at})
    return [(resident, ends, latest) for resident, ends, latest in rows]


def orphans(tx: Transaction, since: datetime, at: datetime, short: timedelta) -> list[tuple[str, int]]:
    """Count by facility the relations no longer than `short` that ended, and that no longer one confirmed."""
    rows = tx.rows(_ORPHANS, {"since": since, "at": at, "short": short})
    return [(facility, int(count)) for facility, count in rows]


def relation_by_other(tx: Transaction, facility: str, resident: int, by: str, at: datetime) -> bool:
    """Tell whether somebody else than `by` opened a relation that is open at `at`."""
    found = tx.row(
        "select 1 from access.relation where facility = %s and resident_key = %s and opened_by <> %s"
        " and opened_at <= %s and ends_at > %s limit 1",
        (facility, resident, by, at, at),
    )
    return found is not None


def relation_confirmed(tx: Transaction, facility: str, resident: int, at: datetime, short: timedelta) -> bool:
    """Tell whether a relation longer than `short` is open at `at` that nobody else's code for the resident opened."""
    found = tx.row(
        "select 1 from access.relation where facility = %s and resident_key = %s"
        " and opened_at <= %s and ends_at > %s and ends_at - opened_at > %s and not given limit 1",
        (facility, resident, at, at, short),
    )
    return found is not None


def relation_end(tx: Transaction, facility: str, resident: int, at: datetime) -> datetime | None:
    """Return when the last of the relations that are open at `at` ends."""
    row = tx.row(
        "select max(ends_at) from access.relation"
        " where facility = %(facility)s and resident_key = %(resident)s and ends_at > %(at)s and opened_at <= %(at)s",
        {"facility": facility, "resident": resident, "at": at},
    )
    return row[0] if row else None


def lock_chain(tx: Transaction) -> None:
    """Wait until no other transaction grows the tree; what it committed is seen from here on."""
    tx.row("select pg_advisory_xact_lock(%s)", (_CHAIN_LOCK,))


def claim(tx: Transaction, limit: int) -> list[int]:
    """Take the oldest waiting batches out of the queue. Hold the chain's lock."""
    rows = tx.rows(
        "delete from access.unchained where batch in (select batch from access.unchained order by batch limit %s)"
        " returning batch",
        (limit,),
    )
    return sorted(batch for (batch,) in rows)


def entries(tx: Transaction, batches: Sequence[int]) -> dict[int, list[Row]]:
    """Return the rows of these batches in the order of their items; a batch without any is absent."""
    found: dict[int, list[Row]] = {}
    for row in tx.rows(_ENTRIES, (list(batches),)):
        found.setdefault(row[0], []).append(row)
    return found


def entry(tx: Transaction, batch: int, item: int) -> Row | None:
    """Return one row."""
    return next((row for row in entries(tx, [batch]).get(batch, ()) if row[ITEM] == item), None)


def chain_size(tx: Transaction) -> int:
    """Return how many entries the tree has."""
    row = tx.row(
        "select first_position + length(hashes) / 32 from access.chained where first_position is not null"
        " order by first_position desc limit 1"
    )
    return int(row[0]) if row else 0


def add_chained(tx: Transaction, rows: Iterable[tuple[int, int | None, bytes]]) -> None:
    """Insert batches with their first position and leaf hashes."""
    tx.copy("access.chained", ("batch", "first_position", "hashes"), rows)


def add_subtrees(tx: Transaction, rows: Iterable[tuple[int, int, bytes]]) -> None:
    """Insert complete subtrees with their level of tiles and place."""
    tx.copy("access.subtree", ("level", "index", "hash"), rows)


def tile(tx: Transaction, name: TileName) -> bytes:
    """Return the hashes of a tile, as many as the tree has."""
    if name.level:
        rows = tx.rows(
            "select hash from access.subtree where level = %s and index >= %s and index < %s order by index",
            (name.level, name.first, name.first + TILE_WIDTH),
        )
        return b"".join(digest for (digest,) in rows)
    rows = tx.rows(
        "select first_position, hashes from access.chained where first_position < %(end)s and first_position >="
        " coalesce((select max(first_position) from access.chained where first_position <= %(start)s), 0)"
        " order by first_position",
        {"start": name.first, "end": name.first + TILE_WIDTH},
    )
    skip = name.first - rows[0][0] if rows else 0
    return b"".join(hashes for _, hashes in rows)[skip * 32 : (skip + TILE_WIDTH) * 32]


def position(tx: Transaction, batch: int, item: int) -> int | None:
    """Return where an entry stands in the tree, once it does."""
    row = tx.row(
        "select first_position + %(item)s from access.chained"
        " where batch = %(batch)s and length(hashes) / 32 > %(item)s",
        {"batch": batch, "item": item},
    )
    return row[0] if row else None


def positions(tx: Transaction, batches: Sequence[int]) -> dict[int, int]:
    """Return where the first entry of each batch stands in the tree, of those that do."""
    rows = tx.rows(
        "select batch, first_position from access.chained"
        " where batch = any(%s::bigint[]) and first_position is not null",
        (list(batches),),
    )
    return {int(batch): int(first) for batch, first in rows}


def add_anchor(tx: Transaction, size: int, root: bytes, custodian: str, pending_id: UUID) -> None:
    """Remember what was handed to the public log."""
    tx.run(
        "insert into access.anchored (size, root, custodian, pending_id) values (%s, %s, %s, %s)",
        (size, root, custodian, pending_id),
    )


def anchored_size(tx: Transaction) -> int:
    """Return the size of the tree that was handed over last."""
    row = tx.row("select size from access.anchored order by size desc limit 1")
    return int(row[0]) if row else 0


def anchors(tx: Transaction, above: int = 0) -> list[Anchor]:
    """Return size, root, custodian and pending id of the anchors whose size is above this one, smallest first."""
    rows = tx.rows(
        "select size, root, custodian, pending_id from access.anchored where size > %s order by size", (above,)
    )
    return [(size, root, custodian, pending_id) for size, root, custodian, pending_id in rows]


def emptied(tx: Transaction) -> list[int]:
    """Return batches whose entries were gone before they could be chained."""
    return [batch for (batch,) in tx.rows("select batch from access.chained where first_position is null")]


def chained(tx: Transaction) -> Iterator[list[tuple[int, int, bytes]]]:
    """Go through batch, first position and leaf hashes in the order of positions, by pages."""
    after = -1
    while page := tx.rows(
        "select batch, first_position, hashes from access.chained where first_position > %s"
        " order by first_position limit %s",
        (after, _PAGE),
    ):
        yield [(batch, first, hashes) for batch, first, hashes in page]
        after = page[-1][1]


def foreign_batches(tx: Transaction) -> list[int]:
    """Return batches that are neither chained nor waiting: someone put them there."""
    rows = tx.rows(
        "select distinct batch from access.entry e where"
        " not exists (select from access.chained c where c.batch = e.batch)"
        " and not exists (select from access.unchained u where u.batch = e.batch) order by batch"
    )
    return [batch for (batch,) in rows]


def subtrees(tx: Transaction, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """Return the hashes of those of these complete subtrees, named by level and index, that are stored."""
    rows = tx.rows(
        "select level, index, hash from access.subtree where (level, index) in"
        " (select * from unnest(%s::smallint[], %s::bigint[]))",
        ([level for level, _ in places], [index for _, index in places]),
    )
    return {(level, index): digest for level, index, digest in rows}


def subtree_count(tx: Transaction) -> int:
    """Return how many complete subtrees are stored."""
    row = tx.row("select count(*) from access.subtree")
    return int(row[0]) if row else 0


def unwraps(tx: Transaction) -> int:
    """Return the sum over all entries."""
    row = tx.row("select coalesce(sum(unwraps), 0) from access.entry")
    return int(row[0]) if row else 0


def told_since(tx: Transaction, since: date) -> dict[date, tuple[int, int]]:
    """Return how many entries each UTC day has from `since` on, and of how many unwraps they tell."""
    rows = tx.rows(
        "select (at at time zone 'UTC')::date as day, count(*), sum(unwraps) from access.entry"
        " where at >= (%s::date)::timestamp at time zone 'UTC' group by day",
        (since,),
    )
    return {day: (int(entries), int(declared)) for day, entries, declared in rows}


def last_unwraps_published(tx: Transaction) -> date | None:
    """Return the newest day whose unwraps were handed to the public log; others wait until this commits."""
    tx.row("select pg_advisory_xact_lock(%s)", (_PUBLISH_LOCK,))
    row = tx.row("select max(day) from access.unwraps_published")
    return row[0] if row else None


def add_unwraps_published(tx: Transaction, day: date, counts: tuple[int, int, int], pending_id: UUID) -> None:
    """Remember what was handed to the public log of a day: entries, unwraps, declared."""
    tx.run(
        "insert into access.unwraps_published (day, entries, unwraps, declared, pending_id)"
        " values (%s, %s, %s, %s, %s)",
        (day, *counts, pending_id),
    )


def freeze(tx: Transaction) -> None:
    """Let every statement of this transaction, from its first on, see the same instant."""
    tx.run("set transaction isolation level repeatable read")


def registered(row: Sequence[Any]) -> RegisteredRead:
    """Return a row of `access.entry`, without its nonce, as what it is."""
    batch, item, role, reader, facility, resident, charts, what, count, action, purpose, ground, unwraps, at = row
    read = Read(
        reader_role=Role(role),
        reader=reader,
        facility=facility,
        resident_key=resident,
        chart_keys=tuple(charts),
        what=what,
        count=count,
        action=action,
        purpose=Purpose(purpose),
        ground=ground,
        unwraps=unwraps,
        at=at,
    )
    return RegisteredRead(batch=batch, item=item, read=read)
