"""Durations and sizes as people write them in settings and definitions."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from liftline.core.errors import InvalidError

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d|w)\Z")
_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


class BadDurationError(InvalidError):
    """That is not a duration."""

    code = "core.bad_duration"
    default_cure = "write a number and one of ms, s, min, h, d, w, such as 24h"


def duration(text: str) -> timedelta:
    """Parse `90s`, `15min`, `24h`, `7d`. Raises BadDurationError."""
    match = _DURATION.match(text.strip())
    if not match:
        raise BadDurationError(f"{text!r} is not a duration")
    return timedelta(seconds=float(match[1]) * _SECONDS[match[2]])


def size_text(size_bytes: float) -> str:
    """`1536` as `1.5 KiB`."""
    size = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(size) < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
