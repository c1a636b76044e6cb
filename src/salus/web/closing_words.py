"""The words of what is open and closed in a record: its classes, how long, and why a form was not taken."""

from __future__ import annotations

from collections.abc import Mapping

from salus.access import About
from salus.web.views.closing import ClosingTrouble, Form, Lasting
from salus.web.words import noop

ALL_THREE = "all-three"
CLASSES: Mapping[About, str] = {
    About.HIV: noop("HIV"),
    About.PSYCHIATRY: noop("Mental health"),
    About.REPRODUCTION: noop("Pregnancy and reproduction"),
    About.EVERYTHING: noop("Everything that others wrote"),
}
HELD: Mapping[About, str] = {
    About.HIV: noop("Tests, visits, medicines and letters about HIV."),
    About.PSYCHIATRY: noop("Visits to psychiatry, illnesses of the mind and what is taken against them."),
    About.REPRODUCTION: noop("Pregnancy and birth, abortion, contraception, infertility."),
}
THREE = noop("All three")
LASTING: Mapping[Lasting, str] = {
    Lasting.DAY: noop("One day: for this visit"),
    Lasting.WEEK: noop("One week"),
    Lasting.QUARTER: noop("Three months"),
    Lasting.YEAR: noop("One year: the longest there is"),
    Lasting.ALWAYS: noop("Until I take it back"),
}
OFFERED: Mapping[Form, tuple[Lasting, ...]] = {
    Form.OPEN: (Lasting.DAY, Lasting.WEEK, Lasting.QUARTER, Lasting.YEAR),
    Form.SHUT_OUT: (Lasting.ALWAYS, Lasting.QUARTER, Lasting.YEAR),
    Form.AT_DESK: (Lasting.ALWAYS,),
}
TROUBLES: Mapping[ClosingTrouble, str] = {
    ClosingTrouble.WHAT: noop("Choose what it is about."),
    ClosingTrouble.WHOM: noop("Choose to whom."),
    ClosingTrouble.BOTH: noop("You chose every place and named one. Choose one of the two."),
    ClosingTrouble.PLACE: noop("No place of care is called so. Write a part of its name, as it stands at its door."),
    ClosingTrouble.WHICH: noop("Several places are called so. Choose the one that you mean."),
    ClosingTrouble.PAPER: noop("Write the number of the signed paper. It is not a number of the person."),
    ClosingTrouble.TOO_MUCH: noop("So much cannot stand at once. Take something back first."),
}
FIELDS: Mapping[ClosingTrouble, str] = {
    ClosingTrouble.WHAT: "about",
    ClosingTrouble.WHOM: "whom",
    ClosingTrouble.BOTH: "whom",
    ClosingTrouble.PLACE: "place",
    ClosingTrouble.WHICH: "which",
    ClosingTrouble.PAPER: "paper",
    ClosingTrouble.TOO_MUCH: "form",
}
"""Which field each trouble leads to."""
