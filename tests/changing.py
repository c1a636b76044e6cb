"""Changes of void lists made by hand, for tests: right ones, and wrong ones that are signed all the same."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import cbor2

from doors import AT, PARTY, Door, issuer_key
from salus.codec import key_id, signer
from salus.codec.certificates import void_bits, write_change
from salus.codec.certificates.changes import TYPE
from salus.codec.cose import to_be_signed

DAY = timedelta(days=1)
TODAY = AT.replace(hour=0)
ISSUER = issuer_key("one")
Places = Collection[tuple[int, int]]


def change(before: Places, after: Places, **changed: Any) -> bytes:
    """The change of the day of `AT`, of one list, as of its end, with what is changed about it."""
    key = changed.pop("key", ISSUER)
    starts: datetime = changed.get("starts", TODAY)
    issued: datetime = changed.get("issued", starts + DAY)
    told: dict[str, Any] = {
        "lists": 1, "starts": starts, "issued": issued, "expires": issued + 7 * DAY, **changed,
    }  # fmt: skip
    party, new = told.pop("party", PARTY), set(after) - set(before)
    return write_change(party, void_bits(before), new, key_id(key.public_key()), signer(key), **told)


def altered(token: bytes, claims: dict[int, Any] | None = None, told: dict[int, Any] | None = None) -> bytes:
    """A change with other claims, or other members of what changed, signed by the issuer all the same."""
    found = cbor2.loads(cbor2.loads(token).value[2])
    for place, value in (told or {}).items():
        found[-65539][place] = value
    return signed({**found, **(claims or {})})


def signed(claims: Any, typ: str = TYPE) -> bytes:
    """Whatever claims, as a message of the issuer."""
    protected = cbor2.dumps({1: -7, 4: key_id(ISSUER.public_key()), 16: typ}, canonical=True)
    payload = cbor2.dumps(claims, canonical=True)
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signer(ISSUER)(to_be_signed(protected, payload))]))


def with_changes(door: Door, *changes: bytes) -> bytes:
    """A trust file with changes in it."""
    told = [base64.b64encode(one).decode() for one in changes]
    return json.dumps({**json.loads(door.file()), "changes": told}).encode()
