"""Answers to the pages' questions: fresh, or the last known ones while the warehouse is away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from prometheus_client import Counter

from liftline.core.clock import Clock
from liftline.core.errors import LiftlineError
from liftline.data.log.contracts import LogReader, LogStats
from liftline.data.metrics.contracts import Catalog
from liftline.data.warehouse.contracts import Warehouse, WarehouseAwayError
from liftline.report.dashboards import health, live, overview
from liftline.report.dashboards.contracts import (
    Answer,
    EventDetail,
    Goals,
    Health,
    LiveEvents,
    MetricFunnel,
    MetricSeries,
    MetricValue,
    Overview,
    Processes,
)
from liftline.report.dashboards.health import Surroundings
from liftline.report.dashboards.measures import Reader
from liftline.report.dashboards.remembered import Kept, Remembered
from liftline.report.dashboards.scope import Scope

FRESH_S: Final = 4.0
GOALS_FRESH_S: Final = 20.0
LIVE_FRESH_S: Final = 1.0

STALE_ANSWERS: Final = Counter(
    "liftline_dashboards_stale_answers",
    "Answers given from memory or without figures because the warehouse was away.",
)
T = TypeVar("T")
A = TypeVar("A", bound=Answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the pages are made from."""

    warehouse: Warehouse
    log: LogReader
    catalog: Catalog
    processes: Processes
    clock: Clock


class Pages:
    """Composes each page's answer. Safe from many threads."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._remembered = Remembered(sources.clock)

    def overview(self, scope: Scope) -> Overview:
        """The home page but for goals and series."""
        now = self._sources.clock.now()
        warehouse = self._sources.warehouse
        kept = self._ask("overview", scope, lambda: overview.read_home(warehouse, scope, now))
        around = self._around(kept)
        return overview.compose(scope, kept.value, around, self._sources.catalog)

    def health(self, scope: Scope) -> Health:
        """The data health page."""
        now = self._sources.clock.now()
        warehouse = self._sources.warehouse
        kept = self._ask("health", scope, lambda: health.read_facts(warehouse, scope, now))
        return health.compose(scope, kept.value, self._around(kept))

    def live(self, scope: Scope, after: int, name: str | None) -> LiveEvents:
        """What is new; the first page of a name is remembered, polls are not."""
        sources = self._sources
        now = sources.clock.now()
        try:
            if after != live.BEGINNING:
                return live.read_live(sources.warehouse, scope, after, name, now)
            kept = self._remembered.ask(
                ("live", scope.project, scope.environment, name),
                LIVE_FRESH_S,
                lambda: live.read_live(sources.warehouse, scope, after, name, now),
            )
        except WarehouseAwayError as away:
            STALE_ANSWERS.inc()
            return live.away_live(away, scope, after)
        if kept.away is None:
            return kept.value
        STALE_ANSWERS.inc()
        return live.stale_live(kept.value, kept.away)

    def event(self, scope: Scope, ordinal: int) -> EventDetail:
        """One event. Raises UnknownEventError, WarehouseAwayError."""
        return live.read_event(self._sources.warehouse, scope, ordinal)

    def goals(self, scope: Scope) -> Goals:
        """Every goal now. Raises WarehouseAwayError when none were ever read."""
        now = self._sources.clock.now()
        reader = self._reader(scope)
        key = ("goals", scope.project, scope.environment)
        return _marked(self._remembered.ask(key, GOALS_FRESH_S, lambda: reader.goals(now)))

    def series(self, scope: Scope, name: str) -> MetricSeries:
        """Raises UnknownMetricError, WarehouseAwayError."""
        reader = self._reader(scope)
        return self._metric("series", scope, name, lambda: reader.series(name))

    def value(self, scope: Scope, name: str) -> MetricValue:
        """Raises UnknownMetricError, WarehouseAwayError."""
        reader = self._reader(scope)
        return self._metric("value", scope, name, lambda: reader.value(name))

    def funnel(self, scope: Scope, name: str) -> MetricFunnel:
        """Raises UnknownMetricError, MetricQueryError, WarehouseAwayError."""
        reader = self._reader(scope)
        return self._metric("funnel", scope, name, lambda: reader.funnel(name))

    def _reader(self, scope: Scope) -> Reader:
        sources = self._sources
        return Reader(warehouse=sources.warehouse, catalog=sources.catalog, scope=scope)

    def _metric(self, what: str, scope: Scope, name: str, read: Callable[[], A]) -> A:
        key = (what, name, *scope.memory_key(self._sources.clock.now()))
        return _marked(self._remembered.ask(key, FRESH_S, read))

    def _ask(self, what: str, scope: Scope, read: Callable[[], T]) -> Kept[T | None]:
        """The facts, the last known facts, or none: these pages have more to say than data."""
        key = (what, *scope.memory_key(self._sources.clock.now()))
        try:
            kept = self._remembered.ask(key, FRESH_S, read)
        except WarehouseAwayError as away:
            return Kept(None, away)
        return Kept(kept.value, kept.away)

    def _around(self, kept: Kept[T]) -> Surroundings:
        if kept.away is not None:
            STALE_ANSWERS.inc()
        return Surroundings(
            now=self._sources.clock.now(),
            processes=self._sources.processes.snapshot(),
            log=self._log_stats(),
            away=kept.away,
        )

    def _log_stats(self) -> LogStats | None:
        """Not known while the log cannot be read: unknown is not zero."""
        try:
            return self._sources.log.stats()
        except LiftlineError:
            return None


def _marked(kept: Kept[A]) -> A:
    """The answer, marked when it is a last known one."""
    if kept.away is None:
        return kept.value
    STALE_ANSWERS.inc()
    return replace(
        kept.value, state="away", sentence="The warehouse does not answer.", cure=kept.away.cure
    )
