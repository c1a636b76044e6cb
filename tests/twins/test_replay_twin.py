"""Who is who as a replay, against a slow twin that walks from chart to chart, and in any order of arrival."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import combinations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from salus.identity import Assertion, Author, Evidence, Verdict
from salus.identity.assertions import pair_of, replay, standing
from salus.kernel import Role

AT = datetime(2031, 3, 1, tzinfo=UTC)
CHARTS = range(1, 9)
AUTHORS = st.sampled_from([Author(name="equal-number"), Author(name="reviewer", role=Role.CLINICIAN)])
PAIRS = st.sampled_from(list(combinations(CHARTS, 2)))
MINTS = st.lists(st.sampled_from(CHARTS), unique=True).map(lambda charts: {100 + c: c for c in charts})


@st.composite
def logs(draw: st.DrawFn) -> list[Assertion]:
    """Any log: assertions that supersede any earlier ones of their pair, or of another, which counts for nothing."""
    told: list[Assertion] = []
    for key in range(1, draw(st.integers(0, 14)) + 1):
        gone = draw(st.sets(st.integers(1, key - 1), max_size=2)) if key > 1 else set()
        verdicts = list(Verdict) if gone else [Verdict.SAME, Verdict.SAME, Verdict.NOT_SAME]
        bits = draw(st.sampled_from([None, 8.25, 20.5]))
        told.append(
            Assertion(
                key=key,
                pair=draw(PAIRS),
                verdict=draw(st.sampled_from(verdicts)),
                ground="drawn",
                author=draw(AUTHORS),
                at=AT,
                evidence=Evidence(fields=(("name", bits),), model="drawn") if bits else None,
                supersedes=frozenset(gone),
            )
        )
    return told


def upheld(told: Sequence[Assertion]) -> list[Assertion]:
    """What stands, told slowly: nobody else's assertion of the same pair takes it back."""
    return [
        one
        for one in told
        if not any(
            one.key in other.supersedes
            and one.pair == other.pair
            and (other.author.role is not None or one.author.role is None)
            for other in told
        )
    ]


def reached(chart: int, edges: Iterable[tuple[int, int]]) -> set[int]:
    """All charts that a walk along the edges comes to."""
    seen, edges = {chart}, list(edges)
    while True:
        more = {end for edge in edges if seen & set(edge) for end in edge} - seen
        if not more:
            return seen
        seen |= more


def groups(told: Sequence[Assertion]) -> set[frozenset[int]]:
    """The groups of charts: edges are laid one after the other, each only if no parted pair then meets."""
    stands = upheld(told)
    parted = [one.pair for one in stands if one.verdict is Verdict.NOT_SAME]
    edges: list[tuple[int, int]] = []
    same = [one for one in stands if one.verdict is Verdict.SAME]
    same.sort(key=lambda one: (one.author.role is None, -(one.evidence.total if one.evidence else 0), one.pair))
    for one in same:
        if not any(foe in reached(friend, [*edges, one.pair]) for friend, foe in parted):
            edges.append(one.pair)
    return {frozenset(reached(chart, edges)) for chart in CHARTS}


@given(logs(), MINTS)
def test_the_replay_agrees_with_a_walk(told: list[Assertion], mints: dict[int, int]) -> None:
    state = replay(CHARTS, mints, told)

    assert standing(told) == upheld(told)
    for group in groups(told):
        named = [resident for resident, chart in mints.items() if chart in group]
        if named:
            assert {state.residents[chart] for chart in group} == {min(named)}
            assert {state.aliases.get(one, one) for one in named} == {min(named)}
        else:
            assert tuple(sorted(group)) in state.unminted


@given(logs(), MINTS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_residents(
    told: list[Assertion], mints: dict[int, int], dice: Random
) -> None:
    shuffled, charts = list(told), list(CHARTS)
    dice.shuffle(shuffled)
    dice.shuffle(charts)

    assert replay(charts, mints, shuffled) == replay(CHARTS, mints, told)


@given(logs(), MINTS)
def test_no_chain_joins_what_stands_as_two_people(told: list[Assertion], mints: dict[int, int]) -> None:
    state = replay(CHARTS, mints, told)

    for one in standing(told):
        if one.verdict is Verdict.NOT_SAME and one.pair[0] in state.residents:
            assert state.residents[one.pair[0]] != state.residents.get(one.pair[1])


@given(logs(), MINTS, PAIRS)
def test_a_link_that_is_withdrawn_leaves_the_exact_state_of_before(
    told: list[Assertion], mints: dict[int, int], pair: tuple[int, int]
) -> None:
    author, key = Author(name="reviewer", role=Role.CLINICIAN), len(told) + 1
    link = Assertion(key=key, pair=pair_of(*pair), verdict=Verdict.SAME, ground="drawn", author=author, at=AT)
    back = Assertion(
        key=key + 1,
        pair=link.pair,
        verdict=Verdict.WITHDRAWN,
        ground="drawn",
        author=author,
        at=AT,
        supersedes=frozenset([key]),
    )

    assert replay(CHARTS, mints, [*told, link, back]) == replay(CHARTS, mints, told)


@given(st.lists(st.tuples(st.text(), st.floats(-60, 60)), min_size=1), st.randoms(use_true_random=False))
def test_bits_sum_to_one_total_in_whatever_order(fields: list[tuple[str, float]], dice: Random) -> None:
    shuffled = list(fields)
    dice.shuffle(shuffled)

    assert Evidence(fields=tuple(shuffled), model="m").total == Evidence(fields=tuple(fields), model="m").total
