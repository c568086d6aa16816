"""Metrics measured: compiled queries run on the warehouse, their rows made into readings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from liftline.core.ids import Environment, ProjectId
from liftline.data.metrics import compiler
from liftline.data.metrics.contracts import (
    Catalog,
    CompiledQuery,
    Estimate,
    Funnel,
    FunnelStep,
    Goal,
    GoalReading,
    MetricDefinition,
    MetricQuery,
    MetricQueryError,
    Point,
    Retention,
    RetentionCell,
    Series,
    SufficientStatistics,
)
from liftline.data.metrics.intervals import Interval, ratio, share_per_unit, wilson
from liftline.data.metrics.judgement import judge
from liftline.data.metrics.selections import GRAIN_LENGTH, STATISTICS
from liftline.data.warehouse.contracts import Rows, Scalar, Warehouse

Row = Mapping[str, Scalar]
MAX_ROWS = 10_000
"""An answer is never cut: a longer one is refused."""

_EPOCH_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


def read_series(warehouse: Warehouse, definition: MetricDefinition, query: MetricQuery) -> Series:
    """The metric over time, oldest first, with 95 % intervals.

    Without a dimension there is a point for every bucket of the range: a count of nothing
    is 0 where other events are known of and None where none are; a ratio of nothing is
    None. With a dimension only buckets with rows are there, ordered by bucket and slice.
    """
    is_clustered = definition.type == "ratio" and not definition.is_proportion
    if is_clustered:
        answer = _ask(warehouse, compiler.compile_bucket_statistics(definition, query))
    else:
        answer = _ask(warehouse, compiler.compile_series(definition, query))
    points = [_point(definition, row, is_clustered) for row in _named(answer)]
    if query.dimension is None:
        points = _filled(warehouse, definition, query, points)
    return Series(points=tuple(points), as_of=answer.as_of)


def read_value(
    warehouse: Warehouse, definition: MetricDefinition, query: MetricQuery
) -> Estimate | None:
    """The metric over the whole range as one number; None when nothing is known.

    A count of nothing is 0 where any event of the project and environment is known of in
    the range, and None where none is.
    """
    if definition.type == "ratio" and not definition.is_proportion:
        statistics, as_of = read_unit_statistics(warehouse, definition, query)
        interval = _ratio_interval(definition, statistics)
        return _estimate(interval, statistics.n, as_of)
    answer = _ask(warehouse, compiler.compile_value(definition, query))
    row = _named(answer)[0]
    counted = _number(row["numerator"])
    if definition.type == "ratio":
        units = _number(row["denominator"]) or 0.0
        return _estimate(wilson(counted or 0.0, units), int(units), answer.as_of)
    is_sum = definition.numerator is not None and definition.numerator.aggregate == "sum"
    # Rows that sum up to 0 were there; a count of 0 and a sum of no rows need other evidence.
    is_silent = counted is None or (counted == 0 and not is_sum)
    if is_silent and not _named(_ask(warehouse, compiler.compile_evidence(query))):
        return None
    value = counted or 0.0
    n = read_unit_statistics(warehouse, definition, query)[0].n if is_sum else int(value)
    return Estimate(value=value, low=value, high=value, n=n, as_of=answer.as_of)


def read_unit_statistics(
    warehouse: Warehouse, definition: MetricDefinition, query: MetricQuery
) -> tuple[SufficientStatistics, datetime | None]:
    """The sums over units of the whole range, for experiments and gates."""
    if query.dimension is not None:
        query = replace(query, dimension=None)
    answer = _ask(warehouse, compiler.compile_unit_statistics(definition, query))
    return _statistics(_named(answer)[0]), answer.as_of


def read_funnel(warehouse: Warehouse, definition: MetricDefinition, query: MetricQuery) -> Funnel:
    """The funnel of units that entered in the range, with Wilson intervals per step."""
    answer = _ask(warehouse, compiler.compile_funnel(definition, query))
    rows = _named(answer)
    entered = _whole(rows[0]["users"])
    steps = []
    for row, step in zip(rows, definition.steps, strict=True):
        users = _whole(row["users"])
        share = wilson(users, entered)
        steps.append(
            FunnelStep(
                number=_whole(row["step"]),
                name=step.name,
                users=users,
                conversion=share.value if share else None,
                low=share.low if share else None,
                high=share.high if share else None,
            )
        )
    return Funnel(steps=tuple(steps), as_of=answer.as_of)


def read_retention(
    warehouse: Warehouse, definition: MetricDefinition, query: MetricQuery
) -> Retention:
    """Cohorts by day number; a cell without a mature user has no value."""
    answer = _ask(warehouse, compiler.compile_retention(definition, query))
    cells = []
    for row in _named(answer):
        retained, mature = _whole(row["retained"]), _whole(row["mature"])
        share = wilson(retained, mature)
        cells.append(
            RetentionCell(
                cohort=_instant(row["cohort"]),
                day=_whole(row["day"]),
                users=_whole(row["users"]),
                retained=retained,
                mature=mature,
                value=share.value if share else None,
                low=share.low if share else None,
                high=share.high if share else None,
            )
        )
    return Retention(cells=tuple(cells), as_of=answer.as_of)


def read_goal(
    warehouse: Warehouse,
    catalog: Catalog,
    goal: Goal,
    project: ProjectId,
    environment: Environment,
    now: datetime,
) -> GoalReading:
    """The goal measured over its trailing window.

    The window ends as long before now as the metric's maturity takes, so that it is full
    of rows that count. A metric that does not exist yet is no data, and the goal says
    what it needs.
    """
    metric = catalog.metrics.get(goal.metric)
    if metric is None:
        return judge(goal, None, at=now)
    end = now - (metric.maturity.after if metric.maturity else timedelta())
    query = MetricQuery(project=project, environment=environment, start=end - goal.window, end=end)
    estimate = read_value(warehouse, metric, query)
    baseline = None
    if goal.baseline.value is None:
        before = replace(query, start=query.start - goal.window, end=query.start)
        baseline = read_value(warehouse, metric, before)
    # A count or a sum is complete: of a few things, or of none, it is no less certain.
    needed = metric.min_sample if metric.type == "ratio" else 0
    return judge(goal, estimate, at=now, baseline=baseline, min_sample=needed)


def _point(definition: MetricDefinition, row: Row, is_clustered: bool) -> Point:
    numerator = _number(row["sum_x" if is_clustered else "numerator"])
    denominator = _number(row["sum_y" if is_clustered else "denominator"])
    interval: Interval | None
    if is_clustered:
        interval = _ratio_interval(definition, _statistics(row))
    elif definition.type == "ratio":
        interval = wilson(numerator or 0.0, denominator or 0.0)
    else:
        interval = None if numerator is None else Interval(numerator, numerator, numerator)
    slice_ = row.get("dimension")
    return Point(
        bucket=_instant(row["bucket"]),
        value=interval.value if interval else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        numerator=numerator,
        denominator=denominator,
        is_complete=bool(row["is_complete"]),
        dimension=None if slice_ is None else _slice_text(slice_),
    )


def _filled(
    warehouse: Warehouse,
    definition: MetricDefinition,
    query: MetricQuery,
    points: Sequence[Point],
) -> list[Point]:
    """Every bucket of the range: the empty ones are zero only where that is known."""
    present = {point.bucket: point for point in points}
    buckets = _buckets(query)
    if all(bucket in present for bucket in buckets):
        return list(points)
    known: set[datetime] = set()
    if definition.type == "count":
        evidence = _named(_ask(warehouse, compiler.compile_evidence(query)))
        known = {_instant(row["bucket"]) for row in evidence}
    newest = max(known, default=None)
    filled = []
    for bucket in buckets:
        zero = 0.0 if bucket in known else None
        empty = Point(
            bucket=bucket,
            value=zero,
            low=zero,
            high=zero,
            numerator=zero,
            denominator=None,
            is_complete=newest is not None and query.start <= bucket < newest,
        )
        filled.append(present.get(bucket, empty))
    return filled


def _buckets(query: MetricQuery) -> list[datetime]:
    length = GRAIN_LENGTH[query.grain]
    # Weeks start on Monday; hours and days divide the same count from a Monday.
    first = query.start - (query.start - _EPOCH_MONDAY) % length
    count = math.ceil((query.end - first) / length)
    return [(first + length * place).astimezone(UTC) for place in range(count)]


def _ratio_interval(
    definition: MetricDefinition, statistics: SufficientStatistics
) -> Interval | None:
    if definition.format == "percent":
        return share_per_unit(statistics)
    return ratio(statistics)


def _estimate(interval: Interval | None, n: int, as_of: datetime | None) -> Estimate | None:
    if interval is None:
        return None
    return Estimate(value=interval.value, low=interval.low, high=interval.high, n=n, as_of=as_of)


def _statistics(row: Row) -> SufficientStatistics:
    sums = {name: _number(row[name]) or 0.0 for name in STATISTICS[1:]}
    return SufficientStatistics(n=_whole(row["n"]), **sums)


def _ask(warehouse: Warehouse, compiled: CompiledQuery) -> Rows:
    rows = warehouse.query(compiled.sql, compiled.parameters, max_rows=MAX_ROWS)
    if rows.is_truncated:
        raise MetricQueryError(
            f"the answer has more than {MAX_ROWS} rows",
            cure="ask for a coarser grain, a shorter range or a dimension with fewer values",
        )
    return rows


def _named(rows: Rows) -> list[Row]:
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]


def _number(value: Scalar) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]


def _whole(value: Scalar) -> int:
    return int(value or 0)  # type: ignore[arg-type]


def _instant(value: Scalar) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    raise TypeError(f"not an instant: {value!r}")


def _slice_text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
