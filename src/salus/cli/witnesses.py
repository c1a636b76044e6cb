"""The three witnesses that a demo starts for itself, each a process of its own."""

from __future__ import annotations

import contextlib
import select
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from salus.app import DEMO_WITNESSES, Node, join_witnesses
from salus.kernel import CLOCK_FILE, Unavailable
from salus.proof import VerifierKey, WitnessKey

START_SECONDS = 120.0
BODIES = ("lake-university", "bar-association", "east-province")
"""The organisations that a demo's witnesses belong to. Fictional, and independent of whoever runs the node."""


class WitnessBroke(Unavailable):
    """A witness that this process started did not come up."""

    code = "SALUS-Z002"


@dataclass(slots=True)
class Started:
    """A witness that runs as a child of this process; it ends when this process does, however that ends."""

    process: subprocess.Popen[str]
    key: WitnessKey
    url: str

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()
        for end in (self.process.stdin, self.process.stdout):
            if end:
                end.close()


def start(folder: Path, organisation: str, log: VerifierKey, clock: Path) -> Started:
    """Start one witness of an organisation on a free port, with a demo's clock, and wait until it answers.

    Raises WitnessBroke if it does not come up.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    given = {"--data": folder, "--name": f"witness.{organisation}.example", "--log-vkey": log, "--port": 0}
    options = [str(text) for pair in {**given, "--clock": clock}.items() for text in pair]
    command = [sys.executable, "-m", "salus.witness", "--attached", *options]
    with (folder / "said.txt").open("ab") as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True)
    line = _first_line(process)
    if not line:
        process.kill()
        raise WitnessBroke(f"a witness did not start; {folder / 'said.txt'} says why")
    _, key, *_, url = line.split()
    return Started(process=process, key=WitnessKey.parse(key, organisation), url=url)


def policy_of(started: list[Started]) -> str:
    """Write who witnesses, as `witnesses_of` reads it."""
    return "".join(f"witness {one.key.organisation} {one.key} {one.url}\n" for one in started)


@contextlib.contextmanager
def three_witnesses(node: Node) -> Iterator[list[Started]]:
    """Run three witnesses of three organisations beside a demo node, and let it join them. They end with the block."""
    data = node.settings.data
    policy, clock = data / DEMO_WITNESSES, data / CLOCK_FILE
    with contextlib.ExitStack() as running:
        with ThreadPoolExecutor(len(BODIES)) as starting:
            coming = [starting.submit(start, policy.parent / one, one, node.sequencer.key, clock) for one in BODIES]
        for one in coming:
            if not one.exception():
                running.callback(one.result().stop)
        started = [one.result() for one in coming]
        text = policy_of(started)
        policy.write_text(text, "utf-8")
        join_witnesses(node, text)
        yield started


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101  it is a pipe
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    return process.stdout.readline() if ready else ""
