"""Which pairs people are asked about: what no rule links and what is not beyond doubt two people's, each pair once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from salus.identity import store
from salus.identity.assertions import Assertion, Question, pair_of, standing
from salus.identity.assertions import Verdict as Said
from salus.identity.linkage.people import NOT_THE_SAME, Answer, Verdict
from salus.identity.matching.weighing import ANOTHERS, spelt_reason
from salus.identity.placing.gathering import MOST_CHARTS, Pair, Surroundings
from salus.identity.placing.grouping import CROWDED, Grouped, evidence
from salus.storage import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A component: which of its charts are new or changed, its links, how it was grouped, and how large it is."""

    seeds: frozenset[int]
    links: Mapping[Pair, Verdict]
    grouped: Grouped
    whole: int


def questions(
    tx: Transaction,
    around: Surroundings,
    asking: Iterable[Asking],
    told: Sequence[Assertion],
    whose: Mapping[int, int],
    at: datetime,
) -> list[Question]:
    """Return what people are to be asked: of any two residents the pair that weighs most.

    What a person found to be two people's is not asked again.
    """
    best: dict[Pair, tuple[Pair, str, Verdict]] = {}
    for one in asking:
        for pair, reason, verdict in _doubts(around, one):
            residents = _residents(around, whose, pair)
            known = best.get(residents)
            if residents[0] != residents[1] and (known is None or known[2].scored.bits < verdict.scored.bits):
                best[residents] = pair, reason, verdict
    parted = _parted(tx, told) if best else set()
    return [
        Question(pair=pair, reason=reason, at=at, evidence=evidence(verdict))
        for residents, (pair, reason, verdict) in sorted(best.items())
        if residents not in parted
    ]


def _doubts(around: Surroundings, one: Asking) -> Iterator[tuple[Pair, str, Verdict]]:
    refused = dict(one.grouped.refused)
    for pair, reason in refused.items():
        if reason != NOT_THE_SAME:
            yield pair, reason, one.links[pair]
    crowded = one.whole > MOST_CHARTS
    for seed in one.seeds:
        for other, verdict in around.around(seed).items():
            pair = pair_of(seed, other)
            if verdict.answer is Answer.REVIEW:
                yield pair, spelt_reason(verdict), verdict
            elif verdict.answer is Answer.LINK and pair not in refused:
                yield pair, CROWDED if crowded else ANOTHERS, verdict


def _residents(around: Surroundings, whose: Mapping[int, int], pair: Pair) -> Pair:
    """Return the residents of two charts; of one that is nobody's, what no resident has."""
    one, other = (whose.get(chart, around.known[chart].resident or -chart) for chart in pair)
    return pair_of(one, other)


def _parted(tx: Transaction, told: Sequence[Assertion]) -> set[Pair]:
    """Return the residents whom a person found to be two people, of those that were asserted about."""
    pairs = [one.pair for one in standing(told) if one.verdict is Said.NOT_SAME]
    whose = store.residents_of(tx, [chart for pair in pairs for chart in pair]) if pairs else {}
    return {pair_of(whose[a], whose[b]) for a, b in pairs if a in whose and b in whose}
