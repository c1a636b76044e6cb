"""What the page about the public log is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessSeen:
    """An organisation that watches the log, its key, and when it signed the newest checkpoint, if it has yet."""

    organisation: str
    vkey: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicLog:
    """About the public log, for anybody. `checkpoint` is the signed text as published; None before the first one.

    `quorum` of the `witnesses` must have signed it before anything that restrains a person can rest on it.

    `fetch`, `verify` and `compare` are three command lines to copy: fetch the latest checkpoint, recompute the whole
    log, and on another day ask whether it has only grown.
    """

    template: ClassVar[str] = "log.html"
    origin: str
    vkey: str
    size: int
    root: bytes | None
    at: datetime | None
    checkpoint: str | None
    fetch: str
    verify: str
    compare: str
    witnesses: tuple[WitnessSeen, ...] = ()
    quorum: int = 0

    @property
    def signed(self) -> int:
        """How many witnesses have signed the newest checkpoint."""
        return sum(one.at is not None for one in self.witnesses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A place in a Merkle tree (RFC 9162, section 2.1): the leaf's index, the tree's size and root, and the path."""

    index: int
    size: int
    root: bytes
    path: tuple[bytes, ...]
