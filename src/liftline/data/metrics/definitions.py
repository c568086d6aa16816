"""metrics.yml: entries in, checked metric definitions out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, cast, get_args

from liftline.data.metrics.contracts import (
    DefinitionError,
    FunnelStepDefinition,
    Maturity,
    Measure,
    MetricDefinition,
    MetricType,
    NumberFormat,
    RetentionPeriod,
    Unit,
)
from liftline.data.metrics.documents import BadValueError, Entry
from liftline.data.metrics.expressions import (
    ExpressionError,
    canonical_condition,
    is_name,
    parse_measure,
)

MAX_STEPS: Final = 20
MAX_PERIODS: Final = 60
MAX_DESCRIPTION: Final = 2_000

_COMMON: Final = (
    *("name", "title", "owner", "description", "type", "model", "unit", "time_column"),
    *("where", "maturity", "dimensions", "direction", "format", "min_sample"),
)
_KEYS: Final[dict[MetricType, tuple[str, ...]]] = {
    "count": (*_COMMON, "numerator"),
    "ratio": (*_COMMON, "numerator", "denominator"),
    "funnel": (*_COMMON, "steps", "window"),
    "retention": (*_COMMON, "periods"),
}


class BadMeasureError(DefinitionError):
    """An expression of a definition is outside the metrics language."""

    code = "metrics.bad_expression"


def metric_definition(entry: Entry) -> MetricDefinition:
    """Parse one entry of metrics.yml. Raises DefinitionError with the line at fault."""
    kind = cast(MetricType, entry.choice("type", get_args(MetricType)))
    entry.only(_KEYS[kind])
    unit = _unit(entry)
    numerator, denominator = _measures(entry, kind, unit)
    steps = _steps(entry) if kind == "funnel" else ()
    time_column = _column(entry, "time_column")
    if steps and steps[0].column != time_column:
        raise entry.bad("steps", "the first step must be the time_column: it starts the window")
    return MetricDefinition(
        name=_column(entry, "name"),
        title=entry.text("title"),
        owner=entry.text("owner"),
        description=_description(entry),
        type=kind,
        model=_column(entry, "model"),
        unit=unit,
        time_column=time_column,
        numerator=numerator,
        denominator=denominator,
        where=_condition(entry, "where") if entry.has("where") else None,
        maturity=_maturity(entry.entry("maturity")) if entry.has("maturity") else None,
        steps=steps,
        window=_window(entry) if kind == "funnel" else None,
        periods=_periods(entry) if kind == "retention" else (),
        dimensions=_dimensions(entry),
        direction="down" if entry.choice("direction", ("up", "down"), "up") == "down" else "up",
        format=_format(entry, kind),
        min_sample=max(1, entry.whole("min_sample", 1)),
        origin=f"{entry.path}:{entry.line}",
    )


def _measures(entry: Entry, kind: MetricType, unit: Unit) -> tuple[Measure | None, Measure | None]:
    if kind not in ("count", "ratio"):
        return None, None
    numerator = _measure(entry, "numerator")
    if numerator.aggregate == "count_distinct" and numerator.argument != unit.column:
        raise entry.bad(
            "numerator",
            f"count_distinct counts units, and the unit is {unit.column!r}",
            f"write count_distinct({unit.column})",
        )
    if kind == "count":
        return numerator, None
    denominator = _measure(entry, "denominator")
    for key, measure in (("numerator", numerator), ("denominator", denominator)):
        if measure.aggregate == "count_distinct":
            raise entry.bad(key, "count_distinct belongs to counts", "use count_if or sum")
    return numerator, denominator


def _measure(entry: Entry, key: str) -> Measure:
    text = entry.text(key)
    try:
        return parse_measure(text)
    except ExpressionError as error:
        raise _bad_expression(entry, key, error) from error


def _condition(entry: Entry, key: str) -> str:
    text = entry.text(key)
    try:
        return canonical_condition(text)
    except ExpressionError as error:
        raise _bad_expression(entry, key, error) from error


def _bad_expression(entry: Entry, key: str, error: ExpressionError) -> BadMeasureError:
    line = entry.lines.get(key, entry.line)
    return BadMeasureError(f"{key}: {error.message}", path=entry.path, line=line, cure=error.cure)


def _unit(entry: Entry) -> Unit:
    unit = entry.entry("unit")
    unit.only(("name", "column", "rows"))
    rows = unit.choice("rows", ("one", "many"))
    return Unit(name=unit.text("name"), column=_column(unit, "column"), is_row=rows == "one")


def _maturity(entry: Entry) -> Maturity:
    entry.only(("column", "after"))
    return Maturity(column=_column(entry, "column"), after=entry.span("after"))


def _window(entry: Entry) -> timedelta:
    window = entry.span("window")
    if window < timedelta(seconds=1):
        raise entry.bad("window", "the window must be at least a second")
    return window


def _steps(entry: Entry) -> tuple[FunnelStepDefinition, ...]:
    steps = _bounded(entry, "steps", 2, MAX_STEPS)
    for step in steps:
        step.only(("name", "column"))
    return tuple(
        FunnelStepDefinition(name=step.text("name"), column=_column(step, "column"))
        for step in steps
    )


def _periods(entry: Entry) -> tuple[RetentionPeriod, ...]:
    periods = _bounded(entry, "periods", 1, MAX_PERIODS)
    days: set[int] = set()
    for period in periods:
        period.only(("day", "retained", "mature"))
        day = period.whole("day")
        if day in days:
            raise period.bad("day", f"day {day} is there twice")
        days.add(day)
    return tuple(
        RetentionPeriod(
            day=period.whole("day"),
            retained=_column(period, "retained"),
            mature=_column(period, "mature"),
        )
        for period in periods
    )


def _bounded(entry: Entry, key: str, least: int, most: int) -> Sequence[Entry]:
    items = entry.entries(key)
    if not least <= len(items) <= most:
        raise entry.bad(key, f"{key} must have {least} to {most} entries, it has {len(items)}")
    return items


def _dimensions(entry: Entry) -> tuple[str, ...]:
    dimensions = entry.texts("dimensions")
    for name in dimensions:
        if not is_name(name):
            raise entry.bad("dimensions", f"{name!r} is not a column's name")
    return dimensions


def _format(entry: Entry, kind: MetricType) -> NumberFormat:
    default = "count" if kind == "count" else "percent"
    return cast(NumberFormat, entry.choice("format", get_args(NumberFormat), default))


def _description(entry: Entry) -> str:
    text = " ".join(entry.text("description").split())
    if len(text) > MAX_DESCRIPTION:
        raise entry.bad("description", f"longer than {MAX_DESCRIPTION} characters")
    return text


def _column(entry: Entry, key: str) -> str:
    text = entry.text(key)
    if not is_name(text):
        raise BadValueError(
            f"{key}: {text!r} is not a name",
            path=entry.path,
            line=entry.lines.get(key, entry.line),
            cure="use lower-case letters, digits and underscores",
        )
    return text
