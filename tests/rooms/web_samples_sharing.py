"""Invented view models for relatives, dependants and cards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from web_samples import CITY, CLINICIAN, NOW, RECEPTION, RESIDENT, TOWN

from salus.web import views as v
from salus.web.views import sharing as s

DAY = timedelta(days=1)
GIVEN = s.GivenLine(
    form="/me/relatives/1/end",
    offered=NOW - DAY,
    taken=NOW,
    until=NOW + 30 * DAY,
    ended=None,
    stands=True,
    by_desk=False,
    paper=None,
)
HELD = s.HeldLine(show="/me/relatives/2", form="/me/relatives/2/end", initial="陈", until=NOW + 30 * DAY, holds=True)
PRINTED = s.PrintedLine(facility=CITY, at=NOW - DAY, signed=True, paper="2026-0417", printed=True)
FULL = s.Relatives(
    given=(
        GIVEN,
        replace(GIVEN, taken=None),
        replace(GIVEN, taken=None, stands=False),
        replace(GIVEN, ended=NOW, stands=False),
        replace(GIVEN, by_desk=True, paper="2026-0417"),
    ),
    held=(HELD, replace(HELD, initial="")),
    cards=(PRINTED, replace(PRINTED, facility=TOWN, signed=False, paper=None, printed=False)),
)
KEY = s.ShareKey(
    key="Kf3Jd0aZq_1-xYw8tQ2bLA", key_ends=NOW + DAY, until=NOW + 30 * DAY, slip="/me/relatives", back="/me/relatives"
)
FORM = s.GuardianForm(form="/desk/1/guardian")
SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "relatives": (FULL, RESIDENT),
    "relatives none": (s.Relatives(given=(), held=(), cards=()), RESIDENT),
    "relatives wrong key": (replace(FULL, trouble=s.ShareTrouble.KEY), RESIDENT),
    "relatives too many": (replace(FULL, trouble=s.ShareTrouble.TOO_MANY), RESIDENT),
    "key to show a code": (KEY, RESIDENT),
    "key for a guardian": (replace(KEY, at_desk=True, back="/desk"), RECEPTION),
    "a given code": (s.GivenCode(code="SL1:ABC", initial="陈", until=NOW + DAY), RESIDENT),
    "a child's code": (s.GivenCode(code="SL1:ABC", initial="", until=NOW + DAY), RESIDENT),
    "guardian": (FORM, CLINICIAN),
    "guardian without a paper": (replace(FORM, trouble=s.ShareTrouble.PAPER), RECEPTION),
    "end of a guardian without a paper": (replace(FORM, trouble=s.ShareTrouble.END_PAPER), RECEPTION),
    "guardian of a child who does not agree": (
        replace(FORM, paper="7/2031", agrees=True, trouble=s.ShareTrouble.CHILD),
        RECEPTION,
    ),
}
