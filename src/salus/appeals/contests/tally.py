"""Count contests from the public log alone, as anybody can: opened, answered in time, ended, overdue. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from salus.appeals.contests.model import Outcome, Standing, standing
from salus.kernel import parse_instant
from salus.rules import ANSWER_WITHIN

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
    """Count at `at`. The first opening of a contest counts, and the first closing after it; no other has any effect.

    A leaf says its deadline itself: one that is later than 48 hours after witnesses had the opening is not believed.
    """
    openings: dict[object, tuple[int, Mapping[str, object]]] = {}
    for index, body in opened:
        openings.setdefault(body["appeal"], (index, body))
    answers: dict[object, tuple[int, Outcome]] = {}
    for index, body in closed:
        opening = openings.get(body["appeal"])
        if opening and index > opening[0]:
            answers.setdefault(body["appeal"], (index, Outcome(str(body["outcome"]))))
    found = [_standing(index, body, answers, vouched, at) for index, body in openings.values()]
    return Tally(
        opened=len(found),
        stood=found.count(Standing.STANDS),
        ended=found.count(Standing.ENDED),
        waiting=found.count(Standing.WAITING),
        late=found.count(Standing.LATE),
    )


def _standing(
    place: int,
    body: Mapping[str, object],
    answers: Mapping[object, tuple[int, Outcome]],
    vouched: Vouched,
    at: datetime,
) -> Standing:
    deadline, opened_at = parse_instant(str(body["deadline"])), vouched(place)
    if opened_at is not None:
        deadline = min(deadline, opened_at + ANSWER_WITHIN)
    answer = answers.get(body["appeal"])
    if answer is None:
        return standing(deadline, None, None, at)
    index, outcome = answer
    return standing(deadline, outcome, vouched(index), at)
