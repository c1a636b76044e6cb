"""Make a newer trust file of one that a door has, of the newest without its lists, and of what was voided since. Pure.

What comes out is a trust file, read and checked like any other. Where anything is missing or does not fit, there is
none, and the door fetches the file whole.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date
from typing import Any

from salus.codec.certificates.logged import encode64
from salus.codec.certificates.trust import TrustFile, read_trust, refuse_older
from salus.codec.errors import CodecError, Fault
from salus.kernel import canonical


def without_lists(octets: bytes) -> bytes:
    """Return a trust file as it is for doors that have its status lists: of use for no certificate by itself."""
    return canonical({**json.loads(octets), "lists": []})


def changes_from(kept: TrustFile) -> date | None:
    """Return the first day, in UTC, whose change a door with this file needs; None where it needs the lists whole."""
    last = kept.changes[-1:]
    if last:
        return last[0].issued.astimezone(UTC).date()
    return min((one.issued.astimezone(UTC).date() for one in kept.lists.values()), default=None)


def freshened(kept: bytes, rest: bytes, changes: Sequence[bytes]) -> bytes:
    """Return a trust file of the keys, documents and proofs of `rest`, with the lists of `kept` after these changes.

    `changes` are of one day after the other, from the day that `changes_from` names; the last kept one, if its day was
    not over, has the new one of that day in its place. CodecError where they do not lead to lists that their issuer
    signed, or where the file may not follow the kept one.
    """
    before = read_trust(kept)
    known, value = _fields(kept), _fields(rest)
    earlier = known.get("changes", [])
    if len(before.changes) != len(earlier):
        raise CodecError("this trust file has changes that lead nowhere; fetch it whole", Fault.OUT_OF_DATE)
    if before.changes and not before.changes[-1].closed:
        earlier = earlier[:-1]
    made = {**value, "lists": known["lists"], "changes": [*earlier, *map(encode64, changes)]}
    octets = canonical(made)
    found = read_trust(octets, before.trust)
    if not changes or len(found.changes) != len(made["changes"]) or len(found.lists) < len(before.lists):
        raise CodecError("these changes do not lead to the newest lists; fetch the trust file whole", Fault.OUT_OF_DATE)
    refuse_older(found, before)
    return octets


def _fields(octets: bytes) -> dict[str, Any]:
    read_trust(octets)
    value: dict[str, Any] = json.loads(octets)
    return value
