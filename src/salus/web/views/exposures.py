"""What the pages of exposure slips are given: the one where a bearer reads them, and the one of the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from salus.web.views import Words
from salus.web.words import noop

OVER: Mapping[str, str] = {
    "RELEASED": noop("Your negative result has ended it."),
    "CORRECTED": noop("The case turned out to be none, so the slip ended by itself."),
    "LAPSED": noop("Its two days are over."),
    "STALE-PROOF": noop("Its two days are over."),
    "EMERGENCY-LAPSED": noop("The emergency is over, and the slip with it."),
    "RULES-NOT-LIVE": noop("The emergency is over, and the slip with it."),
    "NO-PROOF": noop("The public log does not have it. If the slip is from today, look again in two hours."),
}
NOT_PROVED = noop("What it says is not proved, so nothing follows from it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TestDue:
    """What slips under the same rules ask together: the words of the rule, since when and until when."""

    __test__ = False
    clause: Words
    disease: str
    starts: datetime
    ends: datetime
    proved_at: datetime
    rules: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadExposure:
    """The page where anybody reads a slip. `due` is what is asked, once for each rules; `over` why slips ask nothing.

    `given` are the slips' texts again, for the forms that save their files; `refused` is why what was given is no slip.
    """

    template: ClassVar[str] = "exposure.html"
    due: tuple[TestDue, ...] = ()
    over: tuple[str, ...] = ()
    given: tuple[str, ...] = field(default=(), repr=False)
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureDesk:
    """The desk's page. `taken` leaves went to the log, `again` were there before; `ended` is the end of a case."""

    template: ClassVar[str] = "exposures.html"
    taken: int | None = None
    again: int = 0
    ended: bool = False
    refused: str | None = None
