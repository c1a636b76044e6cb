"""SQL of exposures' leaves and of what ended: inserted and read. No statement here has a person or a chart in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salus.healthcode.measures.model import raw, written
from salus.storage import Transaction

BY_COMMITMENT = """
    select commitment, entry, pending_id from healthcode.exposure where commitment = any(%s::bytea[])
"""
ENDED = """
    select tag from healthcode.exposure_end where tag = any(%s::bytea[])
"""
_INSERT = """
    insert into healthcode.exposure (commitment, tag, number, entry, pending_id)
    values (%s, %s, %s, %s, %s) on conflict do nothing
"""
_END = """
    insert into healthcode.exposure_end (tag, ended_at) values (%s, %s) on conflict do nothing
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLeaf:
    """The leaf of an exposure as it was handed over, and its name while it waited."""

    commitment: str
    entry: bytes
    pending_id: UUID


def add(tx: Transaction, tag: str, number: int, one: KeptLeaf) -> bool:
    """Add a leaf; false if its commitment, or its number of its case, is there already."""
    given = (raw(one.commitment), raw(tag), number, one.entry, one.pending_id)
    return tx.run(_INSERT, given) == 1


def exposures(tx: Transaction, commitments: Sequence[str]) -> dict[str, KeptLeaf]:
    """Return leaves by their commitments."""
    rows = tx.rows(BY_COMMITMENT, ([raw(one) for one in commitments],))
    kept = (KeptLeaf(commitment=written(bytes(name)), entry=bytes(entry), pending_id=id_) for name, entry, id_ in rows)
    return {one.commitment: one for one in kept}


def end(tx: Transaction, tag: str, at: datetime) -> bool:
    """Note that a case is none any more; false if that is noted."""
    return tx.run(_END, (raw(tag), at)) == 1


def ended(tx: Transaction, tags: Sequence[str]) -> set[str]:
    """Return which of these cases are none any more."""
    return {written(bytes(tag)) for (tag,) in tx.rows(ENDED, ([raw(one) for one in tags],))}
