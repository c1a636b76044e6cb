"""Draw a map of areas as SVG from TopoJSON, on the server: no client library, no tile, no other host. Pure.

Borders are simplified once for both sides, so that no gap opens. Each area carries its name and number as a title;
colours come in one sequence, few and unknown areas are dotted and hatched, and the page writes the same numbers as a
table. No coordinate here is of a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

SEQUENCE = ("#e8f3f1", "#b9ddd5", "#7fc0b3", "#419a8c", "#1b6f66", "#0b4644")
FEW, UNKNOWN = "few", "unknown"
WIDTH = 640
_MARGIN = 4
_CLOSER = 1.1
"""Units of the drawing by which a point must stand off the line through its neighbours to be kept."""

Point = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shade:
    """How an area is drawn: a place in the sequence of colours from 0, FEW or UNKNOWN; and its title in words."""

    paint: int | str
    title: str


def draw(
    topology: Mapping[str, Any], shades: Mapping[str, Shade], title: str, shared: str, *, coarse: bool = False
) -> Markup:
    """Draw the counties that have a shade, as large as they fit. Counties that the topology lacks are left out.

    A county without a title of its own takes `shared`. `coarse` leaves out more of the borders, for thousands.
    The drawing is empty where no county is left. The topology's y runs northwards, as on a plane.
    """
    chosen = [one for one in topology["objects"]["counties"]["geometries"] if str(one["id"]) in shades]
    lines = [_stretched(topology, arc) for arc in topology["arcs"]]
    used = {number if number >= 0 else ~number for one in chosen for ring in _rings(one) for number in ring}
    if not used:
        return Markup("")
    fit, height = _fitted([point for number in used for point in lines[number]])
    closer = 2.75 * _CLOSER if coarse else _CLOSER
    borders = {number: simplified([fit(point) for point in lines[number]], closer) for number in used}
    groups: dict[tuple[int | str, str], list[Markup]] = {}
    for one in chosen:
        shade = shades[str(one["id"])]
        path = "".join(_written(_joined(ring, borders)) for ring in _rings(one))
        own = Markup('<path d="{}"><title>{}</title></path>').format(path, shade.title)
        drawn = own if shade.title else Markup('<path d="{}"/>').format(path)
        groups.setdefault((shade.paint, "" if shade.title else shared), []).append(drawn)
    body = Markup("").join(_group(*key, groups[key]) for key in sorted(groups, key=str))
    told = Markup('<svg class="salus-map" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>')
    return told.format(WIDTH, height, title, _PATTERNS, body)


def swatch(paint: int | str) -> Markup:
    """Draw one square of the legend, beside a map on the same page; it means nothing without the words beside it."""
    told = Markup('<svg class="salus-swatch" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">{}</svg>')
    square = Markup('<rect x="1" y="1" width="18" height="18" fill="{}" stroke="#14242b"/>').format(_fill(paint))
    return told.format(square)


def classes(largest: int) -> tuple[int, ...]:
    """Return the five lowest values of the colours above the first, from 5 up in equal ratios to the largest.

    They are computed once for an incident and stay, so that a colour never changes its meaning.
    """
    top = max(largest, 80)
    ratio = (top / 5) ** 0.25
    return tuple(round(5 * ratio**step) for step in range(5))


def paint(cases: int | None, few: bool, steps: Sequence[int]) -> int | str:
    """Return the paint of a number: its place in the sequence; FEW where it is suppressed, UNKNOWN where none came."""
    if cases is None:
        return FEW if few else UNKNOWN
    return sum(cases >= step for step in steps)


_PATTERNS = Markup(
    '<defs><pattern id="hatched" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="#fff"/><path d="M0 0V6" stroke="#5b6b70" stroke-width="2"/></pattern>'
    '<pattern id="dotted" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6"'
    ' fill="#e8f3f1"/>'
    '<circle cx="3" cy="3" r="1" fill="#14242b"/></pattern></defs>'
)


def _fill(paint: int | str) -> str:
    return {FEW: "url(#dotted)", UNKNOWN: "url(#hatched)"}[paint] if isinstance(paint, str) else SEQUENCE[paint]


def _group(paint: int | str, shared: str, paths: Sequence[Markup]) -> Markup:
    told = Markup('<g fill="{}" stroke="#5b6b70" stroke-width=".6">{}{}</g>')
    title = Markup("<title>{}</title>").format(shared) if shared else Markup("")
    return told.format(_fill(paint), title, Markup("").join(paths))


def _rings(geometry: Mapping[str, Any]) -> list[list[int]]:
    arcs = geometry["arcs"]
    return [ring for polygon in arcs for ring in polygon] if geometry["type"] == "MultiPolygon" else list(arcs)


def _stretched(topology: Mapping[str, Any], arc: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Return an arc's points; those of a quantised topology are differences (TopoJSON 1.0, section 2.1.3)."""
    if "transform" not in topology:
        return [(point[0], point[1]) for point in arc]
    (width, height), (left, bottom) = topology["transform"]["scale"], topology["transform"]["translate"]
    x = y = 0.0
    points = []
    for step in arc:
        x, y = x + step[0], y + step[1]
        points.append((x * width + left, y * height + bottom))
    return points


