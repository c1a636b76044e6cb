"""The online engine: two prepared records and a model in, bits by field out. The sum is exact."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from salus.identity.linkage.comparing import MISSING, gamma
from salus.identity.linkage.model import Comparison, Row, Spec
from salus.identity.linkage.weights import Frequencies, Weights, check_weights, gamma_of, grained


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldBits:
    """What one comparison said: its level and its bits, the share of them that a value's rarity gave included."""

    comparison: str
    level: str
    gamma: int
    bits: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The weight of two records being one person's: the prior's bits and those of each part sum to `bits` exactly.

    `model` is the hash of the weights.
    """

    bits: float
    prior: float
    parts: tuple[FieldBits, ...]
    model: str

    @property
    def probability(self) -> float:
        """Return the weight as a probability."""
        return 1 / (1 + 2**-self.bits) if self.bits >= 0 else 2**self.bits / (1 + 2**self.bits)

    def explained(self) -> tuple[tuple[str, str, float], ...]:
        """Return (field, level, bits) as they are shown, the prior first; they sum to the total."""
        return (("prior", "", self.prior), *((one.comparison, one.level, one.bits) for one in self.parts))


_Scorer: TypeAlias = Callable[[Row, Row], FieldBits]


class Scorer:
    """Score pairs of prepared records under one model; it holds what can be worked out beforehand. Keeps no record."""

    def __init__(self, spec: Spec, weights: Weights) -> None:
        check_weights(weights, spec)
        names = gamma_of(spec)
        frequencies = {one.column: one for one in weights.frequencies}
        self._prior, self._model = weights.prior_bits, weights.hash
        self._parts = [_part(one, names[one.name], weights, frequencies) for one in spec.comparisons]

    def __call__(self, a: Row, b: Row) -> Scored:
        """Return the score of two records; the order of the two does not matter."""
        parts = tuple(part(a, b) for part in self._parts)
        bits = sum((one.bits for one in parts), self._prior)
        return Scored(bits=bits, prior=self._prior, parts=parts, model=self._model)


def score(a: Row, b: Row, spec: Spec, weights: Weights) -> Scored:
    """Score one pair. For many pairs build a `Scorer` once."""
    return Scorer(spec, weights)(a, b)


def _part(
    comparison: Comparison, names: dict[int, str], weights: Weights, frequencies: dict[str, Frequencies]
) -> _Scorer:
    reached, top = gamma(comparison), len(comparison.levels)
    trained = weights.of(comparison.name)
    plain = {
        number: FieldBits(
            comparison=comparison.name,
            level=names[number],
            gamma=number,
            bits=0.0 if number == MISSING else trained[top - number].bits,
        )
        for number in (MISSING, *range(top + 1))
    }
    rare = {
        top - at: (level.by_frequency, frequencies[level.by_frequency], math.log2(trained[at].u))
        for at, level in enumerate(comparison.levels)
        if level.by_frequency
    }
    weighed: dict[tuple[int, float], FieldBits] = {}  # as many as the model has shares

    def scored(a: Row, b: Row) -> FieldBits:
        number = reached(a, b)
        part = plain[number]
        if number not in rare:
            return part
        column, shares, u = rare[number]
        share = shares.of(a.get(column))
        found = weighed.get((number, share))
        if found is None:
            bits = part.bits + grained(u - math.log2(share))
            found = weighed[number, share] = replace(part, bits=bits)
        return found

    return scored
