"""Hand a court's disclosure to the public log, and carry it out once a quorum of witnesses has seen it there.

No route leads here. Whoever runs the command decides nothing: the signers do, and their names stand in the log.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from salus import access, ledger, records
from salus.access import DisclosureRefused, disclosing
from salus.access.disclosing import DISCLOSURE_WITHIN, LONGEST_DELAY, Disclosure, DisclosureKey
from salus.app.disclosing.sealing import seal_file
from salus.app.node import Node, charts_of
from salus.app.seeing import check_classed, unnamed_sight
from salus.app.vouching import vouched, vouched_place
from salus.kernel import canonical
from salus.records import AskedEverything
from salus.storage import Duty, Transaction

MOST_ENTRIES: Final = 10_000


def submit(node: Node, disclosure: Disclosure, signatures: Mapping[str, str]) -> tuple[str, ...]:
    """Hand a signed disclosure to the public log and return who signed it. Raises DisclosureRefused.

    Nothing is read, and nobody can read anything by it, until witnesses have seen the leaf.
    """
    at = node.clock.now()
    signers = disclosing.check_signers(disclosure, signatures, _keys(node), at)
    with node.store.transaction(Duty.CARE) as tx:
        disclosing.hand_over(tx, disclosure, signatures, at)
    return signers


def disclose(node: Node, disclosure: Disclosure) -> tuple[bytes, int]:
    """Carry a disclosure out, once: return its file, sealed to the court, and how many entries it holds.

    What is of a sensitive class is left out: nobody but the resident opens that. So is what has no date as precise as a
    day. The entry of the register is durable before a key is opened, and counts what was opened, which may be more than
    the file holds; the resident is shown it from the notice on. Raises DisclosureRefused.
    """
    at = node.clock.now()
    _check_seen(node, disclosure, at)
    with node.store.transaction(Duty.CARE) as tx:
        resident = node.resident_key(tx, disclosure.resident)
        charts = charts_of(tx, resident) if resident is not None else ()
        if resident is None or not charts:
            raise DisclosureRefused("this resident is not in the index of this node")
        sight = unnamed_sight(None, dict.fromkeys(charts, resident))
        check_classed(tx, node, sight)
        found = _entries(tx, sight, disclosure)
        held = tuple(sorted({one.chart_key for one in found}))
        disclosing.carry_out(tx, disclosure, resident, held, len(found), at)
    keys = node.keys.unwrap_left(held)
    there = [one for one in found if one.chart_key in keys]
    # one entry at a time: a page of the reader may end early, and nothing may be left out silently
    opened = (orjson.loads(body) for one in there for body in records.open_page([one], keys, sight))
    entries = [one for one in opened if disclosure.covers(one)]
    return seal_file(disclosure, _file(disclosure, entries)), len(entries)


def _check_seen(node: Node, disclosure: Disclosure, at: datetime) -> None:
    """Refuse unless a quorum vouches for the very leaf, and those who have to signed it; a row counts for nothing."""
    with node.store.transaction(Duty.CARE) as tx:
        pending = disclosing.handed_over(tx, disclosure)
    receipt = vouched(node, pending) if pending else None
    if receipt is None:
        raise DisclosureRefused("no quorum of witnesses has seen this disclosure in the public log; nothing is shown")
    leaf = ledger.parse_leaf(receipt.entry)
    signatures = leaf.body.get("signatures")
    if not isinstance(signatures, Mapping) or disclosing.leaf_of(disclosure, signatures).encoded != receipt.entry:
        raise DisclosureRefused("the public log has another disclosure in this place; nothing is shown")
    seen = receipt.cosigned.at
    disclosing.check_signers(disclosure, signatures, _keys(node, seen), min(seen, receipt.cosigned.as_of))
    if at > seen + DISCLOSURE_WITHIN:
        raise DisclosureRefused(f"a disclosure is void {DISCLOSURE_WITHIN.days} days after it stood in the log")
    if disclosure.notice > seen + LONGEST_DELAY:
        raise DisclosureRefused(f"the resident is told within {LONGEST_DELAY.days} days, and nothing makes it longer")


def _keys(node: Node, at: datetime | None = None) -> list[DisclosureKey]:
    """Return the keys of parties that had not ended at an instant, or now, each with when witnesses vouched for it."""
    found, over = [], node.ended_keys(at) if at else node.ending_keys()
    for one in ledger.party_keys(node.store):
        if one.key in over:
            continue
        seen = vouched_place(node, one.index) if one.duty in ("signer", "ombudsman") else None
        if seen is not None:
            key = DisclosureKey(
                party=one.party, organisation=one.organisation, duty=one.duty, key=one.key, logged_at=seen
            )  # fmt: skip
            found.append(key)
    return found


def _entries(tx: Transaction, sight: access.Sight, disclosure: Disclosure) -> list[records.Kept]:
    """Return what may be disclosed, as far as its row can tell: of some kinds only the entry itself has a date."""
    lo, hi = disclosure.span
    found: list[records.Kept] = []
    more = True
    while more and len(found) <= MOST_ENTRIES:
        after = found[-1].resource_key if found else None
        asked = AskedEverything(
            types=disclosure.kinds, since=None, lo=lo, hi=hi, count=1_000, after=after, canonical=""
        )  # fmt: skip
        page, more = records.everything(tx, sight, asked)
        found += page
    if len(found) > MOST_ENTRIES:
        raise DisclosureRefused(f"a disclosure holds at most {MOST_ENTRIES} entries; name fewer kinds, or fewer days")
    return found


def _file(disclosure: Disclosure, entries: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the file that the court opens: the reference, the place in the log to look for, and the entries."""
    return canonical(
        {
            "commitment": base64.b64encode(disclosure.commitment).decode(),
            "entries": list(entries),
            "reference": disclosure.reference,
        }
    )


__all__ = ["disclose", "submit"]
