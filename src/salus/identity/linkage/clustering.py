"""From weighed pairs to clusters. Links are taken by descending weight, each only if the cluster it makes may stand.

Pure. Nothing here depends on the order in which pairs arrive: they are sorted by weight, then by the records' numbers.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from salus.identity.linkage.model import Grouping, Spec

Link: TypeAlias = tuple[int, int, float]
"""Two records, by number, and the weight in bits of their being one person's."""
Veto: TypeAlias = Callable[[Sequence[int], Sequence[int]], str]
"""Asked before two groups of records join: the reason against it, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What clusters are judged by, each list indexed by record number: sources, and values that must be single."""

    sources: Sequence[object] = ()
    single: Mapping[str, Sequence[object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """The cluster of each record, by the smallest number in it; and the links that were refused, with the reason."""

    of: Sequence[int]
    refused: Sequence[tuple[int, int, float, str]]


def cluster(
    count: int, links: Iterable[Link], spec: Spec, facts: Facts | None = None, veto: Veto | None = None
) -> Clusters:
    """Cluster `count` records, numbered from 0.

    With `connected`, each link joins. With `average`, two groups that a link connects join only while the pairs between
    them agree more than they disagree, which keeps one wrong link from chaining two people's records together.
    """
    rules = _Rules(spec, facts or Facts(), veto)
    if spec.grouping is Grouping.AVERAGE:
        return _averaged(count, links, spec, rules)
    groups = _Groups(count)
    refused = []
    for a, b, bits in sorted(links, key=_strongest):
        if bits < spec.link:
            break
        if reason := groups.join(a, b, rules):
            refused.append((a, b, bits, reason))
    return Clusters(of=groups.roots(), refused=refused)


def _strongest(link: Link) -> tuple[float, int, int]:
    a, b, bits = link
    return -bits, min(a, b), max(a, b)


class _Rules:
    """What must hold in a cluster. Asked with the members of two groups that would join."""

    def __init__(self, spec: Spec, facts: Facts, veto: Veto | None) -> None:
        self._per_source = spec.per_source
        self._sources = facts.sources
        self._single = facts.single
        self._veto = veto

    def against(self, one: Sequence[int], two: Sequence[int]) -> str:
        """Return why the groups may not join, or nothing."""
        if self._per_source and self._crowded(one, two):
            return f"more than {self._per_source} of one source"
        for column, values in self._single.items():
            if len({values[at] for group in (one, two) for at in group if values[at] is not None}) > 1:
                return f"two values of {column}"
        return self._veto(one, two) if self._veto else ""

    def _crowded(self, one: Sequence[int], two: Sequence[int]) -> bool:
        counts: dict[object, int] = {}
        for group in (one, two):
            for at in group:
                source = self._sources[at]
                counts[source] = counts.get(source, 0) + 1
        return max(counts.values()) > self._per_source


class _Groups:
    """Disjoint groups of records, each with its members."""

    def __init__(self, count: int) -> None:
        self._root = list(range(count))
        self._members: dict[int, list[int]] = {}

    def root(self, at: int) -> int:
        while self._root[at] != at:
            self._root[at] = self._root[self._root[at]]
            at = self._root[at]
        return at

    def members(self, root: int) -> list[int]:
        return self._members.get(root) or [root]

    def join(self, a: int, b: int, rules: _Rules) -> str:
        a, b = self.root(a), self.root(b)
        if a == b:
            return ""
        one, two = self.members(a), self.members(b)
        if reason := rules.against(one, two):
            return reason
        kept, gone = (a, b) if len(one) >= len(two) else (b, a)
        self._root[gone] = kept
        self._members[kept] = self.members(kept) + self.members(gone)
        self._members.pop(gone, None)
        return ""

    def roots(self) -> list[int]:
        smallest: dict[int, int] = {}
        return [smallest.setdefault(self.root(at), at) for at in range(len(self._root))]


class _Averages:
    """The mean weight between groups that some pair connects, kept up to date while groups join.

    A pair counts at most twice the threshold for linking, so that one strong pair does not outweigh many that disagree;
    a pair that is no candidate for review counts against as much as a link counts for.
    """

    def __init__(self, spec: Spec, links: Iterable[Link]) -> None:
        self._spec = spec
        self._size: dict[int, int] = {}
        self.between: dict[int, dict[int, tuple[float, int, float]]] = {}
        for a, b, bits in links:
            if bits >= spec.review:
                sums = (min(bits, 2 * spec.link), 1, bits)
                self.between.setdefault(a, {})[b] = self.between.setdefault(b, {})[a] = sums

    def size(self, group: int) -> int:
        return self._size.get(group, 1)

    def mean(self, a: int, b: int) -> float:
        """Return the mean between two connected groups; of groups without a link between them, less than any."""
        total, pairs, strongest = self.between[a][b]
        if strongest < self._spec.link:
            return -math.inf
        every = self.size(a) * self.size(b)
        return (total - (every - pairs) * self._spec.link) / every

    def join(self, kept: int, gone: int) -> None:
        self._size[kept] = self.size(kept) + self.size(gone)
        mine = self.between[kept]
        for other, (total, pairs, strongest) in self.between.pop(gone).items():
            del self.between[other][gone]
            if other == kept:
                continue
            sums, number, best = mine.get(other, (0.0, 0, -math.inf))
            mine[other] = self.between[other][kept] = (sums + total, number + pairs, max(best, strongest))

    def part(self, a: int, b: int) -> None:
        del self.between[a][b], self.between[b][a]


def _averaged(count: int, links: Iterable[Link], spec: Spec, rules: _Rules) -> Clusters:
    """Join the two groups whose pairs agree most on average, while they agree more than they disagree."""
    groups, refused, averages = _Groups(count), [], _Averages(spec, links)
    heap = [(-averages.mean(a, b), a, b) for a, others in averages.between.items() for b in others if a < b]
    heapq.heapify(heap)
    while heap:
        mean, a, b = heapq.heappop(heap)
        if -mean < 0:
            break
        if b not in averages.between.get(a, {}) or averages.mean(a, b) != -mean:
            continue
        if reason := groups.join(a, b, rules):
            refused.append((a, b, -mean, reason))
            averages.part(a, b)
            continue
        kept = groups.root(a)
        averages.join(kept, b if kept == a else a)
        for other in averages.between[kept]:
            one, two = min(kept, other), max(kept, other)
            heapq.heappush(heap, (-averages.mean(one, two), one, two))
    return Clusters(of=groups.roots(), refused=refused)
