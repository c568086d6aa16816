"""Goal: the loop drains, shares its turn, survives a failing step, and stops when told."""

from __future__ import annotations

import logging
import threading

import pytest

from liftline.platform.jobs.api import JobLoop, Step
from liftline.platform.jobs.loop import LOOP_FAILURES, PASSES_IN_A_ROW_MAX

WAIT_S = 10.0


def test_a_busy_step_is_drained_but_never_starves_the_next() -> None:
    order: list[str] = []
    reached = threading.Event()

    def busy() -> int:
        order.append("busy")
        return 1

    def quiet() -> int:
        order.append("quiet")
        reached.set()
        return 0

    loop = JobLoop([Step(name="busy", run=busy), Step(name="quiet", run=quiet)], poll_s=60)
    loop.start()
    assert reached.wait(WAIT_S)
    assert loop.stop(WAIT_S)
    assert order[: PASSES_IN_A_ROW_MAX + 1] == ["busy"] * PASSES_IN_A_ROW_MAX + ["quiet"]


def test_a_step_that_raises_is_counted_and_the_loop_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rounds: list[int] = []
    twice = threading.Event()

    def fail() -> int:
        rounds.append(1)
        if len(rounds) == 2:
            twice.set()
        raise ValueError("odd")

    loop = JobLoop([Step(name="failing", run=fail)], poll_s=0.01)
    with caplog.at_level(logging.ERROR):
        loop.start()
        assert twice.wait(WAIT_S)
        assert loop.stop(WAIT_S)
    assert LOOP_FAILURES.labels(step="failing")._value.get() >= 2
    assert "failing" in caplog.text


def test_wake_ends_the_wait() -> None:
    rounds: list[int] = []
    again = threading.Event()
    first = threading.Event()

    def note() -> int:
        rounds.append(1)
        (first if len(rounds) == 1 else again).set()
        return 0

    loop = JobLoop([Step(name="note", run=note)], poll_s=60)
    loop.start()
    assert first.wait(WAIT_S)
    for _ in range(100):
        loop.wake()
        if again.wait(0.1):
            break
    assert again.is_set()
    assert loop.stop(WAIT_S)
