"""Goal: what failed to build counts as not built, and is tried again at a bounded pace."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from liftline.adapters.event_log.memory import MemoryLog, MemoryLogReader
from liftline.core.clock import SystemClock
from liftline.data.warehouse import process as process_module
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.contracts import BuildResult
from liftline.data.warehouse.pace import Backoff
from liftline.data.warehouse.process import Process
from liftline.data.warehouse.progress import Progress

WAIT_S = 20.0


def result(*failures: str) -> BuildResult:
    return BuildResult(
        started_at=datetime(2026, 3, 1, tzinfo=UTC),
        duration_s=1.0,
        is_ok=not failures,
        models_built=1,
        tests_passed=1,
        failures=failures,
    )


def test_a_failed_build_leaves_plan_and_loads_to_build() -> None:
    progress = Progress(loads=3)
    progress.note_build(result("model searches: error"), 3, "models", 7)
    assert (progress.plan_version_built, progress.loads_built) == (None, 0)
    assert progress.failed_builds == 1 and progress.last_build is not None
    progress.note_build(result(), 3, "models", 7)
    assert (progress.plan_version_built, progress.loads_built, progress.failed_builds) == (7, 3, 0)


def test_a_failed_build_is_tried_again_after_a_pause(
    config: WarehouseConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = threading.Semaphore(0)
    pauses: list[int] = []

    class CountedBackoff(Backoff):
        def wait_s(self, failures: int) -> float:
            pauses.append(failures)
            return 0.05

    monkeypatch.setattr(process_module, "_BUILD_POLL_S", 0.01)
    monkeypatch.setattr(process_module, "_BUILD_BACKOFF", CountedBackoff())
    monkeypatch.setattr("liftline.data.warehouse.engine.Engine.plan_version", lambda _: 7)

    def build(_: Any, plan: Any, **__: Any) -> BuildResult:
        tries.release()
        return result("model searches: error")

    monkeypatch.setattr("liftline.data.warehouse.builds.Builder.build", build)
    process = Process(replace(config, poll_s=0.01), MemoryLogReader(MemoryLog()), SystemClock())
    process.start()
    for _ in range(3):
        assert tries.acquire(timeout=WAIT_S), "a failed build was never tried again"
    assert process.stop(WAIT_S)
    assert len(pauses) > 3 and max(pauses) >= 2, "it waited, longer after each failure"


def test_the_pause_between_failed_builds_is_bounded() -> None:
    waits: list[float] = [process_module._BUILD_BACKOFF.wait_s(n) for n in range(1, 30)]
    assert waits[0] >= 10.0 and max(waits) == waits[-1] <= 900.0
    assert waits == sorted(waits)
