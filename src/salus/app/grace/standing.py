"""Note once, at the first start after the upgrade, which places stay open without an admission, and hold it to that.

The list is a migration's; its digest stands in a leaf of the public log and in a file of the data folder. Whoever
changes the database alone changes no list that counts: any difference between the three closes all of its places.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from salus import ledger, parties
from salus.kernel import canonical, format_instant, parse_instant
from salus.ledger import Leaf, LeafRefused
from salus.parties import Graced
from salus.storage import Store

GRACE_LASTS: Final = timedelta(days=30)
UNLOGGED: Final = timedelta(hours=24)
"""How long it counts while its leaf waits for a place in the log; and how far a clock may have been ahead."""
CLOSES: Final = datetime(2027, 6, 1, tzinfo=UTC)
"""No first start from this instant on lets a place stay open: whoever puts an upgrade off has half a year for it."""
SINCE: Final = ("break-glass", "disclosure", "exposure", "exposure-end", "shred", "unwraps", "veto")
"""Kinds of leaves that no release before admissions wrote; a node in use counts its unwraps from the first day on."""
FILE: Final = "grace.json"
KIND: Final = "grace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grace:
    """The places that stay open for starts <= t < ends, as they were registered before the upgrade."""

    places: frozenset[Graced]
    starts: datetime
    ends: datetime

    def open(self, at: datetime) -> bool:
        """Tell whether it has not ended."""
        return self.starts - UNLOGGED <= at < self.ends


def digest_of(places: Sequence[Graced]) -> str:
    """Return the SHA-256 in base64 of the canonical JSON of [facility, organisation, kind, county] of each, by id."""
    told = [[one.facility, one.organisation, one.kind, one.county] for one in places]
    return base64.b64encode(sha256(canonical(told)).digest()).decode()


def grace_leaf(places: Sequence[Graced], at: datetime) -> Leaf:
    """Say of how many places, and by which list, care stays open for 30 days from an instant."""
    starts = at.replace(microsecond=0)
    times = {"starts": format_instant(starts), "ends": format_instant(starts + GRACE_LASTS)}
    return Leaf(kind=KIND, body={"places": len(places), "digest": digest_of(places), **times})


def note_grace(store: Store, folder: Path, at: datetime) -> bytes | None:
    """Say in the log, once for good, which places stay open; return what is to be noted in the data folder.

    None where that is noted already. A log that never had a head belongs to a node that is new, and one that says that
    it was brought forward long ago to a node that had its time: their list is empty, as is every list from CLOSES on.
    """
    if (folder / FILE).exists():
        return None
    late = at >= CLOSES or _since(store, Forward()) is not None
    places = parties.graced(store) if ledger.latest(store) and not late else []
    return ledger.append_first(store, grace_leaf(places, at)).encoded


@dataclass(slots=True)
class Forward:
    """What was found of a log that shows that its node was brought forward, so that nothing is read of it twice.

    `first` is where it stands; `read` is up to where publications were looked through for an admission. A log only
    grows, so that what was found once stays the first.
    """

    first: int | None = None
    read: int = 0


def _since(store: Store, forward: Forward) -> int | None:
    """Return the place of the first leaf, or admission, that no release before admissions wrote."""
    if forward.first is None:
        new = ledger.leaves(store, "publication", forward.read)
        admitted = next((index for index, leaf in new if leaf.body["kind"] == "admission"), None)
        first = ledger.first_of(store, SINCE)
        forward.read = new[-1][0] + 1 if new else forward.read
        forward.first = min((one for one in (first, admitted) if one is not None), default=None)
    return forward.first


def _late(store: Store, index: int, forward: Forward) -> bool:
    """Tell whether a batch before that of a leaf shows that the node was brought forward already.

    Within a batch the order is drawn by lot, so that it says nothing.
    """
    first = _since(store, forward)
    return first is not None and first < index and not ledger.in_one_batch(store, first, index)


def standing(store: Store, folder: Path, at: datetime, forward: Forward | None = None) -> Grace | None:
    """Return the places that were let stay open, whether or not that is over; None unless all say the same.

    The file's leaf has to be the first of its kind in the log, no batch after the first that a release with admissions
    wrote, or to wait for its place for a day at most; and the list in the database has to be the one that it names.
    Who asks again and again keeps in `forward` what was found of the log.
    """
    try:
        noted = ledger.parse_leaf((folder / FILE).read_bytes())
    except (OSError, LeafRefused):
        return None
    if noted.kind != KIND:
        return None
    starts, ends = (parse_instant(str(noted.body[name])) for name in ("starts", "ends"))
    logged = ledger.leaves(store, KIND)
    if logged:
        first = logged[0][1].encoded == noted.encoded and not _late(store, logged[0][0], forward or Forward())
    else:
        first = at < starts + UNLOGGED and noted.encoded in ledger.waiting_of(store)
    places = parties.graced(store)
    same = (len(places), digest_of(places)) == (noted.body["places"], noted.body["digest"])
    if not first or not same or ends - starts != GRACE_LASTS or starts >= CLOSES:
        return None
    return Grace(places=frozenset(places), starts=starts, ends=ends)
