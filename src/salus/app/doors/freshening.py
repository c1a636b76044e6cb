"""Write the trust file without its lists, and the change of a day; each is made once for all who ask."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import UTC, date, datetime, timedelta

from salus.app.certificates import trust_chain, trust_file
from salus.app.node import Node
from salus.codec.certificates import without_lists
from salus.healthcode import certificates
from salus.storage import Duty

_DAY = timedelta(days=1)
_DAYS = certificates.LIST_LASTS.days + 1
"""Of so many days changes are told, with today's; so many are remembered."""


def trust_rest(node: Node) -> bytes:
    """Return the trust file as of now without its lists of void certificates, for doors that have those."""
    whole = trust_file(node)
    return node.memory.recall("trust rest", whole, lambda: without_lists(whole))


def void_change(node: Node, day: date) -> bytes | None:
    """Return what became void on a day, in UTC, signed; None of days for which a door fetches the file whole.

    That of a day that is over is made once, and again only if a void came late to it, which is looked for once a
    minute, or if another key signs; that of today also with each void and each hour.
    """
    at = node.clock.now()
    today = at.astimezone(UTC).date()
    if not 0 <= (today - day).days < _DAYS:
        return None
    key = certificates.listing_key(node.custodian, node.name, trust_chain(node), at)
    stamp = _open(node, at) if day == today else _closed(node, day, at)
    name = f"void change {day.toordinal() % _DAYS}"
    return node.memory.recall(name, (day, key, stamp), lambda: _void_change(node, day, at, key, open_=day == today))


def _open(node: Node, at: datetime) -> Hashable:
    """Say what the change of a day that is not over depends on: the hour, and all that is void."""
    with node.store.transaction(Duty.CARE) as tx:
        return at.replace(minute=0, second=0, microsecond=0), certificates.void_count(tx)


def _closed(node: Node, day: date, at: datetime) -> Hashable:
    """Say what the change of a day that is over depends on: how much was void when it ended, and how many lists are."""
    today = at.astimezone(UTC).date()

    def count() -> tuple[dict[date, int], int]:
        with node.store.transaction(Duty.CARE) as tx:
            days = [today - age * _DAY for age in reversed(range(_DAYS - 1))]
            return certificates.voids_as_of(tx, days), certificates.how_many_lists(tx)

    voids, lists = node.memory.recall("voids by day", at.replace(second=0, microsecond=0), count)
    return voids[day + _DAY], lists


def _void_change(node: Node, day: date, at: datetime, key: str, *, open_: bool) -> bytes | None:
    with node.store.transaction(Duty.CARE) as tx:
        before = None
        if open_:  # the day's beginning stays, whatever is voided in it, unless a void comes late to an earlier one
            began = (day, certificates.voids_as_of(tx, [day])[day])
            before = node.memory.recall("lists as today began", began, lambda: certificates.lists_as_of(tx, day))
        return certificates.void_change(tx, node.custodian, node.name, day, at, key, before)
