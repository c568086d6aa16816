"""Goals are judged by stated rules: a table of cases for each comparator."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from liftline.data.metrics.contracts import Baseline, Estimate, Goal
from liftline.data.metrics.judgement import aim_of, judge, line_at

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DUE_END = datetime(2026, 1, 11, tzinfo=UTC)
MIDDLE = datetime(2026, 1, 6, tzinfo=UTC)
GOAL = Goal(
    id="shop.orders",
    title="Orders are paid",
    metric="orders",
    owner="sales",
    baseline=Baseline(value=0.40, source="last year", date=date(2026, 1, 1)),
    comparator="at_least",
    target=0.50,
    window=timedelta(days=28),
    due=date(2026, 1, 10),
    format="percent",
    needs="order events",
)
AT_MOST = replace(GOAL, comparator="at_most", target=0.30)
UP = replace(GOAL, comparator="relative_change", target=0.25)
DOWN = replace(GOAL, comparator="relative_change", target=-0.25)
STABLE = replace(GOAL, comparator="stable_within", target=0.02)
EVERY = replace(GOAL, target=1.0, evidence="value")


def estimate(value: float, half: float = 0.01, n: int = 1000) -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half, n=n, as_of=None)


CASES = [
    # goal, measured, at, status
    (GOAL, estimate(0.52), MIDDLE, "met"),
    (GOAL, estimate(0.51), MIDDLE, "met"),
    (GOAL, estimate(0.509), MIDDLE, "on_track"),
    (GOAL, estimate(0.46), MIDDLE, "on_track"),
    (GOAL, estimate(0.45), MIDDLE, "on_track"),
    (GOAL, estimate(0.449), MIDDLE, "off"),
    (GOAL, estimate(0.40), BEGIN, "on_track"),
    (GOAL, estimate(0.40), BEGIN - timedelta(days=99), "on_track"),
    (GOAL, estimate(0.399), BEGIN - timedelta(days=99), "off"),
    (GOAL, estimate(0.499), DUE_END, "off"),
    (GOAL, estimate(0.505), DUE_END + timedelta(days=300), "on_track"),
    (GOAL, estimate(0.52), DUE_END + timedelta(days=300), "met"),
    (AT_MOST, estimate(0.29), MIDDLE, "met"),
    (AT_MOST, estimate(0.295), MIDDLE, "on_track"),
    (AT_MOST, estimate(0.35), MIDDLE, "on_track"),
    (AT_MOST, estimate(0.36), MIDDLE, "off"),
    (UP, estimate(0.511), MIDDLE, "met"),
    (UP, estimate(0.45), MIDDLE, "on_track"),
    (UP, estimate(0.44), MIDDLE, "off"),
    (DOWN, estimate(0.28), MIDDLE, "met"),
    (DOWN, estimate(0.35), MIDDLE, "on_track"),
    (DOWN, estimate(0.37), MIDDLE, "off"),
    (STABLE, estimate(0.405), MIDDLE, "met"),
    (STABLE, estimate(0.415), MIDDLE, "on_track"),
    (STABLE, estimate(0.385), DUE_END, "on_track"),
    (STABLE, estimate(0.421), MIDDLE, "off"),
    (STABLE, estimate(0.37), MIDDLE, "off"),
    (EVERY, Estimate(value=1.0, low=0.99, high=1.0, n=400, as_of=None), DUE_END, "met"),
    (EVERY, Estimate(value=0.999, low=0.99, high=1.0, n=400, as_of=None), DUE_END, "off"),
    (GOAL, None, MIDDLE, "no_data"),
    (GOAL, estimate(0.9, n=99), MIDDLE, "no_data"),
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_status(case: int) -> None:
    goal, measured, at, status = CASES[case]
    reading = judge(goal, measured, at=at, min_sample=100)
    assert reading.status == status
    assert (reading.needs != "") == (status == "no_data")
    assert reading.estimate == measured


def test_a_measured_baseline_has_a_spread_of_its_own() -> None:
    """0.41 +- .01 within 0.02 of 0.40: sure against a stated 0.40, unsure against a measured."""
    measured = replace(GOAL, baseline=replace(GOAL.baseline, value=None))
    stable = replace(measured, comparator="stable_within", target=0.021)
    against = replace(STABLE, target=0.021)
    assert judge(against, estimate(0.41), at=MIDDLE).status == "met"
    assert judge(stable, estimate(0.41), at=MIDDLE, baseline=estimate(0.40)).status == "on_track"
    unknown = judge(stable, estimate(0.41), at=MIDDLE)
    assert unknown.status == "no_data"
    assert unknown.needs.startswith("no baseline")
    # at_least does not depend on the baseline: neither its spread nor its absence matters.
    assert judge(measured, estimate(0.52), at=MIDDLE, baseline=estimate(0.4, 0.2)).status == "met"
    assert judge(measured, estimate(0.52), at=MIDDLE).status == "met"
    assert judge(measured, estimate(0.49), at=MIDDLE).status == "off"


def test_the_line_runs_from_baseline_to_the_end_of_the_due_date() -> None:
    assert line_at(GOAL, 0.4, 0.5, BEGIN) == 0.4
    assert line_at(GOAL, 0.4, 0.5, MIDDLE) == pytest.approx(0.45)
    assert line_at(GOAL, 0.4, 0.5, DUE_END - timedelta(hours=12)) < 0.5
    assert line_at(GOAL, 0.4, 0.5, DUE_END) == 0.5


def test_a_relative_aim_without_baseline_is_a_defect() -> None:
    with pytest.raises(ValueError, match="without one"):
        aim_of(UP, None)


SENTENCES = {
    "goal met": (
        *(GOAL, estimate(0.52)),
        "52.0 % ± 1.0, goal at least 50 % by 10 Jan 2026; baseline 40 % (last year, 1 Jan 2026)",
    ),
    "behind": (
        *(GOAL, estimate(0.421, 0.009)),
        "42.1 % ± 0.9, goal at least 50 % by 10 Jan 2026; baseline 40 % (last year, 1 Jan 2026);"
        " the line to the goal stands at 45 %",
    ),
    "unsure": (
        *(AT_MOST, Estimate(value=0.296, low=0.28, high=0.32, n=500, as_of=None)),
        "29.6 % (28.0 to 32.0), goal at most 30 % by 10 Jan 2026; baseline 40 %"
        " (last year, 1 Jan 2026); the value is there, its interval is not yet",
    ),
    "relative": (
        *(DOWN, estimate(0.28)),
        "28.0 % ± 1.0, goal -25 % on the baseline (at most 30 %) by 10 Jan 2026;"
        " baseline 40 % (last year, 1 Jan 2026)",
    ),
    "stable": (
        *(STABLE, estimate(0.4)),
        "40.0 % ± 1.0, goal within 2 points of the baseline by 10 Jan 2026;"
        " baseline 40 % (last year, 1 Jan 2026)",
    ),
    "nothing": (
        *(GOAL, None),
        "no data yet, goal at least 50 % by 10 Jan 2026; baseline 40 % (last year, 1 Jan 2026)",
    ),
    "minutes": (
        replace(
            *(GOAL,),
            format="duration",
            comparator="at_most",
            target=1140.0,
            baseline=replace(GOAL.baseline, value=1680.0),
        ),
        Estimate(value=1110.0, low=1100.0, high=1120.0, n=500, as_of=None),
        "18.5 min ± 0.2, goal at most 19 min by 10 Jan 2026; baseline 28 min"
        " (last year, 1 Jan 2026)",
    ),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_the_sentence_says_it_all(case: str) -> None:
    goal, measured, sentence = SENTENCES[case]
    assert judge(goal, measured, at=MIDDLE).sentence == sentence
