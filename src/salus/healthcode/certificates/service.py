"""Take, list and void certificates, and write the lists of void ones, in the caller's transaction. Duty CARE."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from salus.codec import CodecError, key_digest, key_id, signer
from salus.codec.certificates import (
    LIST_SIZE,
    Certificate,
    Hint,
    decode_certificate,
    decode_kept,
    encode_bound,
    encode_certificate,
    instant,
    seconds,
    subject_of,
    text_of_bound,
    write_status_list,
)
from salus.healthcode.certificates import store
from salus.healthcode.certificates.errors import CertificateRefused
from salus.healthcode.certificates.issuing import CERTIFICATE_KEY, issuer_party, remember
from salus.healthcode.certificates.model import Fact, Held, certificate_of
from salus.kernel import new_id
from salus.keys import Custodian
from salus.storage import Transaction

LIST_LASTS = timedelta(days=7)
MOST_HELD = 200
ONCE_A_DAY: Final = 10
"""How many certificates of one fact a day's batch has. It bounds what one holder takes of the lists."""
MOST_BOUND: Final = 4
"""On how many telephones one fact can be at a time."""
ONCE_LASTS: Final = timedelta(hours=24)
"""How long one of a batch lives; a void list holds it no longer than that."""
_DOMAIN = "healthcode.certificate"
_FULL = LIST_SIZE // 4  # so that a random place is free at the first or second try
_HOUR = 3600

Below = Callable[[int], int]
"""Returns a random number from 0 up to, not including, the one given."""


def take(
    tx: Transaction,
    custodian: Custodian,
    resident_key: int,
    fact: Fact,
    hint: Hint | None,
    *,
    at: datetime,
    below: Below = secrets.randbelow,
    key_name: str = CERTIFICATE_KEY,
) -> UUID:
    """Issue a certificate of a fact of the resident's own record, and return its name.

    One of the same fact, with the same hint or none, that still lives at least half as long is returned instead: nobody
    fills the lists. Its place in the list of void ones is random and used once. `key_name` is what `signing_key` says.
    Raises CertificateRefused if the fact is too old.
    """
    known = _living(
        tx, custodian, resident_key, fact, hint, at, key_id(custodian.es256_in_token(key_name).public_key())
    )
    if known is not None:
        return known
    number = _list_with_room(tx)
    return _issue(
        tx,
        custodian,
        resident_key,
        fact,
        lambda index: certificate_of(fact, hint, number, index, at),
        at,
        below,
        key_name=key_name,
    )


def take_once(
    tx: Transaction,
    custodian: Custodian,
    resident_key: int,
    fact: Fact,
    *,
    at: datetime,
    below: Below = secrets.randbelow,
    key_name: str = CERTIFICATE_KEY,
) -> list[UUID]:
    """Issue a day's batch of certificates of a fact, each to be shown once, and return their names.

    They have nothing in common but what they say and the hour: each has its own signature and its own random place in
    the list of void ones. None carries a hint, which would tell that they are one person's. Asked again within the
    day, the same batch is returned.
    """
    known = [one.certificate_id for one in once(tx, custodian, resident_key, fact.resource, at)]
    if known:
        return known
    number = _list_with_room(tx)

    def short(index: int) -> Certificate:
        whole = certificate_of(fact, None, number, index, at)
        return replace(whole, expires=min(whole.expires, whole.issued + ONCE_LASTS))

    return sorted(
        _issue(tx, custodian, resident_key, fact, short, at, below, key_name=key_name, once=True)
        for _ in range(ONCE_A_DAY)
    )


def take_bound(
    tx: Transaction,
    custodian: Custodian,
    resident_key: int,
    fact: Fact,
    hint: Hint | None,
    point: bytes,
    *,
    at: datetime,
    below: Below = secrets.randbelow,
    key_name: str = CERTIFICATE_KEY,
) -> UUID:
    """Issue a certificate of a fact for a key that a telephone made, and return its name.

    Each is a new one: a telephone makes a key for each, so that two have nothing in common by it. CertificateRefused if
    the fact is too old, if these octets are no key, or if as many live as there may be.
    """
    store.lock_taking(tx, resident_key)  # of two takes at once the later counts the earlier
    rows = [row for row in store.of_resident(tx, resident_key) if row[1] == fact.resource]
    same = [_held(custodian, resident_key, row) for row in rows]
    if sum(one.bound and one.good(at) for one in same) >= MOST_BOUND:
        raise CertificateRefused("it is on as many phones as there may be; void one of them first")
    number = _list_with_room(tx)

    def made(index: int) -> Certificate:
        return certificate_of(fact, hint, number, index, at)

    try:
        return _issue(tx, custodian, resident_key, fact, made, at, below, key_name=key_name, point=point)
    except CodecError:
        raise CertificateRefused("this phone's key is none that a certificate can be bound to") from None


