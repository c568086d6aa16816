"""Which slice a page is about: one project, one environment, one span of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from liftline.core.ids import DEMO_PROJECT, Environment, ProjectId, environment, project_id
from liftline.data.metrics.contracts import Grain
from liftline.data.warehouse.contracts import Scalar
from liftline.report.dashboards.errors import BadRangeError

DEFAULT_SPAN: Final = timedelta(days=35)
LONGEST_SPAN: Final = timedelta(days=400)
MAX_BUCKETS: Final = 1_000
LENGTH: Final[dict[Grain, timedelta]] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}
ROLLING_SLACK: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Half-open [start, end) in UTC, of one project and environment."""

    project: ProjectId
    environment: Environment
    start: datetime
    end: datetime
    grain: Grain

    @property
    def is_simulated(self) -> bool:
        return self.project == DEMO_PROJECT

    def parameters(self) -> dict[str, Scalar]:
        """What most statements ask for."""
        return {**self.place(), "start": self.start, "end": self.end}

    def place(self) -> dict[str, Scalar]:
        return {"project": self.project, "environment": self.environment}

    def memory_key(self, now: datetime) -> tuple[str, ...]:
        """Equal for questions whose answers may stand in for each other.

        A range that ends now moves on with every minute; its length names it.
        """
        is_rolling = abs(self.end - now) <= ROLLING_SLACK
        length = str(round((self.end - self.start).total_seconds()))
        when = ("rolling",) if is_rolling else (self.start.isoformat(),)
        return (self.project, self.environment, self.grain, length, *when)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a request asked for, not yet checked."""

    project: str
    environment: str
    start: datetime | None = None
    end: datetime | None = None
    grain: Grain = "day"


def parse_scope(question: Question, now: datetime) -> Scope:
    """The scope of a request; 35 days up to now unless it says otherwise.

    Raises BadNameError, BadRangeError. A grain that would give more than 1,000 buckets is
    made coarser rather than refused.
    """
    end = _aware(question.end) or now
    start = _aware(question.start) or end - DEFAULT_SPAN
    if not start < end or end - start > LONGEST_SPAN:
        raise BadRangeError()
    grains: list[Grain] = ["hour", "day", "week"]
    wanted = grains[grains.index(question.grain) :]
    fitting = [g for g in wanted if (end - start) / LENGTH[g] <= MAX_BUCKETS]
    return Scope(
        project=project_id(question.project),
        environment=environment(question.environment),
        start=start,
        end=end,
        grain=fitting[0],
    )


def _aware(instant: datetime | None) -> datetime | None:
    if instant is None:
        return None
    if instant.tzinfo is None:
        raise BadRangeError("an instant without a zone is not an instant")
    return instant.astimezone(UTC)
