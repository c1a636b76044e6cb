"""Hand the end of a party's key to the public log. Whoever runs this decides nothing: the key did, or signers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from salus import ledger
from salus.healthcode.measures.publications import ends_so_far, known_keys
from salus.ledger import Leaf
from salus.proof import Trust
from salus.rules import PartyKeyEnd, PublicationRefused, read_key_end
from salus.storage import Store, Transaction

ISSUER = "issuer"


def end_key(
    tx: Transaction, store: Store, trust: Trust | None, body: Mapping[str, Any], at: datetime
) -> PartyKeyEnd:  # fmt: skip
    """Hand a signed end of a key to the log, in the caller's transaction; the same one again changes nothing.

    Returns what it will be once witnesses have seen it. Raises PublicationRefused as `read_key_end` does, and besides:
    UNKNOWN: the log gives the party no such key, or it is an issuer's, which a trust list ends. ENDED: it ended before.
    """
    leaf = Leaf(kind="party-key-end", body=body)
    keys = known_keys(store, trust, at)
    told = read_key_end(leaf.body, [one for one in keys if one.ended_at is None or one.ended_at > at], at)
    named = [one for one in keys if (one.party, one.key) == (told.party, told.key)]
    if not named or all(one.duty == ISSUER for one in named):
        raise PublicationRefused("UNKNOWN", "the log has no such key of this party; an issuer's ends by a trust list")
    if leaf.encoded in {one.encoded for _, one in ledger.leaves(store, leaf.kind)} | ledger.waiting_of(store):
        return told
    if any(one.ended_at is not None and one.ended_at <= at for one in named):
        raise PublicationRefused("ENDED", "this key ended before")
    ledger.append(tx, leaf)
    return told


def check_not_ended(store: Store, trust: Trust | None, key: object, at: datetime) -> None:
    """Refuse (ENDED) a key, in base64, whose end the log has or gets: it never comes back, under whatever name."""
    over = {base64.b64encode(one.key).decode() for one in ends_so_far(store, trust, at)}
    if key in over:
        raise PublicationRefused("ENDED", "an ended key never comes back; make a new one")
