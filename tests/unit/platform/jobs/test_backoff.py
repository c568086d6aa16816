"""Goal: waits double, are capped and jittered, and errors are kept in bounds."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from liftline.platform.jobs.backoff import ERROR_CHARS_MAX, backoff, error_text

FIRST, LONGEST = timedelta(seconds=2), timedelta(minutes=10)


@pytest.mark.parametrize(
    ("attempt", "most_s"), [(1, 2), (2, 4), (5, 32), (9, 512), (10, 600), (10**6, 600)]
)
def test_the_wait_lies_in_the_upper_half(attempt: int, most_s: float) -> None:
    chance = random.Random(1)
    waits = [backoff(attempt, FIRST, LONGEST, chance).total_seconds() for _ in range(200)]
    assert all(most_s / 2 <= wait <= most_s for wait in waits)
    assert len(set(waits)) > 100


def test_an_error_is_named_and_cut() -> None:
    assert error_text(ValueError("odd")) == "ValueError: odd"
    assert len(error_text(ValueError("x" * 10_000))) == ERROR_CHARS_MAX
