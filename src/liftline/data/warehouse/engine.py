"""The warehouse as one object: loader, reader and builder on one file, and its status."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

import duckdb

from liftline.core.clock import Clock
from liftline.core.errors import BrokenError, LiftlineError, UnavailableError
from liftline.data.events.contracts import PlanSnapshot
from liftline.data.log.contracts import (
    CorruptFrameError,
    LogReader,
    PositionBeyondEndError,
)
from liftline.data.warehouse.builds import Builder, Scope, is_every_model_built
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.contracts import BuildResult, Rows, WarehouseAwayError, WarehouseStatus
from liftline.data.warehouse.definitions import (
    definitions_digest,
    read_definitions,
    write_definitions,
)
from liftline.data.warehouse.gauges import Gauges
from liftline.data.warehouse.loader import Loader, LoadReport, Offset, read_offset
from liftline.data.warehouse.plan_in_force import PLAN_CURE, PlanInForce
from liftline.data.warehouse.progress import Progress, read_delay_p95
from liftline.data.warehouse.queries import Reader
from liftline.data.warehouse.rebuild import Mode, RebuildReport, rebuild, rebuild_outdated
from liftline.data.warehouse.store import SchemaVersionError, Store
from liftline.data.warehouse.wire import Parameters

_log = logging.getLogger(__name__)

_SMALLEST_BATCH = 1_000
_LOADS_BEFORE_GROWING = 16
_SWAP_WAIT_S = 60.0
_REASON_MAX = 300
_REFRESHED: Final = (
    "definitions of marts had changed: the old file's marts were made again in full before they"
    " were compared"
)
T = TypeVar("T")

_NO_ROOM: Final = (
    duckdb.OutOfMemoryException,
    duckdb.IOException,
    duckdb.TransactionException,
    OSError,
)
"""What DuckDB raises on a machine without memory or disk, a refused commit among it. They pass
and leave nothing behind, so loading tries again; what does not pass is a FatalException.
"""


class LoadPostponedError(UnavailableError):
    """A load did not fit into memory or onto the disk; nothing of it was kept."""

    code = "warehouse.load_postponed"
    default_cure = "free disk space, or raise the warehouse's memory limit; loading tries again"


class Engine:
    """Everything that touches the file. Safe from many threads.

    `load_once` and `rebuild` exclude each other; queries run beside both, and wait only
    while a rebuilt file is put in place.
    """

    def __init__(self, config: WarehouseConfig, log: LogReader, clock: Clock) -> None:
        self._config = config
        self._log = log
        self._clock = clock
        self._loading = threading.Lock()
        self._planning = threading.Lock()
        self._plan = PlanInForce(config.control_directory)
        self._builder = Builder(config, clock)
        self._batch_events = config.batch_events
        self._loads_of_this_size = 0
        self.gauges = Gauges()
        self.progress = Progress()
        self._swapping = threading.Lock()
        self._store = self._open()
        self._reader = Reader(self._store, slots=config.query_slots, max_rows=config.max_rows)

    def _open(self) -> Store:
        try:
            store = Store(self._config.database_path, self._config)
        except SchemaVersionError as outdated:
            _log.warning("rebuilding from the log: %s", outdated.message)
            rebuild_outdated(self._config, self._log, self._clock)
            store = Store(self._config.database_path, self._config)
        self._loader = Loader(store, self._log, self._clock)
        return store

    def _offset(self) -> Offset:
        return self._with_cursor(read_offset)

    def _with_cursor(self, use: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        with self._swapping:
            cursor = self._store.cursor()
            try:
                return use(cursor)
            finally:
                cursor.close()

    # -- loading ---------------------------------------------------------------------

    def pending_events(self) -> int:
        """Durable events that are not loaded yet."""
        return max(0, self._log.stats().events - self._offset().received)

    def is_at_the_end(self) -> bool:
        """Loaded up to the durable position of the same log: only then is there nothing to do.

        Counts alone would miss a log that was lost, emptied or restored from an older copy.
        """
        offset, stats = self._offset(), self._log.stats()
        has_same_end = (offset.position, offset.next_ordinal) == (stats.durable, stats.next_ordinal)
        return has_same_end and offset.log_id in ("", stats.log_id)

    def load_once(self) -> LoadReport | None:
        """Load one batch; None when nothing is pending or loading has stopped.

        Stops for good on damage (the log was cut, a frame is corrupt, the ledger does not
        balance): loading on would lose or double events. Raises LoadPostponedError when the
        machine had no room; the next batch is then smaller.
        """
        with self._loading:
            if self.progress.state == "stopped":
                return None
            try:
                report = self._loader.load_next(
                    max_records=self._batch_events, max_bytes=self._config.batch_bytes
                )
            except (PositionBeyondEndError, CorruptFrameError, BrokenError) as damage:
                self._stop(damage)
                return None
            except _NO_ROOM as error:
                self._take_smaller_batches()
                postponed = self._postpone(error)
                # Rows that are not checkpointed yet are held in memory.
                with contextlib.suppress(duckdb.Error):
                    self._store.checkpoint()
                raise postponed from error
            self.progress.note_load(report)
            self.gauges.is_postponed.set(0)
            self._loads_of_this_size += 1
            if self._loads_of_this_size >= _LOADS_BEFORE_GROWING:
                self._loads_of_this_size = 0
                self._batch_events = min(self._config.batch_events, self._batch_events * 2)
        if report is not None:
            self.gauges.note_load(report)
            if report.dispositions.conflict or report.load_failures:
                _log.warning(
                    "events set aside",
                    extra={
                        "conflicts": report.dispositions.conflict,
                        "load_failures": report.load_failures,
                        "start": str(report.start),
                    },
                )
        return report

    def _postpone(self, error: BaseException) -> LoadPostponedError:
        postponed = LoadPostponedError(facts={"reason": str(error).split("\n", 1)[0][:300]})
        self.progress.note_problem(postponed)
        self.gauges.is_postponed.set(1)
        return postponed

    def _take_smaller_batches(self) -> None:
        """Half of what there was to load, or of the last size when that was smaller."""
        tried = min(self._batch_events, max(self.pending_events(), _SMALLEST_BATCH))
        self._batch_events = max(_SMALLEST_BATCH, tried // 2)
        self._loads_of_this_size = 0

    def note_death(self, error: LiftlineError) -> None:
        """The loading thread has ended: never look as if it still ran."""
        self.progress.stop(error)
        self.gauges.is_stopped.set(1)

    def _stop(self, damage: BrokenError) -> None:
        _log.error("loading stopped: %s", damage, extra={"facts": damage.facts})
        self.progress.stop(damage)
        self.gauges.is_stopped.set(1)

    # -- reading ---------------------------------------------------------------------

    def query(
        self,
        sql: str,
        parameters: Parameters | None = None,
        *,
        max_rows: int = 10_000,
        timeout_s: float = 30.0,
    ) -> Rows:
        """See the port."""
        return self._reader.query(sql, parameters, max_rows=max_rows, timeout_s=timeout_s)

    def status(self) -> WarehouseStatus:
        """See the port. Never waits for a load or a build."""
        offset = self._offset()
        durable = self._log.stats()
        return WarehouseStatus(
            state=self.progress.state,
            loaded_position=str(offset.position),
            durable_position=str(durable.durable),
            pending_events=max(0, durable.events - offset.received),
            loaded_events=offset.received,
            last_load_at=self.progress.last_load_at,
            last_build=self.progress.last_build,
            size_bytes=self._store.size_bytes(),
            problem=self.progress.problem or self._plan.problem,
            cure=self.progress.cure or (PLAN_CURE if self._plan.problem else ""),
        )

    def metrics(self) -> bytes:
        """Prometheus text, with the gauges read now."""
        offset = self._offset()
        p95_s = self._with_cursor(lambda cursor: read_delay_p95(cursor, self._clock.now()))
        size_bytes = self._store.size_bytes()
        self.gauges.pending.set(max(0, self._log.stats().events - offset.received))
        self.gauges.pending_age.set(self.progress.pending_s(self._clock.monotonic_s()))
        self.gauges.file_bytes.set(size_bytes)
        self.gauges.bytes_per_million.set(size_bytes * 1e6 / max(offset.received, 1))
        self.gauges.delay_p95.set(float("nan") if p95_s is None else p95_s)
        return self.gauges.text()

    # -- building --------------------------------------------------------------------

    def build(self, scope: Scope = "models") -> BuildResult:
        """Run dbt with the plan in force, and remember how it went."""
        loads_before = self.progress.loads
        with self._planning:
            plan = self._plan.refresh()
        result, _ = self._build_marts(plan, scope)
        self.progress.note_build(result, loads_before, scope, plan.version if plan else None)
        self.gauges.note_build(result)
        return result

    def _build_marts(self, plan: PlanSnapshot | None, scope: Scope) -> tuple[BuildResult, bool]:
        """Build, in full where a definition changed: new rows alone would leave the old ones
        as the old definition made them. Also says whether it was in full.
        """
        if plan is None:
            return self._builder.build(plan, scope=scope), False
        wanted = definitions_digest(plan)
        if wanted == self._with_cursor(read_definitions):
            return self._builder.build(plan, scope=scope), False
        _log.info("definitions changed: all marts are built again from their first row")
        scope = "models" if scope == "marts" else scope
        result = self._builder.build(plan, scope=scope, is_full_refresh=True)
        if is_every_model_built(result):
            self._with_cursor(lambda cursor: write_definitions(cursor, wanted))
        return result, True

    def note_broken_build(self, error: BaseException) -> None:
        """A build that could not even fail by itself is shown as a failed one."""
        reason = str(error) or repr(error)
        failed = BuildResult(
            started_at=self._clock.now(),
            duration_s=0.0,
            is_ok=False,
            models_built=0,
            tests_passed=0,
            failures=(reason[:_REASON_MAX],),
        )
        self.progress.note_failed_build(failed)
        self.gauges.note_build(failed)

    def apply_plan(self) -> BuildResult:
        """Regenerate staging from the plan in force, then build."""
        return self.build("models")

    def plan_version(self) -> int | None:
        """The version of the plan in force; None before the first."""
        with self._planning:
            plan = self._plan.refresh()
        return plan.version if plan else None

    # -- rebuilding ------------------------------------------------------------------

    def rebuild(self, mode: Mode, *, say: Callable[[str], None] = _log.info) -> RebuildReport:
        """Make the file again from the log, prove that it is the same, and swap it in.

        Loading pauses; queries go on with the old file until the swap. A difference with
        `verify` leaves the old file in place and the new one beside it. `this_log` accepts
        the loss of what the log does not have; the old file then stays as `.replaced`.
        """
        with self._loading:
            was = self.progress.state
            self.progress.state = "rebuilding"
            try:
                report = self._rebuild_beside(mode)
                say(report.text())
                if report.may_take_the_place:
                    self._swap(keep_old=mode == "this_log")
                    self.progress.resume()
                    self.gauges.is_stopped.set(0)
                else:
                    self.progress.state = was
            except BaseException:
                self.progress.state = was
                raise
        return report

    def _rebuild_beside(self, mode: Mode) -> RebuildReport:
        with self._planning:
            plan = self._plan.refresh()

        was_refreshed = False

        def build_marts() -> tuple[str, ...]:
            nonlocal was_refreshed
            if mode == "verify":  # both files' marts then stand at the same offset
                _, was_refreshed = self._build_marts(plan, "marts")
            return self._builder.build(plan, scope="models", into_rebuild=True).failures

        report = rebuild(
            self._config,
            self._log,
            self._clock,
            self._store,
            mode=mode,
            build_marts=build_marts if plan is not None else None,
        )
        return replace(report, note=_REFRESHED) if was_refreshed else report

    def _swap(self, *, keep_old: bool) -> None:
        """Close the old file, put the new one in its place, open it."""
        if not self._reader.close(_SWAP_WAIT_S):
            raise WarehouseAwayError("queries did not end in time for the swap")
        with self._builder.paused(), self._swapping:
            try:
                self._loader.close()
                self._store.close()
                self._replace_file(keep_old)
            finally:
                self._store = self._open()
                self._reader.reopen(self._store)

    def _replace_file(self, keep_old: bool) -> None:
        database = self._config.database_path
        wal = database.with_name(database.name + ".wal")
        if wal.exists():  # it belongs to the old file and must never meet the new one
            raise WarehouseAwayError("the old file did not close cleanly; restart the process")
        if keep_old:
            kept = database.with_name(database.name + ".replaced")
            kept.unlink(missing_ok=True)
            kept.hardlink_to(database)  # a name more, so that no crash leaves no file in place
        self._config.rebuild_path.replace(database)
        self.progress.plan_version_built = None  # the new file's marts are not proven yet

    def checkpoint_if_large(self) -> None:
        """Fold a large write-ahead log into the file. Raises LoadPostponedError."""
        wal = self._store.path.with_name(self._store.path.name + ".wal")
        try:
            if wal.exists() and wal.stat().st_size > self._config.wal_max_mb * 1024 * 1024 // 2:
                self._store.checkpoint()
        except _NO_ROOM as error:
            raise self._postpone(error) from error

    def prune(self) -> None:
        """Forget old load history. Raises LoadPostponedError when the machine has no room."""
        with self._loading:
            try:
                self._loader.prune()
            except _NO_ROOM as error:
                raise self._postpone(error) from error

    def close(self) -> None:
        """Let a load and running queries end, checkpoint, close."""
        deadline_s = time.monotonic() + self._config.drain_s
        with self._loading:
            self._loader.close()
            self._reader.close(max(0.0, deadline_s - time.monotonic()))
            self._store.close()
