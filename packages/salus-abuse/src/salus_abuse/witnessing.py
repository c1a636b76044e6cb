"""Five real witnesses of five organisations, each a process of its own with a key that no node ever sees."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from salus.app import DEMO_WITNESSES, Node, join_witnesses
from salus.kernel import CLOCK_FILE, Unavailable
from salus.proof import VerifierKey, WitnessKey
from salus.witness import Settings, Witness, run
from salus_abuse.controls import take_away
from salus_abuse.forking import apart

BODIES = ("lake-university", "bar-association", "east-province", "city-press", "appeal-court")
START_SECONDS = 300.0


class WitnessBroke(Unavailable):
    """A witness of the suite did not come up."""

    code = "SALUS-Z900"


@dataclass(frozen=True, slots=True)
class Running:
    """A witness that runs: where it keeps its key, the key's public half, and where it answers."""

    folder: Path
    process: Any
    key: WitnessKey
    url: str


@contextmanager
def five_witnesses(folder: Path, node: Node, without: Sequence[str]) -> Iterator[list[Running]]:
    """Run five witnesses beside a node on its clock, and let it join them."""
    with ExitStack() as running:
        coming = []
        for one in BODIES:
            process, pipe = _start(folder / one, one, node, without)
            running.callback(_stop, process, pipe)
            coming.append((folder / one, one, process, pipe))
        started = [_ready(*one) for one in coming]
        lines = [f"witness {one.key.organisation} {one.key} {one.url}\n" for one in started]
        noted = node.settings.data / DEMO_WITNESSES  # for the auditor, who opens the folder anew
        noted.parent.mkdir(exist_ok=True)
        noted.write_text("".join(lines), "utf-8")
        join_witnesses(node, "".join(lines))
        yield started


def _start(folder: Path, organisation: str, node: Node, without: Sequence[str]) -> tuple[Any, Connection]:
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    settings = Settings(
        data=folder,
        name=f"witness.{organisation}.example",
        logs=(VerifierKey.parse(str(node.sequencer.key)),),
        port=0,
        clock=node.settings.data / CLOCK_FILE,
    )
    return apart(_be, settings, [*without])


def _be(pipe: Connection, settings: Settings, without: list[str]) -> None:
    """In the witness's process: be one, perhaps without a control, until whoever started it is gone."""
    take_away(without)
    logging.basicConfig(filename=settings.data / "said.txt", level=logging.WARNING)
    threading.Thread(target=_until_left, args=(pipe,), daemon=True).start()

    def ready(address: str, witness: Witness) -> None:
        pipe.send((str(witness.key), address))

    run(settings, ready)


def _until_left(pipe: Connection) -> None:
    try:
        pipe.recv()
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGTERM)


def _ready(folder: Path, organisation: str, process: Any, pipe: Connection) -> Running:
    try:
        if not pipe.poll(START_SECONDS):
            raise WitnessBroke("a witness did not start in time")
        key, url = pipe.recv()
    except EOFError:
        raise WitnessBroke("a witness ended at its start") from None
    return Running(folder, process, WitnessKey.parse(key, organisation), url)


def _stop(process: Any, pipe: Connection) -> None:
    process.terminate()
    process.join()
    pipe.close()
