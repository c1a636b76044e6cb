"""What linkage is judged by: pairwise and B-cubed precision, recall and F1 of clusters against the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Precision and recall, of pairs and B-cubed."""

    precision: float
    recall: float
    b_precision: float
    b_recall: float

    @property
    def f1(self) -> float:
        """Return the harmonic mean of the pairs' precision and recall."""
        return _harmonic(self.precision, self.recall)

    @property
    def b_f1(self) -> float:
        """Return the harmonic mean of B-cubed precision and recall."""
        return _harmonic(self.b_precision, self.b_recall)


def quality(found: Mapping[str, Hashable], truth: Mapping[str, Hashable]) -> Quality:
    """Judge clusters. Both map a record to its cluster, and hold the same records."""
    joint = Counter((found[record], truth[record]) for record in truth)
    clusters, people = Counter(found.values()), Counter(truth.values())
    both, records = _pairs(joint.values()), len(truth)
    return Quality(
        precision=both / (_pairs(clusters.values()) or 1),
        recall=both / (_pairs(people.values()) or 1),
        b_precision=sum(size * size / clusters[cluster] for (cluster, _), size in joint.items()) / records,
        b_recall=sum(size * size / people[person] for (_, person), size in joint.items()) / records,
    )


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def _harmonic(one: float, two: float) -> float:
    return 2 * one * two / (one + two) if one + two else 0.0
