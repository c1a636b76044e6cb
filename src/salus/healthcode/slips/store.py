"""SQL of exposures' leaves and of what ended: inserted and read. No statement here has a person or a chart in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from salus.healthcode.measures.model import raw, written
from salus.storage import Transaction

BY_COMMITMENT = """
    select commitment, entry, pending_id from healthcode.exposure where commitment = any(%s::bytea[])
"""
OF_CASE = """
    select commitment, entry, pending_id from healthcode.exposure where tag = %s
"""
ENDED = """
    select tag from healthcode.exposure_end where tag = any(%s::bytea[])
"""
_INSERT = """
    insert into healthcode.exposure (commitment, tag, number, entry, pending_id)
    values (%s, %s, %s, %s, %s) on conflict do nothing
"""
_CHANGING: Final = 7_305_821
"""The first key of the advisory locks of cases whose exposures change."""
_END = """
    insert into healthcode.exposure_end (tag, ended_at) values (%s, %s) on conflict do nothing
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLeaf:
    """The leaf of an exposure as it was handed over, and its name while it waited."""

    commitment: str
    entry: bytes
    pending_id: UUID


def lock(tx: Transaction, tag: str) -> None:
    """Keep whatever else would change a case's exposures waiting until the transaction ends."""
    tx.row("select pg_advisory_xact_lock(%s, %s)", (_CHANGING, int.from_bytes(raw(tag)[:4], signed=True)))


def add(tx: Transaction, tag: str, number: int, one: KeptLeaf) -> bool:
    """Add a leaf; false if its commitment, or its number of its case, is there already."""
    given = (raw(one.commitment), raw(tag), number, one.entry, one.pending_id)
    return tx.run(_INSERT, given) == 1


def exposures(tx: Transaction, commitments: Sequence[str]) -> dict[str, KeptLeaf]:
    """Return leaves by their commitments."""
    rows = tx.rows(BY_COMMITMENT, ([raw(one) for one in commitments],))
    return {one.commitment: one for one in map(_kept, rows)}


def of_case(tx: Transaction, tag: str) -> list[KeptLeaf]:
    """Return the leaves of a case."""
    return [_kept(row) for row in tx.rows(OF_CASE, (raw(tag),))]


def _kept(row: tuple[Any, ...]) -> KeptLeaf:
    name, entry, pending_id = row
    return KeptLeaf(commitment=written(bytes(name)), entry=bytes(entry), pending_id=pending_id)


def end(tx: Transaction, tag: str, at: datetime) -> bool:
    """Note that a case is none any more; false if that is noted."""
    lock(tx, tag)
    return tx.run(_END, (raw(tag), at)) == 1


def ended(tx: Transaction, tags: Sequence[str]) -> set[str]:
    """Return which of these cases are none any more."""
    return {written(bytes(tag)) for (tag,) in tx.rows(ENDED, ([raw(one) for one in tags],))}
