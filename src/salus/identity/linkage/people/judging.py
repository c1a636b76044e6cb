"""The online verdict on two prepared people: the weight, then the guards over it. The batch says the same. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from salus.identity.linkage.model import Row, Spec
from salus.identity.linkage.people.guards import Guard, Outcome, Within, guards
from salus.identity.linkage.people.specification import PEOPLE
from salus.identity.linkage.scoring import Scored, Scorer
from salus.identity.linkage.weights import Weights

NOT_THE_SAME = "not-the-same"
"""The reason where a person has said that two records are not of one person; it holds until a person lifts it."""


class Answer(StrEnum):
    """What is to be done with a pair. `NOTHING`: too little speaks for one person even to ask."""

    LINK = "link"
    REVIEW = "review"
    APART = "apart"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to be done with a pair, why not more (a guard's code, or ""), and the weight with its parts."""

    answer: Answer
    reason: str
    scored: Scored


class Judge:
    """Judges pairs under one model. It keeps no record, and may be shared between threads."""

    def __init__(self, weights: Weights, spec: Spec = PEOPLE, table: tuple[Guard, ...] | None = None) -> None:
        self._score = Scorer(spec, weights)
        self._spec = spec
        self._guards = [(guard, guard.holds()) for guard in (guards() if table is None else table)]

    def __call__(self, a: Row, b: Row, *, parted: bool = False) -> Verdict:
        """Judge two prepared records. `parted`: a person has said that they are not the same.

        A guard only ever lowers the answer; what the weight alone would not show stays unshown.
        """
        scored = self._score(a, b)
        if parted:
            return Verdict(answer=Answer.APART, reason=NOT_THE_SAME, scored=scored)
        guard = next((guard for guard, holds in self._guards if guard.bears(scored.bits) and holds(a, b)), None)
        if guard is not None and guard.outcome is Outcome.APART:
            answer = Answer.APART
        elif scored.bits < self._spec.review:
            answer = Answer.NOTHING
        else:
            answer = Answer.REVIEW if guard is not None or scored.bits < self._spec.link else Answer.LINK
        return Verdict(answer=answer, reason=guard.code if guard else "", scored=scored)

    def against(self, one: Sequence[Row], two: Sequence[Row]) -> str:
        """Return why two clusters may not become one, as a guard's code or a rule of the specification, or "".

        Ask at every union, with all members: what two records may not be, a chain of others does not make them.
        """
        for guard, holds in self._guards:
            if guard.within is Within.CLUSTER and any(holds(a, b) for a in one for b in two):
                return guard.code
        members = [*one, *two]
        for column in self._spec.single:
            if len({member.get(column) for member in members} - {None}) > 1:
                return f"two values of {column}"
        sources = [member.get("source") for member in members]
        if self._spec.per_source and max(map(sources.count, set(sources))) > self._spec.per_source:
            return f"more than {self._spec.per_source} of one source"
        return ""
