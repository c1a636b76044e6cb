"""Write the trust file without its lists, and the change of a day; each is made once for all who ask."""

from __future__ import annotations

from datetime import UTC, date

from salus.app.certificates import trust_chain, trust_file
from salus.app.node import Node
from salus.codec.certificates import without_lists
from salus.healthcode import certificates
from salus.storage import Duty


def trust_rest(node: Node) -> bytes:
    """Return the trust file as of now without its lists of void certificates, for doors that have those."""
    whole = trust_file(node)
    return node.memory.recall("trust rest", whole, lambda: without_lists(whole))


def void_change(node: Node, day: date) -> bytes | None:
    """Return what became void on a day, in UTC, signed; None of days for which a door fetches the file whole."""
    at, name = node.clock.now(), node.name
    age = (at.astimezone(UTC).date() - day).days
    if not 0 <= age <= certificates.LIST_LASTS.days:
        return None
    with node.store.transaction(Duty.CARE) as tx:
        voided = certificates.void_count(tx)
    key = certificates.listing_key(node.custodian, name, trust_chain(node), at)

    def make() -> bytes | None:
        with node.store.transaction(Duty.CARE) as tx:
            return certificates.void_change(tx, node.custodian, name, day, at, key)

    hour = at.replace(minute=0, second=0, microsecond=0)
    return node.memory.recall(f"void change of {age} days ago", (day, hour, voided, key), make)
