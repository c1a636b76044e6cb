"""The population leaves the house as figures only, with the small ones hidden and no total that gives one away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest
from click.testing import CliRunner

from nodes import a_node, a_patient, send, system
from peopling import URN, a_keeping
from salus.app import Node, population_at
from salus.cli import main


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("figures"), "H1") as opened:
        for born, count in (("1960-02-02", 12), ("1980-02-02", 7), ("2000-02-02", 2), ("2031-02-10", 1)):
            for _ in range(count):
                person = {"fullUrl": URN, **a_patient(birthDate=born, gender="female")}
                send(opened, system(), person, a_keeping(URN, max(born, "2020-01-01")))
        yield opened


def test_small_figures_are_hidden_and_a_single_birth_is_not_told_by_the_totals(node: Node) -> None:
    found = population_at(node, date(2031, 2, 1))

    assert [(f.age_from, f.residents) for f in found.figures] == [(0, None), (30, None), (50, 7), (70, 12)]
    ((county, told),) = found.changes
    assert county == "900101"
    assert told == {
        "before": None, "births": None, "registered": 0, "moved_in": 0, "deaths": 0, "moved_out": 0, "after": 22,
    }  # fmt: skip


def test_the_command_prints_the_same_and_refuses_a_month_that_is_not_over(node: Node) -> None:
    data = ["--data", str(node.settings.data)]
    told = CliRunner().invoke(main, ["population", "--month", "2020-02", "--json", *data])
    shown = CliRunner().invoke(main, ["population", "--month", "2020-02", *data])
    follow_up = CliRunner().invoke(main, ["population", "--follow-up", *data])
    wrong = [CliRunner().invoke(main, ["population", "--month", month, *data]) for month in ("2999-01", "soon")]

    assert {f["age_from"] for f in json.loads(told.output)["figures"]} == {20, 40, 60}
    assert "900101  female  60-64" in shown.output
    assert follow_up.exit_code == 0
    assert [one.exit_code for one in wrong] == [1, 1]
