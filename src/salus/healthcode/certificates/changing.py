"""Write what became void on one day, for doors that have lists of that day. In the caller's transaction, duty CARE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from salus.codec import key_id, signer
from salus.codec.certificates import instant, seconds, void_bits, write_change
from salus.healthcode.certificates import store
from salus.healthcode.certificates.issuing import CERTIFICATE_KEY, issuer_party
from salus.healthcode.certificates.service import LIST_LASTS
from salus.keys import Custodian
from salus.storage import Transaction

_DAY = timedelta(days=1)
_HOUR = 3600

Lists = Mapping[int, bytes | bytearray]
"""The bits of status lists, by number, of those in which anything is void."""


def lists_as_of(tx: Transaction, day: date) -> Lists:
    """Return the lists of void certificates as they were when a day, in UTC, began."""
    return void_bits(store.void_before(tx, _start(day)))


def voids_as_of(tx: Transaction, days: Sequence[date]) -> dict[date, int]:
    """Return how many places of the lists were void as each of these days, in UTC and in order, began.

    Places stay void, and are counted by when they became so: as long as the number is the same, `lists_as_of` is.
    """
    counted = store.count_void_by(tx, [_start(one) for one in days])
    return {day: sum(count for passed, count in counted.items() if passed <= place) for place, day in enumerate(days)}


def void_change(
    tx: Transaction,
    custodian: Custodian,
    node: str,
    day: date,
    at: datetime,
    key_name: str = CERTIFICATE_KEY,
    before: Lists | None = None,
) -> bytes | None:
    """Write and sign what became void on a day, in UTC; None for days of which lists are of no use any more or yet.

    A day that is over is told whole, for lists as of its end; of today, what is void by now, as of this hour, as the
    lists say it. `key_name` is what `listing_key` says, `before` what `lists_as_of` says, where the caller knows it.
    """
    starts = _start(day)
    if not at - LIST_LASTS - _DAY < starts <= at:
        return None
    ends = starts + _DAY
    private = custodian.es256_in_token(key_name)
    issued = min(instant(seconds(at) // _HOUR * _HOUR), ends)
    return write_change(
        issuer_party(node),
        lists_as_of(tx, day) if before is None else before,
        store.void_from(tx, starts, ends if ends <= at else None),
        key_id(private.public_key()),
        signer(private),
        lists=store.highest_list(tx),
        starts=starts,
        issued=issued,
        expires=issued + LIST_LASTS,
    )


def how_many_lists(tx: Transaction) -> int:
    """Return of how many lists every change is that is made now."""
    return store.highest_list(tx)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
