"""Goal: guessing is slowed per account and per address, in bounded memory."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liftline.core.clock import ManualClock
from liftline.platform.access import attempts
from liftline.platform.access.attempts import (
    PER_ACCOUNT,
    PER_ADDRESS,
    WINDOW_S,
    Attempts,
    TooManyAttemptsError,
)

WINDOW = timedelta(seconds=WINDOW_S)


def test_an_account_is_limited_from_all_addresses_together(clock: ManualClock) -> None:
    counted = Attempts(clock)
    for number in range(PER_ACCOUNT):
        counted.begin("a@b", f"10.0.0.{number}")
    with pytest.raises(TooManyAttemptsError) as refused:
        counted.begin("a@b", "10.0.0.99")
    assert refused.value.retry_after_s == WINDOW_S
    counted.begin("other@b", "10.0.0.99")


def test_an_address_is_limited_over_all_accounts_together(clock: ManualClock) -> None:
    counted = Attempts(clock)
    for number in range(PER_ADDRESS):
        counted.begin(f"{number}@b", "10.0.0.1")
    with pytest.raises(TooManyAttemptsError):
        counted.begin("fresh@b", "10.0.0.1")


def test_the_window_ends_and_a_clock_jump_does_not_end_it(clock: ManualClock) -> None:
    counted = Attempts(clock)
    for _ in range(PER_ACCOUNT):
        counted.begin("a@b", "10.0.0.1")
    clock.jump(WINDOW * 2)
    with pytest.raises(TooManyAttemptsError):
        counted.begin("a@b", "10.0.0.1")
    clock.advance(WINDOW)
    counted.begin("a@b", "10.0.0.1")


def test_success_takes_the_attempts_back(clock: ManualClock) -> None:
    counted = Attempts(clock)
    for _ in range(PER_ADDRESS * 2):
        counted.begin("a@b", "10.0.0.1")
        counted.succeeded("a@b", "10.0.0.1")
    assert {name: window.failures for name, window in counted._windows.items()} == {
        "address:10.0.0.1": 0
    }


def test_memory_is_bounded(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "NAMES_MAX", 10)
    counted = Attempts(clock)
    for number in range(100):
        counted.begin(f"{number}@b", f"10.0.0.{number}")
    assert len(counted._windows) == 10


def test_an_attempt_nobody_looked_at_is_taken_back() -> None:
    counted = Attempts(ManualClock())
    for _ in range(PER_ACCOUNT * 2):
        counted.begin("a@b.example", "1.2.3.4")
        counted.unjudged("a@b.example", "1.2.3.4")
    counted.unjudged("never@seen.example", "9.9.9.9")
    assert {window.failures for window in counted._windows.values()} == {0}
