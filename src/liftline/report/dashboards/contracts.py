"""What crosses the wall of dashboards: the port to the processes, and every answer's shape.

The web UI reads these shapes (ui/src/shapes.ts mirrors them). None means not known, which
is never the same as zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

Standing = Literal["ok", "empty", "away"]
Severity = Literal["bad", "warn"]
HappeningKind = Literal["deployment", "plan", "build", "process", "event", "rejections"]

OBJECTIVE_S = 600.0
"""An event should be countable this long after it was received (P95)."""
ALERT_S = 900.0
"""Past this P95 somebody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessState:
    """One process now, as the supervisor sees it."""

    name: str
    pid: int | None
    state: str
    started_at: datetime | None
    restarts: int
    rss_bytes: int | None
    is_ready: bool


class Processes(Protocol):
    """The processes as the supervisor sees them.

    Ordering: as they are started. Idempotency: reads. Concurrency: many threads.
    Bounds: a handful of rows, answers from a file or memory. Failures: none; what is not
    known is None. Clock: none.
    """

    def snapshot(self) -> tuple[ProcessState, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How far an answer can be trusted: `as_of` is the newest event it knows of."""

    state: Standing = "ok"
    as_of: datetime | None = None
    is_simulated: bool = False
    sentence: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that waits for a person, with what to do about it."""

    severity: Severity
    sentence: str
    cure: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened at an instant."""

    at: datetime
    kind: HappeningKind
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayPoint:
    """One bucket: from received to committed, in seconds, upper bounds of a histogram."""

    bucket: datetime
    events: int
    p50_s: float
    p95_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """How long live events waited to be countable, over the range and per bucket."""

    p50_s: float | None = None
    p95_s: float | None = None
    objective_s: float = OBJECTIVE_S
    alert_s: float = ALERT_S
    grain: str = "hour"
    points: tuple[DelayPoint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview(Answer):
    """The home page but for goals and series."""

    headline: str
    needs: tuple[Need, ...] = ()
    happened: tuple[Happening, ...] = ()
    delay: Delay = field(default_factory=Delay)
    activation_metric: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A number with its 95 % interval; a bound is None where nothing is known about it."""

    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalLine:
    """One goal read now; `change` is the difference to the reading of a week ago."""

    name: str
    title: str
    metric: str
    unit: str
    status: str
    sentence: str
    needs: str
    estimate: Spread | None
    change: float | None
    target: float | None
    baseline: float | None
    comparator: str
    due: date | None
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Goals(Answer):
    """Every goal of the catalogue, in its order."""

    goals: tuple[GoalLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPoint:
    """One bucket of a metric."""

    bucket: datetime
    value: float | None
    low: float | None
    high: float | None
    numerator: float | None
    denominator: float | None
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricAnswer(Answer):
    """Which metric an answer is about, as its definition says."""

    name: str
    title: str
    description: str
    unit: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSeries(MetricAnswer):
    """A metric over time, oldest first."""

    grain: str
    points: tuple[SeriesPoint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValue(MetricAnswer):
    """A metric over the whole range."""

    estimate: Spread | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelLine:
    """One step: who reached it and every step before it."""

    number: int
    name: str
    users: int
    conversion: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFunnel(MetricAnswer):
    """A funnel over the whole range."""

    steps: tuple[FunnelLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricName:
    """One metric of the catalogue."""

    name: str
    title: str
    type: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEvent:
    """An accepted event in short; `preview` is the start of its properties."""

    ordinal: int
    received_at: datetime
    event_at: datetime
    type: str
    name: str
    source_id: str
    sender: str
    user_id: str | None
    anonymous_id: str | None
    message_id: str
    is_planned: bool
    is_historical: bool
    is_semantic_duplicate: bool
    preview: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A record set aside, with its reason; `raw` is what came, as text."""

    ordinal: int
    kind: str
    received_at: datetime
    code: str
    message: str
    cure: str
    name: str | None
    source_id: str
    message_id: str | None
    events: int
    raw: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEvents(Answer):
    """The newest records, newest first; the next poll asks after `newest_ordinal`."""

    newest_ordinal: int = -1
    accepted: tuple[LiveEvent, ...] = ()
    rejected: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDetail(Answer):
    """One event with its properties and context as indented JSON."""

    event: LiveEvent
    properties: str
    context: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """What became of one source's events."""

    source_id: str
    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    semantic_duplicate: int = 0
    conflict: int = 0
    rejected: int = 0
    erased: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Every event received is exactly one of seven things, and the sum says so.

    received = accepted + duplicate + semantic duplicate + conflict + rejected + erased + pending.
    `pending` counts what is in the log and not loaded, of all projects: before loading
    nobody knows whose it is. `difference` is what the sum misses (0 when it balances).
    """

    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    semantic_duplicate: int = 0
    conflict: int = 0
    rejected: int = 0
    erased: int = 0
    pending: int = 0
    difference: int = 0
    is_balanced: bool = True
    sources: tuple[LedgerLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetters:
    """Events of one source turned away for one reason."""

    code: str
    source_id: str
    events: int
    last_at: datetime
    message: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What one part takes on disk; None per million while there is no event."""

    name: str
    size_bytes: int
    events: int
    bytes_per_million: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildLine:
    """The last dbt build."""

    started_at: datetime
    duration_s: float
    is_ok: bool
    models_built: int
    tests_passed: int
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseLine:
    """Where loading stands."""

    state: str
    loaded_position: str
    durable_position: str
    pending_events: int
    last_load_at: datetime | None
    problem: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health(Answer):
    """The data health page."""

    headline: str
    needs: tuple[Need, ...] = ()
    ledger: Ledger = field(default_factory=Ledger)
    freshness: Delay = field(default_factory=Delay)
    dead_letters: tuple[DeadLetters, ...] = ()
    processes: tuple[ProcessState, ...] = ()
    storage: tuple[Storage, ...] = ()
    warehouse: WarehouseLine | None = None
    build: BuildLine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where clients reach this installation; `collector` is a URL without a trailing slash."""

    collector: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectLine:
    """A project somebody may see."""

    project: str
    environments: tuple[str, ...]
    is_simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Projects:
    """Every project the asking person may see."""

    projects: tuple[ProjectLine, ...]
