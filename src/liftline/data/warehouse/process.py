"""The warehouse process's threads: one loads, one builds; both stop when they are told to."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from liftline.core.clock import Clock
from liftline.core.errors import BrokenError, LiftlineError
from liftline.data.log.contracts import LogReader
from liftline.data.warehouse.builds import Scope
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.engine import Engine, LoadPostponedError
from liftline.data.warehouse.pace import Backoff, Pace

_log = logging.getLogger(__name__)

_BUILD_POLL_S = 1.0
_FIRST_FULL_BUILD_S = 120.0
_PRUNE_EVERY_S = 3600.0
_BUILD_BACKOFF = Backoff(first_s=15.0, most_s=900.0)
"""A build that failed is tried again: not each second, for dbt costs a core, and not never."""
_REASON_MAX = 300


class LoaderDiedError(BrokenError):
    """Loading ended on an error that nobody expected; the process ends and is started again."""

    code = "warehouse.loader_died"
    default_cure = "look into the warehouse's log; after a restart loading goes on where it stood"


class Process:
    """Opens the engine in the background, then keeps it loaded and built until stopped.

    `engine` is None while the file is being opened (a large write-ahead log takes a while)
    and when it cannot be opened; `problem` then says why. `is_fatal` tells the caller to end
    the process: DuckDB has declared its state unusable, and a restart recovers from disk.
    """

    def __init__(
        self,
        config: WarehouseConfig,
        log: LogReader,
        clock: Clock,
        *,
        on_fatal: Callable[[], None] = lambda: None,
    ) -> None:
        self._config = config
        self._log = log
        self._clock = clock
        self.on_fatal = on_fatal
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self.engine: Engine | None = None
        self.problem: LiftlineError | None = None
        self.is_fatal = False

    def start(self) -> None:
        """Return at once; the engine follows."""
        self._spawn("warehouse-loader", self._open_and_load)

    def stop(self, wait_s: float) -> bool:
        """End the current load, start no other, close the file. False when that took longer
        than `wait_s`; what was committed is safe either way.
        """
        self._stopping.set()
        deadline_s = self._clock.monotonic_s() + wait_s
        for thread in self._threads:
            thread.join(max(0.0, deadline_s - self._clock.monotonic_s()))
        if any(thread.is_alive() for thread in self._threads):
            return False
        if self.engine is not None:
            self.engine.close()
        return True

    def _spawn(self, name: str, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _open_and_load(self) -> None:
        try:
            self.engine = Engine(self._config, self._log, self._clock)
        except LiftlineError as error:
            _log.error("the warehouse cannot open its file: %s", error)
            self.problem = error
            return
        except Exception as error:  # noqa: BLE001 - this thread's owner: it must not end unseen
            self._die(error)
            return
        self._spawn("warehouse-dbt", self._build_loop)
        self._load_loop(self.engine)

    def _load_loop(self, engine: Engine) -> None:
        pace = Pace(
            batch_events=self._config.batch_events,
            batch_age_s=self._config.batch_age_s,
            core_share=self._config.core_share,
        )
        backoff, failures = Backoff(), 0
        wait_s, pruned_s = 0.0, self._clock.monotonic_s()
        while not self._stopping.wait(wait_s):
            try:
                wait_s = self._load_if_due(engine, pace)
                if self._clock.monotonic_s() - pruned_s > _PRUNE_EVERY_S:
                    engine.prune()
                    pruned_s = self._clock.monotonic_s()
                failures = 0
            except LoadPostponedError as error:
                failures += 1
                wait_s = backoff.wait_s(failures)
                _log.warning("load postponed: %s", error, extra={"again_in_s": wait_s})
            except Exception as error:  # noqa: BLE001 - the loop's owner: nothing above it
                self._die(error)
                return

    def _load_if_due(self, engine: Engine, pace: Pace) -> float:
        """Load when a batch is due; returns how long to wait before looking again."""
        now_s = self._clock.monotonic_s()
        progress = engine.progress
        if engine.is_at_the_end():
            progress.pending_since_s = None
            return self._config.poll_s
        pending = engine.pending_events()
        if progress.pending_since_s is None:
            progress.pending_since_s = now_s
        waiting_s = now_s - progress.pending_since_s
        # Without a pending event the log has a seam there, or ends before the offset: the
        # read says which.
        if pending and not pace.is_due(pending_events=pending, waiting_s=waiting_s):
            return min(self._config.poll_s, max(0.0, self._config.batch_age_s - waiting_s))
        report = engine.load_once()
        if report is None:
            return max(self._config.poll_s, 1.0)
        progress.pending_since_s = None
        engine.checkpoint_if_large()
        return pace.rest_s(cpu_s=report.cpu_s, wall_s=report.wall_s)

    def _build_loop(self) -> None:
        engine = self.engine
        assert engine is not None
        started_s = built_s = full_s = self._clock.monotonic_s()
        is_first, has_checked_all = True, False
        while not self._stopping.wait(0.0 if is_first else _BUILD_POLL_S):
            is_first = False
            failed = engine.progress.failed_builds
            if failed and self._clock.monotonic_s() - built_s < _BUILD_BACKOFF.wait_s(failed):
                continue
            now_s = self._clock.monotonic_s()
            full_after_s = (
                self._config.full_build_every_s if has_checked_all else _FIRST_FULL_BUILD_S
            )
            is_full_due = now_s - (full_s if has_checked_all else started_s) > full_after_s
            scope: Scope | None = None
            try:
                scope = self._due_scope(engine, now_s - built_s, is_full_due)
                if scope is None:
                    continue
                engine.build(scope)
            except Exception as error:  # noqa: BLE001 - the loop's owner: loading goes on without dbt
                if not isinstance(error, LiftlineError):
                    _log.exception("the dbt build broke")
                engine.note_broken_build(error)
            built_s = self._clock.monotonic_s()
            if scope == "everything" and engine.progress.failed_builds == 0:
                full_s, has_checked_all = built_s, True

    def _due_scope(self, engine: Engine, since_build_s: float, is_full_due: bool) -> Scope | None:
        """What to build now: everything hourly, models for a new plan, marts for new events."""
        progress = engine.progress
        version = engine.plan_version()
        if version is None or progress.state == "rebuilding":
            return None
        if is_full_due and progress.plan_version_built is not None:
            return "everything"
        if version != progress.plan_version_built:
            return "models"
        if progress.loads > progress.loads_built and since_build_s >= self._config.build_every_s:
            return "marts"
        return None

    def _die(self, error: BaseException) -> None:
        _log.critical("the warehouse cannot go on", exc_info=error)
        if self.problem is None:
            self.problem = LoaderDiedError(facts={"reason": repr(error)[:_REASON_MAX]})
        if self.engine is not None:
            self.engine.note_death(self.problem)
        self.is_fatal = True
        self.on_fatal()
