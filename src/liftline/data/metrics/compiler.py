"""From a definition and a query to SQL, through SQLGlot trees.

Every statement reads one model of the schema `analytics`, is filtered by one project and
environment and by a half-open range of the model's time column, and carries every outside
value as a named parameter. Names come from checked definitions and are quoted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from sqlglot import exp

from liftline.core.clock import to_utc_text
from liftline.core.ids import ProjectId
from liftline.data.metrics.contracts import (
    CompiledQuery,
    Grain,
    MetricDefinition,
    MetricQuery,
    MetricQueryError,
)
from liftline.data.metrics.expressions import column
from liftline.data.metrics.selections import (
    EVIDENCE_MODEL,
    GRAIN_LENGTH,
    SCHEMA,
    STATISTICS,
    aggregate_of,
    bucket_of,
    count_where,
    group_columns,
    instant_of,
    interval_of,
    is_complete,
    measures_of,
    parameter_equals,
    per_unit,
    positions,
    quotient,
    rows_of,
    union_all,
    unit_sums,
    wrong_type,
)
from liftline.data.warehouse.contracts import Scalar

MAX_BUCKETS: Final = 5_000

SERIES: Final = ("bucket", "value", "numerator", "denominator", "is_complete")
_SLICE: Final = ("dimension",)
SHAPES_KEPT: Final = 1_024

_Statement = tuple[exp.Query, tuple[str, ...]]


def compile_series(definition: MetricDefinition, query: MetricQuery) -> CompiledQuery:
    """One row per bucket with data: bucket, [dimension,] value, numerator, denominator,
    is_complete. A count's denominator is null."""
    check_query(definition, query)
    return _compiled(_series, definition, query)


def compile_value(definition: MetricDefinition, query: MetricQuery) -> CompiledQuery:
    """One row: value, numerator, denominator. The value is null when nothing was counted."""
    check_query(definition, query)
    return _compiled(_value, definition, query)


def compile_unit_statistics(definition: MetricDefinition, query: MetricQuery) -> CompiledQuery:
    """One row (one per slice with a dimension): [dimension,] n and the sums over units of
    x, x^2, y, y^2 and x y, where x is the unit's numerator and y its denominator (1 for a
    count)."""
    check_query(definition, query)
    return _compiled(_unit_statistics, definition, query)


def compile_bucket_statistics(definition: MetricDefinition, query: MetricQuery) -> CompiledQuery:
    """The unit statistics of every bucket: bucket, [dimension,] is_complete, n, sums.

    A unit counts in every bucket that it has rows in.
    """
    check_query(definition, query)
    return _compiled(_bucket_statistics, definition, query)


def compile_funnel(definition: MetricDefinition, query: MetricQuery) -> CompiledQuery:
    """One row per step: step (from 1), users, conversion (share of step 1, null for none).

    A unit reached a step when it reached every step before it and the step's instant lies
    less than the window after the model's event time; the order of instants is free.
    """
    check_query(definition, query)
    return _compiled(_funnel, definition, query)


def compile_retention(definition: MetricDefinition, query: MetricQuery) -> CompiledQuery:
    """One row per cohort (bucket of the event time) and day: cohort, day, users, retained,
    mature. Only mature units count as retained."""
    if definition.type != "retention":
        raise wrong_type(definition, "retention")
    check_query(definition, query)
    return _compiled(_retention, definition, query)


def compile_evidence(query: MetricQuery) -> CompiledQuery:
    """The buckets of the range in which any event is known of: bucket."""
    check_range(query)
    return _compiled(_evidence, None, query)


def check_query(definition: MetricDefinition, query: MetricQuery) -> None:
    """Refuse a slice that the metric does not have. Raises MetricQueryError."""
    check_range(query)
    for name in (query.dimension, *(name for name, _ in query.filters)):
        if name is not None and name not in definition.dimensions:
            raise MetricQueryError(
                f"{definition.name} has no dimension {name!r}",
                cure=f"use one of {', '.join(definition.dimensions) or 'none'}",
            )


