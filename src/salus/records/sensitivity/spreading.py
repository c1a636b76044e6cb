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
from salus.records.sensitivity.holding import lends, taken_on
from salus.storage import Transaction


@dataclass(frozen=True, slots=True)
class Holding:
    """A submission: what was examined, what it refers to outside, and by place its charts and former classes."""

    examined: Sequence[Examined]
    targets: Mapping[tuple[str, UUID], store.Target]
    charts: Mapping[int, int]
    had: Mapping[int, int | None]


def classes_of(holding: Holding) -> list[int]:
    """Work out in which sensitive classes each resource is: of itself, by what it refers to, and as it was before."""
    found = taken_on(
        [(one.type, one.id, one.resource, referred(one.references)) for one in holding.examined],
        {literal: target[3] for literal, target in holding.targets.items()},
    )
    return [classes | (holding.had.get(place) or 0) for place, classes in enumerate(found)]


def spread(tx: Transaction, holding: Holding, classes: Sequence[int]) -> None:
    """Have what refers to an entry worked out again where a new version lends what it did not lend before."""
    charts, had = holding.charts, holding.had
    grown = {charts[place] for place, before in had.items() if lends(classes[place]) & ~lends(before)}
    if grown:
        residents = set(residents_of(tx, sorted(grown)).values())
        whole = [chart for key in residents if (one := resident_by_key(tx, key)) for chart in one.charts]
        waiting.unclass(tx, sorted(grown | set(whole)))
