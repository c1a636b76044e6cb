"""Register reads and refusals; open care relations and tell which are open. Decides nothing: see `permit`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from salus.access import store as sql
from salus.access.errors import ReadInvalid
from salus.access.model import MEASURE_ATTEMPTS, RELATION_LASTS, UNCONFIRMED_LASTS, Read, Refusal, RegisteredRead
from salus.ledger import Leaf, append
from salus.storage import Duty, Store, Transaction

PARTED = "parted"
"""The ground of a read that was shown to another person first, to whom the chart did not belong."""


def register(tx: Transaction, reads: Sequence[Read], random: Callable[[int], bytes] = secrets.token_bytes) -> int:
    """Write reads into the register, in the transaction of duty CARE that fetches them; return the batch's number.

    Let no byte of what was read leave before that transaction is durable. One entry for each resident in each
    request; entry `i` of the batch is `reads[i]`. One statement, whatever their number. ReadInvalid if there are none.
    """
    if not reads:
        raise ReadInvalid("nothing was read: there is nothing to register")
    return sql.add_reads(tx, reads, random(16 * len(reads)))


def reads_of(
    tx: Transaction,
    resident_keys: Sequence[int],
    before: tuple[int, int] | None = None,
    limit: int = 50,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[RegisteredRead]:
    """Return who looked at these residents' records, newest first; `before` is the batch and item to go on from.

    Where they are named, from `since` on and before `until`.
    """
    return sql.reads_of(tx, resident_keys, before, limit, since, until)


def tell_of_earlier(tx: Transaction, charts: Sequence[int], before: int, now: int) -> int:
    """Write earlier reads of these charts into the register of `now`, whose they are, not of `before`; return how many.

    Each keeps its instant, its reader and its purpose, names these charts alone, and opens nothing again.
    """
    mine = set(charts)
    earlier = [
        replace(
            one.read,
            resident_key=now,
            chart_keys=tuple(sorted(mine & set(one.read.chart_keys))),
            ground=PARTED,
            unwraps=0,
        )
        for one in sql.reads_of_charts(tx, before, charts)
        if one.read.ground != PARTED
    ]
    if earlier:
        register(tx, earlier)
    return len(earlier)


def record_refusal(store: Store, *refusals: Refusal) -> None:
    """Write refusals in a transaction of their own, so that they stay when the refused request is rolled back.

    A node keeps them by its `Refusals`, which count those of a loop.
    """
    with store.transaction(Duty.CARE) as tx:
        for refusal in refusals:
            sql.add_refusal(tx, refusal)


def attempts(tx: Transaction) -> list[tuple[date, str, int]]:
    """Return how many attempts to write a measure were refused, by UTC day and kind, the newest day first."""
    return sql.refusal_counts(tx, MEASURE_ATTEMPTS)


def publish_attempts(tx: Transaction, today: date) -> int:
    """Hand a leaf over for each day before `today` and kind that has none yet; return how many. Duty CARE.

    Idempotent: a day is published once, and of two that come at once one waits for the other.
    """
    done = 0
    for day, action, count in sql.unpublished_counts(tx, MEASURE_ATTEMPTS, today):
        leaf = Leaf(kind="refusals", body={"day": day.isoformat(), "action": action, "count": count})
        sql.add_published(tx, day, action, count, append(tx, leaf).id)
        done += 1
    return done


def publish_unwraps(
    tx: Transaction, custodian: str, counted: Mapping[date, int], since: date | None, today: date
) -> int:
    """Hand a leaf over for each day before `today` that has none yet and on which something was read; return how many.

    `counted` are the unwraps that the keys' own store counted by day. `since` is the first day to tell of, and None
    tells of all. A day without entries and unwraps has no leaf. Duty CARE. Idempotent as `publish_attempts` is.
    """
    last, done = sql.last_unwraps_published(tx), 0
    start = max(one for one in (since, last and last + timedelta(days=1), date(2000, 1, 1)) if one)
    if start >= today:
        return 0
    told = sql.told_since(tx, start)
    for day in sorted(one for one in {*told, *counted} if start <= one < today):
        entries, declared = told.get(day, (0, 0))
        unwraps = counted.get(day, 0)
        told_of: dict[str, object] = {"custodian": custodian, "day": day.isoformat()}
        leaf = Leaf(kind="unwraps", body=told_of | {"entries": entries, "unwraps": unwraps, "declared": declared})
        sql.add_unwraps_published(tx, day, (entries, unwraps, declared), append(tx, leaf).id)
        done += 1
    return done


def told_by_day(tx: Transaction) -> dict[date, tuple[int, int]]:
    """Return how many entries the register has of each UTC day, and of how many unwraps they tell. Walks the whole."""
    return sql.told_since(tx, date(2000, 1, 1))


def open_relation(
    tx: Transaction, facility: str, resident_key: int, by: str, at: datetime, *, given: bool = False
) -> datetime:
    """Open a care relation from `at` on, for 24 h; return the first instant at which it is closed again.

    Ask `permit` first. Opening again while one is open adds another that ends later; none is ever extended. `given`
    tells that somebody else's code for the resident opens it.
    """
    ends_at = at + RELATION_LASTS
    sql.add_relation(tx, facility, resident_key, by, at, ends_at, given=given)
    return ends_at


def open_unconfirmed(tx: Transaction, facility: str, resident_key: int, by: str, at: datetime) -> datetime:
    """Open a care relation that rests on one person's word, for 2 h; return the first instant at which it is closed.

    Ask `permit` first. It is confirmed by another relation that a code or another person opens; none is ever extended.
    """
    ends_at = at + UNCONFIRMED_LASTS
    sql.add_relation(tx, facility, resident_key, by, at, ends_at)
    return ends_at


def orphans(tx: Transaction, since: datetime, at: datetime) -> list[tuple[str, int]]:
    """Count by facility the relations since an instant that ended with one person's word alone: ENCOUNTER-ORPHAN."""
    return sql.orphans(tx, since, at, UNCONFIRMED_LASTS)


