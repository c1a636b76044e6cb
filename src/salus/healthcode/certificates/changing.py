"""Write what became void on one day, for doors that have lists of that day. In the caller's transaction, duty CARE."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from salus.codec import key_id, signer
from salus.codec.certificates import instant, seconds, write_change
from salus.healthcode.certificates import store
from salus.healthcode.certificates.issuing import CERTIFICATE_KEY, issuer_party
from salus.healthcode.certificates.service import LIST_LASTS
from salus.keys import Custodian
from salus.storage import Transaction

_DAY = timedelta(days=1)
_HOUR = 3600


def void_change(
    tx: Transaction, custodian: Custodian, node: str, day: date, at: datetime, key_name: str = CERTIFICATE_KEY
) -> bytes | None:
    """Write and sign what became void on a day, in UTC; None for days of which lists are of no use any more or yet.

    A day that is over is told whole, for lists as of its end; of today, what is void by now, as of this hour, as the
    lists say it. `key_name` is what `listing_key` says.
    """
    starts = datetime.combine(day, time(), UTC)
    if not at - LIST_LASTS - _DAY < starts <= at:
        return None
    ends = starts + _DAY
    private = custodian.es256_in_token(key_name)
    issued = min(instant(seconds(at) // _HOUR * _HOUR), ends)
    voids = store.voided_at(tx)
    return write_change(
        issuer_party(node),
        {(number, index) for number, index, since in voids if since < starts},
        {(number, index) for number, index, since in voids if since < ends or ends > at},
        key_id(private.public_key()),
        signer(private),
        lists=store.highest_list(tx),
        starts=starts,
        issued=issued,
        expires=issued + LIST_LASTS,
    )
