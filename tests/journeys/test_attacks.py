"""The abuse suite: every attack is blocked or detected, and every control that an attack names is seen to matter.

The dozen runs on every change, the whole table and the ablations in CI.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import click
import httpx
import pytest
from click.testing import CliRunner

from salus.cli import beside, main
from salus_abuse.attacks import ATTACKS
from salus_abuse.controls import CONTROLS
from salus_abuse.honest import KINDS, run_seeds
from salus_abuse.model import Attack, Ended, Outcome, Sight
from salus_abuse.running import ablate, chosen, run_all, run_one
from salus_abuse.scene import Scene
from support import REPOSITORY

DOZEN = ("A01", "A02", "A03", "A04", "A06", "A10", "A17", "A18", "B01", "B07", "C06", "C13")
"""The attacks that ended a promise somewhere, or would end one of ours; each with a proven set of controls."""
DETECTED = {
    "A02": "PROJECTION-MISMATCH",
    "A03": "EVID-MISSING",
    "A05": "LAB-OUTLIER",
    "A12": "RULE-DIVERGENCE",
    "A16": "EVIDENCE-REUSE",
    "A25": "APPEAL-BURIED",
    "A29": "VETOED",
    "B02": "LOG-FORK",
    "B03": "LOG-ROOT",
    "B04": "LOG-SHRUNK",
    "B05": "LOG-MISSING",
    "B08": "NODE-SET-ASIDE",
    "C02": "UNREVIEWED",
    "C04": "ENCOUNTER-ORPHAN",
    "C05": "ENCOUNTER-ORPHAN",
    "C08": "NODE-REGISTER",
    "C17": "SHRED-OVERDUE",
    "C19": "PROJECTION-MISMATCH",
    "D03": "VOID-BURIED",
    "D10": "DISCLOSURE-UNLOGGED",
}
"""What can be done all the same, and under which word it is then reported; everything else is blocked."""


SAMPLE = ("A02", "A04", "B07", "C07", "C13", "D05")
"""All of them are `salus abuse --ablate`, or SALUS_ABLATIONS=all here."""
EVERY_CUT = os.environ.get("SALUS_ABLATIONS") == "all"


def ended(*only: str) -> Mapping[str, Ended]:
    return {one.attack.id: one for one in run_all(chosen(only))}


def as_it_should(found: Mapping[str, Ended]) -> bool:
    for id_, one in found.items():
        assert one.outcome is (Outcome.DETECTED if id_ in DETECTED else Outcome.BLOCKED), (id_, one.failed, one.broke)
        if id_ in DETECTED:
            assert (one.code, one.within) in [(DETECTED[id_], within) for within in (0, 1, 2, 3)]
    return True


def test_none_of_the_dozen_is_missed() -> None:
    found = ended(*DOZEN)

    assert set(found) == set(DOZEN)
    assert as_it_should(found)


@pytest.mark.slow
def test_no_other_attack_of_the_table_is_missed() -> None:
    others = [one.id for one in ATTACKS if one.id not in DOZEN]
    found = ended(*others)

    assert set(found) == set(others)
    assert len(others) + len(DOZEN) == len(ATTACKS) >= 76
    assert as_it_should(found)


@pytest.mark.parametrize(("status", "outcome"), [(403, Outcome.BLOCKED), (500, Outcome.MISSED), (502, Outcome.MISSED)])
def test_a_node_that_falls_over_has_refused_nothing(status: int, outcome: Outcome) -> None:
    def run(scene: Scene, see: Sight) -> None:
        answer = httpx.Response(status, request=httpx.Request("GET", "http://node/door"))
        scene.note_broken(answer)
        see.refused("a read", answer, status)

    fields = {name: None for name in Scene.__dataclass_fields__ if not name.startswith("_")}
    scene = Scene(**fields | {"closed": 0, "broken": []})  # type: ignore[arg-type]

    ended = run_one(scene, Attack(id="X01", title="x", powers="U", passes="x", run=run))

    assert ended.outcome is outcome
    assert (ended.broke or "") == ("" if status == 403 else f"GET /door ended with {status}")


def test_each_attack_has_one_name_a_title_and_a_pass_condition() -> None:
    assert len({one.id for one in ATTACKS}) == len(ATTACKS)
    assert all(one.title and one.powers and one.passes for one in ATTACKS)


def test_each_of_the_dozen_names_a_proven_set_and_each_control_is_in_one() -> None:
    named = {control for one in ATTACKS for cut in one.cuts for control in cut}

    assert [one.id for one in ATTACKS if one.id in DOZEN and not one.cuts] == []
    assert named == set(CONTROLS)


@pytest.mark.slow
def test_without_its_controls_an_attack_is_missed_and_with_one_left_it_is_not() -> None:
    done = ablate(chosen([] if EVERY_CUT else SAMPLE))

    assert done
    assert [one for one in done if not one.proves] == []


@pytest.mark.slow
def test_an_honest_day_of_each_kind_is_found_clean() -> None:
    seeds = range(1, len(KINDS) + 1)

    assert run_seeds(seeds) == {seed: [] for seed in seeds}


def test_the_released_wheel_holds_neither_the_suite_nor_a_switch(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        text = b"".join(opened.read(name) for name in names if name.endswith((".py", "METADATA", "entry_points.txt")))

    assert [name for name in names if "abuse" in name] == []
    assert b"salus_abuse" not in text
    assert b"ABUSE_WITHOUT" not in text
    assert b"SALUS_WITHOUT" not in text


def test_nothing_of_the_platform_imports_the_suite() -> None:
    for path in (REPOSITORY / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            named += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert not [one for one in named if one.startswith("salus_abuse")], path


def test_where_the_suite_is_not_installed_its_command_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "_entries", lambda: ())
    told = CliRunner().invoke(main, ["abuse", "--only", "A01"])

    assert told.exit_code == 2
    assert "packages/salus-abuse" in told.output
    assert "abuse" not in main.list_commands(click.Context(main))


def test_the_table_can_be_listed_and_a_name_that_there_is_not_is_refused() -> None:
    told = CliRunner().invoke(main, ["abuse", "--list"])

    assert told.exit_code == 0
    assert all(one.title in told.output for one in ATTACKS)
    assert CliRunner().invoke(main, ["abuse", "--only", "Z99"]).exit_code == 2


@pytest.mark.slow
def test_the_command_prints_one_object_and_ends_with_nought() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "salus", "abuse", "--only", "A11", "--json"], capture_output=True, text=True, check=False
    )
    (one,) = json.loads(told.stdout)["attacks"]

    assert told.returncode == 0, told.stderr
    assert (one["id"], one["outcome"], one["code"]) == ("A11", "BLOCKED", "TOO-SHORT")