def once(tx: Transaction, custodian: Custodian, resident_key: int, resource: UUID, at: datetime) -> list[Held]:
    """Return the living batch of certificates of an entry that are to be shown once each, in an order of chance."""
    rows = store.once_of_resident(tx, resident_key, at - ONCE_LASTS)
    found = [_held(custodian, resident_key, row) for row in rows]
    return [one for one in found if one.resource == resource and one.good(at)]


def every_taken(tx: Transaction, resident_key: int, at: datetime) -> list[tuple[UUID, UUID]]:
    """Return name and entry of all that a resident took, however many they are; of day's batches the last day's."""
    return store.taken(tx, resident_key, at - ONCE_LASTS)


def _list_with_room(tx: Transaction) -> int:
    number = store.highest_list(tx)
    return number + (store.count_in(tx, number) >= _FULL)


def _issue(
    tx: Transaction,
    custodian: Custodian,
    resident_key: int,
    fact: Fact,
    made: Callable[[int], Certificate],
    at: datetime,
    below: Below,
    *,
    key_name: str,
    once: bool = False,
    point: bytes | None = None,
) -> UUID:
    """Sign a certificate at a random free place of its list, keep it, and return its name."""
    private = custodian.es256_in_token(key_name)
    kid, sign = key_id(private.public_key()), signer(private)
    certificate_id = new_id()
    while True:
        certificate = made(below(LIST_SIZE))
        text = (
            encode_certificate(certificate, kid, sign)
            if point is None
            else text_of_bound(encode_bound(certificate, point, kid, sign))
        )
        place = (certificate.list_number, certificate.index)
        sealed = custodian.seal(_DOMAIN, text.encode("ascii"), _place(certificate_id, resident_key))
        if store.insert(tx, certificate_id, resident_key, fact.resource, place, sealed, at, once=once):
            remember(tx, key_digest(private.public_key()), text)
            return certificate_id


def _living(
    tx: Transaction,
    custodian: Custodian,
    resident_key: int,
    fact: Fact,
    hint: Hint | None,
    at: datetime,
    kid: bytes,
) -> UUID | None:
    new = certificate_of(fact, hint, 1, 0, at)
    for one in held(tx, custodian, resident_key):
        says = one.certificate
        told = (one.resource, says.kind, says.disease, says.when, says.hint)
        same = told == (fact.resource, new.kind, new.disease, new.when, new.hint)
        same = same and not one.bound and decode_certificate(one.text).kid == kid
        if same and one.good(at) and says.expires - at >= (new.expires - at) / 2:
            return one.certificate_id
    return None


def held(tx: Transaction, custodian: Custodian, resident_key: int) -> list[Held]:
    """Return the resident's certificates, newest first, at most 200."""
    return [_held(custodian, resident_key, row) for row in store.of_resident(tx, resident_key)[:MOST_HELD]]


def _held(custodian: Custodian, resident_key: int, row: store.Row) -> Held:
    certificate_id, resource, _, _, sealed, taken, voided, ground = row
    text = custodian.open_sealed(_DOMAIN, sealed, _place(certificate_id, resident_key)).decode("ascii")
    presented, bound = decode_kept(text)
    return Held(
        certificate_id=certificate_id,
        resource=resource,
        certificate=presented.certificate,
        text=text,
        taken=taken,
        voided=voided,
        ground=ground,
        bound=bound,
    )


def status_lists(
    tx: Transaction, custodian: Custodian, node: str, at: datetime, key_name: str = CERTIFICATE_KEY
) -> list[bytes]:
    """Write and sign the lists of void certificates as of this hour, as Token Status List tokens.

    `key_name` is what `listing_key` says.
    """
    private = custodian.es256_in_token(key_name)
    kid, sign = key_id(private.public_key()), signer(private)
    places: dict[int, set[int]] = {number: set() for number in range(1, store.highest_list(tx) + 1)}
    for number, index in store.void_places(tx):
        places[number].add(index)
    issued = instant(seconds(at) // _HOUR * _HOUR)
    return [
        write_status_list(
            subject_of(issuer_party(node), number), void, kid, sign, issued=issued, expires=issued + LIST_LASTS
        )
        for number, void in places.items()
    ]


def void_count(tx: Transaction) -> tuple[int, int]:
    """Return how many lists there are and how many certificates are void: while both stay, the lists say the same."""
    return store.highest_list(tx), store.count_void(tx)


def _place(certificate_id: UUID, resident_key: int) -> bytes:
    return b"healthcode.certificate.content\x00" + certificate_id.bytes + resident_key.to_bytes(8, signed=True)
