"""The benches run, and print what they compare; how fast anything is, no test asserts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from prepared import WHERE

BENCH = Path(__file__).parent.parent.parent / "bench"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bench", "given", "told"),
    [
        ("audit", ["--decisions", "2000"], ["decisions/s", "floor, 4,000 bare Ed25519 checks", "ratio to the floor"]),
        ("everything", ["20", "3"], ["$everything of 20", "floor: /healthz", "floor: bare statement"]),
        ("search", ["20", "400", "1", "2"], ["search, 2 clients", "floor, /healthz", "floor, bare SQL"]),
        ("writes", ["1", "4"], ["creates:", "transactions of 100:", "floor, bare inserts:"]),
    ],
)
def test_a_bench_prints_its_figures_and_a_floor_of_the_same_run(bench: str, given: list[str], told: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != WHERE}  # its database as by hand
    command = [sys.executable, str(BENCH / f"{bench}.py"), *given]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=900)

    assert done.returncode == 0, done.stderr[-2000:]
    assert [one for one in told if one not in done.stdout] == []
