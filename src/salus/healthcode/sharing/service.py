"""Offer, take, end and list rights to show another's code, in the caller's transaction. Duty CARE."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from salus.codec import PublicKey
from salus.healthcode.errors import CodeUnknown
from salus.healthcode.service import IDENTIFIER_OCTETS, identifier_in, written
from salus.healthcode.sharing import store
from salus.healthcode.sharing.errors import ShareRefused, TooManyShares
from salus.healthcode.sharing.model import MOST_GIVEN, MOST_HELD, Kind, Share
from salus.keys import Custodian
from salus.storage import Transaction

_DOMAIN = "healthcode.share"
_CODE = "healthcode.share.code"
_ON_PAPER, _AT_PLACE = " on paper ", " at "
_UNKNOWN = "this key opens nothing: it was never given out, was used, or is a day old; ask for another"

Random = Callable[[int], str]


def offer(
    tx: Transaction,
    custodian: Custodian,
    share: Share,
    givers: Sequence[int],
    *,
    random: Random = secrets.token_urlsafe,
) -> str:
    """Keep a right that nobody holds yet, and return the key by which one person takes it within a day.

    `givers` are all keys of the giver. The key is kept as a digest alone. Raises TooManyShares where too many stand.
    """
    standing = [one for one in given(tx, custodian, givers, share.offered) if one.stands(share.offered)]
    if len(standing) >= MOST_GIVEN:
        raise TooManyShares(f"{MOST_GIVEN} people may show this code already; end one of these first")
    key = random(16)
    identifier = secrets.token_bytes(IDENTIFIER_OCTETS)
    hidden = store.Hidden(
        initial=custodian.seal(_DOMAIN, share.initial.encode(), _place(share.id)),
        key=_digest(custodian, key),
        digest=custodian.digest(_CODE, identifier),
        identifier=custodian.seal(_CODE, identifier, _code_place(share.id)),
    )
    store.insert(tx, share, hidden)
    return key


def take(tx: Transaction, custodian: Custodian, key: str, holder: int, holders: Sequence[int], at: datetime) -> Share:
    """Give a right that was offered to whoever has its key, once. `holders` are all keys of theirs.

    Raises ShareRefused, in the same words, for every key that opens nothing; also for the own code, and for too many.
    """
    row = store.of_key(tx, _digest(custodian, key))
    share = _share(custodian, row) if row else None
    if share is None or share.taken or not share.stands(at):
        raise ShareRefused(_UNKNOWN)
    if share.giver in holders:
        raise ShareRefused("this is your own code: you show it anyway")
    if sum(one.holds(at) for one in held(tx, custodian, holders, at)) >= MOST_HELD:
        raise TooManyShares(f"you hold {MOST_HELD} codes of others; give one back first")
    if not store.insert_taken(tx, share.id, holder, at):
        raise ShareRefused(_UNKNOWN)
    return share


def code_of(tx: Transaction, custodian: Custodian, share: Share, *, at: datetime) -> str:
    """Return the code that this right shows, as `SL1:` text. It is no other right's and not the giver's own.

    Raises ShareRefused for a right that does not hold.
    """
    sealed = store.identifier(tx, share.id) if share.holds(at) else None
    if sealed is None:
        raise ShareRefused("this right is over")
    return written(custodian, custodian.open_sealed(_CODE, sealed, _code_place(share.id)))


def resolve(
    tx: Transaction,
    custodian: Custodian,
    text: str,
    *,
    at: datetime,
    keys: Mapping[bytes, PublicKey] | None = None,
) -> Share:
    """Return the right by which a presented code is shown; from its end on, every copy of the code leads nowhere.

    Raises CodeUnknown, in the words of all codes that lead nowhere, for the code of a right that does not hold.
    """
    row = store.of_code(tx, custodian.digest(_CODE, identifier_in(custodian, text, keys)))
    share = _share(custodian, row) if row else None
    if share is None or not share.holds(at):
        raise CodeUnknown
    return share


def end(tx: Transaction, share: UUID, by: str, at: datetime) -> None:
    """End a right at once; nothing happens twice."""
    store.insert_ended(tx, share, by, at)


def end_at_desk(tx: Transaction, share: UUID, by: str, paper: str, facility: str, at: datetime) -> None:
    """End a right at once on a paper that a desk saw; who gave and who held it see at which facility."""
    store.insert_ended(tx, share, f"{by}{_ON_PAPER}{paper}{_AT_PLACE}{facility}", at)


def end_given(tx: Transaction, custodian: Custodian, givers: Sequence[int], by: str, at: datetime) -> None:
    """End every right over the codes of these keys that stands, a guardian's and one that nobody took yet, too."""
    for share in given(tx, custodian, givers, at):
        if share.stands(at):
            end(tx, share.id, by, at)


def find(tx: Transaction, custodian: Custodian, share: UUID) -> Share | None:
    """Return a right by its name, whoever gave or holds it."""
    row = store.one(tx, share)
    return _share(custodian, row) if row else None


def given(tx: Transaction, custodian: Custodian, givers: Sequence[int], at: datetime) -> list[Share]:
    """Return the rights that were given over a code, under any of these keys: all that stand, the newest first.

    Of those that are over the newest follow.
    """
    return [_share(custodian, row) for row in store.of_givers(tx, givers, at)]


def held(tx: Transaction, custodian: Custodian, holders: Sequence[int], at: datetime) -> list[Share]:
    """Return the rights that somebody took, under any of these keys, in the order of `given`."""
    return [_share(custodian, row) for row in store.of_holders(tx, holders, at)]


def _share(custodian: Custodian, row: store.Row) -> Share:
    id_, giver, kind, sealed, offered, until, offered_by, paper, holder, taken, ended, ended_by = row
    return Share(
        id=id_,
        giver=giver,
        kind=Kind(kind),
        initial=custodian.open_sealed(_DOMAIN, bytes(sealed), _place(id_)).decode(),
        offered=offered,
        until=until,
        offered_by=offered_by,
        paper=paper,
        holder=holder,
        taken=taken,
        ended=ended,
        ended_where=_place_in(ended_by or ""),
    )


def _place_in(ended_by: str) -> str | None:
    """Return the facility whose desk ended a right; whoever gave or held one is named alone, without a place."""
    at_desk = _ON_PAPER in ended_by and _AT_PLACE in ended_by
    return ended_by.rpartition(_AT_PLACE)[2] if at_desk else None


def _digest(custodian: Custodian, key: str) -> bytes:
    return custodian.digest(_DOMAIN, key.encode())


def _place(share: UUID) -> bytes:
    return b"healthcode.share.initial\x00" + share.bytes


def _code_place(share: UUID) -> bytes:
    return b"healthcode.share.identifier\x00" + share.bytes
