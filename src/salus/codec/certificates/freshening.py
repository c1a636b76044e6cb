"""Make a newer trust file of one that a door has, of the newest without its lists, and of what was voided since. Pure.

What comes out is a trust file, read and checked like any other. Where anything is missing or does not fit, there is
none, and the door fetches the file whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date
from typing import Any

from salus.codec.certificates.logged import encode64
from salus.codec.certificates.trust import TrustFile, read_trust, refuse_older
from salus.codec.cose import split_messages
from salus.codec.errors import CodecError, Fault
from salus.kernel import canonical

MOST_OF_DAY = 4 * 1024 * 1024


def without_lists(octets: bytes) -> bytes:
    """Return a trust file as it is for doors that have its status lists: of use for no certificate by itself."""
    return canonical({**json.loads(octets), "lists": []})


def changes_from(kept: TrustFile) -> Mapping[str, date]:
    """Return the first day, in UTC, of whose change a door with this file has need, by issuer.

    Nothing where there is an issuer without lists: then the door needs the file whole.
    """
    days: dict[str, date] = {}
    for (party, _), one in kept.lists.items():
        day = one.issued.astimezone(UTC).date()
        days[party] = min(day, days.get(party, day))
    return days if _parties(kept) <= days.keys() else {}


def changes_of_day(octets: bytes) -> list[bytes]:
    """Take apart what is served for a day: the change of each issuer of the file, one behind the other, in any order.

    That is a CBOR sequence (RFC 8742); of one issuer it is the change itself. CodecError where it is none.
    """
    if len(octets) > MOST_OF_DAY:
        raise CodecError(f"a day's changes have at most {MOST_OF_DAY} octets", Fault.LENGTH)
    return split_messages(octets)


def freshened(kept: bytes, rest: bytes, changes: Sequence[bytes]) -> bytes:
    """Return a trust file of the keys, documents and proofs of `rest`, with the lists of `kept` after these changes.

    `changes` are, of each issuer, of one day after the other, from the day that `changes_from` names; an issuer's last
    kept one, if its day was not over, has the new one of that day in its place. CodecError where one of the issuers is
    left out, where they do not lead to lists that their issuers signed, or where the file may not follow the kept one.
    """
    before = read_trust(kept)
    known, value = _fields(kept), _fields(rest)
    earlier = known.get("changes", [])
    if len(before.changes) != len(earlier):
        raise CodecError("this trust file has changes that lead nowhere; fetch it whole", Fault.OUT_OF_DATE)
    last = {one.party: place for place, one in enumerate(before.changes)}
    given_way = {place for place in last.values() if not before.changes[place].closed}
    earlier = [one for place, one in enumerate(earlier) if place not in given_way]
    made = {**value, "lists": known["lists"], "changes": [*earlier, *map(encode64, changes)]}
    octets = canonical(made)
    found = read_trust(octets, before.trust)
    if not changes or len(found.changes) != len(made["changes"]) or len(found.lists) < len(before.lists):
        raise CodecError("these changes do not lead to the newest lists; fetch the trust file whole", Fault.OUT_OF_DATE)
    left_out = _parties(found) - {one.party for one in found.changes[len(earlier) :]}
    if left_out:
        names = ", ".join(sorted(left_out))
        raise CodecError(f"there is no change of {names} among these; fetch the trust file whole", Fault.OUT_OF_DATE)
    refuse_older(found, before)
    return octets


def _parties(trust: TrustFile) -> set[str]:
    """Return all issuers, none of whose certificates a door may judge by lists that are not kept up to date."""
    return {one.party for one in trust.issuers.values()}


def _fields(octets: bytes) -> dict[str, Any]:
    read_trust(octets)
    value: dict[str, Any] = json.loads(octets)
    return value
