"""The words of breaking the glass: what an emergency can be, why it is off, and why a form was not taken."""

from __future__ import annotations

from collections.abc import Mapping

from salus.access.glass import Category, Off
from salus.web.views.emergencies import GlassTrouble
from salus.web.words import noop

CATEGORIES: Mapping[Category, str] = {
    Category.UNCONSCIOUS: noop("Unconscious, or cannot speak"),
    Category.CONFUSED: noop("Confused, and cannot answer"),
    Category.LIFE_AT_RISK: noop("Life is at risk, and there is no time to ask"),
    Category.POISONING: noop("Poisoned, or took too much of a medicine"),
    Category.ON_THE_WAY: noop("On the way here in an emergency"),
}
OFF: Mapping[Off, str] = {
    Off.DAY: noop("You broke the glass three times within 24 hours. That is as often as anybody may."),
    Off.MONTH: noop("You broke the glass ten times within 30 days. That is as often as anybody may."),
    Off.OVERDUE: noop("Something that you opened was not reviewed within 72 hours. You break no glass until it is."),
    Off.FACILITY: noop(
        "Three times what was opened here was not reviewed within 72 hours. Nobody here breaks the glass until it is."
    ),
    Off.NOT_UPHELD: noop("Something that you opened was not upheld within the last 30 days."),
}
TROUBLES: Mapping[GlassTrouble, str] = {
    GlassTrouble.CATEGORY: noop("Choose what the emergency is."),
    GlassTrouble.WORDS: noop("Say why in your own words, in 10 to 500 characters. The resident reads them."),
    GlassTrouble.PROOF: noop("That did not prove that it is you. Use your passkey again, or the app’s next code."),
    GlassTrouble.TOO_MANY: noop("Too many codes that did not fit. Wait 15 minutes, or use a passkey."),
}
FIELDS: Mapping[GlassTrouble, str] = {
    GlassTrouble.CATEGORY: "category",
    GlassTrouble.WORDS: "words",
    GlassTrouble.PROOF: "proof",
    GlassTrouble.TOO_MANY: "proof",
}
"""Which field each trouble leads to."""
