"""Draw charts as SVG: a series over days with bands, bars, a small series. Pure: numbers and words in, SVG out.

For every page that shows figures, the signals and the situation alike. Nothing here knows a language, a request or a
room: titles, axis words and the writing of days and numbers come from the caller. No style and no script, as a strict
CSP asks; shapes and dashes carry what a colour would, so that paper in black and white says the same. A chart is never
alone: its numbers stand in a table below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import ceil, floor, log10

from markupsafe import Markup

INK, PINE, STONE, LINE, CLAY, MIST = "#14242b", "#0b5351", "#5b6b70", "#c9d3d2", "#a63d2f", "#f2f6f5"
BANDS = ("#e8f3f1", "#b9ddd5", "#7fc0b3")
WIDTH, HEIGHT = 720, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 26, 58
_SMALL_WIDTH, _SMALL_HEIGHT = 140, 36
_LETTER = 7.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One day of a series. `value` is None where nothing is known, which leaves a gap and is never drawn as zero.

    `spans` are ranges of uncertainty, the widest first; `middle` is what was expected or forecast; `incomplete` marks a
    day whose reports still come in; `marked` the day that the chart is about.
    """

    on: date
    value: float | None = None
    middle: float | None = None
    spans: tuple[tuple[float, float], ...] = ()
    incomplete: bool = False
    marked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: its words, its value, and what stands behind the bar in words, such as the value with its unit."""

    label: str
    value: float | None
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One bar of a waterfall: its words, how much it adds or takes away, and that in words."""

    label: str
    value: float
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lettering:
    """The words of a chart, finished and in one language. Axis words name the unit."""

    title: str
    across: str
    up: str
    day: Callable[[date], str]
    number: Callable[[float], str]
    incomplete: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plane:
    """Where a value and a position lie on the drawing."""

    count: int
    top: float
    width: float = WIDTH
    height: float = HEIGHT
    edges: tuple[float, float, float, float] = field(default=(_LEFT, _RIGHT, _TOP, _BOTTOM))

    def across(self, position: float) -> float:
        left, right, _, _ = self.edges
        return round(left + (self.width - left - right) * (position + 0.5) / max(1, self.count), 1)

    def up(self, value: float) -> float:
        _, _, top, bottom = self.edges
        floor_ = self.height - bottom
        return round(floor_ - (floor_ - top) * min(value, self.top) / self.top, 1)


def series(points: Sequence[Point], words: Lettering, *, limit: float | None = None) -> Markup:
    """Draw days from left to right. `limit` is a level line, such as beds that there are; `words.limit` names it.

    Raises ValueError for no point at all: a page says in words that there is nothing to draw.
    """
    if not points:
        raise ValueError("a chart needs a point")
    ends = [high for point in points for _, high in point.spans]
    values = [v for point in points for v in (point.value, point.middle) if v is not None]
    steps = ticks(max([*ends, *values, limit or 0, 1]))
    plane = _Plane(count=len(points), top=steps[-1])
    parts = [
        *_grid(plane, steps, words),
        *_unfinished(plane, points, words),
        *_bands(plane, points),
        *_days(plane, points, words),
        _line(plane, [point.middle for point in points], PINE, "6 4"),
        *_limit(plane, limit, words),
        _line(plane, [None if point.incomplete else point.value for point in points], INK, None),
        *_dots(plane, points),
    ]
    return _drawing("salus-chart", WIDTH, HEIGHT, words.title, parts)