def relations(tx: Transaction, pairs: Sequence[tuple[str, int]], at: datetime) -> set[tuple[str, int]]:
    """Return those pairs of facility and resident key between which a care relation is open at `at`."""
    return sql.open_relations(tx, pairs, at) if pairs else set()


def relations_at(tx: Transaction, facility: str, at: datetime) -> list[tuple[int, datetime]]:
    """Return whom a facility may read now by an open care relation, and until when; the last to end comes first."""
    return sql.relations_at(tx, facility, at)


def visit_relations(tx: Transaction, facility: str, at: datetime) -> list[tuple[int, datetime, datetime]]:
    """Return the relations, opened within a day, of whom a facility may read now: resident, its end, the last end."""
    return sql.visit_relations(tx, facility, at - RELATION_LASTS, at)


def unwraps(tx: Transaction) -> int:
    """Return how many unwraps the whole register tells of; keys count them too, and never fewer."""
    return sql.unwraps(tx)


def relation_ends(tx: Transaction, facility: str, resident_key: int, at: datetime) -> datetime | None:
    """Return the first instant at which the care relation that is open at `at` is closed again; None if none is."""
    return sql.relation_end(tx, facility, resident_key, at)


def relation_by_other(tx: Transaction, facility: str, resident_key: int, by: str, at: datetime) -> bool:
    """Tell whether a care relation is open that somebody else than `by` opened: two people then saw the resident."""
    return sql.relation_by_other(tx, facility, resident_key, by, at)


def relation_confirmed(tx: Transaction, facility: str, resident_key: int, at: datetime) -> bool:
    """Tell whether a care relation is open that the resident's own code opened, or that two people's word is for.

    See `open_unconfirmed`. A code that a relative or a guardian shows for the resident confirms nothing.
    """
    return sql.relation_confirmed(tx, facility, resident_key, at, UNCONFIRMED_LASTS)
