"""Count contests from the public log alone, as anybody can: opened, answered in time, ended, overdue. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from salus.appeals.contests.model import Outcome, Standing, standing
from salus.kernel import parse_instant

Leaves = Sequence[tuple[int, Mapping[str, object]]]
"""Leaves of one kind: place in the log and body."""
Vouched = Callable[[int], datetime | None]
"""When a quorum of witnesses first vouched for the leaf at a place, in their time; None if none has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many contests there were, by an instant. `waiting` and `late` are those without an answer in time."""

    opened: int
    stood: int
    ended: int
    waiting: int
    late: int

    @property
    def answered(self) -> int:
        """Those that were answered in time."""
        return self.stood + self.ended


def tally(opened: Leaves, closed: Leaves, vouched: Vouched, at: datetime) -> Tally:
    """Count at `at`. The first closing of a contest counts; a closing of what nobody opened counts for nothing."""
    answers: dict[object, tuple[int, Outcome]] = {}
    for index, body in closed:
        answers.setdefault(body["appeal"], (index, Outcome(str(body["outcome"]))))
    found = [_standing(body, answers, vouched, at) for body in {body["appeal"]: body for _, body in opened}.values()]
    return Tally(
        opened=len(found),
        stood=found.count(Standing.STANDS),
        ended=found.count(Standing.ENDED),
        waiting=found.count(Standing.WAITING),
        late=found.count(Standing.LATE),
    )


def _standing(
    body: Mapping[str, object], answers: Mapping[object, tuple[int, Outcome]], vouched: Vouched, at: datetime
) -> Standing:
    deadline = parse_instant(str(body["deadline"]))
    answer = answers.get(body["appeal"])
    if answer is None:
        return standing(deadline, None, None, at)
    index, outcome = answer
    return standing(deadline, outcome, vouched(index), at)
