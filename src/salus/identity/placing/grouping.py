"""Say which charts of one component are one person's, whatever the order in which they came. Pure.

A component is what links connect, taken or refused, with all charts of the residents whom it touches. What people
asserted is given; the rest is clustered as the batch does it, ties broken by what the charts say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations

from salus.identity.assertions import Assertion, Author, Evidence, Verdict, pair_of, replay, standing
from salus.identity.linkage.clustering import Link, cluster
from salus.identity.linkage.people import NOT_THE_SAME, PEOPLE
from salus.identity.linkage.people import Verdict as Weighed
from salus.identity.matching.model import Known
from salus.identity.matching.packing import pack
from salus.identity.matching.weighing import against

Pair = tuple[int, int]

EQUAL_NUMBER, WEIGHED = Author(name="equal-number"), Author(name="weighed")
CROWDED = "crowded"
"""The reason where a cluster would hold too many records of one facility, or a component too many charts."""
_SPEC = replace(PEOPLE, per_source=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """Charts by person, and the links that were not taken, with the reason."""

    blocks: tuple[frozenset[int], ...]
    refused: tuple[tuple[Pair, str], ...] = ()

    def of(self) -> dict[int, int]:
        """Return the number of each chart's block."""
        return {chart: at for at, block in enumerate(self.blocks) for chart in block}


def evidence(weighed: Weighed) -> Evidence:
    """Return what a verdict rests on, as it is kept: the weights that decided, too."""
    fields = tuple((field, bits) for field, _, bits in weighed.scored.explained())
    return Evidence(fields=fields, model=weighed.scored.model)


def group(known: Mapping[int, Known], links: Mapping[Pair, Weighed], told: Sequence[Assertion]) -> Grouped:
    """Cluster the charts of one component."""
    upheld = [one for one in standing(told) if known.keys() >= set(one.pair)]
    given = replay(known, {}, [one for one in upheld if _given(one, known)]).unminted
    ranks = {chart: rank for rank, chart in enumerate(sorted(known, key=lambda chart: _intrinsic(known[chart])))}
    parts = sorted((sorted(part, key=ranks.__getitem__) for part in given), key=lambda part: ranks[part[0]])
    at = {chart: place for place, part in enumerate(parts) for chart in part}
    best = _strongest(links, at, ranks)
    rules = _Rules(known, parts, {one.pair for one in upheld if one.verdict is Verdict.NOT_SAME})
    weights: list[Link] = [(a, b, _bits(links[pair])) for (a, b), pair in best.items()]
    found = cluster(len(parts), weights, _SPEC, veto=rules.against)
    blocks: dict[int, set[int]] = {}
    for place, root in enumerate(found.of):
        blocks.setdefault(root, set()).update(parts[place])
    refused = tuple((best[min(a, b), max(a, b)], reason) for a, b, _, reason in found.refused)
    return Grouped(blocks=tuple(map(frozenset, blocks.values())), refused=refused)


def _given(one: Assertion, known: Mapping[int, Known]) -> bool:
    """Tell whether an assertion is a person's, or about a chart that cannot be weighed."""
    return one.author.human or any(known[chart].person is None for chart in one.pair)


def _intrinsic(one: Known) -> tuple[bytes, str, int]:
    """Return what orders charts whenever they come; the chart itself decides between equal ones only."""
    return pack(one.person) if one.person else b"", one.source, one.chart


def _bits(weighed: Weighed) -> float:
    """A number that links by itself weighs as the weakest link does."""
    return max(weighed.scored.bits, PEOPLE.link)


def _strongest(links: Mapping[Pair, Weighed], at: Mapping[int, int], ranks: Mapping[int, int]) -> dict[Pair, Pair]:
    """Return the strongest link between any two parts."""
    best: dict[Pair, Pair] = {}
    for pair in sorted(links, key=lambda one: _rank(one, links, ranks)):
        one, other = at[pair[0]], at[pair[1]]
        if one != other:
            best.setdefault(pair_of(one, other), pair)
    return best


