"""Run attacks on one scene, and ablations each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from salus_abuse.attacks import ATTACKS
from salus_abuse.model import Attack, Ended, Outcome, Sight
from salus_abuse.scene import Scene, a_scene

CORES = 2
ENDS_THE_EMERGENCY = "A27"


def chosen(only: Sequence[str]) -> list[Attack]:
    """Return the attacks of these names, or all, as they are run: what ends the emergency comes last."""
    found = [one for one in ATTACKS if not only or one.id in only]
    return sorted(found, key=lambda one: (one.id == ENDS_THE_EMERGENCY, one.id))


def run_all(attacks: Iterable[Attack], without: Sequence[str] = ()) -> Iterator[Ended]:
    """Run attacks one after another on a fresh scene."""
    kept = tempfile.TemporaryDirectory(prefix="salus-abuse-", ignore_cleanup_errors=True)
    with kept as folder, a_scene(Path(folder), without) as scene:
        for one in attacks:
            yield run_one(scene, one)


def run_one(scene: Scene, attack: Attack) -> Ended:
    """Run one attack. What it falls over is told and makes it missed; it proves nothing about a control."""
    sight, began, broke = Sight(scene), time.monotonic(), None
    sight.strikes()
    try:
        attack.run(scene, sight)
    except Exception as error:
        broke = "".join(traceback.format_exception(error)[-4:])
    failed = tuple(one.statement for one in sight.seen if not one.holds)
    outcome = Outcome.MISSED if broke else sight.outcome
    taken = time.monotonic() - began
    within = sight.within if outcome is Outcome.DETECTED else None
    code = sight.code if outcome is not Outcome.MISSED else None
    return Ended(attack=attack, outcome=outcome, code=code, within=within, seconds=taken, failed=failed, broke=broke)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablated:
    """What became of an attack when controls were taken away. `proves` is what had to come of it."""

    attack: str
    without: tuple[str, ...]
    whole: bool
    outcome: str
    broke: str | None
    failed: tuple[str, ...]

    @property
    def proves(self) -> bool:
        """Without a whole set the attack is missed, and by what it set out to do; with one control left it is not."""
        return self.broke is None and (self.outcome == Outcome.MISSED) == self.whole

    def as_json(self) -> dict[str, Any]:
        """Return it for a program."""
        told = {"id": self.attack, "without": [*self.without], "whole": self.whole, "outcome": self.outcome}
        return {**told, "proves": self.proves, "failed": [*self.failed], "broke": self.broke}


def ablate(attacks: Iterable[Attack], told: Callable[[Ablated], None] = lambda _: None) -> list[Ablated]:
    """Take away each proven set of each attack, and each part of it that lacks one control; two nodes at a time."""
    wanted: dict[tuple[str, ...], dict[str, bool]] = {}
    for one in attacks:
        for cut in one.cuts:
            wanted.setdefault(tuple(sorted(cut)), {})[one.id] = True
            for part in combinations(sorted(cut), len(cut) - 1):
                if part:
                    wanted.setdefault(part, {}).setdefault(one.id, False)
    found: list[Ablated] = []

    def run(item: tuple[tuple[str, ...], dict[str, bool]]) -> None:
        without, asked = item
        for result in _alone(without, asked):
            found.append(result)
            told(result)

    with ThreadPoolExecutor(CORES) as both:
        list(both.map(run, wanted.items()))
    return found


def _alone(without: tuple[str, ...], asked: dict[str, bool]) -> Iterator[Ablated]:
    command = [sys.executable, "-m", "salus_abuse.alone", *(f"--without={one}" for one in without), *asked]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        ended = {one["id"]: one for one in json.loads(done.stdout.splitlines()[-1])}
    except (ValueError, IndexError):
        ended = {}
    for id_, whole in asked.items():
        one = ended.get(id_, {"outcome": "MISSED", "broke": done.stderr[-2000:], "failed": []})
        yield Ablated(
            attack=id_,
            without=without,
            whole=whole,
            outcome=one["outcome"],
            broke=one["broke"],
            failed=tuple(one["failed"]),
        )
