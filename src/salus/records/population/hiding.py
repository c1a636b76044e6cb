"""Which cells of a table leave the house hidden, so that no small one follows from the totals of both sides. Pure.

A hidden cell is undetermined exactly where a cycle of hidden cells leads through it, along which one person can be
moved without changing any total (L. H. Cox, Suppression methodology and statistical disclosure control, 1980).
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping
from itertools import count

from salus.records.population.model import SMALLEST_SHOWN

Cell = tuple[str, str]
"""A row and a column."""
Line = tuple[bool, str]
"""Whether it is a column, and its name."""


def hidden(table: Mapping[Cell, int], stays: Collection[Cell] = ()) -> set[Cell]:
    """Return the cells to hide: the small ones, and as few people beside them as keep each from being computed.

    `stays` are cells that are hidden in any case; they keep each other from being computed, and the small ones.
    Zeros are shown, so everybody knows that what is hidden is one at least. Where a table has no cycle for a cell, as
    with one row alone, another of its row is hidden, so that the row's total does not give it away.
    """
    small = {cell for cell, people in table.items() if 0 < people < SMALLEST_SHOWN}
    found = small | {cell for cell in stays if table.get(cell)}
    for cell in sorted(found, key=lambda one: (table[one], one)):
        found |= _beside(table, cell, found)
    return found


def _beside(table: Mapping[Cell, int], cell: Cell, found: Collection[Cell]) -> set[Cell]:
    """Return the cells of the cheapest cycle through one: every second of them loses the person whom it gains."""
    ways = [_way(table, cell, found, 2, 1)]
    if ways[0] is None and table[cell] > 1:
        ways.append(_way(table, cell, found, 1, 2))
    if ways[-1] is not None:
        return ways[-1]
    row = [one for one, people in table.items() if one[0] == cell[0] and one != cell and people]
    if not row or any(one in found for one in row):
        return set()
    return {min(row, key=lambda one: (table[one], one))}


def _way(table: Mapping[Cell, int], cell: Cell, found: Collection[Cell], down: int, back: int) -> set[Cell] | None:
    """Return the cells of the cheapest way from a cell's row to its column, what is hidden already for nothing.

    Steps from a row to a column need cells of `down` people at least, and steps back of `back`.
    """
    order, goal = count(), (True, cell[1])
    waiting: list[tuple[int, int, Line, frozenset[Cell]]] = [(0, next(order), (False, cell[0]), frozenset())]
    done: set[Line] = set()
    while waiting:
        cost, _, line, way = heapq.heappop(waiting)
        if line == goal:
            return set(way)
        if line in done:
            continue
        done.add(line)
        for one, other in _steps(table, line, back if line[0] else down):
            if one != cell and other not in done:
                more = 0 if one in found else table[one]
                heapq.heappush(waiting, (cost + more, next(order), other, way | {one}))
    return None


def _steps(table: Mapping[Cell, int], line: Line, least: int) -> Iterator[tuple[Cell, Line]]:
    is_column, name = line
    for one, people in table.items():
        if one[is_column] == name and people >= least:
            yield one, (not is_column, one[not is_column])
