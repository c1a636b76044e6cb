"""EARS C2 by hand-worked example, against a published program's output, and what an alert asks beyond it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from math import isclose
from pathlib import Path
from typing import Any

import pytest

from salus.surveillance import Figure, Rule, series
from salus.surveillance.detectors import judge, reasons
from salus.surveillance.detectors.ears import c2, expected_span, once_in, tail
from salus.surveillance.model import Window

DAY = date(2031, 3, 10)
TABLE = json.loads((Path(__file__).parent / "ears_c2.json").read_text("utf-8"))

# Seven days of baseline, two of guard, the day; mean, sample standard deviation, bound, flagged. Worked by hand.
EXAMPLES = [
    # mean 28/7 = 4; squares 4+1+0+0+0+1+4 = 10, 10/6, root 1.290994; 4 + 3 * 1.290994
    ([2, 3, 4, 4, 4, 5, 6, 99, 99, 8], 4.0, 1.2909944487358056, 7.872983346207417, True),
    ([2, 3, 4, 4, 4, 5, 6, 0, 0, 7], 4.0, 1.2909944487358056, 7.872983346207417, False),
    # exactly at the bound is not above it: mean 3, deviation 1, bound 6
    ([2, 2, 2, 3, 4, 4, 4, 3, 3, 6], 3.0, 1.0, 6.0, False),
    ([2, 2, 2, 3, 4, 4, 4, 3, 3, 7], 3.0, 1.0, 6.0, True),
    # without variance, as published: whatever lies above the mean
    ([4, 4, 4, 4, 4, 4, 4, 4, 4, 4], 4.0, 0.0, 4.0, False),
    ([4, 4, 4, 4, 4, 4, 4, 4, 4, 5], 4.0, 0.0, 4.0, True),
]


@pytest.mark.parametrize(("values", "mean", "deviation", "upper", "flagged"), EXAMPLES)
def test_c2_by_hand(values: list[int], mean: float, deviation: float, upper: float, flagged: bool) -> None:
    found = c2(values)

    assert found is not None
    assert isclose(found.expected, mean)
    assert isclose(found.deviation, deviation)
    assert isclose(found.upper, upper)
    assert found.flagged is flagged


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: f"{case['name']}-{case['least_deviation']}")
def test_c2_gives_the_bounds_and_alarms_of_the_r_package(case: dict[str, Any]) -> None:
    counts = case["counts"]
    found = [c2(counts[n - 9 : n + 1], case["least_deviation"]) for n in range(9, len(counts))]

    assert [int(one.flagged) for one in found if one] == case["alarms"]
    for one, upper in zip(found, case["upper"], strict=True):
        assert one is not None
        assert isclose(one.upper, upper, rel_tol=1e-9, abs_tol=1e-8)


def test_the_table_of_the_r_package_holds_alarms() -> None:
    assert sum(sum(case["alarms"]) for case in TABLE["cases"]) >= 5


def test_with_two_baseline_days_unknown_there_is_a_judgement_and_with_three_none() -> None:
    two = c2([None, 3, None, 4, 4, 5, 6, 0, 0, 20])
    three = c2([None, 3, None, 4, None, 5, 6, 0, 0, 20])

    assert two is not None
    assert two.used == (1, 3, 4, 5, 6)
    assert three is None
    assert c2([2, 3, 4, 4, 4, 5, 6, 0, 0, None]) is None


@pytest.mark.parametrize(
    ("freedom", "t", "chance"),
    [(4, 2.776, 0.025), (5, 2.571, 0.025), (6, 2.447, 0.025), (6, 3.143, 0.01), (5, 3.365, 0.01), (6, 0, 0.5)],
)
def test_the_tail_of_students_t_is_the_tables(freedom: int, t: float, chance: float) -> None:
    assert isclose(tail(t, freedom), chance, rel_tol=2e-3)


def test_a_larger_excess_comes_more_seldom() -> None:
    seldom = [once_in(found) for x in (5, 8, 12, 500) if (found := c2([2, 3, 4, 4, 4, 5, 6, 0, 0, x]))]
    ordered = [days for days in seldom if days is not None]

    assert ordered == sorted(ordered)
    assert ordered[-1] == 100_000
    assert once_in(c2([4] * 9 + [5]) or pytest.fail("judged")) is None


def test_the_interval_holds_the_mean_and_no_less_than_nothing() -> None:
    low, high = expected_span(c2([0, 0, 1, 0, 0, 0, 2, 0, 0, 3], 1.0) or pytest.fail("judged"))

    assert low == 0.0
    assert 2.4 < high < 3.3


def window(counts: list[int | None], denominators: list[int] | None = None, key: str = "ili") -> Window:
    figures = [
        None
        if count is None
        else Figure(
            source="hospitals",
            series=key,
            county="910101",
            day=DAY - timedelta(days=9 - n),
            count=count,
            denominator=denominators[n] if denominators else None,
        )
        for n, count in enumerate(counts)
    ]
    return Window(source="hospitals", series=key, county="910101", day=DAY, figures=tuple(figures))


QUIET: list[int | None] = [4, 5, 6, 5, 4, 6, 5, 5, 5]


@pytest.mark.parametrize(
    ("counts", "denominators", "flagged"),
    [
        ([*QUIET, 20], None, True),
        ([*QUIET, 20], [100] * 9 + [110], True),
        # four times as many visits of every kind: the share is what it was
        ([*QUIET, 20], [100] * 9 + [400], False),
        ([*QUIET, 7], None, False),
        # two cases out of nothing are beyond the bound of C2 without a least deviation, but call nobody
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 2], None, False),
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 4], None, True),
    ],
)
def test_what_an_alert_asks_beyond_c2(counts: list[int | None], denominators: list[int] | None, flagged: bool) -> None:
    found = judge(window(counts, denominators), Rule.EARS_C2)

    assert found is not None
    assert found.flagged is flagged


def test_a_window_of_which_too_little_is_known_is_not_judged() -> None:
    assert judge(window([None, None, None, 5, 5, 5, 5, 5, 5, 20]), Rule.EARS_C2) is None
    assert judge(window([*QUIET, None]), Rule.EARS_C2) is None


@pytest.mark.parametrize(("count", "flagged"), [(0, False), (1, True), (3, True)])
def test_one_case_of_a_listed_disease_is_enough(count: int, flagged: bool) -> None:
    found = judge(window([None] * 9 + [count], key="cholera"), Rule.SINGLE_CASE)

    assert found is not None
    assert found.flagged is flagged
    assert (found.expected, found.baseline) == (0.0, ())


def test_the_reason_says_the_figures_in_both_languages() -> None:
    found = judge(window([*QUIET, 20], [100] * 9 + [110]), Rule.EARS_C2)
    assert found is not None
    english, chinese = reasons(series("ili"), "910101", DAY, found)

    assert english == (
        "Influenza-like illness: 20 in county 910101 on 10 March 2031. Expected were 5 (95% between 2.4 and 7.6), from"
        " 7 days between 1 March 2031 and 7 March 2031. Their share among all is higher than expected, too. By chance"
        f" alone a day like this comes about once in {found.once_in_days:,} days."
    )
    for figure in ("910101", "20", "2.4", "7.6", "流感样病例", f"{found.once_in_days:,}"):
        assert figure in chinese


def test_the_hash_of_a_window_changes_with_each_figure_in_it() -> None:
    base = window([*QUIET, 20], [100] * 10)
    other = [window([*QUIET, 21], [100] * 10), window([*QUIET, 20], [100] * 9 + [101]), window([*QUIET, 20])]

    assert window([*QUIET, 20], [100] * 10).hash == base.hash
    assert len({base.hash, *(one.hash for one in other)}) == 4
