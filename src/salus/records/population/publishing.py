"""Make figures of the population that leave the house once for each month, and move in steps only. Pure.

Whoever asks again gets the same figures, so that nothing is learnt by asking before and after one record came. And from
one month to the next no figure moves by fewer than STEP people: until then it stays as it was published, at most
STEP - 1 beside what is true. Small ones are hidden, with what would give one away, and stay hidden while figures of
another month would tell of them. All others are multiples of STEP, each rounded for itself, so that none of their sums
and differences is exact.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

from salus.records.population.hiding import Cell, hidden
from salus.records.population.model import SMALLEST_SHOWN, Change, Denominator, suppressed

STEP: Final = SMALLEST_SHOWN
"""By how many people a published figure moves at least."""
Ages = tuple[int | None, int | None]
Line = tuple[str, Ages]
"""A sex, and a band of ages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A county's figures of a month: `held` is what the month after is held against, `shown` what is told of that.

    `after` is its whole population in the same way, `flows` what is told of births, deaths and moves, by the names of
    `Change`. None is a figure that is hidden, and a county nobody declared to keep records in.
    """

    county: str | None
    held: Mapping[Line, int]
    shown: Mapping[Line, int | None]
    after: int = 0
    flows: Mapping[str, int | None] = field(default_factory=dict)


def publish(
    table: Iterable[Denominator], changes: Iterable[Change], before: Sequence[Published] | None
) -> list[Published]:
    """Return what a month's figures leave the house as; `before` is the last month that did, None at the first.

    What nobody declared to keep is always among them, be it empty.
    """
    known: dict[str | None, Published] = {one.county: one for one in before or ()}
    counts: dict[str | None, dict[Line, int]] = {None: {}}
    for cell in table:
        counts.setdefault(cell.county, {})[cell.sex, (cell.age_from, cell.age_to)] = cell.residents
    told: dict[str | None, Change] = {one.county: one for one in changes}
    places = counts.keys() | told.keys() | known.keys()
    return [
        _county(place, counts.get(place, {}), told.get(place), known.get(place), first=before is None)
        for place in sorted(places, key=lambda one: one or "~")
    ]


def _county(
    place: str | None, counts: Mapping[Line, int], change: Change | None, last: Published | None, *, first: bool
) -> Published:
    was = last.held if last else {}
    held = {
        line: count
        for line in counts.keys() | was.keys()
        if (count := _stepped(counts.get(line, 0), None if first else was.get(line, 0)))
    }
    table = _table(held)
    covered = hidden(table, _staying(table, last))
    shown = {
        (sex, ages): None if (sex, f"{ages[0]}") in covered else held[sex, ages]
        for sex, ages in sorted(held, key=lambda one: (one[0], -1 if one[1][0] is None else one[1][0]))
    }
    before = last.after if last else 0
    if change is None:
        return Published(county=place, held=held, shown=shown, after=_stepped(0, before))
    if first:
        before = _stepped(change.before, None)
    after = _stepped(change.after, None if first else before)
    return Published(county=place, held=held, shown=shown, after=after, flows=_flows(change, before, after))


def _table(held: Mapping[Line, int]) -> dict[Cell, int]:
    return {(sex, f"{ages[0]}"): count for (sex, ages), count in held.items()}


def _staying(table: Mapping[Cell, int], last: Published | None) -> set[Cell]:
    """Return what was hidden last month and stays so: all, while one is small or one still stands as it was.

    If another were hidden in the place of one, what the two months show would give the small one away together.
    """
    if last is None:
        return set()
    was = _table({line: last.held[line] for line, told in last.shown.items() if told is None})
    small = any(0 < people < SMALLEST_SHOWN for people in table.values())
    return set(was) if small or any(table.get(cell) == people for cell, people in was.items()) else set()


def _stepped(count: int, last: int | None) -> int:
    """Return what is published of a count where `last` was: that again, until it is STEP people beside.

    Then the nearest multiple of STEP that is as far from `last`; small ones are hidden, and stay as they are.
    """
    if last is not None and abs(count - last) < STEP:
        return last
    near = count if count < SMALLEST_SHOWN else _rounded(count)
    if last is not None and abs(near - last) < STEP:
        return near + STEP if count > last else near - STEP
    return near


def _rounded(count: int) -> int:
    return (count + STEP // 2) // STEP * STEP


def _flows(one: Change, before: int, after: int) -> dict[str, int | None]:
    """Hide small flows; where one is hidden, what the totals before and after would tell of it is hidden, too.

    The others are rounded: beside totals that move in steps, exact ones of some months would tell hidden ones.
    """
    names = [each.name for each in fields(one) if each.name not in ("month", "county", "before", "after")]
    flows = suppressed({name: getattr(one, name) for name in names})
    ends = suppressed({"before": before, "after": after})
    if list(flows.values()).count(None) == 1:
        ends = {**ends, "before": None}
    rounded = {name: None if count is None else _rounded(count) for name, count in flows.items()}
    return {"before": ends["before"], **rounded, "after": ends["after"]}


def written(one: Published) -> str:
    """Return a county's figures as they are kept."""
    lines = [[sex, *ages, one.held[sex, ages], one.shown[sex, ages]] for sex, ages in one.shown]
    return json.dumps({"lines": lines, "after": one.after, "flows": dict(one.flows)})


def read(county: str | None, text: str) -> Published:
    """Return figures as `written` wrote them."""
    told = json.loads(text)
    return Published(
        county=county,
        held={(sex, (first, beyond)): held for sex, first, beyond, held, _ in told["lines"]},
        shown={(sex, (first, beyond)): shown for sex, first, beyond, _, shown in told["lines"]},
        after=told["after"],
        flows=told["flows"],
    )