def check_range(query: MetricQuery) -> None:
    """Refuse a range that is empty, naive or too long for its grain."""
    if query.start.tzinfo is None or query.end.tzinfo is None:
        raise MetricQueryError("start and end must be aware instants")
    if not query.start < query.end:
        raise MetricQueryError("the range is empty", cure="let start be before end")
    if (query.end - query.start) / GRAIN_LENGTH[query.grain] > MAX_BUCKETS:
        raise MetricQueryError(
            f"more than {MAX_BUCKETS} buckets", cure="ask for a coarser grain or a shorter range"
        )


def _compiled(
    build: Callable[..., _Statement], definition: MetricDefinition | None, query: MetricQuery
) -> CompiledQuery:
    filters = tuple((name, "") for name, _ in query.filters)
    shape = (query.grain, query.dimension, filters)
    sql, columns = _text(build, definition, shape)
    parameters: dict[str, Scalar] = {
        "project": query.project,
        "environment": query.environment,
        # Text, so that every adapter and wire reads the same instant.
        "start": to_utc_text(query.start.astimezone(UTC)),
        "end": to_utc_text(query.end.astimezone(UTC)),
    }
    for number, (_, value) in enumerate(query.filters):
        parameters[f"filter_{number}"] = value
    used = {name: value for name, value in parameters.items() if f"${name}" in sql}
    return CompiledQuery(sql=sql, parameters=used, columns=columns)


@lru_cache(maxsize=SHAPES_KEPT)
def _text(
    build: Callable[..., _Statement],
    definition: MetricDefinition | None,
    shape: tuple[Grain, str | None, tuple[tuple[str, str], ...]],
) -> tuple[str, tuple[str, ...]]:
    """The SQL of one shape of question. Building a tree takes 2 to 5 ms, a page asks often."""
    grain, dimension, filters = shape
    query = MetricQuery(
        project=ProjectId(""),
        environment="prod",
        start=datetime.min,  # noqa: DTZ901 - values are parameters, none is written here
        end=datetime.max,  # noqa: DTZ901
        grain=grain,
        dimension=dimension,
        filters=filters,
    )
    tree, columns = build(definition, query)
    return tree.sql(dialect="duckdb", pretty=True, comments=False), columns


def _series(definition: MetricDefinition, query: MetricQuery) -> _Statement:
    numerator, denominator = measures_of(definition)
    sliced = _SLICE if query.dimension else ()
    groups = group_columns(query, bucket_of(definition, query.grain))
    inner = (
        rows_of(definition, query)
        .select(*groups, exp.alias_(aggregate_of(numerator), "numerator"))
        .select(exp.alias_(aggregate_of(denominator) if denominator else exp.Null(), "denominator"))
        .group_by(*positions(groups))
    )
    outer = (
        exp.select(column("bucket"), *map(column, sliced))
        .select(exp.alias_(quotient(denominator is not None), "value"))
        .select(column("numerator"), column("denominator"))
        .select(exp.alias_(is_complete(definition, query.grain), "is_complete"))
        .from_(inner.subquery("buckets"))
        .order_by(column("bucket"), *map(column, sliced))
    )
    return outer, (SERIES[0], *sliced, *SERIES[1:])


def _value(definition: MetricDefinition, query: MetricQuery) -> _Statement:
    numerator, denominator = measures_of(definition)
    inner = rows_of(definition, query).select(
        exp.alias_(aggregate_of(numerator), "numerator"),
        exp.alias_(aggregate_of(denominator) if denominator else exp.Null(), "denominator"),
    )
    outer = exp.select(
        exp.alias_(quotient(denominator is not None), "value"),
        column("numerator"),
        column("denominator"),
    ).from_(inner.subquery("total"))
    return outer, ("value", "numerator", "denominator")


def _unit_statistics(definition: MetricDefinition, query: MetricQuery) -> _Statement:
    sliced = _SLICE if query.dimension else ()
    groups = group_columns(query, None)
    units = per_unit(definition, query, groups)
    outer = exp.select(*map(column, sliced), *unit_sums()).from_(units.subquery("units"))
    if sliced:
        outer = outer.group_by(column("dimension")).order_by(column("dimension"))
    return outer, (*sliced, *STATISTICS)


