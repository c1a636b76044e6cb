"""What the pages of a notice that is shown to a clinician are given: the resident's form, and what a desk opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from salus.rules import Measure
from salus.web.views import Words


class ShowFor(StrEnum):
    """For how long a notice can be opened; a day is the most there is."""

    QUARTER_HOUR = "quarter-hour"
    HOUR = "hour"
    DAY = "day"


class ShowTrouble(StrEnum):
    """Why no notice was made. The page keeps what was chosen."""

    NOBODY = "nobody"  # no place of care is called so
    WHICH = "which"  # several are


@dataclass(frozen=True, slots=True, kw_only=True)
class CareChoice:
    """One of the places of care that a name fits."""

    key: str
    name: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowNotice:
    """The form by which a resident makes a notice for one place of care: the same for everybody, whatever is asked."""

    template: ClassVar[str] = "show_notice.html"
    wanted: str = ""
    lasts: ShowFor = ShowFor.HOUR
    choices: tuple[CareChoice, ...] = ()
    more: bool = False
    trouble: ShowTrouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """One thing that is asked of who is here, as the published rules say it, proved by the public log."""

    kind: Measure
    clause: Words
    disease: str
    starts: datetime
    ends: datetime
    proved_at: datetime
    rules: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskNotice:
    """A desk's form, and what the notice that was handed over proves: usually nothing. `opened` once one was opened.

    `unread` is a file that this desk cannot open, which says nothing of who is here.
    """

    template: ClassVar[str] = "desk_notice.html"
    form: str
    back: str
    held: tuple[ShownLine, ...] = ()
    opened: bool = False
    unread: bool = False
