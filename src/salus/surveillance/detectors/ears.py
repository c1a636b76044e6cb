"""EARS C2, exactly as published.

Hutwagner L, Thompson W, Seeman GM, Treadwell T. The bioterrorism preparedness and response Early Aberration Reporting
System (EARS). J Urban Health 2003;80(2 Suppl 1):i89-i96. A day is flagged if it lies above the mean of seven earlier
days by more than three of their sample standard deviations; between them and the day lie two that are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan, cos, pi, sin, sqrt

BASELINE, GUARD, THRESHOLD = 7, 2, 3.0
SPAN = BASELINE + GUARD + 1
"""How many days a judgement takes: the baseline, the guard, and the day itself."""
LEAST_KNOWN = 5
"""Of how many baseline days at least something must be known; with all seven it is the published rule."""
_QUANTILES = {4: 2.776, 5: 2.571, 6: 2.447}
"""Two-sided 95 % points of Student's t by degrees of freedom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class C2:
    """Mean and deviation of the baseline, the bound above them, and which of its seven days were known."""

    expected: float
    deviation: float
    upper: float
    exceedance: float | None
    flagged: bool
    used: tuple[int, ...]


def c2(values: Sequence[float | None], least_deviation: float = 0.0) -> C2 | None:
    """Judge the last of ten consecutive days; None if it or more than two baseline days are unknown.

    The deviation is never taken below `least_deviation`. At 0, as published, a baseline without any variance flags
    whatever lies above its mean, and has no exceedance.
    """
    if len(values) != SPAN or values[-1] is None:
        return None
    known = [(n, value) for n, value in enumerate(values[:BASELINE]) if value is not None]
    if len(known) < LEAST_KNOWN:
        return None
    numbers = [value for _, value in known]
    mean = sum(numbers) / len(numbers)
    spread = sqrt(sum((value - mean) ** 2 for value in numbers) / (len(numbers) - 1))
    deviation = max(spread, least_deviation)
    upper = mean + THRESHOLD * deviation
    return C2(
        expected=mean,
        deviation=deviation,
        upper=upper,
        exceedance=(values[-1] - mean) / deviation if deviation > 0 else None,
        flagged=values[-1] > upper,
        used=tuple(n for n, _ in known),
    )


def expected_span(found: C2) -> tuple[float, float]:
    """Return the 95 % prediction interval of one more day like the baseline's, not below zero."""
    days = len(found.used)
    half = _QUANTILES[days - 1] * found.deviation * sqrt(1 + 1 / days)
    return max(0.0, found.expected - half), found.expected + half


def once_in(found: C2) -> int | None:
    """Return in how many days such an excess comes once by chance, if days like the baseline's go on; at most 100,000.

    Student's t, as the mean and deviation are estimates from few days. None without a deviation.
    """
    if found.exceedance is None:
        return None
    days = len(found.used)
    chance = tail(found.exceedance / sqrt(1 + 1 / days), days - 1)
    return min(100_000, round(1 / chance)) if chance > 1e-5 else 100_000


def tail(t: float, freedom: int) -> float:
    """Return P(T > t) of Student's t for whole degrees of freedom (Abramowitz and Stegun 1972, 26.7.3 and 26.7.4)."""
    theta = atan(t / sqrt(freedom))
    term = cos(theta) if freedom % 2 else 1.0
    total, start = (0.0, 3) if freedom % 2 else (0.0, 2)
    if freedom > 1:
        total = term
        for n in range(start, freedom - 1, 2):
            term *= cos(theta) ** 2 * (n - 1) / n
            total += term
    inside = 2 / pi * (theta + sin(theta) * total) if freedom % 2 else sin(theta) * total
    return (1 - inside) / 2
