"""One issued identity code, as this room stores it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """An identity code of a resident. `ordinal` counts from 0; a higher one replaces all lower ones."""

    digest: bytes
    resident_key: int
    ordinal: int
    sealed: bytes = field(repr=False)
    issued_at: datetime

    @property
    def place(self) -> bytes:
        """What the sealed identifier is bound to, so that no row can be passed off as another's."""
        return place(self.resident_key, self.ordinal)


def place(resident_key: int, ordinal: int) -> bytes:
    """Name the row of a code in the octets that sealing binds."""
    return b"healthcode.code.identifier\x00" + resident_key.to_bytes(8, signed=True) + ordinal.to_bytes(4)
