"""What the pages of emergencies are given: the form, what a reviewer judges, and what a resident sees of an opening."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from salus.access.glass import Category, Off
from salus.web.views import DeskTrouble, Words


class GlassTrouble(StrEnum):
    """Why the glass was not broken, beside what a desk says of a code or number."""

    CATEGORY = "category"
    WORDS = "words"
    PROOF = "proof"
    TOO_MANY = "too-many"


@dataclass(frozen=True, slots=True, kw_only=True)
class GlassForm:
    """The form that breaks the glass. `off` tells why it is not offered to this person now.

    `passkey` and `code` are the ways to prove that it is them; without either, who stepped into a role of a demo acts.
    `wrong` is about what was presented, `trouble` about the rest; what was written stays, but for the number.
    """

    template: ClassVar[str] = "glass_form.html"
    off: Off | None
    passkey: bool
    code: bool
    trouble: GlassTrouble | None = None
    wrong: DeskTrouble | None = None
    category: Category | None = None
    words: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningLine:
    """One opening that waits for a reviewer; it names nobody. `due` is when its review is overdue."""

    link: str
    facility: Words
    category: Category
    at: datetime
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Openings:
    """What waits for the reviewers of an organisation, the oldest first."""

    template: ClassVar[str] = "openings.html"
    lines: tuple[OpeningLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLine:
    """What was read by an opening: a part, how many entries, and when."""

    part: str
    count: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An opening with why, in the clinician's words, and what was read.

    `upheld` is what a reviewer found, at `judged`; None before. `due` is when a review is overdue.
    """

    facility: Words
    reader: Words | None
    category: Category
    words: str = field(repr=False)
    at: datetime
    ends: datetime
    due: datetime
    seen: tuple[SeenLine, ...]
    upheld: bool | None = None
    judged: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeOpening:
    """An opening before its reviewer. `received` tells that others of the place received the resident about then."""

    template: ClassVar[str] = "opening.html"
    form: str
    opened: Opened
    received: bool
    trouble: bool = False
