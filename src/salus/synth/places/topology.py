"""The map as TopoJSON: each border is one arc, drawn once and shared by the counties on both sides of it.

Coordinates are of a plane, y northwards, in no unit and of no planet. Draw them with d3.geoIdentity().reflectY(true).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from salus.synth.model import County, Dice, Region
from salus.synth.places.mesh import Cell, Land, Point, around
from salus.synth.places.regions import FINELY_DRAWN, Places

Corner = tuple[Cell, Cell, Cell]
_STEPS = 10_000
_SEA = ""


@dataclass(slots=True)
class _Arc:
    """A border from corner to corner, with the county on either side in its direction."""

    corners: list[Corner]
    left: str
    right: str


def topology(places: Places, seed: int) -> dict[str, Any]:
    """Return a quantised TopoJSON topology with one object, `counties`; ids are county codes."""
    arcs = _arcs(places)
    rings = _rings(arcs, [county.code for county in places.counties])
    depth = 2 if len(places.counties) < FINELY_DRAWN else 0
    lines = [_drawn(arc, places.land, Dice(seed, "border", place), depth) for place, arc in enumerate(arcs)]
    quantised, transform = _quantised(lines)
    regions = {region.code: region for region in (*places.provinces, *places.prefectures)}
    centres = _centres(places, transform)
    shapes = [_shape(county, rings[county.code], quantised, regions, centres) for county in places.counties]
    return {
        "type": "Topology",
        "transform": transform,
        "objects": {"counties": {"type": "GeometryCollection", "geometries": shapes}},
        "arcs": [_steps(line) for line in quantised],
    }


def centres(places: Places) -> dict[str, Point]:
    """Return the middle of each county, in the map's units."""
    sums: dict[str, list[float]] = {county.code: [0.0, 0.0, 0.0] for county in places.counties}
    for cell in places.land.hexes:
        x, y = places.land.centres[cell]
        held = sums[places.county_of[cell]]
        held[0], held[1], held[2] = held[0] + x, held[1] + y, held[2] + 1
    return {code: (x / n, y / n) for code, (x, y, n) in sums.items()}


def county_side(places: Places) -> float:
    """Return how long the side of a county of middling area is, in the map's units."""
    return math.sqrt(len(places.land.hexes) / len(places.counties))


def _centres(places: Places, transform: dict[str, list[float]]) -> dict[str, list[int]]:
    (width, height), (left, bottom) = transform["scale"], transform["translate"]
    return {c: [round((x - left) / width), round((y - bottom) / height)] for c, (x, y) in centres(places).items()}


def _borders(places: Places) -> list[tuple[Corner, Corner, str, str]]:
    """Return every edge between two counties, or county and sea: from corner to corner, left side, right side."""
    found = []
    for cell in places.land.hexes:
        here, neighbours = places.county_of[cell], around(cell)
        for place, other in enumerate(neighbours):
            there = places.county_of.get(other, _SEA)
            if there == here or (there != _SEA and cell > other):
                continue
            before, after = neighbours[place - 1], neighbours[(place + 1) % 6]
            # Neighbours run counter-clockwise, so this edge runs counter-clockwise around `cell`, which is on its left.
            found.append((_corner(cell, before, other), _corner(cell, other, after), here, there))
    return found


def _corner(*cells: Cell) -> Corner:
    first, second, third = sorted(cells)
    return first, second, third


def _arcs(places: Places) -> list[_Arc]:
    """Join edges into arcs that run from where three sides meet to the next such corner, or around an island."""
    ways: dict[Corner, list[int]] = defaultdict(list)
    edges = _borders(places)
    for number, (start, end, _, _) in enumerate(edges):
        ways[start].append(number)
        ways[end].append(number)
    used: set[int] = set()
    arcs: list[_Arc] = []
    junctions = [corner for corner, numbers in ways.items() if len(numbers) == 3]
    for corner in (*junctions, *ways):
        # Lazily, one by one: following one arc may use up another that starts here.
        arcs.extend(_followed(corner, n, edges, ways, used) for n in ways[corner] if n not in used)
    return arcs


def _followed(
    corner: Corner,
    number: int,
    edges: list[tuple[Corner, Corner, str, str]],
    ways: dict[Corner, list[int]],
    used: set[int],
) -> _Arc:
    start, _, left, right = edges[number]
    arc = _Arc(corners=[corner], left=left if start == corner else right, right=right if start == corner else left)
    while True:
        used.add(number)
        one, two = edges[number][:2]
        corner = two if one == corner else one
        arc.corners.append(corner)
        onward = [other for other in ways[corner] if other not in used]
        if len(ways[corner]) == 3 or not onward:
            return arc
        number = onward[0]


