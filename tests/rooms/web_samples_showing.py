"""Invented view models for every state of the pages on which a notice is shown to a clinician."""

from __future__ import annotations

from datetime import UTC, datetime

from web_samples import CITY, CLINICIAN, RESIDENT

from salus.rules import Measure
from salus.web.views import Person, View, Words
from salus.web.views.showing import CareChoice, DeskNotice, ShowFor, ShownLine, ShowNotice, ShowTrouble

_LINE = ShownLine(
    kind=Measure.PRECAUTION,
    clause=Words(en="A laboratory found the virus in the specimen.", zh="实验室在样本中检出病毒。"),
    disease="covid-19",
    starts=datetime(2026, 11, 22, 6, 0, tzinfo=UTC),
    ends=datetime(2026, 11, 29, 1, 0, tzinfo=UTC),
    proved_at=datetime(2026, 11, 24, 1, 0, tzinfo=UTC),
    rules="covid-19 1",
)
_DESK = "/desk/0190b3c2-0000-7000-8000-000000000000"
_AT_DESK = {"form": f"{_DESK}/notice", "back": _DESK}

SAMPLES: dict[str, tuple[View, Person | None]] = {
    "show-notice": (ShowNotice(), RESIDENT),
    "show-notice-to-nobody": (ShowNotice(wanted="Nowhere", trouble=ShowTrouble.NOBODY), RESIDENT),
    "show-notice-to-which": (
        ShowNotice(
            wanted="hospital",
            lasts=ShowFor.DAY,
            choices=(CareChoice(key="H1", name=CITY), CareChoice(key="H2", name=CITY)),
            more=True,
            trouble=ShowTrouble.WHICH,
        ),
        RESIDENT,
    ),
    "desk-notice": (DeskNotice(**_AT_DESK), CLINICIAN),
    "desk-notice-unread": (DeskNotice(**_AT_DESK, unread=True), CLINICIAN),
    "desk-notice-nothing": (DeskNotice(**_AT_DESK, opened=True), CLINICIAN),
    "desk-notice-precaution": (DeskNotice(**_AT_DESK, held=(_LINE,), opened=True), CLINICIAN),
}
