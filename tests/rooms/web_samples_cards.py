"""Invented view models for the desk's form for a card."""

from __future__ import annotations

from dataclasses import replace

from web_samples import CLINICIAN, RECEPTION

from salus.web import views as v
from salus.web.views.cards import CardForm, CardTrouble

FORM = CardForm(form="/desk/1/card", guardian="/desk/1/guardian")
SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "print a card": (FORM, RECEPTION),
    **{
        f"print a card {trouble}": (replace(FORM, how="signed", paper="2026-0417", trouble=trouble), CLINICIAN)
        for trouble in CardTrouble
    },
}
