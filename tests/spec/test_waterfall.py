"""The waterfall of weights: every bar begins where the one above it ended, and the words carry what a colour would."""

from __future__ import annotations

import re

import pytest

from salus.web.charts import Step, steps


def bars(values: list[float], total: float) -> list[tuple[float, float]]:
    """Draw; return where each bar begins and ends, the total last."""
    items = [Step(label=f"field {n}", value=value, told=f"{value:+}") for n, value in enumerate(values)]
    drawn = str(steps(items, Step(label="total", value=total, told=f"{total:+}"), "title", "bits"))
    found = re.findall(r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="24"', drawn)
    assert all(f"{value:+}" in drawn for value in (*values, total))
    return [(float(x), float(x) + float(width)) for x, width in found]


@pytest.mark.parametrize("values", [[-20.0, 17.0, 13.5, -2.5], [4.0], [-3.0, -5.0], [0.5, 30.0, 30.0, 0.25]])
def test_a_bar_begins_where_the_one_above_it_ended(values: list[float]) -> None:
    *found, total = bars(values, sum(values))

    edge = None
    for value, (left, right) in zip(values, found, strict=True):
        begins, ends = (left, right) if value > 0 else (right, left)
        if edge is not None and right - left > 1:
            assert begins == pytest.approx(edge, abs=0.3)
        edge = ends
    assert min(abs(edge - end) for end in total) < 1.2  # type: ignore[operator]


def test_what_takes_away_is_an_outline() -> None:
    drawn = str(steps([Step(label="a", value=-2, told="−2")], Step(label="t", value=-2, told="−2"), "title", "bits"))

    assert drawn.count('fill="none"') == 3
