"""Time as a port: every instant is UTC and aware, and tests advance it by hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time.

    now() is wall time (UTC, aware; may jump either way). monotonic_s() never goes back
    and is the only one to measure durations with.
    """

    def now(self) -> datetime: ...

    def monotonic_s(self) -> float: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that a test sets and advances."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 1, tzinfo=UTC)
        if self._now.tzinfo is None:
            raise ValueError("ManualClock needs an aware start")
        self._monotonic_s = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def advance(self, delta: timedelta) -> None:
        """Let time pass: both readings move on."""
        self._now += delta
        self._monotonic_s += delta.total_seconds()

    def jump(self, delta: timedelta) -> None:
        """Move the wall clock alone, as NTP or an operator would."""
        self._now += delta


def to_utc_text(instant: datetime) -> str:
    """RFC 3339 in UTC with microseconds and Z; refuses naive instants."""
    if instant.tzinfo is None:
        raise ValueError("a naive datetime is not an instant")
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_micros(micros: int) -> datetime:
    """The instant that many microseconds after the Unix epoch."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)


def to_micros(instant: datetime) -> int:
    """Microseconds since the Unix epoch, exactly; refuses naive instants."""
    if instant.tzinfo is None:
        raise ValueError("a naive datetime is not an instant")
    return (instant - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
