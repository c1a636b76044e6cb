"""In which classes a submission's resources are, and what is to be worked out again since one became sensitive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

from salus.identity import resident_by_key, residents_of
from salus.records import store
from salus.records.fhir.references import referred
from salus.records.intake.examine import Examined
from salus.records.sensitivity import store as waiting
from salus.records.sensitivity.holding import AGAIN, LENDS, lends, taken, taken_on, waiting_for
from salus.storage import Transaction

Literal = tuple[str, UUID]
_COMMON = ("directory", "facility")
_MOST_FOLLOWED = 200
"""So many entries are followed into other residents' records at once; the rest when they are worked out once more."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A submission: what was examined, what it refers to outside, and by place its charts, keys and former classes."""

    examined: Sequence[Examined]
    targets: Mapping[tuple[str, UUID], store.Target]
    charts: Mapping[int, int]
    versions: Mapping[int, tuple[int, int]]
    had: Mapping[int, int | None]


def classes_of(holding: Holding) -> list[int | None]:
    """Work out in which sensitive classes each resource is: of itself, by what it refers to, and as it was before.

    None where it was not worked out yet of what it refers to, or of what it was: it waits for that. What refers to what
    is worked out once more, is so too.
    """
    return _of(holding, {literal: target[3] for literal, target in holding.targets.items()})


def _of(holding: Holding, others: Mapping[Literal, int | None]) -> list[int | None]:
    said = [(one.type, one.id, one.resource, referred(one.references)) for one in holding.examined]
    unknown = {literal for literal, classes in others.items() if classes is None}
    waits = waiting_for(said, unknown) | {place for place, before in holding.had.items() if before is None}
    later = waiting_for(said, {literal for literal, classes in others.items() if (classes or 0) & AGAIN})
    found = [classes | (holding.had.get(place) or 0) for place, classes in enumerate(taken_on(said, others))]
    return [
        None if place in waits else classes | AGAIN if place in later else classes
        for place, classes in enumerate(found)
    ]


def spread(tx: Transaction, holding: Holding, classes: Sequence[int | None]) -> None:
    """Let what refers to an entry take on at once what a new version lends that it did not lend before.

    Then of a resident the whole record is worked out once more, of a directory what refers to the entry there: not all
    references are searched by, and older versions have theirs. Before that it is looked again at what this submission
    refers to: somebody else's hand may have made it sensitive meanwhile. From the look to the commit one of the two
    waits for the other: who refers holds what it refers to, who makes something sensitive holds its record alone.
    """
    held = _hold_alone(tx, holding, _lent(holding, classes), set())
    now = _look_again(tx, holding, classes)
    lent = _lent(holding, now)
    _hold_alone(tx, holding, lent, held)
    common = {place for place in lent if _kind(holding, place) in _COMMON}
    if common:
        charts = sorted({holding.charts[place] for place in common})
        _pass_on(tx, charts, [(holding.versions[place][0], lent[place]) for place in sorted(common)])
    if own := sorted(lent.keys() - common):
        charts = sorted(_whole(tx, {holding.charts[place] for place in own}))
        grown = [(holding.versions[place][0], lent[place]) for place in own]
        further = _pass_on(tx, charts, grown)
        waiting.again(tx, charts)
        follow(tx, [*grown, *further][:_MOST_FOLLOWED])


def follow(tx: Transaction, lent: Sequence[tuple[int, int]]) -> None:
    """Let what refers to entries, (resource_key, what each lends), take that on, also in another resident's record.

    What refers to those in turn is found when they are worked out once more.
    """
    held: set[int] = set()
    while lent and (found := waiting.followers(tx, lent)):
        if charts := {chart for _, chart, _, _ in found} - held:
            waiting.hold_alone(tx, sorted(charts))  # and look again, at what was being written
            held |= charts
            continue
        waiting.add_again(tx, [(key, taken(kind, 0, bits)) for key, _, bits, kind in found])
        return


def _pass_on(tx: Transaction, charts: Sequence[int], lent: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Let what in these charts refers to entries take on what they lend; return what of that lends it in turn."""
    reached = waiting.reached(tx, charts, lent)
    if reached:
        waiting.add_again(tx, [(key, bits | (bits << LENDS if goes_on else 0)) for key, bits, goes_on in reached])
    return [(key, bits) for key, bits, goes_on in reached if goes_on]


def _lent(holding: Holding, classes: Sequence[int | None]) -> dict[int, int]:
    """Return, by place, what entries lend that they did not lend before."""
    known = ((place, before, classes[place]) for place, before in holding.had.items())
    more = {
        place: lends(after) & ~lends(before)
        for place, before, after in known
        if before is not None and after is not None
    }
    return {place: bits for place, bits in more.items() if bits}


def _hold_alone(tx: Transaction, holding: Holding, lent: Mapping[int, int], held: AbstractSet[int]) -> AbstractSet[int]:
    """Hold the records and the common charts in which something lends more than before; return all that are held."""
    wanted = _whole(tx, {holding.charts[place] for place in lent}) - held
    if wanted:
        waiting.hold_alone(tx, sorted(wanted))
    return held | wanted


def _whole(tx: Transaction, charts: AbstractSet[int]) -> AbstractSet[int]:
    """Return these charts and all others of their residents."""
    residents = set(residents_of(tx, sorted(charts)).values()) if charts else set()
    return charts | {chart for key in residents if (one := resident_by_key(tx, key)) for chart in one.charts}


def _kind(holding: Holding, place: int) -> str:
    one = holding.examined[place]
    return holding.targets[one.type, one.id][1] if (one.type, one.id) in holding.targets else ""


def _look_again(tx: Transaction, holding: Holding, classes: Sequence[int | None]) -> Sequence[int | None]:
    """Look whether what is referred to lends more by now than when it was looked up; return the classes as they are."""
    own = {(one.type, one.id) for one in holding.examined}
    before = {literal: target for literal, target in holding.targets.items() if literal not in own}
    if not before:
        return classes
    within = set(holding.charts.values())  # a directory's entries are held by those that stand in it alone
    charts = {chart for chart, kind, _, _ in before.values() if kind != "directory" or chart in within}
    if charts:
        waiting.hold(tx, sorted(charts))
    now = waiting.classes_of(tx, [id_ for _, id_ in before])
    told = {literal: now.get(literal, target[3]) for literal, target in before.items()}
    if not any(_more(before[one][3], lends_now) for one, lends_now in told.items()):
        return classes
    found = _of(holding, {literal: target[3] for literal, target in holding.targets.items()} | told)
    rows = [(holding.versions[place][0], one) for place, one in enumerate(found) if one not in (None, classes[place])]
    if rows:
        waiting.add_again(tx, rows)
    if lost := [holding.versions[place][0] for place, one in enumerate(found) if one is None]:
        waiting.unclass_entries(tx, lost)
    return found


def _more(before: int | None, now: int | None) -> bool:
    """Tell whether an entry lends more than before, or is to be worked out, which it was not."""
    if before is None or now is None:
        return before is not None
    return bool(lends(now) & ~lends(before) or now & AGAIN & ~before)
