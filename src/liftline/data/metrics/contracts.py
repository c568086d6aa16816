"""What crosses the wall of metrics: definitions, queries, compiled SQL, readings, goals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from liftline.core.errors import InvalidError
from liftline.core.ids import Environment, ProjectId
from liftline.data.warehouse.contracts import Scalar

MetricType = Literal["count", "ratio", "funnel", "retention"]
Grain = Literal["hour", "day", "week"]
GoalStatus = Literal["met", "on_track", "off", "no_data"]
Comparator = Literal["at_least", "at_most", "relative_change", "stable_within"]
Aggregate = Literal["count", "count_if", "sum", "count_distinct"]
NumberFormat = Literal["percent", "count", "duration"]
Evidence = Literal["interval", "value"]


class DefinitionError(InvalidError):
    """A definition file cannot be used."""

    code = "metrics.bad_definition"

    def __init__(self, problem: str, *, path: str, line: int, cure: str = "") -> None:
        super().__init__(f"{path}:{line}: {problem}", cure=cure, facts={"path": path, "line": line})


class MetricQueryError(InvalidError):
    """That question cannot be asked of this metric."""

    code = "metrics.bad_query"


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
class Measure:
    """What the rows of a model add up to.

    `count` counts rows, `count_if` rows that fulfil the condition `argument` (null is not
    fulfilled), `sum` adds the column `argument`, `count_distinct` counts units once.
    """

    aggregate: Aggregate
    argument: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Who is independent of whom: intervals and experiments count units, not rows.

    `is_row` says that the model has one row per unit, so that a share of rows is a share
    of independent units.
    """

    name: str
    column: str
    is_row: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Maturity:
    """A row counts once `column` is true, which is `after` its event time at the earliest."""

    column: str
    after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStepDefinition:
    """A step is reached when `column` holds an instant inside the funnel's window."""

    name: str
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPeriod:
    """One distance from the cohort's start, in days of 24 h."""

    day: int
    retained: str
    mature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDefinition:
    """One metric as its metrics.yml says: the only definition that every reader uses.

    `numerator` and `denominator` are set for counts and ratios (a count has no
    denominator), `steps` and `window` for funnels, `periods` for retention. `direction`
    says which way is better. Below `min_sample` units a goal on a ratio is not judged; a
    count is complete and needs none.
    """

    name: str
    title: str
    owner: str
    description: str
    type: MetricType
    model: str
    unit: Unit
    time_column: str
    numerator: Measure | None = None
    denominator: Measure | None = None
    where: str | None = None
    maturity: Maturity | None = None
    steps: tuple[FunnelStepDefinition, ...] = ()
    window: timedelta | None = None
    periods: tuple[RetentionPeriod, ...] = ()
    dimensions: tuple[str, ...] = ()
    direction: Literal["up", "down"] = "up"
    format: NumberFormat = "count"
    min_sample: int = 1
    origin: str = ""

    @property
    def is_proportion(self) -> bool:
        """Whether the value is a share of independent units (then Wilson's interval holds)."""
        return (
            self.unit.is_row
            and self.numerator is not None
            and self.numerator.aggregate == "count_if"
            and self.denominator is not None
            and self.denominator.aggregate == "count"
        )


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
    """A number with its 95 % interval, from n units, true as of an instant.

    A count is complete, not a sample: its interval is the number itself, and n what was
    counted (of a sum, the units that it was added up over). Where nothing is known about the
    spread (one unit), the bounds are 0 and 1 for a percentage and
    infinite otherwise.
    """

    value: float
    low: float
    high: float
    n: int
    as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One bucket of a series. None means not known, which is never the same as zero.

    `is_complete` says that the whole bucket lies in the range and that events are known
    to past its end (and past its maturity).
    """

    bucket: datetime
    value: float | None
    low: float | None
    high: float | None
    numerator: float | None
    denominator: float | None
    is_complete: bool
    dimension: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A metric over time: a point for every bucket of the range, oldest first."""

    points: tuple[Point, ...]
    as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStep:
    """How many users reached this step and every step before it, and their share of step 1."""

    number: int
    name: str
    users: int
    conversion: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """A funnel read once. No user in the range gives steps of 0 users without a share."""

    steps: tuple[FunnelStep, ...]
    as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionCell:
    """Of a cohort's `users`, `mature` are old enough for day `day` and `retained` came back."""

    cohort: datetime
    day: int
    users: int
    retained: int
    mature: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Cohorts by day number, ordered by cohort and day."""

    cells: tuple[RetentionCell, ...]
    as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Where a goal started: a stated `value`, or None for the window before the present one."""

    value: float | None
    source: str
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A promise about one metric, as its goals.yml says.

    `target` is a value for at_least and at_most, a share of the baseline for
    relative_change (0.06 is six per cent up), a distance for stable_within. `evidence`
    says what must reach the target: the whole interval, or (for a complete count of
    things, such as every artifact) the value alone. Durations are in seconds.
    """

    id: str
    title: str
    metric: str
    owner: str
    baseline: Baseline
    comparator: Comparator
    target: float
    window: timedelta
    due: date
    format: NumberFormat
    evidence: Evidence = "interval"
    needs: str = ""
    links: tuple[str, ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Every metric and goal in force: the shipped ones and a team's own."""

    metrics: Mapping[str, MetricDefinition]
    goals: tuple[Goal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalReading:
    """A goal measured now. `needs` says what is missing when there is no data."""

    goal: str
    status: GoalStatus
    estimate: Estimate | None
    sentence: str
    needs: str = ""
