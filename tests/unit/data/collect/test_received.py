"""Goal: instants of receipt never go back, and no leap of the wall clock is passed on."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftline.core.clock import ManualClock
from liftline.data.collect.received import AGREES_FOR_S, MAX_LEAP_S, ReceivedClock

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
MAX_LEAP = timedelta(seconds=MAX_LEAP_S)


def test_a_believed_clock_is_told_as_it_is() -> None:
    clock = ManualClock(NOW)
    received = ReceivedClock(clock)
    clock.advance(HOUR)
    clock.jump(MAX_LEAP)
    assert received.now() == clock.now()
    assert received.skew_s == 0


@pytest.mark.parametrize("leap", [HOUR, -HOUR, timedelta(days=400)])
def test_a_leap_is_not_passed_on(leap: timedelta, caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock(NOW)
    received = ReceivedClock(clock)
    clock.jump(leap)
    clock.advance(SECOND)
    with caplog.at_level(logging.INFO):
        for passed in (1, 2, 3):
            assert received.now() == NOW + passed * SECOND
            assert received.skew_s == pytest.approx(leap.total_seconds())
            clock.advance(SECOND)
    assert len(caplog.records) == 1, "said once, not with each request"


def test_a_clock_is_believed_again_after_it_agreed_for_a_while() -> None:
    clock = ManualClock(NOW)
    received = ReceivedClock(clock)
    clock.jump(HOUR)
    received.now()
    clock.jump(-HOUR + SECOND)
    assert received.now() == NOW, "not at once"
    assert received.skew_s == 1
    clock.advance(timedelta(seconds=AGREES_FOR_S / 2))
    clock.jump(HOUR)
    received.now()
    clock.jump(-HOUR)
    clock.advance(timedelta(seconds=AGREES_FOR_S - 1))
    received.now()
    assert received.skew_s == 1, "the while begins anew after each leap"
    clock.advance(timedelta(seconds=AGREES_FOR_S))
    assert received.now() == clock.now()
    assert received.skew_s == 0


def test_a_small_step_back_stands_still() -> None:
    clock = ManualClock(NOW)
    received = ReceivedClock(clock)
    clock.jump(-SECOND)
    assert received.now() == NOW
    clock.advance(2 * SECOND)
    assert received.now() == clock.now() == NOW + SECOND


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(-90_000, 90_000)), max_size=40))
def test_no_instant_goes_back_or_runs_away(steps: list[tuple[int, int]]) -> None:
    clock = ManualClock(NOW)
    received = ReceivedClock(clock)
    told = [received.now()]
    for passed, leap in steps:
        clock.advance(passed * SECOND)
        clock.jump(leap * SECOND)
        told.append(received.now())
        assert told[-1] - told[-2] <= passed * SECOND + MAX_LEAP
    assert told == sorted(told)


def test_the_door_stamps_and_tells_the_skew(door: Any, good: Any) -> None:
    door.post(good())
    door.clock.jump(HOUR)
    door.post(good(message_id="late"))
    assert {event.received_at for event in door.events} == {NOW}
    metrics = door.request("GET", "/metrics").body.decode()
    assert "\nliftline_collector_clock_skew_seconds 3600.0\n" in metrics
