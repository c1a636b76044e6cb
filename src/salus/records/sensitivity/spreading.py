"""In which classes a submission's resources are, and what is to be worked out again since one became sensitive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from salus.identity import resident_by_key, residents_of
from salus.records import store
from salus.records.fhir.references import referred
from salus.records.intake.examine import Examined
from salus.records.sensitivity import store as waiting
from salus.records.sensitivity.holding import lends, taken_on, waiting_for
from salus.storage import Transaction


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

    None where it was not worked out yet of what it refers to, or of what it was: it waits for that.
    """
    said = [(one.type, one.id, one.resource, referred(one.references)) for one in holding.examined]
    others = {literal: target[3] for literal, target in holding.targets.items()}
    unknown = {literal for literal, classes in others.items() if classes is None}
    waits = waiting_for(said, unknown) | {place for place, before in holding.had.items() if before is None}
    found = [classes | (holding.had.get(place) or 0) for place, classes in enumerate(taken_on(said, others))]
    return [None if place in waits else classes for place, classes in enumerate(found)]


def spread(tx: Transaction, holding: Holding, classes: Sequence[int | None]) -> None:
    """Have what refers to an entry worked out again where a new version lends what it did not lend before.

    Of a resident the whole record, of a directory what refers to the entry there. And what was written now waits if
    what it refers to became sensitive meanwhile by another's hand.
    """
    grown = {place for place, before in holding.had.items() if before is not None and _grew(before, classes[place])}
    common = {place for place in grown if _kind(holding, place) in ("directory", "facility")}
    if common:
        keys = sorted(holding.versions[place][0] for place in common)
        waiting.unclass_referring(tx, sorted({holding.charts[place] for place in common}), keys)
    if charts := {holding.charts[place] for place in grown - common}:
        residents = set(residents_of(tx, sorted(charts)).values())
        whole = [chart for key in residents if (one := resident_by_key(tx, key)) for chart in one.charts]
        waiting.unclass(tx, sorted(charts | set(whole)))
    _look_again(tx, holding)


def _grew(before: int | None, after: int | None) -> bool:
    return before is not None and bool(lends(after) & ~lends(before))


def _kind(holding: Holding, place: int) -> str:
    one = holding.examined[place]
    return holding.targets[one.type, one.id][1] if (one.type, one.id) in holding.targets else ""


def _look_again(tx: Transaction, holding: Holding) -> None:
    own = {(one.type, one.id) for one in holding.examined}
    before = {literal: target[3] for literal, target in holding.targets.items() if literal not in own}
    now = waiting.classes_of(tx, [id_ for _, id_ in before]) if before else {}
    grown = {one for one, classes in before.items() if _grew(classes, now.get(one, classes))}
    if grown:
        said = [(one.type, one.id, one.resource, referred(one.references)) for one in holding.examined]
        waiting.unclass_entries(tx, sorted(holding.versions[place][0] for place in waiting_for(said, grown)))
