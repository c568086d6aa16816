"""The pieces that every compiled metric query is put together from.

They read one model of the schema `analytics`, filtered by one project and environment and
by a half-open range of the model's time column. Outside values are named parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlglot import exp

from liftline.data.metrics.contracts import (
    Grain,
    Measure,
    MetricDefinition,
    MetricQuery,
    MetricQueryError,
)
from liftline.data.metrics.expressions import column, parse_condition

SCHEMA: Final = "analytics"
EVIDENCE_MODEL: Final = "data_hours"
"""Which hours events are known of: what tells zero from unknown."""

GRAIN_LENGTH: Final[dict[Grain, timedelta]] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}
STATISTICS: Final = ("n", "sum_x", "sum_xx", "sum_y", "sum_yy", "sum_xy")


def rows_of(definition: MetricDefinition, query: MetricQuery) -> exp.Select:
    """select from the model, filtered; the caller adds the columns."""
    time = column(definition.time_column)
    rows = (
        exp.select()
        .from_(exp.to_table(f"{SCHEMA}.{definition.model}"))
        .where(parameter_equals("project"), parameter_equals("environment"))
        .where(exp.GTE(this=time, expression=instant_of("start")))
        .where(exp.LT(this=time.copy(), expression=instant_of("end")))
    )
    if definition.maturity:
        rows = rows.where(column(definition.maturity.column))
    if definition.where:
        rows = rows.where(exp.paren(parse_condition(definition.where)))
    for number, (name, _) in enumerate(query.filters):
        text = exp.cast(column(name), "text")
        rows = rows.where(exp.EQ(this=text, expression=exp.Placeholder(this=f"filter_{number}")))
    return rows


def per_unit(
    definition: MetricDefinition, query: MetricQuery, groups: Sequence[exp.Expr]
) -> exp.Select:
    """One row per unit (and group) with x and y."""
    numerator, denominator = measures_of(definition)
    y = aggregate_of(denominator) if denominator else exp.Literal.number(1)
    x = aggregate_of(numerator)
    if numerator.aggregate == "count_distinct":
        x = exp.Literal.number(1)
    unit = column(definition.unit.column)
    return (
        rows_of(definition, query)
        .select(*groups, exp.alias_(x, "x"), exp.alias_(y, "y"))
        # Rows of nobody in particular are of no unit.
        .where(exp.Not(this=exp.Is(this=unit, expression=exp.Null())))
        .group_by(*positions(groups), unit.copy())
    )


def group_columns(query: MetricQuery, bucket: exp.Expr | None) -> list[exp.Expr]:
    groups = [exp.alias_(bucket, "bucket")] if bucket is not None else []
    if query.dimension:
        groups.append(exp.alias_(column(query.dimension), "dimension"))
    return groups


def positions(groups: Sequence[exp.Expr]) -> list[exp.Expr]:
    return [exp.Literal.number(place) for place in range(1, len(groups) + 1)]


def unit_sums() -> list[exp.Expr]:
    def total(*factors: str) -> exp.Expr:
        if len(factors) == 1:
            return exp.Sum(this=column(factors[0]))
        return exp.Sum(this=exp.Mul(this=column(factors[0]), expression=column(factors[1])))

    terms = (total("x"), total("x", "x"), total("y"), total("y", "y"), total("x", "y"))
    named = [exp.alias_(term, name) for term, name in zip(terms, STATISTICS[1:], strict=True)]
    return [exp.alias_(count_where([]), "n"), *named]


def aggregate_of(measure: Measure) -> exp.Expr:
    match measure.aggregate:
        case "count":
            return count_where([])
        case "count_if":
            return count_where([parse_condition(measure.argument)])
        case "sum":
            return exp.Sum(this=column(measure.argument))
        case "count_distinct":
            return exp.Count(this=exp.Distinct(expressions=[column(measure.argument)]))


def count_where(conditions: Sequence[exp.Expr]) -> exp.Expr:
    count = exp.Count(this=exp.Star())
    if not conditions:
        return count
    condition = exp.and_(*(condition.copy() for condition in conditions))
    return exp.Filter(this=count, expression=exp.Where(this=condition))


def quotient(has_denominator: bool) -> exp.Expr:
    if not has_denominator:
        return column("numerator")
    # Integer division would truncate on PostgreSQL, and 0 / 0 is not known. CASE plans faster
    # than NULLIF.
    share = exp.Div(this=exp.cast(column("numerator"), "double"), expression=column("denominator"))
    is_known = exp.NEQ(this=column("denominator"), expression=exp.Literal.number(0))
    return exp.Case(ifs=[exp.If(this=is_known, true=share)])


def bucket_of(definition: MetricDefinition, grain: Grain) -> exp.Expr:
    time = exp.cast(column(definition.time_column), "timestamp")
    return exp.TimestampTrunc(this=time, unit=exp.Var(this=grain.upper()))


def is_complete(definition: MetricDefinition, grain: Grain) -> exp.Expr:
    """Whether the bucket lies in the range and events are known to past its maturity."""
    known_to = (
        exp.select(exp.Max(this=column("data_through")))
        .from_(exp.to_table(f"{SCHEMA}.{EVIDENCE_MODEL}"))
        .where(parameter_equals("project"), parameter_equals("environment"))
        .subquery()
    )
    after = definition.maturity.after if definition.maturity else timedelta()
    end = exp.Add(this=column("bucket"), expression=interval_of(GRAIN_LENGTH[grain]))
    mature = exp.Add(this=column("bucket"), expression=interval_of(GRAIN_LENGTH[grain] + after))
    return exp.and_(
        exp.GTE(this=column("bucket"), expression=instant_of("start")),
        exp.LTE(this=end, expression=instant_of("end")),
        exp.Coalesce(this=exp.LTE(this=mature, expression=known_to), expressions=[exp.false()]),
    )


def parameter_equals(name: str) -> exp.Expr:
    return exp.EQ(this=column(name), expression=exp.Placeholder(this=name))


def instant_of(parameter: str) -> exp.Expr:
    """The parameter as the models store instants: a UTC timestamp without a zone.

    The compiler passes instants as text in UTC, so no session's zone comes into it.
    """
    return exp.cast(exp.Placeholder(this=parameter), "timestamp")


def interval_of(length: timedelta) -> exp.Expr:
    seconds = int(length.total_seconds())
    return exp.Interval(this=exp.Literal.string(str(seconds)), unit=exp.Var(this="SECONDS"))


def union_all(branches: Sequence[exp.Select]) -> exp.Query:
    first, *others = branches
    return exp.union(first, *others, distinct=False) if others else first


def measures_of(definition: MetricDefinition) -> tuple[Measure, Measure | None]:
    if definition.numerator is None:
        raise wrong_type(definition, "a count or ratio")
    return definition.numerator, definition.denominator


def wrong_type(definition: MetricDefinition, wanted: str) -> MetricQueryError:
    return MetricQueryError(
        f"{definition.name} is {definition.type}, not {wanted}",
        cure="read funnels with read_funnel, retention with read_retention, the rest as a series",
    )