def _rings(arcs: list[_Arc], codes: list[str]) -> dict[str, list[list[int]]]:
    """Stitch each county's arcs into closed rings, the county always on their right: `~n` is arc n backwards."""
    sides: dict[str, dict[Corner, int]] = {code: {} for code in (*codes, _SEA)}
    for number, arc in enumerate(arcs):
        sides[arc.right][arc.corners[0]] = number
        sides[arc.left][arc.corners[-1]] = ~number
    rings: dict[str, list[list[int]]] = {}
    for code in codes:
        starts, rings[code] = sides[code], []
        while starts:
            first = next(iter(starts))
            ring, corner = [], first
            while corner in starts:
                number = starts.pop(corner)
                ring.append(number)
                corner = arcs[number].corners[-1] if number >= 0 else arcs[~number].corners[0]
            rings[code].append(ring)
    return rings


def _drawn(arc: _Arc, land: Land, dice: Dice, depth: int) -> list[Point]:
    """Draw an arc through its corners, each stretch roughened by midpoint displacement."""
    points = [_where(corner, land) for corner in arc.corners]
    line = [points[0]]
    for start, end in pairwise(points):
        _rough(line, start, end, dice, depth)
    return line


def _where(corner: Corner, land: Land) -> Point:
    spots = [land.centres[cell] for cell in corner]
    return sum(x for x, _ in spots) / 3, sum(y for _, y in spots) / 3


def _rough(line: list[Point], start: Point, end: Point, dice: Dice, depth: int) -> None:
    if depth:
        aside = dice.between(-140, 140) / 1000
        x, y = end[0] - start[0], end[1] - start[1]
        middle = (start[0] + x / 2 - y * aside, start[1] + y / 2 + x * aside)
        _rough(line, start, middle, dice, depth - 1)
        start = middle
        return _rough(line, start, end, dice, depth - 1)
    line.append(end)
    return None


def _quantised(lines: list[list[Point]]) -> tuple[list[list[tuple[int, int]]], dict[str, list[float]]]:
    xs, ys = [x for line in lines for x, _ in line], [y for line in lines for _, y in line]
    left, bottom = round(min(xs), 6), round(min(ys), 6)
    width, height = (round((most - least) / _STEPS, 9) for most, least in ((max(xs), left), (max(ys), bottom)))
    quantised = []
    for line in lines:
        points = [(round((x - left) / width), round((y - bottom) / height)) for x, y in line]
        quantised.append([point for place, point in enumerate(points) if not place or point != points[place - 1]])
    return quantised, {"scale": [width, height], "translate": [left, bottom]}


def _steps(line: list[tuple[int, int]]) -> list[list[int]]:
    """Write a line as TopoJSON does: the first point, then the step to each next one."""
    steps = [list(line[0])]
    steps += [[b[0] - a[0], b[1] - a[1]] for a, b in pairwise(line)]
    return steps


def _area(ring: list[int], lines: list[list[tuple[int, int]]]) -> int:
    """Return twice the area inside a ring, negative where it runs clockwise."""
    points = [point for n in ring for point in (lines[n] if n >= 0 else lines[~n][::-1])]
    return sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(points, points[1:] + points[:1], strict=True))


def _shape(
    county: County,
    rings: list[list[int]],
    lines: list[list[tuple[int, int]]],
    regions: dict[str, Region],
    centres: dict[str, list[int]],
) -> dict[str, Any]:
    """Make a county's polygon: its outline clockwise, then what lies within it and is not of it."""
    outer = [ring for ring in rings if _area(ring, lines) < 0]
    inner = [ring for ring in rings if _area(ring, lines) >= 0]
    if len(outer) != 1:
        raise AssertionError("a county hangs together")
    prefecture, province = regions[county.prefecture], regions[county.province]
    return {
        "type": "Polygon",
        "id": county.code,
        "properties": {
            "name_en": county.name_en,
            "name_zh": county.name_zh,
            "prefecture": prefecture.code,
            "prefecture_en": prefecture.name_en,
            "prefecture_zh": prefecture.name_zh,
            "province": province.code,
            "province_en": province.name_en,
            "province_zh": province.name_zh,
            "centre": centres[county.code],
        },
        "arcs": outer + inner,
    }
