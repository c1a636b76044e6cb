"""Each promise is held by a control, and its test notices when the control is gone.

The controls are taken away one at a time, in a process of its own; the promise's own tests must fail there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from controls import CONTROLS
from support import REPOSITORY

FAILED = 1  # pytest's exit code for tests that ran and failed


def test_every_promise_of_the_readme_has_a_control_that_can_be_taken_away() -> None:
    promised = re.findall(r"^(\d)\. \*\*", (REPOSITORY / "README.md").read_text("utf-8"), re.MULTILINE)

    assert {int(number) for number in promised} == {control.promise for control in CONTROLS.values()}


@pytest.mark.slow
@pytest.mark.parametrize("name", CONTROLS)
def test_without_its_control_a_promise_is_seen_to_be_broken(name: str) -> None:
    control = CONTROLS[name]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"tests/promises/{control.test}"]

    told = subprocess.run(
        command, cwd=REPOSITORY, env={**os.environ, "SALUS_WITHOUT": name}, capture_output=True, text=True, check=False
    )

    assert told.returncode == FAILED, told.stdout[-2000:] + told.stderr[-2000:]
    assert "= FAILURES =" in told.stdout  # a promise was tried and found broken; not a fixture that could not start
