"""Provinces, prefectures and counties: which cells they have, what they are called and how they are numbered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from salus.synth.model import County, Dice, Region, SynthError
from salus.synth.places.first import COUNTIES
from salus.synth.places.mesh import Cell, Land, divide, land
from salus.synth.places.names import invented

FEWEST_COUNTIES, MOST_COUNTIES = 20, 3_100
FINELY_DRAWN = 200  # fewer counties than this are drawn with more detail each
_COUNTIES_A_PREFECTURE = 9
# The last two digits of a code tell the kind of a county (GB/T 2260): districts 01, counties 21, cities 81 and on.
_KINDS = ((1, "District", "区"), (21, "County", "县"), (81, "City", "市"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The regions of a country, and which county each cell of the land belongs to."""

    provinces: tuple[Region, ...]
    prefectures: tuple[Region, ...]
    counties: tuple[County, ...]
    land: Land
    county_of: dict[Cell, str]


@lru_cache(maxsize=8)
def places(seed: int, counties: int) -> Places:
    """Make the regions of a country. Raises SynthError below 20 or above 3,100 counties."""
    if not FEWEST_COUNTIES <= counties <= MOST_COUNTIES:
        raise SynthError(f"a country has {FEWEST_COUNTIES} to {MOST_COUNTIES} counties; ask for a number in between")
    dice, names = Dice(seed, "places", counties), invented(seed)
    ground = land(dice, counties * (16 if counties < FINELY_DRAWN else 5))
    provinces: list[Region] = []
    prefectures: list[Region] = []
    found: list[County] = []
    county_of: dict[Cell, str] = {}
    for first, province in enumerate(_shapes(dice, ground, counties)):
        code = str(91 + first)
        provinces.append(_region(code, names, "Province", "省"))
        for second, prefecture in enumerate(province):
            prefectures.append(_region(f"{code}{second + 1:02d}", names, "Prefecture", "市"))
            named = list(_counties(dice, prefectures[-1].code, len(prefecture), names))
            found += named
            for county, cells in zip(named, prefecture, strict=True):
                county_of |= dict.fromkeys(cells, county.code)
    fixed = [county.code for county in COUNTIES]
    found.sort(key=lambda c: (fixed.index(c.code) if c.code in fixed else len(fixed), c.code))
    return Places(
        provinces=tuple(provinces),
        prefectures=tuple(prefectures),
        counties=tuple(found),
        land=ground,
        county_of=county_of,
    )


def _region(code: str, names: Iterator[tuple[str, str]], kind_en: str, kind_zh: str) -> Region:
    name_en, name_zh = next(names)
    return Region(code=code, name_en=f"{name_en} {kind_en}", name_zh=name_zh + kind_zh)


def _shapes(dice: Dice, ground: Land, counties: int) -> list[list[list[list[Cell]]]]:
    """Divide the land into provinces, these into prefectures, these into counties.

    The fullest prefecture comes first, in the first province, for the counties that every country has.
    """
    parts = divide(dice, ground.hexes, ground.centres, min(9, max(2, 2 + counties // 25)))
    provinces = []
    for part, count in zip(parts, _shares([len(part) for part in parts], counties), strict=True):
        pieces = divide(dice, part, ground.centres, min(count, max(2, round(count / _COUNTIES_A_PREFECTURE))))
        shares = _shares([len(piece) for piece in pieces], count)
        prefectures = [divide(dice, p, ground.centres, n) for p, n in zip(pieces, shares, strict=True)]
        provinces.append(sorted(prefectures, key=len, reverse=True))
    return sorted(provinces, key=lambda prefectures: len(prefectures[0]), reverse=True)


def _shares(sizes: list[int], total: int) -> list[int]:
    """Share out a total by size, at least one each (largest remainder)."""
    exact = [size * total / sum(sizes) for size in sizes]
    shares = [max(1, int(share)) for share in exact]
    while sum(shares) != total:
        step = 1 if sum(shares) < total else -1
        able = [n for n in range(len(sizes)) if step > 0 or shares[n] > 1]
        place = max(able, key=lambda n: (step * (exact[n] - shares[n]), -n))
        shares[place] += step
    return shares


def _counties(dice: Dice, prefecture: str, count: int, names: Iterator[tuple[str, str]]) -> Iterator[County]:
    """Name and number a prefecture's counties, those that every country has first."""
    fixed = [county for county in COUNTIES if county.prefecture == prefecture]
    yield from fixed
    taken = {county.code for county in fixed}
    for place in range(len(fixed), count):
        start, kind_en, kind_zh = _KINDS[0 if place < 2 else 2 if dice.chance(0.2) else 1]
        code = next(c for n in range(start, 100) if (c := f"{prefecture}{n:02d}") not in taken)
        taken.add(code)
        name_en, name_zh = next(names)
        weight = dice.between(9, 26) if start == 1 else dice.between(3, 16)
        yield County(code=code, name_en=f"{name_en} {kind_en}", name_zh=name_zh + kind_zh, weight=weight)
