"""Five real witnesses of five organisations, each a process of its own with a key that no node ever sees."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from salus.app import DEMO_WITNESSES, Node, join_witnesses
from salus.kernel import CLOCK_FILE, Unavailable
from salus.proof import WitnessKey
from salus_abuse.witness import WITHOUT

BODIES = ("lake-university", "bar-association", "east-province", "city-press", "appeal-court")
START_SECONDS = 300.0


class WitnessBroke(Unavailable):
    """A witness of the suite did not come up."""

    code = "SALUS-Z900"


@dataclass(frozen=True, slots=True)
class Running:
    """A witness that runs: where it keeps its key, the key's public half, and where it answers."""

    folder: Path
    process: subprocess.Popen[str]
    key: WitnessKey
    url: str


@contextmanager
def five_witnesses(folder: Path, node: Node, without: Sequence[str]) -> Iterator[list[Running]]:
    """Run five witnesses beside a node on its clock, and let it join them."""
    with ExitStack() as running, ThreadPoolExecutor(len(BODIES)) as starting:
        coming = [starting.submit(_start, folder / one, one, node, without) for one in BODIES]
        started = [one.result() for one in coming]
        for one in started:
            running.callback(_stop, one)
        lines = [f"witness {one.key.organisation} {one.key} {one.url}\n" for one in started]
        noted = node.settings.data / DEMO_WITNESSES  # for the auditor, who opens the folder anew
        noted.parent.mkdir(exist_ok=True)
        noted.write_text("".join(lines), "utf-8")
        join_witnesses(node, "".join(lines))
        yield started


def _start(folder: Path, organisation: str, node: Node, without: Sequence[str]) -> Running:
    folder.mkdir(parents=True, mode=0o700)
    given = {"--data": folder, "--name": f"witness.{organisation}.example", "--log-vkey": node.sequencer.key}
    more = {"--port": 0, "--clock": node.settings.data / CLOCK_FILE}
    options = [str(text) for pair in (given | more).items() for text in pair]
    command = [sys.executable, "-m", "salus_abuse.witness", "--attached", *options]
    environment = os.environ | {WITHOUT: ",".join(without)}
    with (folder / "said.txt").open("ab") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, env=environment
        )
    line = _first_line(process)
    if not line:
        process.kill()
        raise WitnessBroke(f"a witness did not start; {folder / 'said.txt'} says why")
    _, key, *_, url = line.split()
    return Running(folder, process, WitnessKey.parse(key, organisation), url)


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    return process.stdout.readline() if ready else ""


def _stop(one: Running) -> None:
    one.process.terminate()
    one.process.wait()
    for end in (one.process.stdin, one.process.stdout):
        if end:
            end.close()
