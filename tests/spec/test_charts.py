"""Charts are drawn from numbers: what is unknown is a gap, what is uncertain a band; no style or script is inside."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from salus.web.charts import Bar, Lettering, Point, bars, series, small, ticks

FIRST = date(2031, 3, 1)
WORDS = Lettering(
    title="8 visits <with> fever & rash",
    across="day",
    up="visits a day",
    day=lambda on: f"{on.day}.{on.month}.",
    number=lambda value: f"{value:g}",
    incomplete="still coming in",
    limit="beds",
)


def drawn(*values: float | None, **more: object) -> list[Point]:
    return [Point(on=FIRST + timedelta(days=n), value=v, **more) for n, v in enumerate(values)]  # type: ignore[arg-type]


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


@pytest.mark.parametrize(
    ("top", "wanted"),
    [
        (1, [0, 0.25, 0.5, 0.75, 1]),
        (3, [0, 1, 2, 3]),
        (8, [0, 2, 4, 6, 8]),
        (10, [0, 3, 6, 9, 12]),
        (47, [0, 20, 40, 60]),
        (1000, [0, 250, 500, 750, 1000]),
    ],
)
def test_the_steps_of_an_axis_are_round_and_reach_the_top(top: float, wanted: list[float]) -> None:
    steps = ticks(top)

    assert steps == wanted
    assert steps[-1] >= top


def test_the_title_and_the_axes_are_told_and_escaped() -> None:
    found = parsed(series(drawn(1, 2, 8), WORDS))
    told = ["".join(text.itertext()) for text in found if text.tag == "text"]

    assert found.attrib["aria-label"] == WORDS.title
    assert {"day", "visits a day", "3.3."} <= set(told)


def test_an_unknown_day_is_a_gap_and_not_a_zero() -> None:
    known = parsed(series(drawn(4, 4, 4, 4, 4), WORDS))
    gap = parsed(series(drawn(4, 4, None, 4, 4), WORDS))

    def pens(found: ElementTree.Element) -> list[int]:
        lines = [one.attrib["d"] for one in found.iter("path") if one.attrib.get("stroke-width") == "2"]
        return [line.count("M") for line in lines]

    assert pens(known) == [1]
    assert pens(gap) == [2]
    assert len(list(gap.iter("circle"))) == 4


def test_days_still_coming_in_are_hollow_shaded_and_said() -> None:
    points = [*drawn(4, 5), Point(on=FIRST + timedelta(days=2), value=1, incomplete=True)]
    found = parsed(series(points, WORDS))

    assert [one.attrib["fill"] for one in found.iter("circle")].count("#fff") == 1
    assert [one for one in found.iter("rect") if "stroke-dasharray" in one.attrib]
    assert "still coming in" in "".join(found.itertext())
    assert "still coming in" not in "".join(parsed(series(drawn(4, 5), WORDS)).itertext())


def test_bands_lie_between_their_ends_and_nested_ones_over_each_other() -> None:
    points = [Point(on=FIRST + timedelta(days=n), middle=5, spans=((0, 10), (3, 7)), value=None) for n in range(3)]
    found = parsed(series(points, WORDS, limit=8))
    filled = [one for one in found.iter("path") if one.attrib.get("fill") != "none"]
    heights = [
        (min(ys), max(ys))
        for one in filled
        for ys in [[float(y) for y in re.findall(r"[\d.]+ ([\d.]+)", one.attrib["d"])]]
    ]

    assert len(filled) == 2
    assert heights[0][0] < heights[1][0] < heights[1][1] < heights[0][1]
    assert "beds" in "".join(found.itertext())


def test_no_chart_holds_style_or_script() -> None:
    for svg in (
        series(drawn(1, None, 3, marked=True), WORDS),
        bars([Bar(label="ordinary", value=3, told="3 beds"), Bar(label="unknown", value=None)], WORDS),
        small(drawn(0, 1, 5), "small"),
    ):
        tags = {one.tag for one in parsed(svg).iter()}
        assert tags <= {"svg", "path", "text", "rect", "circle"}
        assert not re.search(r"style=|on\w+=|href", svg)


def test_a_bar_without_a_value_is_dashes() -> None:
    found = parsed(bars([Bar(label="a", value=4, told="4"), Bar(label="b", value=None, told="unknown")], WORDS))
    widths = [(one.attrib["fill"], "stroke-dasharray" in one.attrib) for one in found.iter("rect")]

    assert widths == [("#0b5351", False), ("none", True)]


@pytest.mark.parametrize("name", ["The First People's Hospital of Wangxi", "望溪县第一人民医院暨区域医疗中心"])
def test_a_long_name_is_written_whole_beside_its_bar(name: str) -> None:
    found = parsed(bars([Bar(label=name, value=4, told="4")], WORDS))

    assert name in [one.text for one in found.iter("text")]
    assert float(next(found.iter("rect")).attrib["x"]) >= 7 * len(name)


def test_a_name_longer_than_half_the_drawing_is_cut_and_says_so() -> None:
    found = parsed(bars([Bar(label="Hospital " * 20, value=4, told="4")], WORDS))

    (cut,) = [one.text for one in found.iter("text") if one.text and one.text.startswith("Hospital")]
    assert cut.endswith("…")
    assert float(next(found.iter("rect")).attrib["x"]) <= 360


def test_nothing_to_draw_is_said_by_the_page_and_not_drawn() -> None:
    with pytest.raises(ValueError, match="needs a point"):
        series([], WORDS)
