"""Places in a search's results: opaque, signed, good for that search of one asker alone. Pure."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from typing import Final

from salus.records.model import Sealer
from salus.records.search.values import refused

_MARK_BYTES: Final = 16
_MOST: Final = 2000
Place = tuple[str | None, ...]


def make_cursor(sealer: Sealer, search: str, place: Sequence[str | None]) -> str:
    """Return the cursor behind a match: what it is ordered by, and its key."""
    packed = json.dumps(list(place), separators=(",", ":")).encode("ascii")
    return base64.urlsafe_b64encode(_mark(sealer, search, packed) + packed).decode("ascii").rstrip("=")


def open_cursor(sealer: Sealer, search: str, cursor: str) -> Place:
    """Return the place that a cursor names. Raises RecordRefused for a forged one, or another search's or asker's."""
    try:
        if len(cursor) > _MOST:
            raise ValueError
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise refused("_cursor", "is not one of ours: follow the next link as it stands") from None
    mark, packed = raw[:_MARK_BYTES], raw[_MARK_BYTES:]
    if not hmac.compare_digest(mark, _mark(sealer, search, packed)):
        raise refused("_cursor", "belongs to another search or asker: follow the next link as it stands")
    return tuple(json.loads(packed))


def _mark(sealer: Sealer, search: str, packed: bytes) -> bytes:
    return sealer.digest("records.cursor", packed + b"\0" + search.encode("utf-8", "surrogatepass"))
