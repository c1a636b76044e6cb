"""Each promise is held by a control, and its test notices when the control is gone.

The controls are taken away one at a time, in a process of its own; the promise's own tests must fail there.
"""

from __future__ import annotations

import atexit
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from controls import CONTROLS
from support import REPOSITORY

FAILED = 1  # pytest's exit code for tests that ran and failed


@cache
def forking() -> subprocess.Popen[str]:
    """Start what has loaded all that conftest loads and is forked for each control: most of the time was loading."""
    command = [sys.executable, str(REPOSITORY / "tests" / "forking_tests.py")]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(process.communicate)
    return process


def test_every_promise_of_the_readme_has_a_control_that_can_be_taken_away() -> None:
    promised = re.findall(r"^(\d)\. \*\*", (REPOSITORY / "README.md").read_text("utf-8"), re.MULTILINE)

    assert {int(number) for number in promised} == {control.promise for control in CONTROLS.values()}


@pytest.mark.slow
@pytest.mark.parametrize("name", CONTROLS)
def test_without_its_control_a_promise_is_seen_to_be_broken(name: str, tmp_path: Path) -> None:
    said = tmp_path / "said.txt"
    job = {"without": name, "test": f"tests/promises/{CONTROLS[name].test}", "said": str(said)}
    asked, answered = forking().stdin, forking().stdout
    assert asked is not None
    assert answered is not None

    print(json.dumps(job), file=asked, flush=True)
    code = int(answered.readline())

    told = said.read_text("utf-8")
    assert code == FAILED, told[-4000:]
    assert "= FAILURES =" in told  # a promise was tried and found broken; not a fixture that could not start
