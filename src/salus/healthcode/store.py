"""SQL of the table `healthcode.code`. Rows are only ever inserted and read."""

from __future__ import annotations

from salus.healthcode.model import Issued
from salus.storage import Transaction

LATEST = """
    select digest, resident_key, ordinal, identifier, issued_at from healthcode.code
    where resident_key = %s order by ordinal desc limit 1
"""
HOLDER = "select resident_key from healthcode.code where digest = %s"
_INSERT = """
    insert into healthcode.code (digest, resident_key, ordinal, identifier, issued_at)
    values (%s, %s, %s, %s, %s) on conflict (resident_key, ordinal) do nothing
"""


def latest(tx: Transaction, resident_key: int) -> Issued | None:
    """Return the current code of a resident, if one was ever issued."""
    row = tx.row(LATEST, (resident_key,))
    if row is None:
        return None
    digest, key, ordinal, sealed, issued_at = row
    return Issued(digest=bytes(digest), resident_key=key, ordinal=ordinal, sealed=bytes(sealed), issued_at=issued_at)


def holder(tx: Transaction, digest: bytes) -> int | None:
    """Return whose code has this digest, current or not."""
    row = tx.row(HOLDER, (digest,))
    return None if row is None else int(row[0])


def insert(tx: Transaction, issued: Issued) -> None:
    """Add a code; if another transaction added the same ordinal first, that one stands and nothing is added."""
    tx.run(_INSERT, (issued.digest, issued.resident_key, issued.ordinal, issued.sealed, issued.issued_at))
