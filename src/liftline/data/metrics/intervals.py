"""How sure a number is: 95 % intervals for shares of units and for ratios per unit.

All are large-sample intervals on the standard normal; scipy is not needed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from liftline.data.metrics.contracts import SufficientStatistics

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and the bounds of its interval."""

    value: float
    low: float
    high: float


def wilson(successes: float, n: float, confidence: float = CONFIDENCE) -> Interval | None:
    """The share of `n` independent units that succeeded; None for no unit.

    Source: Wilson, "Probable inference", JASA 22 (1927), without continuity correction.
    """
    if n <= 0:
        return None
    share = successes / n
    z = _quantile(confidence)
    scale = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends the bound is the share itself; rounding must not push it past.
    low = 0.0 if successes <= 0 else max(0.0, centre - half)
    high = 1.0 if successes >= n else min(1.0, centre + half)
    return Interval(share, low, high)


def ratio(statistics: SufficientStatistics, confidence: float = CONFIDENCE) -> Interval | None:
    """The ratio sum(x) / sum(y) over independent units; None when the denominator is 0.

    Var(R) = (s_xx - 2 R s_xy + R^2 s_yy) / (n mean(y)^2) with sample variances. One unit
    tells nothing about the spread: infinite bounds. With y = 1 it is the mean's interval.
    Source: Deng, Knoblich, Lu, "Applying the delta method in metric analytics", KDD 2018,
    section 2.2.
    """
    if statistics.n < 1 or statistics.sum_y == 0:
        return None
    value = statistics.sum_x / statistics.sum_y
    if statistics.n < 2:
        return Interval(value, -math.inf, math.inf)
    half = _quantile(confidence) * math.sqrt(ratio_variance(statistics))
    return Interval(value, value - half, value + half)


def ratio_variance(statistics: SufficientStatistics) -> float:
    """The variance of sum(x) / sum(y) by the delta method; needs n >= 2 and sum_y != 0."""
    n = statistics.n
    value = statistics.sum_x / statistics.sum_y
    # The residual x - R y has mean 0, so its sum of squares is the whole numerator.
    squares = statistics.sum_xx - 2 * value * statistics.sum_xy + value * value * statistics.sum_yy
    return max(0.0, squares) * n / ((n - 1) * statistics.sum_y * statistics.sum_y)


def share_per_unit(
    statistics: SufficientStatistics, confidence: float = CONFIDENCE
) -> Interval | None:
    """A ratio that is a share of y (clicks of searches), its bounds kept inside [0, 1].

    Where no unit differs from another (nobody clicked) the delta method claims certainty;
    then the units are counted as one trial each and Wilson's interval is taken.
    """
    interval = ratio(statistics, confidence)
    if interval is None or statistics.n < 2:
        return interval and Interval(interval.value, 0.0, 1.0)
    if interval.low == interval.high and 0 <= interval.value <= 1:
        return wilson(interval.value * statistics.n, statistics.n, confidence)
    return Interval(interval.value, max(0.0, interval.low), min(1.0, interval.high))


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)
