"""One invented view model for every state of the pages of signals. Places and values are made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from web_samples import NOW

from salus.kernel import Role
from salus.surveillance import Confidence, Impact, Level, Likelihood, Rule, Verdict
from salus.web import views as v
from salus.web.views import surveillance as s

EPIDEMIOLOGIST = v.Person(
    name=v.Words(en="Qian Rui", zh="钱睿"),
    role=Role.EPIDEMIOLOGIST,
    facility=v.Words(en="Qinglan Centre for Disease Control", zh="清澜疾病预防控制中心"),
)
DAY = date(2026, 11, 22)
COUNTS = (4, 6, 5, None, 4, 7, 5, 5, 6, 4, 5, 6, 19, 21, 8)
DAYS = tuple(
    s.SeriesDay(
        on=DAY - timedelta(days=12 - n),
        count=count,
        denominator=None if count is None else 120 + n,
        reporting=None if count is None else 3,
        unfinished=n > 12,
    )
    for n, count in enumerate(COUNTS)
)
QINGLAN = v.Words(en="Qinglan District", zh="清澜区")
ILI = v.Words(en="Influenza-like illness", zh="流感样病例")
CHOLERA = v.Words(en="Cholera", zh="霍乱")
LINE = s.SignalLine(
    page="/signals/1",
    name=ILI,
    county=QINGLAN,
    day=DAY,
    observed=19,
    expected=5.2857,
    once_in_days=2150,
    raised=NOW - timedelta(hours=30),
    due=None,
    overdue=False,
    settled=False,
    verdict=Verdict.VERIFYING,
    days=DAYS,
)
SINGLE = replace(
    LINE, page="/signals/2", name=CHOLERA, observed=1, expected=None, once_in_days=None, verdict=None, days=()
)
LATE = replace(SINGLE, due=NOW - timedelta(hours=1), overdue=True)
DUE = replace(SINGLE, page="/signals/3", due=NOW + timedelta(hours=1))
SETTLED = replace(LINE, page="/signals/4", settled=True, verdict=Verdict.SEASONAL)
SIGNAL = s.Signal(
    page="/signals/1",
    name=ILI,
    county=QINGLAN,
    code="910101",
    source=v.Words(en="visits and results that hospitals sent", zh="医院报送的就诊与检验"),
    day=DAY,
    observed=19,
    expected=5.2857,
    low=2.1,
    high=8.4,
    rule=Rule.EARS_C2,
    version="ears-c2/1",
    catalogue="1",
    definition="own list of ICD-10 (2019) codes",
    reason=v.Words(en="Influenza-like illness: 19 in Qinglan District.", zh="流感样病例：清澜区19例。"),
    baseline=tuple(DAY - timedelta(days=n) for n in range(9, 2, -1)),
    raised=NOW - timedelta(hours=30),
    due=None,
    overdue=False,
    settled=False,
    days=DAYS,
    said=(s.Said(at=NOW, by=EPIDEMIOLOGIST.name, verdict=Verdict.VERIFYING, reason="Called both hospitals."),),
    judged=(
        s.Judged(
            at=NOW,
            by=None,
            likelihood=Likelihood.LIKELY,
            impact=Impact.MODERATE,
            confidence=Confidence.LOW,
            level=Level.MODERATE,
            text="Schools begin on Monday.",
        ),
    ),
    similar=(
        s.Similar(page="/signals/8", day=date(2025, 12, 2), observed=23, verdict=Verdict.SEASONAL),
        s.Similar(page="/signals/9", day=date(2026, 1, 9), observed=17, verdict=None),
    ),
    snapshot="5f2c" * 16,
    reproduced=True,
    as_of=NOW,
    reported=3,
    usual=4,
    hand_over="/signals/1/hand-over",
)
SINGLE_SIGNAL = replace(
    SIGNAL,
    name=CHOLERA,
    observed=1,
    expected=0.0,
    low=0.0,
    high=0.0,
    rule=Rule.SINGLE_CASE,
    version="single-case/1",
    baseline=(),
    due=NOW - timedelta(hours=1),
    overdue=True,
    days=(),
    said=(),
    judged=(),
    similar=(),
    reproduced=False,
    reported=None,
    usual=None,
    hand_over=None,
)
SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "signals": (s.Signals(lines=(LATE, DUE, LINE, SETTLED), waiting=3, overdue=1), EPIDEMIOLOGIST),
    "signals none": (s.Signals(lines=(), waiting=0, overdue=0), EPIDEMIOLOGIST),
    "signal": (SIGNAL, EPIDEMIOLOGIST),
    "signal single case": (SINGLE_SIGNAL, EPIDEMIOLOGIST),
    **{f"signal {trouble}": (replace(SIGNAL, trouble=trouble), EPIDEMIOLOGIST) for trouble in s.SignalTrouble},
}