def _fitted(points: Sequence[tuple[float, float]]) -> tuple[Callable[[tuple[float, float]], Point], int]:
    """Return what turns a point into whole units of the drawing, north up, and the drawing's height."""
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    bottom, top = min(y for _, y in points), max(y for _, y in points)
    inner = WIDTH - 2 * _MARGIN
    scale = inner / max(right - left, (top - bottom) * 0.8, 1e-9)

    def fit(point: tuple[float, float]) -> Point:
        return round(_MARGIN + (point[0] - left) * scale), round(_MARGIN + (top - point[1]) * scale)

    return fit, round(2 * _MARGIN + (top - bottom) * scale)


def simplified(line: Sequence[Point], closer: float = _CLOSER) -> list[Point]:
    """Leave out points that stand closer than this to the line (Douglas and Peucker 1973); ends always stay."""
    kept = {0, len(line) - 1}
    stretches = [(0, len(line) - 1)]
    while stretches:
        first, last = stretches.pop()
        far, place = closer, -1
        for n in range(first + 1, last):
            away = _off(line[n], line[first], line[last])
            if away > far:
                far, place = away, n
        if place > 0:
            kept.add(place)
            stretches += [(first, place), (place, last)]
    return [line[n] for n in sorted(kept)]


def _off(point: Point, start: Point, end: Point) -> float:
    """Return how far a point stands off the stretch from start to end."""
    (x, y), (ax, ay), (bx, by) = point, start, end
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    along = max(0.0, min(1.0, ((x - ax) * dx + (y - ay) * dy) / length)) if length else 0.0
    return float(((x - ax - along * dx) ** 2 + (y - ay - along * dy) ** 2) ** 0.5)


def _joined(ring: Sequence[int], borders: Mapping[int, Sequence[Point]]) -> list[Point]:
    points: list[Point] = []
    for number in ring:
        line = borders[number] if number >= 0 else list(reversed(borders[~number]))
        points += [point for point in line if not points or point != points[-1]]
    return points


def _written(points: Sequence[Point]) -> str:
    """Write a ring as relative steps, in as few characters as SVG allows (SVG 2, section 9.3.9)."""
    (x, y), steps = points[0], []
    for a, b in points[1:-1] if points[0] == points[-1] else points[1:]:
        steps += [a - x, b - y]
        x, y = a, b
    told = "".join(f"{'' if step < 0 or not n else ' '}{step}" for n, step in enumerate(steps))
    return f"M{points[0][0]} {points[0][1]}l{told}z" if steps else f"M{points[0][0]} {points[0][1]}h1v1z"
