"""Intervals agree with published and hand-computed numbers."""

from __future__ import annotations

import math
import random

import pytest

from liftline.data.metrics.contracts import SufficientStatistics
from liftline.data.metrics.intervals import ratio, ratio_variance, share_per_unit, wilson

# Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
# Medicine 17 (1998), table I, method 3 (score without continuity correction).
NEWCOMBE = {
    (81, 263): (0.2553, 0.3662),
    (15, 148): (0.0624, 0.1605),
    (0, 20): (0.0, 0.1611),
    (1, 29): (0.0061, 0.1718),
}


def statistics_of(units: list[tuple[float, float]]) -> SufficientStatistics:
    return SufficientStatistics(
        n=len(units),
        sum_x=sum(x for x, _ in units),
        sum_xx=sum(x * x for x, _ in units),
        sum_y=sum(y for _, y in units),
        sum_yy=sum(y * y for _, y in units),
        sum_xy=sum(x * y for x, y in units),
    )


@pytest.mark.parametrize(("successes", "n"), NEWCOMBE)
def test_wilson_is_newcombes(successes: int, n: int) -> None:
    interval = wilson(successes, n)
    assert interval is not None
    assert (round(interval.low, 4), round(interval.high, 4)) == NEWCOMBE[successes, n]
    assert interval.value == successes / n


def test_wilson_of_nobody_is_unknown() -> None:
    assert wilson(0, 0) is None


def test_delta_method_by_hand() -> None:
    # R = 4/8; residuals x - R y are 0, -1/2, 0, 1/2; Var = (1/2) * 4 / (3 * 8^2) = 1/96.
    statistics = statistics_of([(1, 2), (0, 1), (2, 4), (1, 1)])
    assert ratio_variance(statistics) == pytest.approx(1 / 96, abs=1e-15)
    interval = ratio(statistics)
    assert interval is not None
    assert interval.value == 0.5
    assert interval.high - 0.5 == pytest.approx(1.9599639845 / math.sqrt(96), abs=1e-9)


def test_a_mean_is_a_ratio_with_y_of_one() -> None:
    # Values 1, 2, 3: mean 2, sample variance 1, variance of the mean 1/3.
    assert ratio_variance(statistics_of([(1, 1), (2, 1), (3, 1)])) == pytest.approx(1 / 3)


def test_nothing_and_one_unit() -> None:
    assert ratio(statistics_of([])) is None
    assert ratio(statistics_of([(0, 0)])) is None
    alone = ratio(statistics_of([(1, 2)]))
    assert alone is not None
    assert (alone.value, alone.low, alone.high) == (0.5, -math.inf, math.inf)
    share = share_per_unit(statistics_of([(1, 2)]))
    assert share is not None
    assert (share.value, share.low, share.high) == (0.5, 0.0, 1.0)


def test_units_that_all_agree_are_not_certainty() -> None:
    nobody_clicked = share_per_unit(statistics_of([(0, 3)] * 20))
    assert nobody_clicked is not None
    assert nobody_clicked.low == 0
    assert round(nobody_clicked.high, 4) == 0.1611, "0 of 20 units, as Wilson has it"


def test_the_interval_covers_as_often_as_it_says() -> None:
    """Clustered clicks: the delta method covers about 95 %, counting rows would cover far less."""
    draw = random.Random(3)
    truth, hits, naive_hits, runs = 0.3, 0, 0, 200
    for _ in range(runs):
        units = []
        for _ in range(200):
            searches = draw.choice([1, 2, 8])
            taste = draw.choice([0.05, 0.55])
            units.append((sum(draw.random() < taste for _ in range(searches)), searches))
        statistics = statistics_of(units)
        interval = share_per_unit(statistics)
        naive = wilson(statistics.sum_x, statistics.sum_y)
        assert interval is not None
        assert naive is not None
        hits += interval.low <= truth <= interval.high
        naive_hits += naive.low <= truth <= naive.high
    assert 0.91 <= hits / runs <= 0.99
    assert naive_hits / runs < 0.85


@pytest.mark.parametrize("share", [(5 / 9, 1.0), (0.1, 0.3), (1 / 3, 1.0), (0.7, 0.7)])
def test_noise_of_floating_point_is_not_certainty(share: tuple[float, float]) -> None:
    interval = share_per_unit(statistics_of([share] * 3))
    assert interval is not None
    assert interval.high - interval.low > 0.4, "three units that agree say little"


def test_one_bounce_of_400_does_not_prove_a_low_rate() -> None:
    """The bug: the delta interval of 1 of 400 ends at 0.7 %, and so the goal 0.8 % was met."""
    for bounced in (0, 1, 2):
        found = share_per_unit(statistics_of([(1, 1)] * bounced + [(0, 1)] * (400 - bounced)))
        alone = wilson(bounced, 400)
        assert found is not None
        assert alone is not None
        assert found.high > 0.008
        assert found.high == pytest.approx(alone.high, rel=0.01), "one trial each: Wilson's own"


def test_what_is_no_share_keeps_its_delta_interval() -> None:
    statistics = statistics_of([(3, 1), (2, 1), (4, 1)])
    assert share_per_unit(statistics) == ratio(statistics)


RUNS, UNITS = 300, 400


@pytest.mark.parametrize("cluster", ["a third", "all agree"])
@pytest.mark.parametrize("truth", [0.003, 0.008, 0.05, 0.3])
def test_rare_events_of_clustered_units_are_covered(truth: float, cluster: str) -> None:
    """95 % is promised; 300 runs that cover 95 % stray below 92 % once in a hundred times.

    A goal `at_most` hangs on the upper end: it may lie below the truth in 2.5 % of runs, and
    strays past 5 % once in a hundred times.
    """
    draw = random.Random(f"{truth} {cluster}")
    covered = too_low = delta_covered = 0
    for _ in range(RUNS):
        statistics = statistics_of([_clustered(draw, truth, cluster) for _ in range(UNITS)])
        found, delta = share_per_unit(statistics), ratio(statistics)
        assert found is not None
        assert delta is not None
        covered += found.low <= truth <= found.high
        too_low += found.high < truth
        delta_covered += delta.low <= truth <= delta.high
    assert covered / RUNS >= 0.92
    assert too_low / RUNS <= 0.05
    if truth <= 0.008 and cluster == "all agree":
        assert delta_covered / RUNS < 0.85, "the canary: this is what went wrong before"


def _clustered(draw: random.Random, truth: float, cluster: str) -> tuple[float, float]:
    """A unit of 1, 2 or 8 trials that all agree, or a third of the units at three times the
    rate."""
    trials = draw.choice((1, 2, 8))
    if cluster == "all agree":
        return (trials if draw.random() < truth else 0, trials)
    if draw.random() * 3 > 1:
        return (0, trials)
    return (sum(draw.random() < 3 * truth for _ in range(trials)), trials)
