"""A thread that keeps passes going: worker, courier, republishing, gauges."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import Counter

PASSES_IN_A_ROW_MAX: Final = 50

LOOP_FAILURES: Final = Counter(
    "liftline_jobs_loop_failures", "Passes of the job loop that raised.", ["step"]
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing the loop does each round: returns how much it found, 0 when idle."""

    name: str
    run: Callable[[], int]


class JobLoop:
    """Runs its steps one after another in one daemon thread, `poll_s` apart when idle.

    A step that found work is run again at once, at most PASSES_IN_A_ROW_MAX times, so one
    busy step never starves the others. A step that raises is logged and counted; the loop
    goes on.
    """

    def __init__(self, steps: Sequence[Step], *, poll_s: float = 0.5) -> None:
        self._steps = tuple(steps)
        self._poll_s = poll_s
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._turn, name="liftline-jobs", daemon=True)

    def start(self) -> None:
        """Begin; once in the life of a loop."""
        self._thread.start()

    def wake(self) -> None:
        """Look again now, such as after setting a timer that is due."""
        self._wake.set()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Ask the loop to end after its current step; whether it did in time."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _turn(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            for step in self._steps:
                self._drain(step)
            self._wake.wait(self._poll_s)

    def _drain(self, step: Step) -> None:
        for _ in range(PASSES_IN_A_ROW_MAX):
            if self._stopping.is_set():
                return
            try:
                if not step.run():
                    return
            except Exception:  # noqa: BLE001 - the loop's owner: it must outlive any step
                LOOP_FAILURES.labels(step=step.name).inc()
                _log.exception("the job loop's step %s failed", step.name)
                return
