"""Invented view models for what is open and closed in a record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

from web_samples import CITY, CLINICIAN, COUNTY, LI, NOW, RESIDENT, TOWN
from web_samples import SAMPLES as OTHERS

from salus.access import About
from salus.web import views as v
from salus.web.views import closing as c
from salus.web.views.phones import MyCode

DAY = timedelta(days=1)
OPENED = c.SaidLine(
    form="/me/closing/1", opens=True, about=About.HIV, facility=None, since=NOW - DAY, until=NOW + 90 * DAY
)
TO_ONE = replace(OPENED, about=About.PSYCHIATRY, facility=CITY, overruled=True)
AT_DESK = c.SaidLine(
    form="/me/closing/2",
    opens=False,
    about=About.PSYCHIATRY,
    facility=None,
    since=NOW - DAY,
    until=None,
    at_desk=True,
    by=LI,
    paper="2026-0417",
)
TO_TOWN = replace(AT_DESK, facility=TOWN, by=None)
SHUT_OUT = c.SaidLine(
    form="/me/closing/3", opens=False, about=About.EVERYTHING, facility=COUNTY, since=NOW - DAY, until=None
)
CLOSED = tuple(
    c.ClassLine(about=about, opened=(), shut=()) for about in (About.HIV, About.PSYCHIATRY, About.REPRODUCTION)
)
EMPTY = c.MyClosing(classes=CLOSED, shut_out=(), earlier=())
FULL = c.MyClosing(
    classes=(
        replace(CLOSED[0], opened=(OPENED,)),
        replace(CLOSED[1], opened=(TO_ONE,), shut=(AT_DESK, TO_TOWN)),
        CLOSED[2],
    ),
    shut_out=(SHUT_OUT, replace(SHUT_OUT, at_desk=True, by=LI, paper="A/7", until=NOW + DAY)),
    earlier=(OPENED, TO_ONE, AT_DESK, SHUT_OUT, replace(TO_ONE, withdrawn=NOW)),
)
OPEN = c.ClosingForm(kind=c.Form.OPEN, form="/me/closing/open", back="/me/closing")
OUT = c.ClosingForm(kind=c.Form.SHUT_OUT, form="/me/closing/shut-out", back="/me/closing")
DESK = c.ClosingForm(kind=c.Form.AT_DESK, form="/desk/1/closing", back="/desk")
PLACES = (c.PlaceLine(key="H1", name=COUNTY), c.PlaceLine(key="H2", name=CITY))
CHOSEN = c.Chosen(about="hiv", whom="one", place="Hospital", lasts="year", paper="2026-0417")
SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "my closing": (FULL, RESIDENT),
    "my closing empty": (EMPTY, RESIDENT),
    "my code closed at a desk": (replace(cast("MyCode", OTHERS["my code"][0]), closed_at_desk=NOW - DAY), RESIDENT),
    "open something": (OPEN, RESIDENT),
    "open something which": (
        replace(OPEN, chosen=CHOSEN, places=PLACES, more=True, trouble=c.ClosingTrouble.WHICH),
        RESIDENT,
    ),
    "shut out": (OUT, RESIDENT),
    "close at a desk": (DESK, CLINICIAN),
    **{
        f"{name} {trouble}": (replace(form, chosen=CHOSEN, trouble=trouble), person)
        for name, form, person, trouble in (
            ("open something", OPEN, RESIDENT, c.ClosingTrouble.WHAT),
            ("open something", OPEN, RESIDENT, c.ClosingTrouble.WHOM),
            ("open something", OPEN, RESIDENT, c.ClosingTrouble.BOTH),
            ("open something", OPEN, RESIDENT, c.ClosingTrouble.TOO_MUCH),
            ("shut out", OUT, RESIDENT, c.ClosingTrouble.PLACE),
            ("close at a desk", DESK, CLINICIAN, c.ClosingTrouble.PAPER),
        )
    },
}
