"""The words for every closed list that the pages of signals show. Texts are English sources for the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from salus.surveillance import Confidence, Impact, Level, Likelihood, Rule, Verdict
from salus.web.views.surveillance import SignalTrouble
from salus.web.words import noop

VERDICTS: Mapping[Verdict, str] = {
    Verdict.VERIFYING: noop("Being verified"),
    Verdict.FALSE: noop("False: nothing happened"),
    Verdict.ARTEFACT: noop("An artefact of the figures"),
    Verdict.SEASONAL: noop("Expected in this season"),
    Verdict.CONFIRMED: noop("Confirmed"),
    Verdict.INSUFFICIENT: noop("Too little known to tell"),
}

RULES: Mapping[Rule, str] = {
    Rule.SINGLE_CASE: noop("A single case of a listed disease"),
    Rule.EARS_C2: noop("More than three deviations above the last days (EARS C2)"),
}

LIKELIHOODS: Mapping[Likelihood, str] = {
    Likelihood.VERY_UNLIKELY: noop("very unlikely"),
    Likelihood.UNLIKELY: noop("unlikely"),
    Likelihood.LIKELY: noop("likely"),
    Likelihood.HIGHLY_LIKELY: noop("highly likely"),
    Likelihood.ALMOST_CERTAIN: noop("almost certain"),
}

IMPACTS: Mapping[Impact, str] = {
    Impact.MINIMAL: noop("minimal"),
    Impact.MINOR: noop("minor"),
    Impact.MODERATE: noop("moderate"),
    Impact.MAJOR: noop("major"),
    Impact.SEVERE: noop("severe"),
}

CONFIDENCES: Mapping[Confidence, str] = {
    Confidence.LOW: noop("weak ground"),
    Confidence.MODERATE: noop("fair ground"),
    Confidence.HIGH: noop("good ground"),
}

LEVELS: Mapping[Level, str] = {
    Level.VERY_LOW: noop("very low"),
    Level.LOW: noop("low"),
    Level.MODERATE: noop("moderate"),
    Level.HIGH: noop("high"),
}

TROUBLES: Mapping[SignalTrouble, str] = {
    SignalTrouble.REASON: noop("Say why, in up to 2,000 characters. Nothing was recorded."),
    SignalTrouble.CHOICE: noop("Choose one of each list. Nothing was recorded."),
}

FINDING = noop("%(name)s in %(county)s: %(observed)s on %(day)s, %(expected)s expected")
FINDING_SINGLE = noop("%(name)s in %(county)s: %(observed)s on %(day)s, where one is enough")
ACROSS = noop("day on which it happened; the square is the day of the signal")
UP = noop("a day")
INCOMPLETE = noop("dashed: reports still come in")
SMALL = noop("%(count)s days up to the signal, highest %(most)s")