def _rank(pair: Pair, links: Mapping[Pair, Weighed], ranks: Mapping[int, int]) -> tuple[float, int, int]:
    one, other = sorted((ranks[pair[0]], ranks[pair[1]]))
    return -_bits(links[pair]), one, other


class _Rules:
    """What must hold in a cluster, asked of parts."""

    def __init__(self, known: Mapping[int, Known], parts: Sequence[Sequence[int]], parted: set[Pair]) -> None:
        self._known, self._parts, self._parted = known, parts, parted
        self._asked: dict[Pair, str] = {}

    def against(self, one: Sequence[int], two: Sequence[int]) -> str:
        some = [chart for place in one for chart in self._parts[place]]
        others = [chart for place in two for chart in self._parts[place]]
        pairs = [pair_of(a, b) for a in some for b in others]
        if not self._parted.isdisjoint(pairs):
            return NOT_THE_SAME
        if reason := min(filter(None, map(self._between, pairs)), default=""):
            return reason
        sources = [self._known[chart].source for chart in (*some, *others)]
        return CROWDED if max(map(sources.count, set(sources))) > PEOPLE.per_source else ""

    def _between(self, pair: Pair) -> str:
        if pair not in self._asked:
            one, other = (self._known[chart].person for chart in pair)
            self._asked[pair] = against(one, other) if one and other else ""
        return self._asked[pair]


def unambiguous(known: Mapping[int, Known], links: Mapping[Pair, Weighed]) -> Iterator[Pair]:
    """Name the links by a number alone that may stand: those of a chart whose others under it may be one person's."""
    by_number = {pair: one for pair, one in links.items() if one.scored.bits < PEOPLE.link}
    partners: dict[int, set[int]] = {}
    for one, other in by_number:
        partners.setdefault(one, set()).add(other)
        partners.setdefault(other, set()).add(one)
    unclear = {chart for chart, others in partners.items() if _clash(known, others)}
    yield from (pair for pair in links if pair not in by_number or unclear.isdisjoint(pair))


def _clash(known: Mapping[int, Known], charts: set[int]) -> bool:
    people = [one.person for one in (known[chart] for chart in charts) if one.person]
    return any(against(a, b) for a, b in combinations(people, 2))


def assertions(
    grouped: Grouped, links: Mapping[Pair, Weighed], told: Sequence[Assertion], at: datetime
) -> list[Assertion]:
    """Return what has to be asserted so that a replay gives these groups: links that lack, own ones taken back."""
    whose = grouped.of()
    upheld = [one for one in standing(told) if whose.keys() >= set(one.pair) and one.verdict is Verdict.SAME]
    apart = [one for one in upheld if whose[one.pair[0]] != whose[one.pair[1]] and not one.author.human]
    said = [_taken_back(one, at) for one in apart]
    root = {chart: chart for chart in whose}
    for one in upheld:
        if whose[one.pair[0]] == whose[one.pair[1]]:
            _join(root, one.pair)
    ordered = sorted(links, key=lambda pair: (-_bits(links[pair]), pair))
    within = (pair for pair in ordered if whose[pair[0]] == whose[pair[1]])
    said += [_same(pair, links[pair], at) for pair in within if _join(root, pair)]
    return said


def _same(pair: Pair, weighed: Weighed, at: datetime) -> Assertion:
    if weighed.scored.bits < PEOPLE.link:
        return Assertion(pair=pair, verdict=Verdict.SAME, ground="number", author=EQUAL_NUMBER, at=at)
    return Assertion(
        pair=pair, verdict=Verdict.SAME, ground="weighed", author=WEIGHED, at=at, evidence=evidence(weighed)
    )


def _taken_back(one: Assertion, at: datetime) -> Assertion:
    gone = frozenset([one.key])
    return Assertion(pair=one.pair, verdict=Verdict.WITHDRAWN, ground="weighed", author=WEIGHED, at=at, supersedes=gone)


def _join(root: dict[int, int], pair: Pair) -> bool:
    one, other = (_root(root, chart) for chart in pair)
    root[one] = other
    return one != other


def _root(root: dict[int, int], chart: int) -> int:
    while root[chart] != chart:
        chart = root[chart]
    return chart
