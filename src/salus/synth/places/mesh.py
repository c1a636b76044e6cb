"""The land: a jittered lattice of six-sided cells, grown into provinces, prefectures and counties that hang together.

Three cells meet at every corner, so borders are shared by construction: see decision 0020.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from salus.synth.model import Dice

Cell = tuple[int, int]
Point = tuple[float, float]
_ROW = math.sqrt(3) / 2
_JITTER = 0.33


@dataclass(frozen=True, slots=True, kw_only=True)
class Land:
    """All cells of the land in a fixed order, and where every cell of the lattice lies, sea included."""

    hexes: tuple[Cell, ...]
    centres: dict[Cell, Point]


def around(cell: Cell) -> tuple[Cell, ...]:
    """Return the six neighbours of a cell, counter-clockwise from the east, y upwards."""
    column, row = cell
    east = column + (row & 1)
    return (
        (column + 1, row),
        (east, row + 1),
        (east - 1, row + 1),
        (column - 1, row),
        (east - 1, row - 1),
        (east, row - 1),
    )


def even(cell: Cell) -> Point:
    """Return where a cell lies before it is jittered."""
    return cell[0] + 0.5 * (cell[1] & 1), cell[1] * _ROW


def land(dice: Dice, count: int) -> Land:
    """Make one piece of land of about `count` cells, with a coast and without lakes."""
    radius = math.sqrt(count / math.pi / _ROW)
    size = int(radius * 4) + 8
    lattice = [(column, row) for row in range(size) for column in range(size)]
    centres = {}
    for cell in lattice:
        x, y = even(cell)
        centres[cell] = (x + _swing(dice), y + _swing(dice))
    middle = (size // 2, size // 2)
    cost = _coast(dice, centres[middle], radius)
    inside = set(lattice)
    rows = [cell for cell in lattice if 2 <= cell[0] < size - 2 and 2 <= cell[1] < size - 2]
    grown = _grown(middle, set(rows), count, lambda cell: cost(centres[cell]))
    sea = _connected((0, 0), inside - grown)
    return Land(hexes=tuple(cell for cell in lattice if cell not in sea), centres=centres)


def _swing(dice: Dice) -> float:
    return (dice.between(0, 2000) / 1000 - 1) * _JITTER


def _coast(dice: Dice, middle: Point, radius: float) -> Callable[[Point], float]:
    """Return how far out a point lies, where bays count as further out and capes as nearer."""
    waves = [(n, dice.between(0, 628) / 100, dice.between(60, 100) / 100 * 0.34 / n) for n in (1, 2, 3, 4, 5, 7, 11)]

    def cost(point: Point) -> float:
        x, y = point[0] - middle[0], (point[1] - middle[1]) * 1.25
        angle = math.atan2(y, x)
        return math.hypot(x, y) / radius * (1 + sum(size * math.sin(n * angle + turn) for n, turn, size in waves))

    return cost


def _grown(start: Cell, allowed: set[Cell], count: int, cost: Callable[[Cell], float]) -> set[Cell]:
    """Take the cheapest cell that touches what was taken, `count` times."""
    taken: set[Cell] = set()
    queue = [(0.0, start)]
    seen = {start}
    while queue and len(taken) < count:
        _, cell = heappop(queue)
        taken.add(cell)
        for other in around(cell):
            if other in allowed and other not in seen:
                seen.add(other)
                heappush(queue, (cost(other), other))
    return taken


def _connected(start: Cell, cells: set[Cell]) -> set[Cell]:
    found, queue = {start}, [start]
    while queue:
        for other in around(queue.pop()):
            if other in cells and other not in found:
                found.add(other)
                queue.append(other)
    return found


def divide(dice: Dice, cells: Sequence[Cell], centres: dict[Cell, Point], parts: int) -> list[list[Cell]]:
    """Divide connected cells into so many connected parts of about equal size; needs at least that many cells."""
    seeds = _apart(dice, cells, centres, parts)
    owner = {seed: part for part, seed in enumerate(seeds)}
    free = set(cells) - set(owner)
    edges = [[seed] for seed in seeds]
    sizes = [(1, part) for part in range(parts)]
    heapify(sizes)
    while free:
        size, part = heappop(sizes)
        cell = _next(dice, edges[part], free, owner, part)
        if cell is not None:
            owner[cell] = part
            free.discard(cell)
            edges[part].append(cell)
            heappush(sizes, (size + 1, part))
    found: list[list[Cell]] = [[] for _ in range(parts)]
    for cell in cells:
        found[owner[cell]].append(cell)
    return found


def _apart(dice: Dice, cells: Sequence[Cell], centres: dict[Cell, Point], parts: int) -> list[Cell]:
    """Choose cells that lie apart: each is the remotest of a few candidates (Mitchell's best candidate, 1991)."""
    chosen: list[Cell] = []
    left = list(cells)
    for _ in range(parts):
        places = sorted({dice.between(0, len(left) - 1) for _ in range(12)})
        best = max(places, key=lambda place: _nearest(centres[left[place]], chosen, centres))
        chosen.append(left[best])
        left[best] = left[-1]
        left.pop()
    return chosen


def _nearest(point: Point, chosen: Iterable[Cell], centres: dict[Cell, Point]) -> float:
    return min(((centres[c][0] - point[0]) ** 2 + (centres[c][1] - point[1]) ** 2 for c in chosen), default=math.inf)


def _next(dice: Dice, edge: list[Cell], free: set[Cell], owner: dict[Cell, int], part: int) -> Cell | None:
    """Return a free cell beside a part, of a few the one that touches it most; None where the part is closed in."""
    best: tuple[int, Cell] | None = None
    tries = 0
    while edge and tries < 4:
        place = dice.between(0, len(edge) - 1)
        open_cells = [cell for cell in around(edge[place]) if cell in free]
        if not open_cells:
            edge[place] = edge[-1]
            edge.pop()
            continue
        tries += 1
        cell = open_cells[dice.between(0, len(open_cells) - 1)]
        touches = sum(owner.get(other) == part for other in around(cell))
        if best is None or touches > best[0]:
            best = (touches, cell)
    return best[1] if best else None
