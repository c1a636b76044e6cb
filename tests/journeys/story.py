"""Who is who in the told demo: its country made once more, as everybody with the same seed makes it."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache

from journeys.live import TOLD_RESIDENTS, TOLD_SEED, Live
from salus import synth

RECENT = timedelta(hours=70)
"""Specimens older than this were taken before the rules counted (salus.cli.story.measure)."""
WEI, TAN, FANG, MENG = "Commander Wei Ran", "Commander Tan Cheng", "Dr Fang Ning", "Officer Meng An"
AUDITOR, SHEN, YAN = "Public auditor", "Dr Shen Qiao", "Reviewer Yan Ping"


@cache
def country() -> synth.Country:
    """Return the told demo's country."""
    return synth.country(TOLD_SEED, TOLD_RESIDENTS)


@cache
def names(language: str) -> dict[str, str]:
    """Return everybody's name in a language, by the English one."""
    people = {one.pinyin: one.name_zh for one in country().residents}
    people |= {one.name_en: one.name_zh for one in synth.workers(country())}
    return people if language == "zh" else {one: one for one in people}


def number_of(name: str) -> str:
    """Return a resident's identity number."""
    return next(one.number for one in country().residents if one.pinyin == name)


def infected() -> list[str]:
    """Return who was told a positive result that nobody corrected, in the order of their specimens."""
    now = synth.present(country())
    return [
        country().residents[one.resident].pinyin
        for one in synth.specimens(country())
        if one.final == "positive" and now - RECENT < one.collected < one.resulted <= now
    ]


def said(node: Live, pattern: str) -> str:
    """Return the first group of what the story printed; the story must have printed it."""
    found = re.search(pattern, node.said())
    assert found is not None, pattern
    return found[1]
