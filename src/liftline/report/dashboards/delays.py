"""How long events wait, from a histogram: quantiles are the bound their events stayed under."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from liftline.data.warehouse.contracts import Warehouse
from liftline.report.dashboards.asking import ask, instant, number, whole
from liftline.report.dashboards.contracts import Delay, DelayPoint
from liftline.report.dashboards.scope import Scope

UNBOUNDED_S: Final = 30 * 86_400.0
"""What the histogram's last bucket, which has no upper bound, counts as: 30 days."""
FINEST: Final = ((timedelta(hours=3), "minute"), (timedelta(hours=72), "hour"))

Histogram = Mapping[float, int]


def read_delay(warehouse: Warehouse, scope: Scope) -> Delay:
    """Delays of the scope's span. All projects load together, so the figure is of all."""
    ((first, last),) = ask(warehouse, "delay_span", scope.parameters()).rows
    if first is None or last is None:
        return Delay(grain=scope.grain)
    grain = grain_of(instant(last) - instant(first), scope.grain)
    rows = ask(warehouse, "delays", {**scope.parameters(), "grain": grain})
    buckets: dict[datetime, dict[float, int]] = defaultdict(dict)
    for bucket, upper_s, events in rows.rows:
        bound = UNBOUNDED_S if upper_s is None else number(upper_s)
        buckets[instant(bucket)][bound] = whole(events)
    return delay_of(buckets, grain)


def grain_of(span: timedelta, coarsest: str) -> str:
    """Minutes for up to three hours, hours for up to three days, then the scope's grain.

    `span` is what there is and not what was asked for: an hour of life in a range of 35 days
    would be a single point.
    """
    return next((name for longest, name in FINEST if span <= longest), coarsest)


def delay_of(buckets: Mapping[datetime, Histogram], grain: str) -> Delay:
    """P50 and P95 per bucket and over all of them; None when there was no event."""
    total: dict[float, int] = defaultdict(int)
    points = []
    for bucket, histogram in sorted(buckets.items()):
        p50, p95 = quantile(histogram, 0.5), quantile(histogram, 0.95)
        if p50 is None or p95 is None:
            continue
        points.append(
            DelayPoint(bucket=bucket, events=sum(histogram.values()), p50_s=p50, p95_s=p95)
        )
        for bound, events in histogram.items():
            total[bound] += events
    return Delay(
        p50_s=quantile(total, 0.5), p95_s=quantile(total, 0.95), grain=grain, points=tuple(points)
    )


def quantile(histogram: Histogram, share: float) -> float | None:
    """The least bound that at least `share` of the events stayed under; None without events."""
    wanted = share * sum(histogram.values())
    if wanted <= 0:
        return None
    seen = 0
    for bound, events in sorted(histogram.items()):
        seen += events
        if seen >= wanted:
            return bound
    return max(histogram)
