"""The bytes of an entry that are hashed into the tree and shown as proof. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from salus.kernel import format_instant
from salus.proof import leaf_hash

Row = Sequence[Any]
"""A row of `access.entry`: batch, item, the fields of a read in their order, nonce. As stored, believed in nothing."""

ITEM, NONCE = 1, 14


def entry_bytes(row: Row) -> bytes:
    """Encode a row as canonical JSON (RFC 8785); keys of residents and charts are strings, since they may pass 2^53.

    orjson sorts by code point and escapes as RFC 8785 asks while keys are ASCII, at a tenth of the cost of
    `kernel.canonical`, to which a test holds it.
    """
    batch, item, role, reader, facility, resident, charts, what, count, action, purpose, ground, unwraps, at, nonce = (
        row
    )
    fields = {
        "action": action,
        "at": format_instant(at),
        "batch": batch,
        "chart_keys": [str(key) for key in charts],
        "count": count,
        "facility": facility,
        "ground": ground,
        "item": item,
        "nonce": nonce.hex(),
        "purpose": purpose,
        "reader": reader,
        "reader_role": role,
        "resident_key": None if resident is None else str(resident),
        "unwraps": unwraps,
        "what": what,
    }
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)


def entry_hash(row: Row) -> bytes:
    """Hash a row as a leaf (RFC 6962)."""
    return leaf_hash(entry_bytes(row))
