"""One invented view model for every state of the pages about facts of other systems, and of their interfaces."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

from web_samples import CLINICIAN, NOW, PATIENT, RECORD, RESIDENT

from salus.kernel import Purpose
from salus.web import views as v
from salus.web.views import bringing as b
from salus.web.views.certificates import DISEASES
from salus.web.views.full_certificates import FORMS
from salus.web.views.interfaces import Interfaces

_FACTS = list(b.BROUGHT_FACTS.values())
LINES = (
    b.BroughtLine(fact=_FACTS[0], disease=DISEASES["influenza"], code="sys|140", on=date(2026, 10, 1)),
    b.BroughtLine(fact=_FACTS[1], disease=DISEASES["covid-19"], code="840539006", on=NOW - timedelta(days=2)),
    b.BroughtLine(fact=_FACTS[2], disease=None, code="6142004", on="2026-10"),
)
CARD = b.BroughtCard(
    key="1", form=FORMS["HC1"], issuer="Ministry of Health of Elsewhere", source="ab" * 32, at=NOW, lines=LINES
)

SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "my brought": (b.MyBrought(cards=(CARD, dataclasses.replace(CARD, key="2", shown=True))), RESIDENT),
    "summary with what was brought": (
        v.Summary(
            patient=PATIENT,
            record=RECORD,
            purpose=Purpose.TREAT,
            relation_ends=NOW + timedelta(hours=23),
            slip="/desk/1/slip",
            mixed="/desk/1/mixed",
            brought=(dataclasses.replace(CARD, shown=True, lines=LINES[:2]),),
        ),
        CLINICIAN,
    ),
    "my brought refused": (b.MyBrought(cards=(CARD,), why="the certificate was not taken"), RESIDENT),
    "my brought nothing": (b.MyBrought(cards=()), RESIDENT),
    "interfaces": (Interfaces(), None),
}
