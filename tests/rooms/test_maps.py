"""Maps are drawn on the server: shared borders stay shared, nothing is told by colour alone, thousands fit one page."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from web_samples import frame
from web_samples_command import COMMANDER, MAP, PICTURE, TOPOLOGY

from salus.web.maps import FEW, SEQUENCE, UNKNOWN, Shade, classes, draw, paint, simplified
from salus.web.render import page
from salus.web.views import Language, Words
from salus.web.views.command import AreaLine, AreaMap, Situation

MOST_BYTES = 300_000


def lattice(across: int, down: int) -> dict[str, Any]:
    """A topology of squares with roughened borders, each border one arc that both sides share."""
    arcs: list[list[list[int]]] = []
    sides: dict[tuple[str, int, int], int] = {}
    for y in range(down + 1):
        for x in range(across + 1):
            for way, dx, dy in (("h", 1, 0), ("v", 0, 1)):
                if (way == "h" and x < across) or (way == "v" and y < down):
                    sides[way, x, y] = len(arcs)
                    steps = [(4 * x + n * dx, 4 * y + n * dy, 7 * n * n % 11, 5 * n * n % 9) for n in (1, 2, 3)]
                    wave = [[25 * a + up * dy, 25 * b + side * dx] for a, b, up, side in steps]
                    ends = ([100 * x, 100 * y], [100 * (x + dx), 100 * (y + dy)])
                    arcs.append([ends[0], *wave, ends[1]])
    shapes = [
        {
            "type": "Polygon",
            "id": f"{900000 + y * across + x}",
            "properties": {"name_en": f"County {y * across + x}", "name_zh": "县"},
            "arcs": [[sides["h", x, y], sides["v", x + 1, y], ~sides["h", x, y + 1], ~sides["v", x, y]]],
        }
        for y in range(down)
        for x in range(across)
    ]
    return {"type": "Topology", "arcs": arcs, "objects": {"counties": {"geometries": shapes}}}


def corners(path: str) -> set[tuple[int, int]]:
    """Return the points that a path goes through, from its relative steps."""
    start, steps = re.fullmatch(r"M(\d+ \d+)l([-\d ]+)z", path).groups()  # type: ignore[union-attr]
    x, y = map(int, start.split())
    points, numbers = {(x, y)}, [int(n) for n in re.findall(r"-?\d+", steps)]
    for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
        x, y = x + dx, y + dy
        points.add((x, y))
    return points


def test_each_area_has_its_title_and_small_and_missing_counts_a_pattern() -> None:
    shades = {
        "910101": Shade(paint=3, title="Qinglan: 50"),
        "910102": Shade(paint=FEW, title="Yundu: fewer than 5"),
        "910121": Shade(paint=UNKNOWN, title="Wangxi <silent>"),
    }

    drawn = str(draw(TOPOLOGY, shades, "Cases", "none"))
    assert drawn.count("</title></path>") == 3
    assert "<title>Qinglan: 50</title>" in drawn
    assert "Wangxi &lt;silent&gt;" in drawn
    assert f'fill="{SEQUENCE[3]}"' in drawn
    assert {'fill="url(#dotted)"', 'fill="url(#hatched)"'} <= set(re.findall(r'fill="url\(#\w+\)"', drawn))
    assert "style=" not in drawn


def test_neighbours_share_every_point_of_their_border() -> None:
    shades = {str(900000 + n): Shade(paint=0, title=str(n)) for n in range(6)}

    paths = re.findall(r'<path d="([^"]+)"><title>(\d)</title>', str(draw(lattice(3, 2), shades, "x", "y")))
    found = {title: corners(path) for path, title in paths}
    for one, other in (("0", "1"), ("1", "2"), ("0", "3"), ("4", "5")):
        assert len(found[one] & found[other]) >= 3, (one, other)


def test_a_quantised_topology_draws_as_the_same_one_in_full() -> None:
    full = lattice(3, 2)
    steps = [[line[0], *([b[0] - a[0], b[1] - a[1]] for a, b in pairwise(line))]
             for line in full["arcs"]]  # fmt: skip
    quantised = full | {"arcs": steps, "transform": {"scale": [1, 1], "translate": [0, 0]}}
    shades = {str(900000 + n): Shade(paint=0, title=str(n)) for n in range(6)}

    assert draw(quantised, shades, "x", "y") == draw(full, shades, "x", "y")


def test_north_is_up() -> None:
    shades = {"910101": Shade(paint=0, title="x")}
    above = {"type": "Polygon", "id": "910199", "arcs": [[6]]}
    arcs = [*TOPOLOGY["arcs"], [[0, 20], [10, 20], [10, 30], [0, 30], [0, 20]]]
    counties = {"geometries": [*TOPOLOGY["objects"]["counties"]["geometries"], above]}
    wider = {"type": "Topology", "arcs": arcs, "objects": {"counties": counties}}

    told = str(draw(wider, shades | {"910199": Shade(paint=0, title="north")}, "x", "y"))
    heights = {title: int(y) for y, title in re.findall(r"M\d+ (\d+)[^>]+><title>(\w+)<", told)}
    assert heights["north"] < heights["x"]


def test_points_close_to_the_line_are_left_out_and_ends_stay() -> None:
    assert simplified([(0, 0), (5, 1), (10, 0)]) == [(0, 0), (10, 0)]
    assert simplified([(0, 0), (5, 4), (10, 0)]) == [(0, 0), (5, 4), (10, 0)]
    assert simplified([(3, 3)]) == [(3, 3)]


@pytest.mark.parametrize("largest", [0, 5, 79, 80, 400, 90_000])
def test_classes_rise_in_equal_ratios_from_five(largest: int) -> None:
    steps = classes(largest)

    assert len(steps) == len(SEQUENCE) - 1
    assert steps[0] == 5
    assert list(steps) == sorted(set(steps))
    assert [paint(n, False, steps) for n in (0, *steps)] == [0, 1, 2, 3, 4, 5]
    assert (paint(None, True, steps), paint(None, False, steps)) == (FEW, UNKNOWN)


def test_the_situation_of_three_thousand_counties_fits_one_page_that_an_old_computer_loads() -> None:
    """Two counties in five have cases, some are silent; map and table together stay below 300 kB, unpacked."""
    topology = lattice(60, 50)
    lines = tuple(
        AreaLine(
            code=one["id"],
            name=Words(en=one["properties"]["name_en"], zh="某某县"),
            cases=None if n % 40 == 0 else 5 + n % 300 if n % 5 < 2 else 0,
            few=n % 80 == 0,
        )
        for n, one in enumerate(topology["objects"]["counties"]["geometries"])
    )
    shown = AreaMap(topology=topology, since=MAP.since, last=MAP.last, lines=lines, steps=classes(304))
    picture = Situation(
        picture=type(PICTURE)(**{f: getattr(PICTURE, f) for f in PICTURE.__dataclass_fields__} | {"map": shown}),
        alerts=(),
        others=(),
        may_command=True,
    )

    written = page(picture, frame(Language.EN, COMMANDER))
    assert written.count("<path d=") >= 3_000
    assert len(written.encode()) < MOST_BYTES
