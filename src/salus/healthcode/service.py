"""Issue, replace and resolve identity codes, in the caller's transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from salus.codec import CodecError, PublicKey, decode_sl1, encode_sl1, key_id, signer, trimmed
from salus.healthcode import store
from salus.healthcode.errors import CodeUnknown
from salus.healthcode.model import Issued, place
from salus.keys import Custodian
from salus.storage import Transaction

SIGNING_KEY = "identity-code"
IDENTIFIER_OCTETS = 16
_DOMAIN = "healthcode.identifier"

Random = Callable[[int], bytes]


def code_of(
    tx: Transaction,
    custodian: Custodian,
    resident_key: int,
    *,
    at: datetime,
    random: Random = secrets.token_bytes,
    key_name: str = SIGNING_KEY,
) -> str:
    """Return a resident's current identity code as `SL1:` text, issuing one on first use.

    The text stays the same until the code is replaced or the signing key changes, so that paper and screen agree. Of
    two transactions that issue at once, both get the code that was committed first. Duty CARE.
    """
    issued = store.latest(tx, resident_key) or _issue(tx, custodian, resident_key, 0, at, random)
    return _text_of(custodian, issued, key_name)


def issued_at(tx: Transaction, resident_key: int) -> datetime | None:
    """Return when a resident's current code was issued, or None if there is none. Duty CARE."""
    issued = store.latest(tx, resident_key)
    return issued.issued_at if issued else None


def replace(
    tx: Transaction,
    custodian: Custodian,
    resident_key: int,
    *,
    at: datetime,
    random: Random = secrets.token_bytes,
    key_name: str = SIGNING_KEY,
) -> str:
    """Give a resident a new identity code and return it; every earlier one stops resolving with this commit.

    Earlier codes stay in the history. Duty CARE.
    """
    current = store.latest(tx, resident_key)
    issued = _issue(tx, custodian, resident_key, current.ordinal + 1 if current else 0, at, random)
    return _text_of(custodian, issued, key_name)


def resolve(tx: Transaction, custodian: Custodian, text: str, *, keys: Mapping[bytes, PublicKey] | None = None) -> int:
    """Return the resident_key of a presented code; white space around it and lower case are tolerated.

    `keys` are the public keys that still count, by key id (`issuer_keys`); without it, the present signing key alone.
    Who may ask is not decided here. Raises CodeUnknown, always in the same words, for every code that is not the
    current one of a resident. Duty CARE.
    """
    digest = custodian.digest(_DOMAIN, identifier_in(custodian, text, keys))
    resident_key = store.holder(tx, digest)
    current = None if resident_key is None else store.latest(tx, resident_key)
    if resident_key is None or current is None or current.digest != digest:
        raise CodeUnknown
    return resident_key


def identifier_in(custodian: Custodian, text: str, keys: Mapping[bytes, PublicKey] | None = None) -> bytes:
    """Return the identifier of a presented code, wherever it leads. Raises CodeUnknown if it is not signed here."""
    try:
        return decode_sl1(trimmed(text), issuer_keys(custodian) if keys is None else keys)
    except CodecError:
        raise CodeUnknown from None


def written(custodian: Custodian, identifier: bytes, key_name: str = SIGNING_KEY) -> str:
    """Return an identifier as signed `SL1:` text."""
    private = custodian.es256(key_name)
    return encode_sl1(identifier, key_id(private.public_key()), signer(private))


def issuer_keys(custodian: Custodian, names: Sequence[str] = (SIGNING_KEY,)) -> dict[bytes, PublicKey]:
    """Return the public keys of the named signing keys by key id: the present one and those that went before."""
    public = [custodian.es256(name).public_key() for name in names]
    return {key_id(key): key for key in public}


def _issue(
    tx: Transaction, custodian: Custodian, resident_key: int, ordinal: int, at: datetime, random: Random
) -> Issued:
    identifier = random(IDENTIFIER_OCTETS)
    fresh = Issued(
        digest=custodian.digest(_DOMAIN, identifier),
        resident_key=resident_key,
        ordinal=ordinal,
        sealed=custodian.seal(_DOMAIN, identifier, place(resident_key, ordinal)),
        issued_at=at,
    )
    store.insert(tx, fresh)
    return store.latest(tx, resident_key) or fresh


def _text_of(custodian: Custodian, issued: Issued, key_name: str) -> str:
    return written(custodian, custodian.open_sealed(_DOMAIN, issued.sealed, issued.place), key_name)
