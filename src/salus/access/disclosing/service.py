"""Hand a disclosure to the public log, and register it when it is carried out. Duty CARE. Reads nothing itself."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from salus.access.disclosing import store
from salus.access.disclosing.model import Disclosure, check_notice
from salus.access.errors import DisclosureRefused
from salus.access.model import Read
from salus.access.service import register
from salus.kernel import Purpose, Role, format_instant
from salus.ledger import Leaf, append
from salus.storage import Transaction

COURT_ORDER = "court-order"
"""The ground of a disclosure's entry. No decision of the policy ever has it."""


def leaf_of(disclosure: Disclosure, signatures: Mapping[str, str]) -> Leaf:
    """Return the leaf that the public log gets."""
    return Leaf(kind="disclosure", body={**disclosure.told, "signatures": dict(signatures)})


def hand_over(tx: Transaction, disclosure: Disclosure, signatures: Mapping[str, str], at: datetime) -> None:
    """Hand a disclosure to the log, in the caller's transaction; its signers were checked. Raises DisclosureRefused."""
    check_notice(disclosure, at)
    if store.pending_of(tx, disclosure.commitment) is not None:
        raise DisclosureRefused("this disclosure was handed to the log before")
    leaf = leaf_of(disclosure, signatures)
    store.add(tx, disclosure.commitment, disclosure.notice, at, append(tx, leaf).id)


def handed_over(tx: Transaction, disclosure: Disclosure) -> UUID | None:
    """Return the name under which a disclosure's leaf waited for its place, if it was handed over."""
    return store.pending_of(tx, disclosure.commitment)


def carry_out(
    tx: Transaction, disclosure: Disclosure, resident_key: int, charts: Sequence[int], count: int, at: datetime
) -> None:
    """Write a disclosure into the register of its resident, in the transaction that reads; it shows at its notice.

    Once each: DisclosureRefused for a second time, which takes a new document. Its purpose is that of the record's
    keeper, since purposes are a closed list and no court has one.
    """
    entry = Read(
        reader_role=Role.OPERATOR,
        reader=disclosure.commitment.hex(),
        facility=None,
        resident_key=resident_key,
        chart_keys=tuple(charts),
        what="disclosure",
        count=count,
        action="disclose",
        purpose=Purpose.HOPERAT,
        ground=COURT_ORDER,
        unwraps=len(charts),
        at=at,
    )
    batch = register(tx, [entry])
    check_notice(disclosure, at)
    if not store.add_done(tx, disclosure.commitment, resident_key, (batch, 0), disclosure.notice, at):
        raise DisclosureRefused("this disclosure was carried out before; another takes a document of its own")


def untold(tx: Transaction, resident_keys: Sequence[int], at: datetime) -> set[tuple[int, int]]:
    """Return the places in the register of the disclosures that these residents are told of after `at`."""
    return store.untold(tx, resident_keys, at) if resident_keys else set()


def unlogged(tx: Transaction, leaves: Iterable[Leaf]) -> list[bytes]:
    """Return the commitments of rows that say that something was disclosed, where no leaf says so with that notice."""
    logged = {(str(leaf.body["disclosure"]), str(leaf.body["notice"])) for leaf in leaves}
    rows = [(one, base64.b64encode(one).decode(), format_instant(told)) for one, told in store.done(tx)]
    return [one for one, named, told in rows if (named, told) not in logged]