def _bucket_statistics(definition: MetricDefinition, query: MetricQuery) -> _Statement:
    sliced = _SLICE if query.dimension else ()
    groups = group_columns(query, bucket_of(definition, query.grain))
    keys = [column("bucket"), *map(column, sliced)]
    sums = (
        exp.select(*keys, *unit_sums())
        .from_(per_unit(definition, query, groups).subquery("units"))
        .group_by(*keys)
    )
    outer = (
        exp.select(*keys, exp.alias_(is_complete(definition, query.grain), "is_complete"))
        .select(*map(column, STATISTICS))
        .from_(sums.subquery("buckets"))
        .order_by(*keys)
    )
    return outer, ("bucket", *sliced, "is_complete", *STATISTICS)


def _funnel(definition: MetricDefinition, query: MetricQuery) -> _Statement:
    if definition.type != "funnel" or definition.window is None:
        raise wrong_type(definition, "a funnel")
    end = exp.Add(this=column(definition.time_column), expression=interval_of(definition.window))
    reached: list[exp.Expr] = []
    counts: list[exp.Expr] = []
    for number, step in enumerate(definition.steps, 1):
        if step.column != definition.time_column:
            reached.append(exp.LT(this=column(step.column), expression=end.copy()))
        counts.append(exp.alias_(count_where(reached), f"step_{number}"))
    steps = rows_of(definition, query).select(*counts)
    conversion = exp.Div(
        this=exp.cast(column("users"), "double"),
        expression=exp.Nullif(this=column("entered"), expression=exp.Literal.number(0)),
    )
    branches = [
        exp.select(
            exp.alias_(exp.Literal.number(number), "step"),
            exp.alias_(column(f"step_{number}"), "users"),
            exp.alias_(column("step_1"), "entered"),
        ).from_("reached")
        for number in range(1, len(definition.steps) + 1)
    ]
    outer = (
        exp.select(column("step"), column("users"), exp.alias_(conversion, "conversion"))
        .from_(union_all(branches).subquery("steps"))
        .order_by(column("step"))
        .with_("reached", as_=steps, materialized=True)
    )
    return outer, ("step", "users", "conversion")


def _retention(definition: MetricDefinition, query: MetricQuery) -> _Statement:
    cohort = bucket_of(definition, query.grain)
    counts: list[exp.Expr] = []
    for period in definition.periods:
        mature, retained = column(period.mature), column(period.retained)
        counts.append(exp.alias_(count_where([mature]), f"mature_{period.day}"))
        counts.append(exp.alias_(count_where([mature, retained]), f"retained_{period.day}"))
    cohorts = (
        rows_of(definition, query)
        .select(exp.alias_(cohort, "cohort"), exp.alias_(count_where([]), "users"), *counts)
        .group_by(exp.Literal.number(1))
    )
    branches = [
        exp.select(
            column("cohort"),
            exp.alias_(exp.Literal.number(period.day), "day"),
            column("users"),
            exp.alias_(column(f"retained_{period.day}"), "retained"),
            exp.alias_(column(f"mature_{period.day}"), "mature"),
        ).from_("cohorts")
        for period in definition.periods
    ]
    names = ("cohort", "day", "users", "retained", "mature")
    outer = (
        exp.select(*map(column, names))
        .from_(union_all(branches).subquery("cells"))
        .order_by(column("cohort"), column("day"))
        .with_("cohorts", as_=cohorts, materialized=True)
    )
    return outer, names


def _evidence(definition: MetricDefinition | None, query: MetricQuery) -> _Statement:
    hour = column("hour_at")
    bucket = exp.TimestampTrunc(this=hour, unit=exp.Var(this=query.grain.upper()))
    outer = (
        exp.select(exp.alias_(bucket, "bucket"))
        .distinct()
        .from_(exp.to_table(f"{SCHEMA}.{EVIDENCE_MODEL}"))
        .where(parameter_equals("project"), parameter_equals("environment"))
        # An hour that the range begins in counts: it is the bucket's own.
        .where(exp.LT(this=hour.copy(), expression=instant_of("end")))
        .where(
            exp.GT(
                this=exp.Add(this=hour.copy(), expression=interval_of(GRAIN_LENGTH["hour"])),
                expression=instant_of("start"),
            )
        )
        .order_by(column("bucket"))
    )
    return outer, ("bucket",)
