"""Goal: the last value survives the warehouse's absence, and memory stays bounded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liftline.core.clock import ManualClock
from liftline.data.warehouse.contracts import WarehouseAwayError
from liftline.report.dashboards.remembered import KEPT_ANSWERS, Remembered


def away() -> int:
    raise WarehouseAwayError()


def test_a_value_is_fresh_for_a_while_then_asked_again() -> None:
    clock = ManualClock()
    remembered = Remembered(clock)
    assert remembered.ask("a", 4, lambda: 1).value == 1
    assert remembered.ask("a", 4, lambda: 2).value == 1
    clock.advance(timedelta(seconds=4))
    assert remembered.ask("a", 4, lambda: 2).value == 2


def test_the_last_value_comes_back_with_the_reason() -> None:
    clock = ManualClock()
    remembered = Remembered(clock)
    remembered.ask("a", 4, lambda: 1)
    clock.advance(timedelta(hours=1))
    kept = remembered.ask("a", 4, away)
    assert kept.value == 1
    assert kept.away is not None
    with pytest.raises(WarehouseAwayError):
        remembered.ask("never asked", 4, away)


def test_a_clock_that_jumps_back_does_not_freeze_a_value() -> None:
    clock = ManualClock()
    remembered = Remembered(clock)
    remembered.ask("a", 4, lambda: 1)
    clock.jump(timedelta(hours=-5))
    clock.advance(timedelta(seconds=5))
    assert remembered.ask("a", 4, lambda: 2).value == 2


def test_the_answers_used_last_are_kept() -> None:
    remembered = Remembered(ManualClock())
    for i in range(KEPT_ANSWERS + 10):
        remembered.ask(i, 4, lambda: 1)
        remembered.ask("often", 4, lambda: 1)
    assert remembered.ask("often", 4, lambda: 2).value == 1
    assert remembered.ask(0, 4, lambda: 2).value == 2
