"""How long to wait after a failure, and what is kept of it. Pure."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

ERROR_CHARS_MAX: Final = 2000


def backoff(attempt: int, first: timedelta, longest: timedelta, chance: random.Random) -> timedelta:
    """How long to wait after failed attempt 1, 2, 3…: doubling, capped, half of it jittered."""
    doubled: timedelta = first * float(2 ** min(attempt - 1, 20))
    return min(doubled, longest) * chance.uniform(0.5, 1.0)


def error_text(error: BaseException) -> str:
    """What is kept of an error: type and message, bounded."""
    return f"{type(error).__name__}: {error}"[:ERROR_CHARS_MAX]
