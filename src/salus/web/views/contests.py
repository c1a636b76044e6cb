"""What the pages about contests are given: the resident's own, and those of the officer who answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from salus.appeals import About, Outcome, Standing
from salus.kernel import Purpose, Role
from salus.web.views import Look, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestLine:
    """One contest in a list. `link` leads to its receipt, or to the page where an officer answers it."""

    link: str
    about: About
    opened: datetime
    deadline: datetime
    stands: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class MyContests:
    """What a resident contested, newest first."""

    template: ClassVar[str] = "my_contests.html"
    contests: tuple[ContestLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestForm:
    """The form that opens a contest. `look` is the entry in question; without it, it is what the rules decided.

    `entry` is what the form sends back: the entry's place, or nothing. `notice` names
    the notice that the own page shows. `trouble` says that what was handed in was not
    read as a notice of this resident's.
    """

    template: ClassVar[str] = "contest_form.html"
    entry: str
    look: Look | None = None
    notice: str = ""
    trouble: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestReceipt:
    """One contest of the resident's own, to be printed and kept.

    `short` is the receipt for paper; `code` the text of its square, from which the contest is found in the public log;
    `entry` the name in the log. `logged_at` and `closed_at` are when witnesses vouched for opening and answer.
    """

    template: ClassVar[str] = "contest_receipt.html"
    about: About
    short: str
    code: str
    entry: str
    opened: datetime
    deadline: datetime
    stands: Standing
    words: str
    download: str
    logged_at: datetime | None
    closed_at: datetime | None
    answered: datetime | None
    outcome: Outcome | None
    organisation: Words | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeals:
    """What an appeal officer may answer, the soonest due first; nobody is named in it."""

    template: ClassVar[str] = "appeals.html"
    contests: tuple[ContestLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """The evidence run again: what it came to when it was contested, or comes to `now`; whether it is proved; why."""

    now: bool
    came_to: str
    text: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNotice:
    """A notice as its holder was shown it. `clause` and `rules` are the decision's own names, `rules` a digest."""

    asked: str
    clause: str
    starts: datetime
    ends: datetime
    decided: datetime
    rules: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLook:
    """A look as its resident was shown it; `reader` is the staff member to ask about, where one looked."""

    at: datetime
    reader: Words | None
    role: Role
    facility: Words | None
    part: str
    count: int
    purpose: Purpose
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """One contest before its officer: what the resident was shown, their words, and the evidence run again.

    Exactly one of `notice` and `look` is given; for a look nothing is run again.
    """

    template: ClassVar[str] = "appeal.html"
    about: About
    opened: datetime
    deadline: datetime
    stands: Standing
    words: str
    organisations: tuple[Words, ...]
    form: str
    notice: ShownNotice | None = None
    look: ShownLook | None = None
    ran: tuple[Ran, ...] = ()
    outcome: Outcome | None = None
    reason: str | None = None
    trouble: bool = False
