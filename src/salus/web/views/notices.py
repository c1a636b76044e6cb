"""What the page of a resident's notices is given: frozen view models, as those of `views`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from salus.rules import Measure, Result
from salus.web.views import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldNotice:
    """One measure that is proved now. `file` downloads what proves it, `command` recomputes that on any computer.

    `contest` is where its holder contests it, once there is such a page. `case` is the number under which investigators
    make exposure slips, where the measure rests on a positive, and `word` what they need for it from its holder.
    """

    kind: Measure
    clause: Words
    disease: str
    starts: datetime
    ends: datetime
    proved_at: datetime
    rules: str
    file: str
    command: str
    contest: str | None = None
    case: str | None = None
    word: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a sampling site handed out: shown again there, it joins a later specimen to the earlier ones."""

    text: str = field(repr=False)
    site: Words | None
    taken: datetime
    short: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptStep:
    """One of the two steps. `entry` is its place in the log, `logged` when witnesses had it; None while they have not.

    `found` is what a result says; None for the specimen.
    """

    party: Words
    organisation: str
    happened: datetime
    entry: int | None
    logged: datetime | None
    found: Result | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MyReceipt:
    """The receipt of one specimen, to save, to print, and to hold against the log elsewhere.

    `fault` is the word for what is wrong or missing, None where the log has every step. `code` is the short form that
    paper carries: what the site signed, without proofs.
    """

    template: ClassVar[str] = "receipt.html"
    text: str = field(repr=False)
    code: str = field(repr=False)
    disease: str
    steps: tuple[ReceiptStep, ...]
    fault: str | None
    file: str
    command: str
    audit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MyNotice:
    """What is asked of the resident now, usually nothing. `witnessed` tells whether the log has witnesses at all."""

    template: ClassVar[str] = "my_notice.html"
    held: tuple[HeldNotice, ...]
    receipts: tuple[Receipt, ...]
    witnessed: bool
