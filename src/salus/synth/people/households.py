"""Who lives together: sizes of households, and the ages, sexes and surnames in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from salus.synth.model import Dice

BLOCK = 8
# How eight residents divide into households, and how often; the mean household has 2.7 people (a guess, as in cities).
_DIVISIONS = ((1, 3, 4), (2, 3, 3), (2, 2, 4), (1, 2, 5), (1, 1, 2, 4), (3, 5), (2, 6), (1, 2, 2, 3))
_SUMS = tuple(accumulate((20, 18, 14, 10, 14, 10, 6, 8)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place in a household; `other_family` bears the second surname, `male` None is either."""

    age_years: int
    male: bool | None = None
    other_family: bool = False


def household_sizes(dice: Dice) -> tuple[int, ...]:
    """Return how the next eight residents live together."""
    return _DIVISIONS[dice.along(_SUMS)]


def ages(dice: Dice, size: int) -> Iterator[Place]:
    """Yield a household's places, the one who answers for it first: a couple, children, the father's parents."""
    if size == 1:
        yield Place(age_years=dice.between(21, 92))
        return
    children = max(0, min(size - 2, 1 if size == 3 else 2))
    father = dice.between(26, 52) if children else dice.between(24, 86)
    yield Place(age_years=father, male=True)
    yield Place(age_years=max(22, father + dice.between(-4, 2)), male=False, other_family=True)
    for _ in range(children):
        yield Place(age_years=max(0, min(24, father - dice.between(24, 36))))
    for order in range(size - 2 - children):
        yield Place(age_years=min(97, father + dice.between(23, 34)), male=order == 0, other_family=order > 0)
