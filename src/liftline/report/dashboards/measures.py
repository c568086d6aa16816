"""Metrics and goals as pages show them: finite numbers, the definition beside the figure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypedDict, TypeVar

from liftline.data.metrics.api import read_funnel, read_goal, read_series, read_value
from liftline.data.metrics.contracts import (
    Catalog,
    Estimate,
    Goal,
    GoalReading,
    MetricDefinition,
    MetricQuery,
    NumberFormat,
)
from liftline.data.warehouse.contracts import QueryError, Warehouse
from liftline.report.dashboards.contracts import (
    FunnelLine,
    GoalLine,
    Goals,
    MetricFunnel,
    MetricName,
    MetricSeries,
    MetricValue,
    SeriesPoint,
    Spread,
    Standing,
)
from liftline.report.dashboards.errors import UnknownMetricError
from liftline.report.dashboards.scope import Scope

WEEK: Final = timedelta(days=7)
UNIT: Final[dict[NumberFormat, str]] = {"percent": "percent", "count": "", "duration": "s"}
NOT_BUILT: Final = "The models behind this metric are not built yet"
NOT_BUILT_CURE: Final = "They are built a few seconds after the first events were loaded."
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads metrics of one scope."""

    warehouse: Warehouse
    catalog: Catalog
    scope: Scope

    def series(self, name: str) -> MetricSeries:
        """A point for each bucket; empty while the models are not built."""
        definition = self._definition(name)
        read = _built(lambda: read_series(self.warehouse, definition, self._query()))
        points = read.points if read else ()
        is_empty = all(point.value is None for point in points)
        found = _Found(read is not None, is_empty, read.as_of if read else None)
        return MetricSeries(
            **_about(definition, self.scope, found),
            grain=self.scope.grain,
            points=tuple(
                SeriesPoint(
                    bucket=point.bucket,
                    value=finite(point.value),
                    low=finite(point.low),
                    high=finite(point.high),
                    numerator=finite(point.numerator),
                    denominator=finite(point.denominator),
                    is_complete=point.is_complete,
                )
                for point in points
            ),
        )

    def value(self, name: str) -> MetricValue:
        """The whole range as one number; no estimate when nothing is known."""
        definition = self._definition(name)
        read = _built(lambda: (read_value(self.warehouse, definition, self._query()),))
        estimate = read[0] if read else None
        as_of = estimate.as_of if estimate else None
        found = _Found(read is not None, estimate is None, as_of)
        return MetricValue(**_about(definition, self.scope, found), estimate=spread(estimate))

    def funnel(self, name: str) -> MetricFunnel:
        """Steps over the whole range."""
        definition = self._definition(name)
        read = _built(lambda: read_funnel(self.warehouse, definition, self._query()))
        steps = read.steps if read else ()
        is_empty = not any(step.users for step in steps)
        found = _Found(read is not None, is_empty, read.as_of if read else None)
        return MetricFunnel(
            **_about(definition, self.scope, found),
            steps=tuple(
                FunnelLine(
                    number=step.number,
                    name=step.name,
                    users=step.users,
                    conversion=finite(step.conversion),
                    low=finite(step.low),
                    high=finite(step.high),
                )
                for step in steps
            ),
        )

    def goals(self, now: datetime) -> Goals:
        """Every goal now, with its change since a week ago."""
        lines = []
        as_of: datetime | None = None
        for goal in self.catalog.goals:
            reading = self._goal(goal, now)
            before = self._goal(goal, now - WEEK) if reading else None
            lines.append(goal_line(goal, reading, before))
            if reading and reading.estimate and reading.estimate.as_of:
                as_of = max(filter(None, (as_of, reading.estimate.as_of)))
        is_empty = all(line.estimate is None for line in lines)
        return Goals(
            state="empty" if is_empty else "ok",
            as_of=as_of,
            is_simulated=self.scope.is_simulated,
            goals=tuple(lines),
        )

    def _goal(self, goal: Goal, now: datetime) -> GoalReading | None:
        place = (self.scope.project, self.scope.environment)
        try:
            return read_goal(self.warehouse, self.catalog, goal, *place, now)
        except QueryError:
            # One model that is missing or of another shape must not hide the other goals.
            return None

    def _query(self) -> MetricQuery:
        scope = self.scope
        return MetricQuery(
            project=scope.project,
            environment=scope.environment,
            start=scope.start,
            end=scope.end,
            grain=scope.grain,
        )

    def _definition(self, name: str) -> MetricDefinition:
        definition = self.catalog.metrics.get(name)
        if definition is None:
            raise UnknownMetricError(facts={"metric": name[:80]})
        return definition


