"""Keep each side of a parting together: what was one resident's only by way of a chart that goes is so still. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from salus.identity.assertions import Assertion, Author, Verdict, pair_of, reached

EQUAL_NUMBER = Author(name="equal-number")


def bonds(
    side: Collection[int],
    told: Sequence[Assertion],
    numbers: Mapping[int, set[bytes]],
    *,
    ground: str,
    author: Author,
    at: datetime,
) -> Iterator[Assertion]:
    """Yield what joins the charts of one side that nothing standing joins: by an equal number, else by who parts.

    `told` stands, `numbers` are the charts' own. Whoever says which charts go says that the others stay one person's.
    """
    pairs = [one.pair for one in told if one.verdict is Verdict.SAME and set(one.pair) <= set(side)]
    joined: list[int] = []
    for chart in sorted(side):
        if chart in joined:
            continue
        group = sorted(reached(chart, pairs))
        if joined:
            yield _bond(joined, group, numbers, ground, author, at)
        joined += group


def _bond(
    joined: Sequence[int],
    group: Sequence[int],
    numbers: Mapping[int, set[bytes]],
    ground: str,
    author: Author,
    at: datetime,
) -> Assertion:
    equal = next(
        (
            (one, other)
            for one in joined
            for other in group
            if not numbers.get(one, set()).isdisjoint(numbers.get(other, set()))
        ),
        None,
    )
    return Assertion(
        pair=pair_of(*(equal or (joined[0], group[0]))),
        verdict=Verdict.SAME,
        ground="number" if equal else ground,
        author=EQUAL_NUMBER if equal else author,
        at=at,
    )
