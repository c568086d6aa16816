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

_DOUBTED_UNITS: Final = 2.0
"""Chosen by simulation: 0 covers 81 % where all trials of a unit agree, 2 covers 94 %."""
_ROUNDING: Final = 1e-9
"""Below this share of what was added up, a difference is noise of floating point."""


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
    """A ratio that is a share of y (clicks of searches): Wilson's interval on the effective
    number of trials.

    The delta interval is symmetric, so on rare events it ends far too low. Wilson's does not,
    and takes R(1-R)/Var(R) as its n: as many independent trials as would spread so much.
    Source: Korn, Graubard, "Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data", Survey Methodology 24 (1998), for the effective
    sample size and its bound, the number of trials itself. What they do not do, and we do, is
    in `_effective_trials`. A value outside [0, 1] is no share and keeps the delta interval.
    """
    interval = ratio(statistics, confidence)
    if interval is None or statistics.n < 2:
        return interval and Interval(interval.value, 0.0, 1.0)
    if not -_ROUNDING <= interval.value <= 1 + _ROUNDING:
        return interval
    value = min(1.0, max(0.0, interval.value))
    trials = _effective_trials(statistics, value)
    wide = wilson(value * trials, trials, confidence)
    return wide and Interval(value, wide.low, wide.high)


def _effective_trials(statistics: SufficientStatistics, share: float) -> float:
    """How many independent trials the share is worth.

    Where no unit differs from another (nobody clicked) the variance says nothing, and trials
    of one unit count as one trial: Kish's (sum y)^2 / sum y^2, at most the number of units.
    Where few units carry the rarer answer, the variance is a guess from those few; then it is
    mixed with that worst case, which weighs as much as _DOUBTED_UNITS such units.
    Source: Kish, "Survey Sampling" (1965), section 11.7, for unequal clusters.
    """
    together = min(statistics.sum_y**2 / statistics.sum_yy, statistics.sum_y)
    both = statistics.sum_xx + share * share * statistics.sum_yy
    variance = ratio_variance(statistics)
    is_flat = variance * statistics.sum_y**2 <= _ROUNDING * both
    if is_flat or not _ROUNDING < share < 1 - _ROUNDING:
        return together
    seen = min(share * (1 - share) / variance, statistics.sum_y)
    carriers = _carriers(statistics)
    trusted = carriers / (carriers + _DOUBTED_UNITS)
    return 1 / (trusted / seen + (1 - trusted) / min(seen, together))


def _carriers(statistics: SufficientStatistics) -> float:
    """The effective number of units that carry the rarer answer, yes (x) or no (y - x)."""
    no = statistics.sum_y - statistics.sum_x
    no_squared = statistics.sum_yy - 2 * statistics.sum_xy + statistics.sum_xx
    yes = statistics.sum_x**2 / statistics.sum_xx
    return min(yes, no * no / no_squared) if no_squared > 0 else yes


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)
