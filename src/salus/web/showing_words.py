"""The words of notices that are shown to a clinician: for how long, and why none was made."""

from __future__ import annotations

from collections.abc import Mapping

from salus.web.views.showing import ShowFor, ShowTrouble
from salus.web.words import noop

LASTING: Mapping[ShowFor, str] = {
    ShowFor.QUARTER_HOUR: noop("A quarter of an hour"),
    ShowFor.HOUR: noop("An hour"),
    ShowFor.DAY: noop("A day: the longest there is"),
}
TROUBLES: Mapping[ShowTrouble, str] = {
    ShowTrouble.NOBODY: noop("No place of care is called so. Write a part of its name, as it stands at its door."),
    ShowTrouble.WHICH: noop("Several places are called so. Choose the one that you mean."),
}
FIELDS: Mapping[ShowTrouble, str] = {ShowTrouble.NOBODY: "wanted", ShowTrouble.WHICH: "which"}
"""Which field each trouble leads to."""