def bars(items: Sequence[Bar], words: Lettering) -> Markup:
    """Draw horizontal bars, one for each item, in the order given. A bar without a value is an outline of dashes."""
    height = 34 * len(items) + 44
    steps = ticks(max([item.value or 0 for item in items] + [1]))
    left, right = min(max([ceil(_long(item.label)) + 20 for item in items] + [60]), WIDTH // 2), 90
    scale = (WIDTH - left - right) / steps[-1]
    parts: list[Markup] = []
    for row, item in enumerate(items):
        y = 34 * row + 8
        parts.append(_text(left - 10, y + 17, _cut(item.label, left - 20), "end", INK))
        length = round((item.value or 0) * scale, 1)
        if item.value is None:
            parts.append(_rect(left, y, WIDTH - left - right, 24, "none", STONE, "3 4"))
        else:
            parts.append(_rect(left, y, length, 24, PINE, None, None))
        parts.append(_text(left + length + 8, y + 17, item.told, "start", INK))
    parts.append(_text(left, height - 12, words.across, "start", STONE))
    return _drawing("salus-chart", WIDTH, height, words.title, parts)


def steps(
    items: Sequence[Step], total: Step, title: str, across: str, marks: Sequence[tuple[float, str]] = ()
) -> Markup:
    """Draw a waterfall: each bar begins where the one above it ended, and the total stands below from zero.

    A bar that takes away is an outline, one that adds is filled, so that no colour is needed to tell them apart.
    `marks` are values with their names, such as a threshold: each a line across all bars, named below.
    """
    height = 34 * (len(items) + 1) + 44 + 22 * len(marks)
    ends = [0.0]
    for item in items:
        ends.append(ends[-1] + item.value)
    marked = [value for value, _ in marks]
    low, high = min([*ends, total.value, *marked]), max([*ends, total.value, *marked, 1.0])
    left, right = min(max([ceil(_long(item.label)) + 20 for item in (*items, total)]), WIDTH // 2), 90
    scale = (WIDTH - left - right) / (high - low)
    parts = []
    for row, (item, start) in enumerate(zip((*items, total), (*ends[:-1], 0.0), strict=True)):
        x, y = left + (min(start, start + item.value) - low) * scale, 34 * row + 8
        less = item.value < 0
        length = max(1.0, abs(item.value) * scale)
        parts.append(_text(left - 10, y + 17, _cut(item.label, left - 20), "end", INK))
        parts.append(
            _rect(round(x, 1), y, round(length, 1), 24, "none" if less else PINE, CLAY if less else None, None)
        )
        parts.append(_text(round(x + length + 8, 1), y + 17, item.told, "start", INK))
    foot = 34 * (len(items) + 1) + 4
    parts.append(_path(f"M{round(left - low * scale, 1)} 4V{foot}", STONE, 1, "3 4"))
    for row, (value, name) in enumerate(marks):
        x = round(left + (value - low) * scale, 1)
        parts.append(_path(f"M{x} 4V{foot + 22 * row + 6}", CLAY, 2, "10 4 2 4"))
        anchor = "start" if x < WIDTH / 2 else "end"
        parts.append(_text(x, foot + 22 * row + 22, name, anchor, INK))
    parts.append(_text(left, height - 12, across, "start", STONE))
    return _drawing("salus-chart", WIDTH, height, title, parts)


def _long(text: str) -> float:
    """Estimate how long a text is in units of the drawing; a Chinese character is twice as wide as a letter."""
    return sum(_LETTER * (2 if ord(character) >= 0x2E80 else 1) for character in text)


def _cut(text: str, room: float) -> str:
    if _long(text) <= room:
        return text
    while _long(text) + _LETTER > room:
        text = text[:-1]
    return f"{text}…"


def small(points: Sequence[Point], title: str) -> Markup:
    """Draw a series without axes, to stand in a line of a list; the marked day is a square."""
    values = [point.value for point in points if point.value is not None]
    plane = _Plane(
        count=len(points), top=max([*values, 1]), width=_SMALL_WIDTH, height=_SMALL_HEIGHT, edges=(2, 2, 6, 4)
    )
    parts = [
        _line(plane, [point.value for point in points], INK, None),
        *(_square(plane, n, point.value, 3.5) for n, point in enumerate(points) if point.marked and point.value),
    ]
    return _drawing("salus-chart-small", _SMALL_WIDTH, _SMALL_HEIGHT, title, [part for part in parts if part])


def ticks(top: float) -> list[float]:
    """Return three to six round steps from 0 to at least `top`; whole numbers from 4 on."""
    rough = max(top, 1e-9) / 4
    power = 10 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough - 1e-12)
    if (top >= 4 and step < 1) or step == 2.5:
        step = ceil(step)
    return [round(step * n, 9) for n in range(ceil(top / step - 1e-9) + 1)]


def _grid(plane: _Plane, steps: Iterable[float], words: Lettering) -> list[Markup]:
    parts = [_text(0, 14, words.up, "start", STONE)]
    for step in steps:
        y = plane.up(step)
        parts.append(_path(f"M{_LEFT} {y}H{WIDTH - _RIGHT}", STONE if step == 0 else LINE, 1, None))
        parts.append(_text(_LEFT - 8, y + 5, words.number(step), "end", STONE))
    return parts


def _days(plane: _Plane, points: Sequence[Point], words: Lettering) -> list[Markup]:
    every = max(1, ceil(len(points) / 6))
    parts = []
    for n in range((len(points) - 1) % every, len(points), every):
        x, y = plane.across(n), HEIGHT - _BOTTOM
        anchor = "end" if x > WIDTH - 60 else "middle"
        parts.append(_path(f"M{x} {y}v6", STONE, 1, None))
        parts.append(_text(WIDTH - _RIGHT if anchor == "end" else x, y + 22, words.day(points[n].on), anchor, STONE))
    parts.append(_text(_LEFT, HEIGHT - 10, words.across, "start", STONE))
    return parts


def _unfinished(plane: _Plane, points: Sequence[Point], words: Lettering) -> list[Markup]:
    """Shade each run of days whose reports still come in, and say so once."""
    parts: list[Markup] = []
    half = (plane.across(1) - plane.across(0)) / 2
    for n, point in enumerate(points):
        if point.incomplete:
            x = round(plane.across(n) - half, 1)
            parts.append(_rect(x, _TOP, round(2 * half, 1), HEIGHT - _BOTTOM - _TOP, MIST, STONE, "2 4"))
    if parts:
        parts.append(_text(WIDTH - _RIGHT, 14, words.incomplete, "end", STONE))
    return parts


def _bands(plane: _Plane, points: Sequence[Point]) -> list[Markup]:
    deepest = max((len(point.spans) for point in points), default=0)
    parts = []
    for depth in range(deepest):
        for run in _runs([point.spans[depth] if depth < len(point.spans) else None for point in points]):
            over = [f"{plane.across(n)} {plane.up(high)}" for n, (_, high) in run]
            under = [f"{plane.across(n)} {plane.up(max(0, low))}" for n, (low, _) in reversed(run)]
            if len(run) == 1:
                x = plane.across(run[0][0])
                over, under = (
                    [f"{x - 4} {over[0].split()[1]}", f"{x + 4} {over[0].split()[1]}"],
                    [
                        f"{x + 4} {under[0].split()[1]}",
                        f"{x - 4} {under[0].split()[1]}",
                    ],
                )
            fill = BANDS[min(depth + (deepest == 1), len(BANDS) - 1)]
            parts.append(Markup('<path fill="{}" d="M{}Z"/>').format(fill, "L".join(over + under)))
    return parts


def _runs(values: Sequence[tuple[float, float] | None]) -> list[list[tuple[int, tuple[float, float]]]]:
    runs: list[list[tuple[int, tuple[float, float]]]] = []
    for n, value in enumerate(values):
        if value is not None:
            if n and values[n - 1] is not None:
                runs[-1].append((n, value))
            else:
                runs.append([(n, value)])
    return runs


def _limit(plane: _Plane, limit: float | None, words: Lettering) -> list[Markup]:
    if limit is None:
        return []
    y = plane.up(limit)
    return [
        _path(f"M{_LEFT} {y}H{WIDTH - _RIGHT}", CLAY, 2, "10 4 2 4"),
        _text(WIDTH - _RIGHT, y - 6, words.limit, "end", INK),
    ]


def _line(plane: _Plane, values: Sequence[float | None], colour: str, dashes: str | None) -> Markup:
    steps, pen = [], "M"
    for n, value in enumerate(values):
        if value is None:
            pen = "M"
        else:
            steps.append(f"{pen}{plane.across(n)} {plane.up(value)}")
            pen = "L"
    return _path("".join(steps), colour, 2, dashes) if steps else Markup("")


def _dots(plane: _Plane, points: Sequence[Point]) -> list[Markup]:
    parts = []
    for n, point in enumerate(points):
        if point.value is None:
            continue
        if point.marked:
            parts.append(_square(plane, n, point.value, 6))
        else:
            fill = "#fff" if point.incomplete else INK
            told = Markup('<circle cx="{}" cy="{}" r="3" fill="{}" stroke="{}" stroke-width="1.5"/>')
            parts.append(told.format(plane.across(n), plane.up(point.value), fill, INK))
    return parts


def _square(plane: _Plane, n: int, value: float | None, half: float) -> Markup:
    x, y = plane.across(n), plane.up(value or 0)
    return _rect(round(x - half, 1), round(y - half, 1), 2 * half, 2 * half, PINE, INK, None)


def _path(d: str, colour: str, width: float, dashes: str | None) -> Markup:
    dashed = Markup(' stroke-dasharray="{}"').format(dashes) if dashes else Markup("")
    return Markup('<path fill="none" stroke="{}" stroke-width="{}"{} d="{}"/>').format(colour, width, dashed, d)


def _rect(x: float, y: float, width: float, height: float, fill: str, colour: str | None, dashes: str | None) -> Markup:
    edge = Markup(' stroke="{}"').format(colour) if colour else Markup("")
    dashed = Markup(' stroke-dasharray="{}"').format(dashes) if dashes else Markup("")
    told = Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="{}"{}{}/>')
    return told.format(x, y, width, height, fill, edge, dashed)


def _text(x: float, y: float, text: str, anchor: str, colour: str) -> Markup:
    told = Markup('<text x="{}" y="{}" text-anchor="{}" fill="{}" font-size="14">{}</text>')
    return told.format(x, y, anchor, colour, text)


def _drawing(name: str, width: float, height: float, title: str, parts: Iterable[Markup]) -> Markup:
    told = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
    return told.format(name, width, height, title, Markup("").join(parts))
