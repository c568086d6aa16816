"""What crosses the wall of metrics: definitions, queries, compiled SQL, goals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from liftline.core.ids import Environment, ProjectId
from liftline.data.warehouse.contracts import Scalar

MetricType = Literal["count", "ratio", "funnel", "retention"]
Grain = Literal["hour", "day", "week"]
GoalStatus = Literal["met", "on_track", "off", "no_data"]
Comparator = Literal["at_least", "at_most", "relative_change", "stable_within"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuery:
    """Which slice of a metric: half-open [start, end) in UTC, one project and environment."""

    project: ProjectId
    environment: Environment
    start: datetime
    end: datetime
    grain: Grain = "day"
    dimension: str | None = None
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledQuery:
    """SQL for the warehouse with named parameters ($name); `columns` says what comes back."""

    sql: str
    parameters: dict[str, Scalar] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SufficientStatistics:
    """Per-unit sums that every mean, ratio and test can be computed from.

    x is the numerator per unit, y the denominator per unit (1 for counts).
    """

    n: int
    sum_x: float
    sum_xx: float
    sum_y: float
    sum_yy: float
    sum_xy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its 95 % interval, from n units, true as of an instant."""

    value: float
    low: float
    high: float
    n: int
    as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalReading:
    """A goal measured now. `needs` says what is missing when there is no data."""

    goal: str
    status: GoalStatus
    estimate: Estimate | None
    sentence: str
    needs: str = ""
