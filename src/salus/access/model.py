"""What the register of reads holds, and what can be proved or found out about it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from salus.access.errors import ReadInvalid
from salus.kernel import Purpose, Role

RELATION_LASTS: Final = timedelta(hours=24)
"""How long a care relation stays open after the resident was there. It carries a right: no setting changes it."""

UNCONFIRMED_LASTS: Final = timedelta(hours=2)
"""How long it stays open where one person alone typed a number, and nobody confirmed that the resident was there."""

GIVEN: Final = "code-given"
"""The ground of showing another's code, and of taking it at a desk: they gave the right to. No look of their own."""

MEASURE_ATTEMPTS: Final = ("write-measure", "import-measure", "guess-measure-route")
"""How somebody can try to write a measure: in a body over the API, in an import, at an address that does not exist."""

_WHAT = re.compile(r"[A-Za-z][A-Za-z-]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One look at one resident's record within one request, as the register keeps it.

    `reader` identifies a staff member, a system or a resident account; names are looked up where it is shown.
    `resident_key` is None where no resident is known. `what` is a resource type or view, `count` how many were shown.
    `unwraps` is how many chart keys were unwrapped for it. Field names are the columns of `access.entry`.
    """

    reader_role: Role
    reader: str
    facility: str | None
    resident_key: int | None
    chart_keys: tuple[int, ...]
    what: str
    count: int
    action: str
    purpose: Purpose
    ground: str
    unwraps: int
    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ReadInvalid("a read happens at an aware instant")
        if self.count < 0 or self.unwraps < 0:
            raise ReadInvalid("a read shows and unwraps no fewer than zero")
        if not self.reader or not _WHAT.fullmatch(self.what):
            raise ReadInvalid("a read names its reader, and what was read by a word, not by a text")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredRead:
    """A read in the register. `batch` and `item` name it for good; the larger pair is the later one."""

    batch: int
    item: int
    read: Read


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What was refused, and to whom. `code` is an error's code or a decision's ground; nothing in it is free text.

    It may stand for several, `count` of them, alike in all of this, `since` the first and until `at`.
    """

    code: str
    role: Role
    principal: str
    facility: str | None
    action: str
    purpose: Purpose | None
    at: datetime
    count: int = 1
    since: datetime | None = None


class Fault(StrEnum):
    """How the register can contradict its chain, its anchors or the public log."""

    ENTRY_CHANGED = "entry-changed"
    ENTRY_MISSING = "entry-missing"
    ENTRY_INSERTED = "entry-inserted"
    CHAIN_GAP = "chain-gap"
    SUBTREE_WRONG = "subtree-wrong"
    ANCHOR_MISMATCH = "anchor-mismatch"
    ANCHOR_NOT_IN_LOG = "anchor-not-in-log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One contradiction. `batch` and `item` name an entry, `size` an anchored tree, where there is one to name."""

    fault: Fault
    batch: int | None = None
    item: int | None = None
    size: int | None = None
