"""Invented view models for the pages of emergencies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from web_samples import CITY, CLINICIAN, COUNTY, LI, LOOKED, MY_CODE, NOW, RESIDENT
from web_samples import SAMPLES as OTHERS

from salus.access.glass import GLASS_LASTS, REVIEW_WITHIN, Category, Off
from salus.kernel import Purpose, Role
from salus.web import views as v
from salus.web.views import emergencies as e
from salus.web.views.looks import WhoLooked

REVIEWER = v.Person(name=LI, role=Role.ACCESS_REVIEWER, facility=CITY)
DAY = timedelta(days=1)
OPENED = e.Opened(
    facility=COUNTY,
    reader=LI,
    category=Category.UNCONSCIOUS,
    words="Found without consciousness, papers in the pocket",
    at=NOW - DAY,
    ends=NOW - DAY + GLASS_LASTS,
    due=NOW - DAY + REVIEW_WITHIN,
    seen=(e.SeenLine(part="summary", count=1, at=NOW - DAY), e.SeenLine(part="summary", count=12, at=NOW - DAY)),
)
OVERDUE = replace(OPENED, at=NOW - 9 * DAY, due=NOW - 6 * DAY, seen=(), reader=None)
FORM = e.GlassForm(off=None, passkey=True, code=True)
PAGE = e.JudgeOpening(form="/emergencies/1", opened=OPENED, received=True)
SUMMARY, _ = OTHERS["summary"]
assert isinstance(SUMMARY, v.Summary)

SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "glass": (FORM, CLINICIAN),
    "glass with a passkey": (replace(FORM, code=False), CLINICIAN),
    "glass with a code": (replace(FORM, passkey=False), CLINICIAN),
    "glass of a demo": (replace(FORM, passkey=False, code=False), CLINICIAN),
    "glass, a number with a slip": (
        replace(FORM, wrong=v.DeskTrouble.CHECK_DIGIT, words="Not awake at all"),
        CLINICIAN,
    ),
    **{f"glass, {one}": (replace(FORM, trouble=one, category=Category.POISONING), CLINICIAN) for one in e.GlassTrouble},
    **{f"glass off, {one}": (replace(FORM, off=one), CLINICIAN) for one in Off},
    "summary in an emergency": (
        replace(SUMMARY, purpose=Purpose.ETREAT, relation_ends=NOW + GLASS_LASTS, slip="", mixed=""),
        CLINICIAN,
    ),
    "openings": (
        e.Openings(
            lines=(
                e.OpeningLine(
                    link="/emergencies/1",
                    facility=COUNTY,
                    category=Category.ON_THE_WAY,
                    at=NOW - 4 * DAY,
                    due=NOW - DAY,
                ),
                e.OpeningLine(
                    link="/emergencies/2", facility=CITY, category=Category.CONFUSED, at=NOW - DAY, due=NOW + 2 * DAY
                ),
            )
        ),
        REVIEWER,
    ),
    "openings, none": (e.Openings(lines=()), REVIEWER),
    "opening": (PAGE, REVIEWER),
    "opening in trouble": (replace(PAGE, trouble=True, received=False), REVIEWER),
    "opening that was upheld": (replace(PAGE, opened=replace(OPENED, upheld=True, judged=NOW)), REVIEWER),
    "who looked in an emergency": (
        WhoLooked(
            days=LOOKED.days,
            readers_this_week=1,
            emergencies=(OPENED, OVERDUE, replace(OPENED, upheld=False, judged=NOW)),
        ),
        RESIDENT,
    ),
    "my code, opened in an emergency": (replace(MY_CODE, opened_in_emergency=NOW - DAY), RESIDENT),
}
