"""Make figures of the population that leave the house once for each month, and move in steps only. Pure.

Whoever asks again gets the same figures, so that nothing is learnt by asking before and after one record came. And from
one month to the next no figure moves by fewer than STEP people: until then it stays as it was published, at most
STEP - 1 beside what is true. Small ones are hidden, with what would give one away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

from salus.records.population.hiding import hidden
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
    small = hidden({(sex, f"{ages[0]}"): count for (sex, ages), count in held.items()})
    shown = {
        (sex, ages): None if (sex, f"{ages[0]}") in small else held[sex, ages]
        for sex, ages in sorted(held, key=lambda one: (one[0], -1 if one[1][0] is None else one[1][0]))
    }
    before = last.after if last else 0
    if change is None:
        return Published(county=place, held=held, shown=shown, after=_stepped(0, before))
    if first:
        return Published(
            county=place, held=held, shown=shown, after=change.after, flows=_flows(change, change.before, change.after)
        )
    after = _stepped(change.after, before)
    return Published(county=place, held=held, shown=shown, after=after, flows=_flows(change, before, after))


def _stepped(count: int, last: int | None) -> int:
    """Return what is published of a count where `last` was: that again, until it is STEP people beside."""
    return count if last is None or abs(count - last) >= STEP else last


def _flows(one: Change, before: int, after: int) -> dict[str, int | None]:
    """Hide small flows; where one is hidden, what the totals before and after would tell of it is hidden, too."""
    names = [each.name for each in fields(one) if each.name not in ("month", "county", "before", "after")]
    flows = suppressed({name: getattr(one, name) for name in names})
    ends = suppressed({"before": before, "after": after})
    if list(flows.values()).count(None) == 1:
        ends = {**ends, "before": None}
    return {"before": ends["before"], **flows, "after": ends["after"]}


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
