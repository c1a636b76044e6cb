"""Judge a window by the rule of its series. Pure: the same window gives the same judgement, whenever it is asked."""

from __future__ import annotations

from typing import Final

from salus.surveillance.detectors.ears import C2, c2, expected_span, once_in
from salus.surveillance.model import Judgement, Rule, Window

VERSIONS: Final = {Rule.SINGLE_CASE: "single-case/1", Rule.EARS_C2: "ears-c2/2"}
LEAST_DEVIATION: Final = 1.0
"""In cases. Sparse series have weeks without variance; with less than one, every first case would be an alert."""
LEAST_CASES: Final = 3
"""Fewer are no aberration that somebody is called for; a disease where one is enough has the single-case rule."""
LEAST_SHARE: Final = 1.0
"""How many deviations a share is above what was to be expected, so that a busy day alone is no signal."""
LEAST: Final = {Rule.SINGLE_CASE: 1, Rule.EARS_C2: LEAST_CASES}


def judge(window: Window, rule: Rule) -> Judgement | None:
    """Judge the window's last day; None if too little is known to say anything."""
    return _single_case(window) if rule is Rule.SINGLE_CASE else _ears(window)


def _single_case(window: Window) -> Judgement | None:
    today = window.figures[-1]
    if today is None:
        return None
    return Judgement(
        rule=Rule.SINGLE_CASE,
        version=VERSIONS[Rule.SINGLE_CASE],
        observed=today.count,
        expected=0.0,
        low=0.0,
        high=0.0,
        exceedance=None,
        share_exceedance=None,
        once_in_days=None,
        baseline=(),
        flagged=today.count > 0,
    )


def _ears(window: Window) -> Judgement | None:
    """Flag a day whose count is beyond C2's bound and, where denominators are known, whose share is higher as well.

    The second keeps a day with more visits of every kind, a Monday or a new hospital, from looking like an outbreak.
    It asks for one deviation, not for C2's three: where few are seen a share jumps from day to day, and an outbreak
    brings its own visits with it.
    """
    today = window.figures[-1]
    found = c2([None if figure is None else figure.count for figure in window.figures], LEAST_DEVIATION)
    if today is None or found is None:
        return None
    shares = [figure.count / figure.denominator if figure and figure.denominator else None for figure in window.figures]
    share = c2(shares, LEAST_DEVIATION / today.denominator) if today.denominator else None
    low, high = expected_span(found)
    return Judgement(
        rule=Rule.EARS_C2,
        version=VERSIONS[Rule.EARS_C2],
        observed=today.count,
        expected=round(found.expected, 6),
        low=round(low, 6),
        high=round(high, 6),
        exceedance=None if found.exceedance is None else round(found.exceedance, 6),
        share_exceedance=None if share is None or share.exceedance is None else round(share.exceedance, 6),
        once_in_days=once_in(found),
        baseline=tuple(window.days[n] for n in found.used),
        flagged=found.flagged and today.count >= LEAST_CASES and _share_is_higher(share),
    )


def _share_is_higher(share: C2 | None) -> bool:
    return share is None or share.exceedance is None or share.exceedance >= LEAST_SHARE
