"""No small cell follows from a table's totals: compared with every table that has the same totals and shown cells."""

from __future__ import annotations

import random
from itertools import product

import pytest

from salus.records.population import SMALLEST_SHOWN
from salus.records.population.hiding import hidden

Table = dict[tuple[str, str], int]


def possible(table: Table, covered: set[tuple[str, str]], cell: tuple[str, str]) -> set[int]:
    """Return values that a hidden cell may have, two at most, of all fillings: rows, columns and zeros are known."""
    rows = {row: sum(table[one] for one in covered if one[0] == row) for row, _ in covered}
    columns = {column: sum(table[one] for one in covered if one[1] == column) for _, column in covered}
    cells = sorted(covered)
    found = set()

    def fill(place: int) -> None:
        if len(found) > 1:
            return
        if place == len(cells):
            if not any(rows.values()) and not any(columns.values()):
                found.add(chosen[cell])
            return
        row, column = cells[place]
        for value in range(1, min(rows[row], columns[column]) + 1):
            rows[row] -= value
            columns[column] -= value
            chosen[row, column] = value
            fill(place + 1)
            rows[row] += value
            columns[column] += value

    chosen: Table = {}
    fill(0)
    return found


def a_table(chance: random.Random, rows: int, columns: int) -> Table:
    cells = product("abc"[:rows], "vwxyz"[:columns])
    return {cell: chance.choice((0, 1, 1, 2, 3, 5, 6)) for cell in cells}


def can_be_kept(table: Table, cell: tuple[str, str]) -> bool:
    """Tell whether hiding everything would keep a cell from being computed."""
    return len(possible(table, {one for one, people in table.items() if people}, cell)) > 1


@pytest.mark.parametrize("seed", range(30))
def test_no_small_cell_is_computable_where_any_hiding_would_keep_it(seed: int) -> None:
    chance = random.Random(seed)
    table = a_table(chance, chance.choice((2, 3)), 2)
    covered = hidden(table)

    small = {cell for cell, people in table.items() if 0 < people < SMALLEST_SHOWN}
    assert small <= covered
    assert all(table[cell] for cell in covered)
    for cell in small:
        if can_be_kept(table, cell):
            assert len(possible(table, covered, cell)) > 1, (table, covered, cell)


def test_what_needs_no_hiding_is_shown() -> None:
    large = dict.fromkeys(product("ab", "xyz"), 40)

    assert hidden(large) == set()
    assert hidden(large | {("a", "x"): 0}) == set()


def test_a_single_small_cell_hides_a_rectangle_of_as_few_people_as_can_be() -> None:
    table = {("a", "x"): 2, ("a", "y"): 30, ("a", "z"): 90, ("b", "x"): 60, ("b", "y"): 20, ("b", "z"): 80}

    assert hidden(table) == {("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")}


@pytest.mark.parametrize("seed", range(10))
def test_what_stays_hidden_hides_more_and_keeps_the_small_from_being_computed(seed: int) -> None:
    chance = random.Random(seed)
    table = a_table(chance, chance.choice((2, 3)), 2)
    stays = {cell for cell in table if chance.random() < 0.3}
    covered = hidden(table, stays)

    assert {cell for cell in stays if table[cell]} <= covered
    assert all(table[cell] for cell in covered)
    for cell in (cell for cell in covered if table[cell] < SMALLEST_SHOWN):
        if can_be_kept(table, cell):
            assert len(possible(table, covered, cell)) > 1, (table, stays, covered, cell)


def test_of_one_row_a_second_cell_is_hidden() -> None:
    assert hidden({("a", "x"): 2, ("a", "y"): 30, ("a", "z"): 20}) == {("a", "x"), ("a", "z")}
