"""The words of the pages about relatives."""

from __future__ import annotations

from collections.abc import Mapping

from salus.web.views.sharing import Lasting, ShareTrouble
from salus.web.words import noop

LASTING: Mapping[Lasting, str] = {
    Lasting.DAY: noop("One day"),
    Lasting.MONTH: noop("One month"),
    Lasting.HALF_YEAR: noop("Half a year"),
    Lasting.YEAR: noop("One year: the longest there is"),
}
TROUBLES: Mapping[ShareTrouble, str] = {
    ShareTrouble.KEY: noop("This key opens nothing. It works once, for a day. Ask for another."),
    ShareTrouble.TOO_MANY: noop("So many cannot stand at once. End one first."),
    ShareTrouble.PAPER: noop("Write the number of the paper that the guardian showed."),
    ShareTrouble.END_PAPER: noop("Write the number of the paper that says that somebody is a guardian no longer."),
    ShareTrouble.CHILD: noop(
        "From 14 years on the child has to agree; from 18 on the person gives the right alone. Where no number says"
        " when somebody was born, a desk gives none."
    ),
}
FIELDS: Mapping[ShareTrouble, str] = {
    ShareTrouble.KEY: "key",
    ShareTrouble.TOO_MANY: "lasts",
    ShareTrouble.PAPER: "paper",
    ShareTrouble.END_PAPER: "end-paper",
    ShareTrouble.CHILD: "agrees",
}
"""Which field each trouble leads to."""
