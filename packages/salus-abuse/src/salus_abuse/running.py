"""Run attacks on copies of one prepared scene, and each ablation in a process and on a copy of its own."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from salus_abuse.attacks import ATTACKS
from salus_abuse.controls import take_away
from salus_abuse.forking import CORES, Fell, apart, each
from salus_abuse.model import Attack, Ended, Outcome, Sight
from salus_abuse.prepared import a_prepared_scene, scenes_folder
from salus_abuse.scene import Scene, a_scene

ENDING = ("A27", "C17", "D10")
"""What ends the emergency, then what outlives it, and what waits for a month: last, in this order."""
FIRST = ("C06", "C05", "C20")
"""What takes longest is begun first, so that no process waits for another at the end."""


def chosen(only: Sequence[str]) -> list[Attack]:
    """Return the attacks of these names, or all, as they are run: what ends the emergency comes last."""
    found = [one for one in ATTACKS if not only or one.id in only]
    return sorted(found, key=lambda one: (one.id in ENDING, one.id not in FIRST, one.id))


def run_all(attacks: Iterable[Attack]) -> Iterator[Ended]:
    """Run attacks on two scenes at once, each in a process of its own that takes the next when it has done one."""
    known = {one.id: one for one in attacks}
    waiting, running = [*known], dict[Any, tuple[Any, str]]()
    with a_prepared_scene() as prepared:
        try:
            for _ in range(min(CORES, len(waiting))):
                process, ours = apart(_attacked, prepared)
                running[ours] = process, waiting.pop(0)
                ours.send(running[ours][1])
            while running:
                for heard in wait([*running]):
                    pipe: Any = heard
                    process, id_ = running.pop(pipe)
                    told = _next(pipe)
                    yield Ended(attack=known[id_], **told)
                    if waiting and process.is_alive():
                        running[pipe] = process, waiting.pop(0)
                        pipe.send(running[pipe][1])
                    else:
                        pipe.close()
                        process.join()
        finally:
            for process, _ in running.values():
                process.terminate()
                process.join()


def run_one(scene: Scene, attack: Attack) -> Ended:
    """Run one attack. What it or the node falls over is told and makes it missed; it proves nothing about a control."""
    sight, began, broke = Sight(scene), time.monotonic(), None
    scene.broken.clear()
    sight.strikes()
    try:
        attack.run(scene, sight)
    except Exception as error:
        broke = "".join(traceback.format_exception(error)[-4:])
    broke = broke or "; ".join(scene.broken[:3]) or None
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


Asked = tuple[tuple[str, ...], dict[str, bool]]
"""Controls that are taken away together, and each attack that is tried then: whether they are a whole set of it."""


def sets_of(attacks: Iterable[Attack]) -> list[Asked]:
    """Return each proven set of each attack, and each part of it that lacks one control."""
    wanted: dict[tuple[str, ...], dict[str, bool]] = {}
    for one in attacks:
        for cut in one.cuts:
            wanted.setdefault(tuple(sorted(cut)), {})[one.id] = True
            for part in combinations(sorted(cut), len(cut) - 1):
                if part:
                    wanted.setdefault(part, {}).setdefault(one.id, False)
    return [*wanted.items()]


def ablate(attacks: Iterable[Attack], told: Callable[[Ablated], None] = lambda _: None) -> list[Ablated]:
    """Take away each proven set of each attack, and each part of it that lacks one control; two nodes at a time."""
    found: list[Ablated] = []
    with a_prepared_scene() as prepared:
        for (without, asked), ended in each(partial(_without, prepared), _longest_first(sets_of(attacks))):
            for id_, whole in asked.items():
                told_of = _fell(ended) if isinstance(ended, Fell) else ended[id_]
                one = Ablated(attack=id_, without=without, whole=whole, **told_of)
                found.append(one)
                told(one)
    return found


def _fell(why: Fell) -> dict[str, Any]:
    return {"outcome": str(Outcome.MISSED), "broke": str(why), "failed": ()}


def _longest_first(sets: list[Asked]) -> list[Asked]:
    return sorted(sets, key=lambda one: (not set(FIRST) & set(one[1]), -len(one[1])))


def _without(prepared: Path, asked: Asked) -> dict[str, dict[str, Any]]:
    """In a process of its own: take controls away, and run the attacks that are tried without them."""
    without, wanted = asked
    take_away(without)
    with scenes_folder(prepared) as folder, a_scene(folder, without) as scene:
        ended = [run_one(scene, one) for one in chosen([*wanted])]
    return {one.attack.id: {"outcome": str(one.outcome), "broke": one.broke, "failed": one.failed} for one in ended}


def _attacked(pipe: Connection, prepared: Path) -> None:
    """In a process of its own: run attacks on one scene, as they are named, until nobody names another."""
    with scenes_folder(prepared) as folder, a_scene(folder) as scene:
        while True:
            try:
                (one,) = chosen([pipe.recv()])
            except EOFError:
                return
            ended = run_one(scene, one)
            told = ("outcome", "code", "within", "seconds", "failed", "broke")
            pipe.send({name: getattr(ended, name) for name in told})


def _next(pipe: Any) -> dict[str, Any]:
    try:
        told: dict[str, Any] = pipe.recv()
    except (EOFError, ConnectionResetError):
        return {
            "outcome": Outcome.MISSED,
            "code": None,
            "within": None,
            "seconds": 0.0,
            "failed": (),
            "broke": "the scene ended without a word",
        }
    return told
