"""Every closed list that the pages of signals show has words, and a chart's title is the finding."""

from __future__ import annotations

from enum import StrEnum

import pytest
from web_samples_signals import LINE, SIGNAL, SINGLE_SIGNAL

from salus.surveillance import SERIES, Confidence, Impact, Level, Likelihood, Rule, Verdict
from salus.web import signal_words as words
from salus.web.render import Speech
from salus.web.signal_charts import chart, finding, small_chart
from salus.web.views import Language
from salus.web.views.surveillance import SignalTrouble


@pytest.mark.parametrize(
    ("words_for", "closed"),
    [
        (words.VERDICTS, Verdict),
        (words.RULES, Rule),
        (words.LIKELIHOODS, Likelihood),
        (words.IMPACTS, Impact),
        (words.CONFIDENCES, Confidence),
        (words.LEVELS, Level),
        (words.TROUBLES, SignalTrouble),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_every_member_of_a_closed_list_has_words(words_for: dict[StrEnum, str], closed: type[StrEnum]) -> None:
    assert set(words_for) == set(closed)


def test_every_series_has_a_name_in_both_languages_a_rule_and_a_source() -> None:
    assert len({one.key for one in SERIES}) == len(SERIES)
    for one in SERIES:
        assert one.en.isascii()
        assert not one.zh.isascii()
        assert one.source
        assert one.feed or one.icd10 or one.loinc
        assert (one.limit is not None) == (one.rule is Rule.SINGLE_CASE)


def test_the_title_of_a_chart_is_the_finding() -> None:
    english, chinese = Speech(Language.EN), Speech(Language.ZH)

    assert finding(SIGNAL, english) == (
        "Influenza-like illness in Qinglan District: 19 on 22 November 2026, 5.3 expected"
    )
    assert finding(SINGLE_SIGNAL, english).endswith("1 on 22 November 2026, where one is enough")
    assert finding(SIGNAL, chinese) in chart(SIGNAL, chinese)
    assert "highest 21" in small_chart(LINE, english)
    assert chart(SINGLE_SIGNAL, english) == ""
