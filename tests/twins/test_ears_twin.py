"""EARS C2 against a slow twin in exact fractions: the same mean, the same side of the bound, for any ten days."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from salus.surveillance.detectors.ears import c2

Counts = list[int | None]
COUNTS = st.lists(st.one_of(st.none(), st.integers(0, 5_000)), min_size=10, max_size=10)
FEW = st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=10, max_size=10)


def slow(values: Counts, least: int) -> tuple[Fraction, bool] | None:
    """Compare squares of fractions, so that no root is taken and nothing is rounded."""
    baseline, today = [Fraction(v) for v in values[:7] if v is not None], values[9]
    if today is None or len(baseline) < 5:
        return None
    mean = sum(baseline, Fraction(0)) / len(baseline)
    variance = sum((v - mean) ** 2 for v in baseline) / (len(baseline) - 1)
    variance = max(variance, Fraction(least) ** 2)
    above = Fraction(today) - mean
    return mean, above > 0 and above**2 > 9 * variance


@given(st.one_of(COUNTS, FEW), st.integers(0, 2))
@example([2, 2, 2, 3, 4, 4, 4, 3, 3, 6], 0)
@example([0, 0, 0, 0, 0, 0, 0, 0, 0, 3], 1)
def test_c2_is_its_slow_twin(values: Counts, least: int) -> None:
    found, twin = c2(values, least), slow(values, least)

    assert (found is None) == (twin is None)
    if found and twin:
        assert abs(found.expected - twin[0]) < 1e-9
        near = abs(found.upper - (values[9] or 0)) < 1e-9 * max(1, found.upper)
        assert found.flagged == twin[1] or near
