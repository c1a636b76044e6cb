"""Hold the count of opened chart keys, which the keys' own store keeps, against what the register tells of them.

Both sums of each day stand in the public log. A key that was opened past the register is a difference that stays: what
a day has told too much of, as after a crash, explains only what lies over a midnight from it, and of that so much.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from salus import access, ledger
from salus.app.node import Node
from salus.storage import Duty

SETTLES: Final = timedelta(minutes=5)
"""How long after its end a day waits for what began in it: requests under way over midnight are counted with it."""
MOST_OVER_MIDNIGHT: Final = 500
"""How many openings may be told of on the other side of a midnight: what one step of an import opens."""
_TRIES, _PAUSE_SECONDS = 6, 0.25
Counts = Mapping[date, tuple[int, int, int]]
"""By UTC day: entries, unwraps that the keys counted, unwraps that the entries declare."""


def publish_unwraps(node: Node) -> int:
    """Hand the counts of days that are over to the log, once each; return how many."""
    today = (node.clock.now() - SETTLES).date()
    counted, complete = node.keys.unwraps_by_day()
    since = None if complete or not counted else counted[0][0] + timedelta(days=1)
    with node.store.transaction(Duty.CARE) as tx:
        return access.publish_unwraps(tx, node.name, dict(counted), since, today)


def unexplained(node: Node) -> Iterator[tuple[str, str]]:
    """Tell of openings that no entry tells of, and of days of which the log counted otherwise: where, and what.

    A write that is under way was counted and is told a moment later, so it is looked at again for a second or two.
    More told than opened is no finding: a read is written down first, and a crash may come between.
    """
    kept = _counts(node)
    for _ in range(_TRIES):
        if not past_the_register(kept):
            break
        time.sleep(_PAUSE_SECONDS)
        kept = _told(node, {day: opened for day, (_, opened, _) in kept.items()})
    for day, more in past_the_register(kept).items():
        yield day.isoformat(), f"keys of charts were opened {more} times more than the register of reads tells of"
    for _, leaf in ledger.leaves(node.store, "unwraps"):
        day, logged = date.fromisoformat(str(leaf.body["day"])), _logged(leaf.body)
        if leaf.body["custodian"] == node.name and kept.get(day, (0, 0, 0)) != logged:
            yield day.isoformat(), "the log counted another number of entries, openings or openings told of"


def _counts(node: Node) -> Counts:
    """Return the counts of each day that is told apart. The keys are asked first: a read is told before it opens."""
    counted, complete = node.keys.unwraps_by_day()
    return _told(node, dict(counted if complete else counted[1:]), None if complete else counted[0][0])


def _told(node: Node, opened: Mapping[date, int], after: date | None = None) -> Counts:
    with node.store.transaction(Duty.CARE) as tx:
        told = access.told_by_day(tx)
    days = sorted({*told, *opened})
    found = {day: (told.get(day, (0, 0))[0], opened.get(day, 0), told.get(day, (0, 0))[1]) for day in days}
    return {day: counts for day, counts in found.items() if after is None or day > after}


def past_the_register(kept: Counts) -> dict[date, int]:
    """Return the days on which more was opened than is told of, and how much more.

    What is missing is taken from what the day before has too much of, since a read is told of before it opens, and then
    from the day after, since a write may be told of once it is done; over one midnight `MOST_OVER_MIDNIGHT` at most.
    """
    surplus = {day: max(declared - opened, 0) for day, (_, opened, declared) in kept.items()}
    found = {}
    for day, (_, opened, declared) in sorted(kept.items()):
        missing = max(opened - declared, 0)
        for beside in (day - timedelta(days=1), day + timedelta(days=1)):
            taken = min(missing, surplus.get(beside, 0), MOST_OVER_MIDNIGHT)
            if taken:
                missing -= taken
                surplus[beside] -= taken
        if missing:
            found[day] = missing
    return found


def _logged(body: Mapping[str, object]) -> tuple[int, int, int]:
    entries, unwraps, declared = (int(str(body[name])) for name in ("entries", "unwraps", "declared"))
    return entries, unwraps, declared


__all__ = ["MOST_OVER_MIDNIGHT", "SETTLES", "past_the_register", "publish_unwraps", "unexplained"]
