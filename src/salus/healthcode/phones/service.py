"""Register telephones, hand them tokens, and take the codes that they show, in the caller's transaction. Duty CARE."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from salus.codec import CodecError, PublicKey, key_id, signer, trimmed
from salus.codec.dynamic import decode_dynamic, encode_token, holder_key
from salus.healthcode.errors import CodeUnknown
from salus.healthcode.phones import store
from salus.healthcode.phones.errors import KeyRefused, PhonesFull, PhoneUnknown
from salus.healthcode.phones.model import MOST_PHONES, TOKEN_LASTS, Phone, Presented, Token
from salus.healthcode.service import IDENTIFIER_OCTETS, SIGNING_KEY, issuer_keys
from salus.kernel import new_id
from salus.keys import Custodian
from salus.storage import Transaction

_DOMAIN = "healthcode.token"

Random = Callable[[int], bytes]


def phones(tx: Transaction, resident_keys: Sequence[int]) -> list[Phone]:
    """Return the telephones that show codes of these residents, the first registered first."""
    return store.of_residents(tx, resident_keys)


def register(tx: Transaction, resident_key: int, point: bytes, *, at: datetime) -> UUID:
    """Register a telephone by the public key that was made on it, and return its name.

    KeyRefused if it is no point of P-256, PhonesFull if the resident has as many telephones as there may be.
    """
    try:
        holder_key(point)
    except CodecError:
        raise KeyRefused from None
    phone_id = new_id()
    if not any(store.insert(tx, phone_id, resident_key, slot, point, at) for slot in range(MOST_PHONES)):
        raise PhonesFull
    return phone_id


def token(
    tx: Transaction,
    custodian: Custodian,
    resident_keys: Sequence[int],
    phone_id: UUID,
    *,
    at: datetime,
    random: Random = secrets.token_bytes,
) -> Token:
    """Hand a telephone of these residents a token with a new random identifier; the one before means nothing any more.

    It lasts 24 hours. PhoneUnknown if it is not theirs, or was removed.
    """
    point = store.point_of(tx, phone_id, resident_keys)
    if point is None:
        raise PhoneUnknown
    ends = at.replace(microsecond=0) + TOKEN_LASTS
    identifier, private = random(IDENTIFIER_OCTETS), custodian.es256(SIGNING_KEY)
    store.give_token(tx, phone_id, custodian.digest(_DOMAIN, identifier), ends)
    message = encode_token(identifier, point, ends, key_id(private.public_key()), signer(private))
    return Token(phone_id=phone_id, message=message, ends=ends)


def present(
    tx: Transaction,
    custodian: Custodian,
    text: str,
    *,
    at: datetime,
    keys: Mapping[bytes, PublicKey] | None = None,
) -> Presented:
    """Take the code that a telephone shows; its step is used up with this commit.

    `first` is false where this very step was taken before: who has just taken it may take it again, nobody else. Raises
    CodeUnknown, in the words of all codes that lead nowhere, for a code that is forged, of another time, older than one
    that was taken, of a token that ended or was replaced, or of a telephone that was removed.
    """
    try:
        shown = decode_dynamic(trimmed(text), issuer_keys(custodian) if keys is None else keys, at)
        digest = custodian.digest(_DOMAIN, shown.identifier)
        known = store.by_token(tx, digest)
        if known is None or at >= known.ends:
            raise CodeUnknown
        shown.require(known.point)
    except CodecError:
        raise CodeUnknown from None
    first = store.take_step(tx, known.phone_id, digest, shown.step)
    if not first and store.newest_step(tx, known.phone_id) != shown.step:
        raise CodeUnknown
    return Presented(resident_key=known.resident_key, first=first)


def remove(tx: Transaction, resident_keys: Sequence[int], phone_id: UUID) -> None:
    """Remove a telephone of these residents: its codes stop with this commit. PhoneUnknown if it is not theirs."""
    if not store.delete(tx, phone_id, resident_keys):
        raise PhoneUnknown


def remove_all(tx: Transaction, resident_keys: Sequence[int]) -> int:
    """Remove every telephone of these residents, and return how many there were."""
    return store.delete_all(tx, resident_keys)
