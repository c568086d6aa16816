"""What the warehouse has done since it started, for status and pacing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import duckdb

from liftline.core.errors import LiftlineError
from liftline.data.warehouse.builds import Scope
from liftline.data.warehouse.contracts import BuildResult
from liftline.data.warehouse.loader import LoadReport
from liftline.data.warehouse.store import statement

State = Literal["starting", "loading", "rebuilding", "stopped"]

DELAY_WINDOW = timedelta(hours=1)


@dataclass(slots=True)
class Progress:
    """Written by the loading and building threads, read by every other."""

    state: State = "loading"
    problem: str = ""
    cure: str = ""
    loads: int = 0
    loads_built: int = 0
    plan_version_built: int | None = None
    last_load_at: datetime | None = None
    last_build: BuildResult | None = None
    failed_builds: int = 0
    pending_since_s: float | None = None

    def note_load(self, report: LoadReport | None) -> None:
        self.problem = self.cure = ""
        if report is not None and report.records:
            self.loads += 1
            self.last_load_at = report.committed_at

    def note_problem(self, error: LiftlineError) -> None:
        reason = error.facts.get("reason")
        self.problem = f"{error.message} {reason}" if reason else error.message
        self.cure = error.cure

    def note_build(
        self, result: BuildResult, loads_before: int, scope: Scope, plan_version: int | None
    ) -> None:
        self.last_build = result
        if not result.is_ok:
            self.note_failed_build(result)
            return
        self.failed_builds = 0
        self.loads_built = loads_before
        if scope != "marts":
            self.plan_version_built = plan_version

    def note_failed_build(self, result: BuildResult) -> None:
        """Nothing counts as built: it is tried again, after a pause that grows."""
        self.last_build = result
        self.failed_builds += 1

    def stop(self, damage: LiftlineError) -> None:
        facts = ", ".join(f"{name} {value}" for name, value in damage.facts.items())
        self.state = "stopped"
        self.problem = f"{damage.message} ({facts})" if facts else damage.message
        self.cure = damage.cure

    def resume(self) -> None:
        self.state = "loading"
        self.problem = self.cure = ""

    def pending_s(self, now_s: float) -> float:
        """How long events have been pending, on the monotonic clock."""
        return 0.0 if self.pending_since_s is None else now_s - self.pending_since_s


def read_delay_p95(cursor: duckdb.DuckDBPyConnection, now: datetime) -> float | None:
    """Seconds from received to queryable that 95 % of the window's events stayed under.

    Grain: accepted events that are not historical, of loads committed in the last hour.
    A bucket bound, so it is never too small; infinity past a day; None without events.
    """
    since = (now - DELAY_WINDOW).astimezone(UTC).replace(tzinfo=None)
    row = cursor.execute(statement("delay_quantile"), {"since": since, "quantile": 0.95}).fetchone()
    if row is None or row[0] is None:
        return None
    return math.inf if math.isinf(row[0]) else float(row[0])
