"""The times of a quorum against a slow twin, and against liars: no minority moves them past the honest ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from salus.proof import Cosigned, majority
from witness_keys import cosigned, trust_in

NOON = datetime(2031, 3, 1, 12, tzinfo=UTC)
seconds = st.integers(-10_000, 10_000)


def opened(count: int, times: dict[int, int]) -> Cosigned:
    told = {number: NOON + timedelta(seconds=second) for number, second in times.items()}
    return trust_in(count).open(cosigned(3, bytes(32), told))


@st.composite
def rounds(draw: st.DrawFn) -> tuple[int, dict[int, int], set[int]]:
    """Draw how many witnesses there are, what those who answered say, and which of them lie: fewer than a quorum."""
    count = draw(st.integers(1, 7))
    quorum = majority(count)
    answered = draw(st.permutations(range(count)))[: draw(st.integers(quorum, count))]
    liars = draw(st.sets(st.sampled_from(answered), max_size=quorum - 1))
    return count, {number: draw(seconds) for number in answered}, liars


@given(rounds())
def test_at_is_the_first_instant_by_which_some_quorum_had_signed(drawn: tuple[int, dict[int, int], set[int]]) -> None:
    count, times, _ = drawn
    quorums = list(combinations(times.values(), majority(count)))

    found = opened(count, times)
    assert found.at == NOON + timedelta(seconds=min(max(one) for one in quorums))
    assert found.as_of == NOON + timedelta(seconds=max(min(one) for one in quorums))
    assert found.as_of <= found.at


@given(rounds())
def test_fewer_liars_than_a_quorum_date_nothing_back_and_make_nothing_younger(
    drawn: tuple[int, dict[int, int], set[int]],
) -> None:
    count, times, liars = drawn
    honest = [NOON + timedelta(seconds=times[number]) for number in times if number not in liars]

    found = opened(count, times)
    assert found.at >= min(honest)
    assert found.as_of <= max(honest)


@given(rounds())
def test_where_a_quorum_of_honest_witnesses_answered_both_times_lie_among_theirs(
    drawn: tuple[int, dict[int, int], set[int]],
) -> None:
    count, times, liars = drawn
    honest = [NOON + timedelta(seconds=times[number]) for number in times if number not in liars]

    found = opened(count, times)
    if len(honest) >= majority(count):
        assert min(honest) <= found.as_of <= found.at <= max(honest)
