"""Running dbt: one warm runner inside the process that owns the file."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

from liftline.core.clock import Clock
from liftline.core.errors import UnavailableError
from liftline.data.events.contracts import PlanSnapshot
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.contracts import BuildResult
from liftline.data.warehouse.project import write_project

_log = logging.getLogger(__name__)

Scope = Literal["marts", "models", "everything"]
_EXCLUDED: Final[dict[Scope, tuple[str, ...]]] = {
    "marts": ("path:models/staging", "tag:hourly"),
    "models": ("tag:hourly",),
    "everything": (),
}
_FAILURES_SHOWN = 20
_MESSAGE_MAX = 300


class DbtMissingError(UnavailableError):
    """dbt is not installed, so marts cannot be built."""

    code = "warehouse.dbt_missing"
    default_cure = "run `liftline doctor`; it prints the command that installs dbt"


@dataclass(slots=True)
class _Tally:
    models: int = 0
    tests: int = 0
    failures: tuple[str, ...] = ()


class Builder:
    """Builds marts and runs their tests with dbt. Callers are served one after another.

    dbt parses the project once and keeps the manifest; it parses again when a file of the
    project changes. Nothing is sent anywhere: usage statistics are off, no packages.
    """

    def __init__(self, config: WarehouseConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._lock = threading.Lock()
        self._manifest: Any = None

    def build(
        self,
        plan: PlanSnapshot | None,
        *,
        scope: Scope,
        into_rebuild: bool = False,
        is_full_refresh: bool = False,
    ) -> BuildResult:
        """Run models and then their tests; ok only when all of them pass.

        `marts` leaves the staging views as they are, `models` rewrites them too, and
        `everything` also runs the tests tagged hourly, which read all rows. Without a plan
        there is nothing to build from, and that is said. `is_full_refresh` makes incremental
        marts again from their first row.
        """
        with self._lock:
            started_at, started_s = self._clock.now(), self._clock.monotonic_s()
            try:
                tally = self._run(plan, scope, into_rebuild, is_full_refresh)
            finally:
                if into_rebuild:
                    _disconnect()
            return BuildResult(
                started_at=started_at,
                duration_s=self._clock.monotonic_s() - started_s,
                is_ok=not tally.failures,
                models_built=tally.models,
                tests_passed=tally.tests,
                failures=tally.failures,
            )

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No build runs inside, and dbt has no connection of its own to the file."""
        with self._lock:
            _disconnect()
            yield

    def _run(
        self, plan: PlanSnapshot | None, scope: Scope, into_rebuild: bool, is_full_refresh: bool
    ) -> _Tally:
        if plan is None:
            return _Tally(failures=("no tracking plan has been published yet",))
        os.environ.setdefault("DO_NOT_TRACK", "1")
        try:
            from dbt.cli.main import dbtRunner  # noqa: PLC0415 - 3 s; only builds need it
        except ModuleNotFoundError as error:
            raise DbtMissingError from error
        if write_project(self._config, plan) or self._manifest is None:
            parsed = dbtRunner().invoke([*self._flags(into_rebuild), "parse", *self._places()])
            if not parsed.success:
                return _Tally(failures=(_shorten(parsed.exception or "dbt could not parse"),))
            self._manifest = parsed.result
            scope = "models" if scope == "marts" else scope
        excluded = _EXCLUDED[scope]
        chosen = ("--exclude", *excluded) if excluded else ()
        whole = ("--full-refresh",) if is_full_refresh else ()
        result = dbtRunner(manifest=self._manifest).invoke(
            [*self._flags(into_rebuild), "build", *self._places(into_rebuild), *whole, *chosen]
        )
        tally = _count(result)
        if tally.failures:
            _log.warning("dbt build failed", extra={"failures": list(tally.failures)})
        return tally

    def _flags(self, into_rebuild: bool) -> tuple[str, ...]:
        return (
            "--no-send-anonymous-usage-stats",
            "--no-version-check",
            "--no-use-colors",
            "--quiet",
            "--log-level",
            "none",
            "--log-level-file",
            "info",
            "--log-path",
            str(self._config.logs_directory),
        )

    def _places(self, into_rebuild: bool = False) -> tuple[str, ...]:
        directory = self._config.dbt_directory
        profiles = directory / "rebuild" if into_rebuild else directory
        return (
            "--project-dir",
            str(directory),
            "--profiles-dir",
            str(profiles),
            "--target-path",
            str(directory / "target"),
        )


def is_every_model_built(result: BuildResult) -> bool:
    """Nothing failed but, perhaps, tests of what was built."""
    return all(failure.startswith(("test ", "unit_test ")) for failure in result.failures)


def _count(result: Any) -> _Tally:
    """dbt's results in our words. Skipped counts as failed: its tests have not run."""
    tally = _Tally()
    failures: list[str] = []
    if result.exception is not None:
        failures.append(_shorten(result.exception))
    for node in getattr(result.result, "results", None) or ():
        kind, name = str(node.node.resource_type), node.node.name
        status = str(node.status)
        if status in ("success", "pass", "warn"):
            tally.models += kind == "model"
            tally.tests += kind in ("test", "unit_test")
        else:
            failures.append(f"{kind} {name}: {status}: {_shorten(node.message or '')}")
    if not failures and not result.success:
        failures.append("dbt failed without saying why; see dbt.log")
    tally.failures = tuple(failures[:_FAILURES_SHOWN])
    return tally


def _disconnect() -> None:
    """Close the connection that dbt keeps for the next run; without dbt there is none."""
    module = sys.modules.get("dbt.adapters.duckdb.connections")
    if module is not None:
        module.DuckDBConnectionManager.close_all_connections()


def _shorten(message: object) -> str:
    return " ".join(str(message).split())[:_MESSAGE_MAX]