def metric_names(catalog: Catalog) -> tuple[MetricName, ...]:
    """What can be asked for."""
    return tuple(
        MetricName(name=metric.name, title=metric.title, type=metric.type, owner=metric.owner)
        for metric in catalog.metrics.values()
    )


def goal_line(goal: Goal, reading: GoalReading | None, before: GoalReading | None) -> GoalLine:
    """One goal as the home page lists it."""
    is_known = reading is not None and reading.status != "no_data"
    estimate = spread(reading.estimate) if reading and is_known else None
    return GoalLine(
        name=goal.id,
        title=goal.title,
        metric=goal.metric,
        unit=UNIT[goal.format],
        status=reading.status if reading else "no_data",
        sentence=promise(reading) if reading else NOT_BUILT,
        needs=(reading.needs if reading else "") or goal.needs or NOT_BUILT,
        estimate=estimate,
        change=_change(reading, before) if is_known else None,
        target=finite(goal.target),
        baseline=finite(goal.baseline.value),
        comparator=goal.comparator,
        due=goal.due,
        owner=goal.owner,
    )


def promise(reading: GoalReading) -> str:
    """The reading's sentence without the figure in front, which stands beside it."""
    figure, comma, rest = reading.sentence.partition(", ")
    return f"{rest[:1].upper()}{rest[1:]}" if comma else figure


def _change(reading: GoalReading | None, before: GoalReading | None) -> float | None:
    if reading is None or before is None or before.status == "no_data":
        return None
    if reading.estimate is None or before.estimate is None:
        return None
    return finite(reading.estimate.value - before.estimate.value)


def spread(estimate: Estimate | None) -> Spread | None:
    """An estimate without infinities, which JSON has no word for."""
    if estimate is None or not math.isfinite(estimate.value):
        return None
    return Spread(
        value=estimate.value,
        low=finite(estimate.low),
        high=finite(estimate.high),
        n=estimate.n,
    )


def finite(value: float | None) -> float | None:
    """The number, or None where it is not one."""
    return value if value is not None and math.isfinite(value) else None


def _built(read: Callable[[], T]) -> T | None:
    """None while the metric's model does not exist yet (a fresh warehouse)."""
    try:
        return read()
    except QueryError as error:
        if "does not exist" in error.message:
            return None
        raise


class _About(TypedDict):
    """The fields that every answer about a metric has."""

    state: Standing
    as_of: datetime | None
    is_simulated: bool
    sentence: str
    cure: str
    name: str
    title: str
    description: str
    unit: str
    owner: str


@dataclass(frozen=True, slots=True)
class _Found:
    """Whether the models were there, whether they said anything, and as of when."""

    is_built: bool
    is_empty: bool
    as_of: datetime | None


def _about(definition: MetricDefinition, scope: Scope, found: _Found) -> _About:
    return _About(
        state="empty" if found.is_empty else "ok",
        as_of=found.as_of,
        is_simulated=scope.is_simulated,
        sentence="" if found.is_built else NOT_BUILT,
        cure="" if found.is_built else NOT_BUILT_CURE,
        name=definition.name,
        title=definition.title,
        description=definition.description,
        unit=UNIT[definition.format],
        owner=definition.owner,
    )
