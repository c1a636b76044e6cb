"""Places in a search's results: sealed, good for that search of one asker alone. Pure.

A place holds keys, which are counted: whoever could read them would see by the gaps that entries are left out.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Final

from salus.kernel import SalusError
from salus.records.model import Custodian, Sealer
from salus.records.search.values import refused

_DOMAIN: Final = "records.cursor"
_MOST: Final = 2000
_BLOCK: Final = 64
"""Bytes that a place is filled up to, so that a cursor's length does not tell how large a key is."""
Place = tuple[str | None, ...]


def make_cursor(sealer: Sealer, search: str, place: Sequence[str | None]) -> str:
    """Return the cursor behind a match: what it is ordered by, and its key."""
    packed = json.dumps(list(place), separators=(",", ":")).encode("ascii")
    filled = packed.ljust(-(-len(packed) // _BLOCK) * _BLOCK)
    return base64.urlsafe_b64encode(sealer.seal(_DOMAIN, filled, _bound(search))).decode("ascii").rstrip("=")


def open_cursor(custodian: Custodian, search: str, cursor: str) -> Place:
    """Return the place that a cursor names. Raises RecordRefused for a forged one, or another search's or asker's."""
    try:
        if len(cursor) > _MOST:
            raise ValueError
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise refused("_cursor", "is not one of ours: follow the next link as it stands") from None
    try:
        return tuple(json.loads(custodian.open_sealed(_DOMAIN, raw, _bound(search))))
    except SalusError:
        raise refused("_cursor", "belongs to another search or asker: follow the next link as it stands") from None


def _bound(search: str) -> bytes:
    return search.encode("utf-8", "surrogatepass")
