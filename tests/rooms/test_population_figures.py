"""The population leaves the house as figures only, with the small ones hidden and no total that gives one away."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from nodes import a_node, a_patient, send, system
from peopling import URN, a_keeping
from salus.app import Node, population_at
from salus.cli import main
from salus.kernel import FixedClock, Invalid
from salus.records.population import SMALLEST_SHOWN, STEP, Change, Denominator, Published
from salus.records.population.publishing import publish, read, written
from salus.storage import Duty


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with a_node(tmp_path, "H1") as opened:
        for born, count in (("1960-02-02", 12), ("1980-02-02", 7), ("2000-02-02", 2), ("2031-02-10", 1)):
            for _ in range(count):
                person = {"fullUrl": URN, **a_patient(birthDate=born, gender="female")}
                send(opened, system(), person, a_keeping(URN, max(born, "2020-01-01")))
        yield opened


def test_small_figures_are_hidden_and_a_single_birth_is_not_told_by_the_totals(node: Node) -> None:
    found = population_at(node, date(2031, 2, 1))

    assert [(f.age_from, f.residents) for f in found.figures] == [(0, None), (30, None), (50, 5), (70, 10)]
    ((county, told),) = found.changes
    assert county == "900101"
    assert told == {
        "before": None, "births": None, "registered": 0, "moved_in": 0, "deaths": 0, "moved_out": 0, "after": 20,
    }  # fmt: skip


def test_the_command_prints_the_same_and_refuses_a_month_that_is_not_over_or_before_the_first(node: Node) -> None:
    data = ["--data", str(node.settings.data)]
    with node.store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute("update records.chart set opened_at = '2020-03-05 12:00+08'")
    told = CliRunner().invoke(main, ["population", "--month", "2020-02", "--json", *data])
    shown = CliRunner().invoke(main, ["population", "--month", "2020-02", *data])
    follow_up = CliRunner().invoke(main, ["population", "--follow-up", *data])
    wrong = [
        CliRunner().invoke(main, ["population", "--month", month, *data])
        for month in ("2999-01", "2020-01", "0202-10", "0001-01", "soon")
    ]

    assert {f["age_from"] for f in json.loads(told.output)["figures"]} == {20, 40, 60}
    assert "900101  female  60-64" in shown.output
    assert follow_up.exit_code == 0
    assert [one.exit_code for one in wrong] == [1, 1, 1, 1, 1]
    assert [str(one.exception) for one in wrong] == ["1"] * 5


FEBRUARY, MARCH = date(2031, 2, 1), date(2031, 3, 1)


def comes(node: Node, born: str) -> None:
    """Somebody's record comes, and says that it has been kept here since long ago."""
    send(node, system(), {"fullUrl": URN, **a_patient(birthDate=born, gender="female")}, a_keeping(URN, "2021-01-01"))


def test_a_record_that_came_changes_no_figure_until_it_is_five_beside_and_a_month_is_over(node: Node) -> None:
    first = population_at(node, FEBRUARY)
    for _ in range(2):
        comes(node, "1980-05-05")
    comes(node, "1990-05-05")
    again = population_at(node, FEBRUARY)
    with pytest.raises(Invalid):
        population_at(node, MARCH)
    standing = node.clock
    node.clock = FixedClock(standing.now() + timedelta(days=40))
    march = population_at(node, MARCH)
    comes(node, "1980-05-05")
    node.clock = FixedClock(standing.now() + timedelta(days=70))
    april = population_at(node, date(2031, 4, 1))
    late = population_at(node, MARCH)
    node.clock = standing

    shown = [[(one.age_from, one.residents) for one in told.figures] for told in (first, march, april)]
    assert again == first
    assert late == march
    assert shown[0] == shown[1] == [(0, None), (30, None), (50, 5), (70, 10)]
    assert shown[2] == [(0, None), (30, None), (50, 10), (70, 10)]


def cells(counts: Counter[tuple[str, int]], month: date = MARCH) -> list[Denominator]:
    told = {"month": month, "county": "900101", "age_to": None}
    return [Denominator(sex=sex, age_from=age, residents=n, **told) for (sex, age), n in sorted(counts.items()) if n]


