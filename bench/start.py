"""What it costs to start `salus`: CPU seconds of commands, of those that open a node too, against the bare interpreter.

    .venv/bin/python bench/start.py [--rounds 7] [--without-node]

All in turn, so that a busy moment is shared. Bytecode is kept, as it is for whoever calls a command twice. A node is
served meanwhile, so that no command starts a database.
"""

from __future__ import annotations

import argparse
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

SALUS = [sys.executable, "-c", "from salus.cli import main; main()"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
FLOOR = "floor, the bare interpreter"
ALONE = (("--version",), ("--help",), ("code", "verify", "--help"), ("ledger", "verify", "--help"), ("token", "--help"))
AT_A_NODE = (("token", "--role", "auditor"), ("facility", "list"))


def cost(command: list[str]) -> tuple[float, float]:
    """Run a command; return its CPU seconds, those of its children among them, and its seconds."""
    began = time.perf_counter()
    child = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr is not None
    said = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command[3:]} failed: {said.decode()[-500:]}")
    return used.ru_utime + used.ru_stime, time.perf_counter() - began


@contextmanager
def served() -> Iterator[str]:
    """Serve a new demo node; its data folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with TemporaryDirectory(prefix="salus-bench-") as folder:
        Path(folder).chmod(0o755)
        data = str(Path(folder) / "data")
        command = [*SALUS, "serve", "--demo", "--data", data, "--port", port]
        with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as node:
            try:
                assert node.stdout is not None
                if "serving" not in node.stdout.readline():
                    raise SystemExit("the node did not start")
                yield data
            finally:
                node.terminate()
                node.wait(60)


def measured(rounds: int, data: str | None) -> None:
    """Print what each command costs, the least and the median, and how often the floor that is."""
    commands = {FLOOR: [sys.executable, "-c", "pass"]}
    commands |= {f"salus {' '.join(given)}": [*SALUS, *given] for given in ALONE}
    if data:
        commands |= {f"salus {' '.join(given)}, on a node": [*SALUS, *given, "--data", data] for given in AT_A_NODE}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            once = cost(command)
            if turn:  # the first one compiles
                found[name].append(once)
    floor = statistics.median(used for used, _ in found[FLOOR])
    print(f"{'':<44}{'CPU-s least':>12}{'median':>8}{'wall':>8}{'of the floor':>14}")
    for name, times in found.items():
        used, wall = ([one[place] for one in times] for place in (0, 1))
        median = statistics.median(used)
        print(f"{name:<44}{min(used):>12.2f}{median:>8.2f}{statistics.median(wall):>8.2f}{median / floor:>13.0f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--without-node", action="store_true")
    asked = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    if asked.without_node:
        measured(asked.rounds, None)
        return
    with served() as data:
        measured(asked.rounds, data)


if __name__ == "__main__":
    main()
