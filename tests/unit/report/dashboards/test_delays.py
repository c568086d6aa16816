"""Goal: a quantile from a histogram is never smaller than the truth, and absent is not zero."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from liftline.report.dashboards.delays import delay_of, grain_of, quantile

BOUNDS = (1.0, 2.5, 5.0, 10.0, 60.0)
AT = datetime(2026, 3, 1, tzinfo=UTC)


@given(st.lists(st.floats(0.001, 60.0), min_size=1, max_size=200), st.sampled_from([0.5, 0.95]))
def test_a_quantile_is_the_bound_above_the_true_one(delays: list[float], share: float) -> None:
    histogram: dict[float, int] = {}
    for delay in delays:
        bound = next(b for b in BOUNDS if delay <= b)
        histogram[bound] = histogram.get(bound, 0) + 1
    true = sorted(delays)[math.ceil(share * len(delays)) - 1]
    expected = next(b for b in BOUNDS if true <= b)
    assert quantile(histogram, share) == expected


def test_no_event_has_no_delay() -> None:
    assert quantile({}, 0.95) is None
    assert quantile({1.0: 0}, 0.95) is None
    assert delay_of({}, "hour").p95_s is None
    assert delay_of({AT: {1.0: 0}}, "hour").points == ()


def test_the_range_is_weighted_by_events_not_by_buckets() -> None:
    delay = delay_of({AT: {1.0: 990}, AT + timedelta(hours=1): {60.0: 10}}, "hour")
    assert (delay.p50_s, delay.p95_s) == (1.0, 1.0)
    assert [point.p95_s for point in delay.points] == [1.0, 60.0]


def test_a_short_span_is_read_finely_however_long_the_range() -> None:
    assert grain_of(timedelta(0), "day") == "minute"
    assert grain_of(timedelta(hours=3), "week") == "minute"
    assert grain_of(timedelta(hours=24), "day") == "hour"
    assert grain_of(timedelta(days=35), "day") == "day"
