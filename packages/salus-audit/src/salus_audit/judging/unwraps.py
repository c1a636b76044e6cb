"""Uses of charts' keys, held against what reads declare: by custodian and day, and over a midnight so many at most.

A surplus of one day, as a crash leaves it, explains nothing of any other day but the next one and the one before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from salus_audit.heads import Witnessed
from salus_audit.judging.publishing import DAY, TOLD_WITHIN
from salus_audit.reading.walking import Log
from salus_audit.spelling import seconds

MOST_OVER_MIDNIGHT = 500
"""How many uses may be told of on the other side of a midnight: what one step of an import opens."""
SETTLES = 300
"""How long after its end a day waits for what began in it, in seconds."""


def judge_unwraps(log: Log, seen: Witnessed) -> None:
    """Find days on which keys were used more often than reads account for. Fewer uses are no finding."""
    told: dict[str, dict[int, tuple[int, dict[str, Any]]]] = {}
    for index, body in log.of("unwraps"):
        day = seconds(f"{body['day']}T00:00:00Z") // DAY
        told.setdefault(str(body["custodian"]), {}).setdefault(day, (index, body))
    for custodian, days in sorted(told.items()):
        balance = {day: int(body["unwraps"]) - int(body["declared"]) for day, (_, body) in days.items()}
        for day, missing in sorted(unexplained(balance).items()):
            index, body = days[day]
            waits = MOST_OVER_MIDNIGHT if day == max(days) and not _over(day + 1, seen) else 0
            if missing > waits:
                text = f"keys were used {missing} times more on {body['day']} than reads account for"
                log.findings.add("UNWRAP-UNEXPLAINED", index, custodian, text)
            else:
                text = f"{missing} uses of keys late on {body['day']}: reads of the day after may account for them"
                log.findings.pass_over(text)


def unexplained(balance: Mapping[int, int]) -> dict[int, int]:
    """Return how many uses of each day nothing accounts for, from how many more there were than were declared.

    Goes from midnight to midnight: over each what one side lacks and the other has too much of is set off.
    """
    left = dict(balance)
    for day in sorted(balance):
        if day + 1 in left:
            moved = _over_midnight(left[day], left[day + 1])
            left[day], left[day + 1] = left[day] - moved, left[day + 1] + moved
    return {day: missing for day, missing in left.items() if missing > 0}


def _over_midnight(before: int, after: int) -> int:
    """Return what goes from the day before a midnight to the day after it; less than nothing goes the other way."""
    if (before > 0) == (after > 0):
        return 0
    return min(before, -after, MOST_OVER_MIDNIGHT) if before > 0 else -min(-before, after, MOST_OVER_MIDNIGHT)


def _over(day: int, seen: Witnessed) -> bool:
    """Tell whether the log had the time to count a day."""
    newest = seen.newest
    return newest is not None and newest.as_of >= (day + 1) * DAY + SETTLES + TOLD_WITHIN
