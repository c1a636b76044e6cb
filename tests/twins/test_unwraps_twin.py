"""Openings held against reads day by day, as a node and its auditor do it: one answer, and never more forgiven."""

from __future__ import annotations

import os
from datetime import date, timedelta
from random import Random

from salus.app.unwrapping import MOST_OVER_MIDNIGHT, past_the_register
from salus_audit.judging import unwraps

CASES = int(os.environ.get("SALUS_TWIN_CASES", "5000"))
FIRST = date(2031, 3, 1)


def both(counts: dict[int, tuple[int, int]]) -> dict[int, int]:
    """Opened and declared by day, held by both; the answer is the same."""
    mine = past_the_register({FIRST + timedelta(days=day): (9, *each) for day, each in counts.items()})
    theirs = unwraps.unexplained({day: opened - declared for day, (opened, declared) in counts.items()})
    assert {(day - FIRST).days: more for day, more in mine.items()} == theirs, counts
    return theirs


def test_both_find_the_same_days_and_explain_as_much_as_can_be() -> None:
    rng, found, explained = Random(7), 0, 0
    for _ in range(CASES):
        counts = {
            day: (rng.choice((0, 1, 5, 400, 501, 1200)), rng.choice((0, 1, 5, 400, 501, 1200)))
            for day in sorted(rng.sample(range(9), rng.randint(1, 9)))
        }

        told = both(counts)

        excess = {day: opened - declared for day, (opened, declared) in counts.items() if opened > declared}
        reach = {
            day: sum(
                min(counts[one][1] - counts[one][0], MOST_OVER_MIDNIGHT)
                for one in (day - 1, day + 1)
                if one in counts and counts[one][1] > counts[one][0]
            )
            for day in excess
        }
        assert all(told.get(day, 0) >= more - reach[day] for day, more in excess.items()), (
            "explained by its neighbours alone"
        )
        assert set(told) <= set(excess)
        found += bool(told)
        explained += bool(excess) and told != excess
    assert min(found, explained) > CASES // 10


def test_an_old_surplus_explains_nothing_and_a_midnight_so_much_at_most() -> None:
    assert both({0: (0, 900), 2: (1, 0)}) == {2: 1}
    assert both({0: (0, 900), 1: (0, 0), 2: (3, 0)}) == {2: 3}
    assert both({0: (0, 900), 1: (600, 0)}) == {1: 100}
    assert both({0: (600, 0), 1: (0, 900)}) == {0: 100}
    assert both({0: (4, 6), 1: (5, 4), 2: (5, 4)}) == {2: 1}, "what one day was given is not given on"
    assert both({0: (1, 0), 1: (0, 1)}) == both({0: (0, 1), 1: (1, 0)}) == {}
