"""What an attack is, what is looked for after it, and how it can end."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salus_abuse.scene import Scene

POWERS = {
    "U": "a user",
    "C": "a clinician",
    "O": "an official",
    "L": "a laboratory",
    "S": "a sampling site",
    "D": "the whole database",
    "K": "one stolen key",
    "G": "the log's operator",
    "W": "some witnesses",
    "N": "the network",
}


class Outcome(StrEnum):
    """How an attack ended."""

    BLOCKED = "BLOCKED"
    DETECTED = "DETECTED"
    MISSED = "MISSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One thing that had to be so after an attack, and whether it was."""

    statement: str
    holds: bool


@dataclass(slots=True)
class Sight:
    """What is seen of one attack. Whatever does not hold makes it missed; so does an attack after which nobody looked.

    `code` is the stable word under which it was refused or found, `within` how many checkpoints that took.
    """

    scene: Scene
    seen: list[Seen] = field(default_factory=list)
    code: str | None = None
    found: bool = False
    within: int | None = None
    _struck: int = 0

    def strikes(self) -> None:
        """Note that the attack proper begins now; checkpoints are counted from here."""
        self._struck = self.scene.closed

    def that(self, statement: str, holds: object) -> None:
        """Say what has to be so, and whether it is."""
        self.seen.append(Seen(statement=statement, holds=bool(holds)))

    def refused(self, what: str, answer: Any, *statuses: int, code: str | None = None) -> None:
        """An HTTP answer has to be one of these refusals, and name `code` if one is given. A fault (5xx) is none."""
        held = answer.status_code < 500 and answer.status_code in statuses and (code is None or code in answer.text)
        self.that(f"{what} is refused ({answer.status_code})", held)
        if held and code:
            told = re.search(rf"{re.escape(code)}[A-Z0-9-]*", answer.text)
            self.code = told[0] if told else code

    def word(self, what: str, word: str | None, *expected: str) -> None:
        """A refusal's stable word has to be one of these."""
        self.that(f"{what} is refused under {word}", word in expected)
        if word in expected:
            self.code = word

    def finding(self, code: str, found: int, least: int = 1) -> None:
        """The auditor has to report `code` at least so often."""
        self.that(f"the auditor reports {code} {found} times", found >= least)
        if found >= least:
            self.code, self.found, self.within = code, True, self.scene.closed - self._struck

    def outside(
        self,
        code: str,
        *,
        since: str | None = None,
        log: Path | None = None,
        files: Sequence[bytes] = (),
        at: datetime | None = None,
        before: Mapping[str, int] | None = None,
    ) -> None:
        """Whoever has the log's files alone has to find it too, with `salus-audit`, where that is installed.

        `before` is what that found before the attack, where another can leave the same behind.
        """
        found = self.scene.outside(since=since, log=log, files=files, at=at)
        if found is not None:
            more = found[code] - (before or {}).get(code, 0)
            self.that(f"salus-audit reports {code} {more} times, from the files alone", more > 0)

    @property
    def outcome(self) -> Outcome:
        """How the attack ended, by everything that was seen."""
        if not self.seen or not all(one.holds for one in self.seen):
            return Outcome.MISSED
        return Outcome.DETECTED if self.found else Outcome.BLOCKED


Run = Callable[["Scene", Sight], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A named attack. `cuts` are its proven sets: without all controls of one it must be missed, with one left not."""

    id: str
    title: str
    powers: str
    passes: str
    run: Run
    cuts: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one attack ended. `broke` is what the attack itself or the node fell over, which proves nothing."""

    attack: Attack
    outcome: Outcome
    code: str | None
    within: int | None
    seconds: float
    failed: tuple[str, ...] = ()
    broke: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it for a program."""
        told = {"id": self.attack.id, "outcome": str(self.outcome), "code": self.code, "within": self.within}
        more = {"failed": [*self.failed], "broke": self.broke, "seconds": round(self.seconds, 2)}
        return {**told, "title": self.attack.title, "powers": self.attack.powers, **more}


ATTACKS: list[Attack] = []


def attack(
    id_: str, title: str, *, powers: str, passes: str, cuts: Sequence[Sequence[str]] = ()
) -> Callable[[Run], Run]:
    """Register an attack under its name, in the order of the table."""

    def registered(run: Run) -> Run:
        given = tuple(tuple(one) for one in cuts)
        ATTACKS.append(Attack(id=id_, title=title, powers=powers, passes=passes, run=run, cuts=given))
        return run

    return registered
