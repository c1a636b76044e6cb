"""SQL of the messages that were taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from salus.storage import Transaction

Answered = tuple[bytes, datetime, list[str]]
"""Fingerprint, when it was answered, notes."""


def answered(tx: Transaction, messages: Sequence[bytes]) -> dict[bytes, Answered]:
    """Return what is known of those of these messages that were taken before."""
    found = tx.rows(
        "select message, fingerprint, answered_at, notes from records.message where message = any(%s::bytea[])",
        (list(messages),),
    )
    return {bytes(message): (bytes(fingerprint), at, notes) for message, fingerprint, at, notes in found}


def newest(tx: Transaction, resource_keys: Sequence[int]) -> dict[int, datetime]:
    """Return when the newest message about each of these resources was said."""
    found = tx.rows(
        "select q.key, newest.said_at from unnest(%s::bigint[]) q(key) cross join lateral (select said_at"
        " from records.message_resource m where m.resource_key = q.key order by said_at desc limit 1) newest",
        (list(resource_keys),),
    )
    return dict(found)


def insert_messages(tx: Transaction, rows: Sequence[tuple[bytes, bytes, str, datetime, datetime, list[str]]]) -> None:
    """Note messages: (message, fingerprint, facility, said_at, answered_at, notes)."""
    tx.copy("records.message", ("message", "fingerprint", "facility", "said_at", "answered_at", "notes"), rows)


def insert_resources(tx: Transaction, rows: Sequence[tuple[int, datetime, bytes]]) -> None:
    """Note which resources messages wrote: (resource_key, said_at, message)."""
    tx.copy("records.message_resource", ("resource_key", "said_at", "message"), rows)
