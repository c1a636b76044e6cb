"""The words of cards on paper, of the form for one, and why it was not taken."""

from __future__ import annotations

from collections.abc import Mapping

from salus.healthcode.cards import Agreed
from salus.web.views.cards import CardTrouble
from salus.web.words import noop

TITLE = noop("Cards")
FOR_CARE = noop("For care only. Show it at a hospital, clinic or pharmacy.")
SAYS_NOTHING = noop("It says nothing about its holder. Lost? Ask for a new code: this one then opens nothing.")
ALT = noop("Identity code")
"""What stands on a card."""
HOW: Mapping[Agreed, str] = {
    Agreed.SAID: noop("They said so, to me, here"),
    Agreed.SIGNED: noop("They signed a paper"),
}
TROUBLES: Mapping[CardTrouble, str] = {
    CardTrouble.HOW: noop("Say how they agreed. Without that there is no card."),
    CardTrouble.PAPER: noop("Write the number of the signed paper, or leave it empty if they said it."),
    CardTrouble.TOO_MANY: noop("Many cards wait here already. Print those first."),
}
FIELDS: Mapping[CardTrouble, str] = {CardTrouble.HOW: "how", CardTrouble.PAPER: "paper", CardTrouble.TOO_MANY: "form"}
"""Which field each trouble leads to."""
