"""Goal: sign-ins never hold more threads than planned, and a start costs no hash."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest
from argon2 import PasswordHasher

from liftline.platform.access import passwords as subject
from liftline.platform.access.passwords import (
    CONCURRENT_MAX,
    WAITERS_MAX,
    Passwords,
    SignInBusyError,
)

BOUND_S = 10.0


class Gated(PasswordHasher):
    """A hasher whose checks wait until the gate opens."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.gate = threading.Event()
        self.inside = threading.Semaphore(0)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - theirs
        self.inside.release()
        assert self.gate.wait(BOUND_S)
        return super().verify(hash, password)


@pytest.fixture
def gated() -> Iterator[Gated]:
    made = Gated()
    yield made
    made.gate.set()


def test_more_than_may_wait_are_turned_away_at_once(
    gated: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "WAIT_S", BOUND_S)
    passwords = Passwords(gated)
    held = CONCURRENT_MAX + WAITERS_MAX
    with ThreadPoolExecutor(held) as pool:
        waiting = [pool.submit(passwords.matches, None, "x") for _ in range(held)]
        for _ in range(CONCURRENT_MAX):
            assert gated.inside.acquire(timeout=BOUND_S)
        places = passwords._turns._places
        bound = threading.Event()
        while places._value and not bound.wait(0.005):
            pass
        with pytest.raises(SignInBusyError) as refused:
            passwords.matches(None, "x")
        assert refused.value.retry_after_s > 0
        gated.gate.set()
        assert [one.result(BOUND_S) for one in waiting] == [False] * held
    assert passwords.matches(None, "x") is False


def test_who_waited_too_long_leaves_the_place_free(
    gated: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "WAIT_S", 0.01)
    passwords = Passwords(gated)
    with ThreadPoolExecutor(CONCURRENT_MAX) as pool:
        running = [pool.submit(passwords.matches, None, "x") for _ in range(CONCURRENT_MAX)]
        for _ in range(CONCURRENT_MAX):
            assert gated.inside.acquire(timeout=BOUND_S)
        for _ in range(WAITERS_MAX + 1):
            with pytest.raises(SignInBusyError):
                passwords.matches(None, "x")
        gated.gate.set()
        assert [one.result(BOUND_S) for one in running] == [False] * CONCURRENT_MAX


def test_a_start_costs_no_hash_and_the_decoy_costs_a_full_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_self: PasswordHasher, _password: str) -> str:
        raise AssertionError("a start must not hash")

    monkeypatch.setattr(PasswordHasher, "hash", refuse)
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    made = Passwords(hasher)
    assert made.matches(None, "nobody's password") is False
    # The library reads it as one of its own: same parameters, so the same time.
    assert hasher.check_needs_rehash(made._decoy) is False
