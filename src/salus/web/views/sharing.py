"""What the pages about relatives are given: who may show whose code, and until when; frozen view models."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from salus.web.views import Words


class ShareTrouble(StrEnum):
    """Why a right to show a code was not given or taken."""

    KEY = "key"
    TOO_MANY = "too-many"
    PAPER = "paper"
    END_PAPER = "end-paper"
    CHILD = "child"


class Lasting(StrEnum):
    """For how long a right to show one's code can be given."""

    DAY = "day"
    MONTH = "month"
    HALF_YEAR = "half-year"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenLine:
    """One right over the resident's own code. `taken` is None while nobody took it, `by_desk` for a guardian's."""

    form: str
    offered: datetime
    taken: datetime | None
    until: datetime
    ended: datetime | None
    stands: bool
    by_desk: bool
    paper: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLine:
    """One code of somebody else that the resident may show; `initial` is empty for a child's by a desk."""

    show: str
    form: str
    initial: str
    until: datetime
    holds: bool
    ended: datetime | None = None
    ended_where: Words | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLine:
    """One card with the resident's code that a desk ordered: where, when, and on what word."""

    facility: Words
    at: datetime
    signed: bool
    paper: str | None
    printed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Relatives:
    """Who may show the resident's code, whose codes the resident may show, and cards that desks printed."""

    template: ClassVar[str] = "relatives.html"
    given: tuple[GivenLine, ...]
    held: tuple[HeldLine, ...]
    cards: tuple[PrintedLine, ...]
    trouble: ShareTrouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareKey:
    """The key that hands a right over, shown once. `slip` is where its holder types it; `back` where to go on."""

    template: ClassVar[str] = "share_key.html"
    key: str = field(repr=False)
    key_ends: datetime
    until: datetime
    slip: str
    back: str
    at_desk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenCode:
    """The code of somebody who gave the right to show it."""

    template: ClassVar[str] = "given_code.html"
    code: str = field(repr=False)
    initial: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianForm:
    """The desk's form for a guardian's slip: which paper was shown, and whether a child of 14 or more agrees.

    `ends` is the number of the paper on which all such rights are to end.
    """

    template: ClassVar[str] = "guardian_form.html"
    form: str
    paper: str = ""
    agrees: bool = False
    ends: str = ""
    trouble: ShareTrouble | None = None
