"""SQL of share, share_taken and share_ended. Rows are only ever inserted and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from salus.healthcode.sharing.model import KEY_LASTS, Share
from salus.storage import Transaction

MOST_OVER = 100
"""So many rights that are over are shown, the newest; of those that stand, all."""
_FROM = """
    select s.share_id, s.giver, s.kind, s.initial, s.offered, s.until, s.offered_by, s.paper, t.holder, t.at, e.at,
        e.ended_by
    from healthcode.share s
    left join healthcode.share_taken t on t.share_id = s.share_id
    left join healthcode.share_ended e on e.share_id = s.share_id
"""
OF_KEY = _FROM + " where s.key = %s"
OF_CODE = _FROM + " where s.digest = %s"
IDENTIFIER = "select identifier from healthcode.share where share_id = %s"
ONE = _FROM + " where s.share_id = %s"
_STANDS = "(e.share_id is null and s.until > %s and (t.share_id is not null or s.offered > %s))"
_GIVEN, _HELD = (_FROM + f" where {one} = any(%s::bigint[]) and " for one in ("s.giver", "t.holder"))
_BY_GIVEN, _BY_TAKEN = (f" order by {one} desc, s.share_id" for one in ("s.offered", "t.at"))
OF_GIVERS = _GIVEN + _STANDS + _BY_GIVEN
OF_GIVERS_OVER = _GIVEN + "not " + _STANDS + _BY_GIVEN + " limit %s"
OF_HOLDERS = _HELD + _STANDS + _BY_TAKEN
OF_HOLDERS_OVER = _HELD + "not " + _STANDS + _BY_TAKEN + " limit %s"
_INSERT = """
    insert into healthcode.share
        (share_id, giver, kind, offered, until, offered_by, paper, initial, key, digest, identifier)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_TAKEN = "insert into healthcode.share_taken (share_id, holder, at) values (%s, %s, %s) on conflict do nothing"
_ENDED = "insert into healthcode.share_ended (share_id, ended_by, at) values (%s, %s, %s) on conflict do nothing"

Row = tuple[Any, ...]
"""The columns of a right, the initial still sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """What is stored of a right as digests and sealed alone: the initial, the key, and the identifier of its code."""

    initial: bytes
    key: bytes
    digest: bytes
    identifier: bytes


def insert(tx: Transaction, share: Share, hidden: Hidden) -> None:
    """Add a right."""
    told = (share.id, share.giver, share.kind.value, share.offered, share.until, share.offered_by, share.paper)
    tx.run(_INSERT, (*told, hidden.initial, hidden.key, hidden.digest, hidden.identifier))


def insert_taken(tx: Transaction, share: UUID, holder: int, at: datetime) -> bool:
    """Note who took a right; false if somebody did before."""
    return tx.run(_TAKEN, (share, holder, at)) == 1


def insert_ended(tx: Transaction, share: UUID, by: str, at: datetime) -> None:
    """Note that a right is over."""
    tx.run(_ENDED, (share, by, at))


def of_key(tx: Transaction, key: bytes) -> Row | None:
    """Return the right that a key hands over."""
    return tx.row(OF_KEY, (key,))


def of_code(tx: Transaction, digest: bytes) -> Row | None:
    """Return the right that shows a code."""
    return tx.row(OF_CODE, (digest,))


def identifier(tx: Transaction, share: UUID) -> bytes | None:
    """Return the sealed identifier of a right's code."""
    row = tx.row(IDENTIFIER, (share,))
    return None if row is None else bytes(row[0])


def one(tx: Transaction, share: UUID) -> Row | None:
    """Return a right by its name."""
    return tx.row(ONE, (share,))


def of_givers(tx: Transaction, givers: Sequence[int], at: datetime) -> list[Row]:
    """Return all rights over the codes of these keys that stand, then the newest of those that are over."""
    asked = (list(givers), at, at - KEY_LASTS)
    return [*tx.rows(OF_GIVERS, asked), *tx.rows(OF_GIVERS_OVER, (*asked, MOST_OVER))]


def of_holders(tx: Transaction, holders: Sequence[int], at: datetime) -> list[Row]:
    """Return all rights that these keys took and that stand, then the newest of those that are over."""
    asked = (list(holders), at, at - KEY_LASTS)
    return [*tx.rows(OF_HOLDERS, asked), *tx.rows(OF_HOLDERS_OVER, (*asked, MOST_OVER))]
