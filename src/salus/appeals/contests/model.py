"""A contest: what is contested, its receipt, its clock, its answer. Pure; how it stands is computed, never stored."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from salus.appeals.errors import NothingToContest
from salus.kernel import CROCKFORD, canonical, format_instant
from salus.rules import ANSWER_WITHIN

BLIND_BYTES: Final = 32
RECEIPT_BYTES: Final = 16
"""How much of the blind is written on paper: enough to find a contest by, too little to open its name in the log."""
MOST_WORDS: Final = 2_000
_READ_AS = str.maketrans("OIL", "011", "- ")


class About(StrEnum):
    """What can be contested: what the rules decided, or a look at the own record that the resident knows nothing of."""

    DECISION = "decision"
    LOOK = "look"


class Outcome(StrEnum):
    """The two answers. No answer sets anything: one leaves what was shown as it is, the other ends it."""

    STANDS = "stands"
    ENDED = "ended"


class Standing(StrEnum):
    """How a contest stands at an instant."""

    WAITING = "waiting"
    STANDS = "stands"
    ENDED = "ended"
    LATE = "late"

    @property
    def ends(self) -> bool:
        """Tell whether what is contested counts for nothing any more."""
        return self in (Standing.ENDED, Standing.LATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contested:
    """What a resident contests, as it was shown to them.

    `subject` names it: a decision by its commitment (32 bytes, base64), a look by its place in the register (`12-0`).
    `organisations` are those whose work it rests on; none of them may answer. `shown` is the very file or line that
    the resident was shown, at most 256 KiB.
    """

    about: About
    subject: str
    organisations: tuple[str, ...]
    shown: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.subject or len(self.subject) > 64 or not self.organisations or len(self.shown) > 256 * 1024:
            raise NothingToContest("a contest names what is contested, and whose work it is")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a resident takes away. With it alone anybody can find the contest in the public log, or miss it there."""

    about: About
    subject: str
    blind: bytes = field(repr=False)
    opened: datetime

    @property
    def deadline(self) -> datetime:
        """The first instant at which an answer is late."""
        return self.opened + ANSWER_WITHIN

    @property
    def opening(self) -> dict[str, dict[str, str]]:
        """What the public log holds the hash of; a measure's file opens an appeal with exactly this."""
        blind = base64.b64encode(self.blind).decode()
        return {"appeal": {"blind": blind, self.about.value: self.subject, "opened": format_instant(self.opened)}}

    @property
    def hash(self) -> bytes:
        """The name of this contest in the public log: 32 bytes that say nothing without the receipt."""
        return appeal_hash(self.opening)

    @property
    def short(self) -> str:
        """The receipt for paper and telephone: 26 characters of Crockford's base 32, in groups of five."""
        return short_form(self.blind[:RECEIPT_BYTES])

    def as_file(self) -> dict[str, object]:
        """Return the receipt as plain values, to be kept and checked anywhere."""
        return {"salus": "appeal/1", "opening": self.opening, "deadline": format_instant(self.deadline)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The one answer to a contest, and the name under which its leaf waited for the log."""

    outcome: Outcome
    organisation: str
    officer: str
    reason: str = field(repr=False)
    at: datetime
    pending_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """One contest as its room keeps it."""

    receipt: Receipt
    resident_key: int
    organisations: tuple[str, ...]
    words: str = field(repr=False)
    shown: str = field(repr=False)
    opened_at: datetime
    pending_id: UUID
    answer: Answer | None

    @property
    def deadline(self) -> datetime:
        """The first instant at which an answer is late."""
        return self.receipt.deadline


def standing(deadline: datetime, outcome: Outcome | None, closed_at: datetime | None, at: datetime) -> Standing:
    """Say how a contest stands at `at`.

    `outcome` is what was answered, if anything; `closed_at` when a quorum of witnesses first vouched for the leaf that
    says so, in their time. An answer counts from its cosignature on, and only if that came before the deadline; what
    came later changes nothing. An answer that ends what is contested takes effect at once: there is nobody to protect
    from it.
    """
    in_time = closed_at is not None and closed_at < deadline
    if outcome is Outcome.ENDED and (in_time or at < deadline):
        return Standing.ENDED
    if outcome is Outcome.STANDS and in_time:
        return Standing.STANDS
    return Standing.WAITING if at < deadline else Standing.LATE


def appeal_hash(opening: dict[str, dict[str, str]]) -> bytes:
    """Return the SHA-256 of an opening in its canonical spelling."""
    return hashlib.sha256(canonical(opening)).digest()


def short_form(receipt: bytes) -> str:
    """Write 16 bytes as 26 characters of Crockford's base 32, grouped by five."""
    number = int.from_bytes(receipt)
    digits = "".join(CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
    return "-".join(digits[start : start + 5] for start in range(0, len(digits), 5))


def read_short_form(text: str) -> bytes | None:
    """Read a receipt as it was typed: lower case, spaces, and O, I, L for 0 and 1 are taken; None if it is none."""
    digits = text.strip().upper().translate(_READ_AS)
    if len(digits) != 26 or not set(digits) <= set(CROCKFORD):
        return None
    number = 0
    for digit in digits:
        number = number << 5 | CROCKFORD.index(digit)
    return number.to_bytes(RECEIPT_BYTES) if number < 1 << 8 * RECEIPT_BYTES else None
