"""The fictional map: every border drawn once and shared, every county closed, and nothing of it on this planet."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from typing import Any

import pytest

from salus.synth import Country, centres, country, topology

Line = list[tuple[int, int]]


@pytest.fixture(scope="module", params=[(1, 30), (2, 20), (3, 120)], ids=["30", "20", "120"])
def drawn(request: pytest.FixtureRequest) -> tuple[Country, dict[str, Any]]:
    seed, counties = request.param
    made = country(seed, 10, counties)
    return made, topology(made)


def lines(drawn: dict[str, Any]) -> list[Line]:
    """Decode arcs as TopoJSON's specification says (section 2.1.3): each point is a step from the last."""
    decoded = []
    for arc in drawn["arcs"]:
        x, y, line = 0, 0, []
        for step in arc:
            x, y = x + step[0], y + step[1]
            line.append((x, y))
        decoded.append(line)
    return decoded


def shapes(drawn: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = drawn["objects"]["counties"]["geometries"]
    return found


def outline(ring: list[int], arcs: list[Line]) -> Line:
    """Join a ring's arcs; each must begin where the one before ended."""
    points: Line = []
    for number in ring:
        line = arcs[number] if number >= 0 else arcs[~number][::-1]
        assert not points or points[-1] == line[0]
        points += line if not points else line[1:]
    return points


def twice_the_area(points: Line) -> int:
    return sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(points, points[1:] + points[:1], strict=True))


def test_every_county_is_one_closed_area_and_ids_are_unique(drawn: tuple[Country, dict[str, Any]]) -> None:
    made, found = drawn
    arcs = lines(found)

    assert [shape["id"] for shape in shapes(found)] == [county.code for county in made.counties]
    assert len({shape["id"] for shape in shapes(found)}) == len(made.counties)
    for shape in shapes(found):
        rings = [outline(ring, arcs) for ring in shape["arcs"]]
        assert shape["type"] == "Polygon"
        assert all(ring[0] == ring[-1] and len(ring) >= 4 for ring in rings)
        assert twice_the_area(rings[0]) < 0  # clockwise, as d3 wants the outside
        assert all(twice_the_area(ring) > 0 for ring in rings[1:])


def test_every_border_is_drawn_once_and_used_by_one_county_each_way(drawn: tuple[Country, dict[str, Any]]) -> None:
    _, found = drawn
    used = Counter(number for shape in shapes(found) for ring in shape["arcs"] for number in ring)
    between = {number if number >= 0 else ~number for number in used}

    assert set(used.values()) == {1}
    assert between == set(range(len(found["arcs"])))
    coast = [n for n in between if (n in used) != (~n in used)]
    assert 0 < len(coast) < len(between)


def test_the_areas_of_the_counties_fill_the_country(drawn: tuple[Country, dict[str, Any]]) -> None:
    _, found = drawn
    arcs = lines(found)
    used = {number for shape in shapes(found) for ring in shape["arcs"] for number in ring}
    coast = [n for n in used if ~n not in used]

    counties = sum(twice_the_area(outline(ring, arcs)) for shape in shapes(found) for ring in shape["arcs"])
    shore = sum(
        a[0] * b[1] - a[1] * b[0]
        for n in coast
        for line in [arcs[n] if n >= 0 else arcs[~n][::-1]]
        for a, b in itertools.pairwise(line)
    )

    assert counties == shore < 0


def test_arcs_move_with_every_step_and_stay_in_the_quantised_square(drawn: tuple[Country, dict[str, Any]]) -> None:
    _, found = drawn

    for arc, line in zip(found["arcs"], lines(found), strict=True):
        assert len(arc) >= 2
        assert all(step != [0, 0] for step in arc[1:])
        assert all(0 <= x <= 10_000 and 0 <= y <= 10_000 for x, y in line)


def test_neighbours_hang_together_within_prefecture_province_and_country(
    drawn: tuple[Country, dict[str, Any]],
) -> None:
    made, found = drawn
    sides: dict[int, list[str]] = {}
    for shape in shapes(found):
        for number in (n for ring in shape["arcs"] for n in ring):
            sides.setdefault(number if number >= 0 else ~number, []).append(shape["id"])
    beside: dict[str, set[str]] = {county.code: set() for county in made.counties}
    for one, *others in sides.values():
        for other in others:
            beside[one].add(other)
            beside[other].add(one)

    for length in (0, 2, 4):
        for region in {county.code[:length] for county in made.counties}:
            inside = {code for code in beside if code.startswith(region)}
            reached, queue = set(), [min(inside)]
            while queue:
                code = queue.pop()
                reached.add(code)
                queue += sorted((beside[code] & inside) - reached)
            assert reached == inside


def test_codes_are_unassigned_and_nested_and_names_are_unique_in_both_languages(
    drawn: tuple[Country, dict[str, Any]],
) -> None:
    made, found = drawn
    regions = (*made.provinces, *made.prefectures, *made.counties)

    assert len({region.code for region in regions}) == len(regions)
    assert len({region.name_en for region in regions}) == len({region.name_zh for region in regions}) == len(regions)
    assert all(re.fullmatch(r"9[1-9][0-9]{4}", county.code) for county in made.counties)
    assert {county.prefecture for county in made.counties} == {region.code for region in made.prefectures}
    assert {county.province for county in made.counties} == {region.code for region in made.provinces}
    assert [county.code for county in made.counties[:6]] == ["910101", "910102", "910121", "910122", "920181", "920223"]
    for shape in shapes(found):
        told = shape["properties"]
        assert shape["id"].startswith(told["prefecture"])
        assert told["prefecture"].startswith(told["province"])
        assert told["name_en"].isascii()
        assert re.search(r"[\u4e00-\u9fff]", told["name_zh"])


def test_every_county_has_a_middle_and_no_two_share_it(drawn: tuple[Country, dict[str, Any]]) -> None:
    made, _ = drawn
    middles = centres(made)

    assert set(middles) == {county.code for county in made.counties}
    assert len(set(middles.values())) == len(middles)


def test_a_seed_draws_the_same_map_and_another_seed_another() -> None:
    assert json.dumps(topology(country(5, 1, 40))) == json.dumps(topology(country(5, 900, 40)))
    assert json.dumps(topology(country(5, 1, 40))) != json.dumps(topology(country(6, 1, 40)))


def test_three_thousand_counties_can_be_had() -> None:
    large = country(1, 10, 3_000)
    found = topology(large)

    assert len(shapes(found)) == 3_000
    assert len(json.dumps(found, separators=(",", ":")).encode()) < 2_000_000


@pytest.mark.parametrize("counties", [0, 19, 3_101])
def test_a_country_of_too_few_or_too_many_counties_is_refused(counties: int) -> None:
    with pytest.raises(Exception, match="SALUS-Y001"):
        country(1, 10, counties)
