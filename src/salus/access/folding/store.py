"""SQL that tells people's looks from those of systems, and folds the latter. It reads `access.entry` alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from salus.access.folding.model import Fold
from salus.access.model import RegisteredRead
from salus.access.store import LAST, registered
from salus.kernel import Purpose, Role
from salus.storage import Transaction

_SOFTWARE = "('hospital-system', 'sampling-site', 'laboratory', 'department-system')"
_COLUMNS = (
    "batch, item, reader_role, reader, facility, resident_key, chart_keys, what, count, action, purpose, ground,"
    " unwraps, at"
)
_BY_PEOPLE = f"""
select found.* from unnest(%(residents)s::bigint[]) as resident (key)
cross join lateral (
    select {_COLUMNS} from access.entry
    where resident_key = resident.key and reader_role not in {_SOFTWARE}
        and batch <= %(batch)s::bigint and (batch, item) < (%(batch)s::bigint, %(item)s::integer)
    order by batch desc, item desc limit %(limit)s
) as found
order by found.batch desc, found.item desc limit %(limit)s
"""  # noqa: S608  constants of this module

# A line stands whole, and once, where its newest entry does: what is told of an earlier time has a later place.
# A day is civil: a fixed offset of eight hours, as `kernel.CIVIL_TIME` is.
_FOLDED = f"""
select (at at time zone 'UTC' + interval '8 hours')::date as day, reader_role, facility, purpose, count(*), min(at),
    max(at), max(array[batch, item::bigint])
from access.entry
where resident_key = any(%(residents)s::bigint[]) and reader_role in {_SOFTWARE}
group by day, reader_role, facility, purpose
having max(array[batch, item::bigint]) < array[%(batch)s::bigint, %(item)s::bigint]
    and max(array[batch, item::bigint]) > array[%(low)s::bigint, %(low_item)s::bigint]
order by 8 desc limit %(limit)s
"""  # noqa: S608

_OF_FOLD = f"""
select {_COLUMNS} from access.entry
where resident_key = any(%(residents)s::bigint[]) and reader_role = %(role)s
    and facility is not distinct from %(facility)s::text and purpose = %(purpose)s
    and at >= %(since)s and at < %(until)s
    and batch <= %(batch)s::bigint and (batch, item) < (%(batch)s::bigint, %(item)s::integer)
order by batch desc, item desc limit %(limit)s
"""  # noqa: S608

Place = tuple[int, int]


def by_people(tx: Transaction, residents: Sequence[int], before: Place | None, limit: int) -> list[RegisteredRead]:
    """Return the newest looks at these residents by people, older than `before`, however many systems looked."""
    batch, item = before or LAST
    asked = {"residents": list(residents), "batch": batch, "item": item, "limit": limit}
    return [registered(row) for row in tx.rows(_BY_PEOPLE, asked)]


def folded(tx: Transaction, residents: Sequence[int], before: Place | None, after: Place, limit: int) -> list[Fold]:
    """Fold what systems did, whole lines whose newest entry lies between two places, those entries newest first."""
    batch, item = before or LAST
    low, low_item = after
    asked = {"residents": list(residents), "batch": batch, "item": item, "limit": limit}
    return [
        Fold(
            day=day,
            role=Role(role),
            facility=facility,
            purpose=Purpose(purpose),
            looks=int(looks),
            first=first,
            last=last,
            newest=(int(newest[0]), int(newest[1])),
        )
        for day, role, facility, purpose, looks, first, last, newest in tx.rows(
            _FOLDED, asked | {"low": low, "low_item": low_item}
        )
    ]


def of_fold(
    tx: Transaction,
    residents: Sequence[int],
    day: tuple[datetime, datetime],
    by: tuple[Role, str | None, Purpose],
    before: Place | None,
    limit: int,
) -> list[RegisteredRead]:
    """Return the entries of one fold, the newest first, older than `before`; the day is `since <= at < until`."""
    batch, item = before or LAST
    (since, until), (role, facility, purpose) = day, by
    asked = {"residents": list(residents), "batch": batch, "item": item, "limit": limit, "since": since, "until": until}
    asked |= {"role": role.value, "facility": facility, "purpose": purpose.value}
    return [registered(row) for row in tx.rows(_OF_FOLD, asked)]
