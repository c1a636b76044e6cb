"""Evidence as it arrives, decisions and notices as they are kept, and the files they are shown by. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from salus.rules import Recomputed


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Evidence as a party sends it: which kind, its opening, and the party's signature over the commitment.

    `ends` is a laboratory's signature that the case of the result that it corrects is none any more, for the log.
    """

    kind: str
    party: str
    opening: Mapping[str, Any] = field(repr=False)
    signature: str
    ends: str | None = None


FORGOTTEN = 0
"""No chart has this key: whose a row was that an ended emergency left behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A row of evidence. `specimen` is the commitment of the specimen that it is, or is about.

    `emergency` is the digest of the one under which it is sealed as well. Once that one's key is destroyed,
    `chart_key` is FORGOTTEN.
    """

    key: int
    commitment: str
    kind: str
    specimen: str
    chart_key: int
    entry: bytes
    sealed: bytes = field(repr=False)
    pending_id: UUID
    emergency: bytes | None = None

    @property
    def leaf(self) -> dict[str, Any]:
        """The body of its leaf."""
        body: dict[str, Any] = json.loads(self.entry)[self.kind]
        return body

    @property
    def place(self) -> bytes:
        """What the sealed opening is bound to, so that no row can pass for another."""
        return place("evidence", self.chart_key, self.commitment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A row of a decision; `under` tells that it is sealed under its emergency as well as under its chart."""

    result: str
    commitment: str
    chart_key: int
    rules: str
    emergency: str
    entry: bytes
    sealed: bytes = field(repr=False)
    pending_id: UUID
    decided_at: datetime
    under: bool = True

    @property
    def leaf(self) -> dict[str, Any]:
        """The body of its leaf."""
        body: dict[str, Any] = json.loads(self.entry)["decision"]
        return body

    @property
    def place(self) -> bytes:
        """What the sealed opening is bound to."""
        return place("decision", self.chart_key, self.commitment)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldNotice:
    """A measure as its holder sees it: recomputed from `file`, which anybody can recompute again without this node."""

    commitment: str
    chart_key: int
    file: bytes = field(repr=False)
    found: Recomputed

    @property
    def place(self) -> str:
        """A short name for addresses: the first twelve hexadecimal digits of the commitment."""
        return raw(self.commitment).hex()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What one round did: decisions handed to the log, and notices whose proof is complete."""

    decided: int
    issued: int


def place(table: str, chart_key: int, commitment: str) -> bytes:
    """Name a row in the octets that sealing binds."""
    return f"healthcode.{table}\x00".encode() + chart_key.to_bytes(8, signed=True) + raw(commitment)


def raw(written: str) -> bytes:
    """Return the octets of base64."""
    return base64.b64decode(written)


def written(octets: bytes) -> str:
    """Write octets in base64."""
    return base64.b64encode(octets).decode()