def moved(before: int, after: int) -> Change:
    none = {"births": 0, "registered": 0, "moved_in": 0, "deaths": 0, "moved_out": 0}
    return Change(month=MARCH, county="900101", before=before, after=after, **none)


@pytest.mark.parametrize("seed", range(20))
def test_figures_move_by_steps_stay_near_what_is_true_and_none_is_small(seed: int) -> None:
    random = Random(seed)
    lines = [(sex, age) for sex in ("female", "male") for age in (0, 1, 5, 85)]
    counts = Counter({line: random.randint(0, 30) for line in lines})
    before = publish(cells(counts), [moved(0, counts.total())], None)
    for _ in range(12):
        for line in lines:
            counts[line] = max(0, counts[line] + random.randint(-3, 3))
        told = publish(cells(counts), [moved(before[0].after, counts.total())], before)
        last, now = before[0], told[0]
        for line in lines:
            was, held = last.held.get((line[0], (line[1], None)), 0), now.held.get((line[0], (line[1], None)), 0)
            assert held == was or abs(held - was) >= STEP
            assert abs(held - counts[line]) < STEP
        assert not [one for one in now.shown.values() if one is not None and one < SMALLEST_SHOWN]
        assert now.after == last.after or abs(now.after - last.after) >= STEP
        assert [read(one.county, written(one)) for one in told] == told
        before = told


def ages(table: Mapping[int, int], month: date = MARCH) -> list[Denominator]:
    return cells(Counter({("female", age): people for age, people in table.items()}), month)


def women(told: Published) -> dict[int | None, int | None]:
    return {age: shown for (_, (age, _)), shown in told.shown.items()}


def test_what_was_hidden_stays_so_while_one_is_small_or_one_stands_as_it_was() -> None:
    told = []
    for table in ({20: 2, 40: 9, 60: 10, 80: 30}, {20: 2, 40: 16, 60: 10, 80: 30}, {20: 8, 40: 16, 60: 10, 80: 30}):
        told.append(publish(ages(table), [moved(0, sum(table.values()))], told[-1] if told else None))

    assert [women(one) for one, _ in told] == [{20: None, 40: None, 60: 10, 80: 30}] * 3
    none, _ = publish(ages({20: 20, 40: 26, 60: 10, 80: 30}), [moved(0, 86)], told[-1])
    assert women(none) == {20: 20, 40: 25, 60: 10, 80: 30}


def births(count: int, before: int) -> Change:
    return Change(**{**asdict(moved(before, before + count)), "births": count})


def test_births_of_some_months_and_totals_in_steps_leave_no_birth_that_was_hidden() -> None:
    first = publish([], [moved(100, 100)], None)
    second = publish([], [births(1, 100)], first)
    third = publish([], [births(7, 101)], second)

    assert [dict(one[0].flows)["births"] for one in (first, second, third)] == [0, None, 5]
    assert [dict(one[0].flows)["after"] for one in (first, second, third)] == [100, 100, 110]
    assert all(count % STEP == 0 for one in third[0].flows.values() if (count := one))


def test_months_between_are_published_too_and_the_first_is_that_before_the_first_record(node: Node) -> None:
    for early in (date(2031, 1, 1), date(202, 10, 1), date(1, 1, 1)):
        with pytest.raises(Invalid):
            population_at(node, early)
    standing = node.clock
    node.clock = FixedClock(standing.now() + timedelta(days=100))
    may = population_at(node, date(2031, 5, 1))
    months = [population_at(node, date(2031, month, 1)) for month in (2, 3, 4, 5)]
    node.clock = standing

    assert [one.month.month for one in months] == [2, 3, 4, 5]
    assert months[-1] == may
    assert [dict(told)["before"] for one in months[1:] for _, told in one.changes] == [20, 20, 20]


def test_a_month_without_anybody_is_published_too() -> None:
    none = publish([], [], None)

    assert [(one.county, dict(one.shown)) for one in none] == [(None, {})]
    assert publish(cells(Counter({("male", 30): 4})), [], none)[0].shown == {}
