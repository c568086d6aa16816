"""When an event came, by a clock that does not follow every leap of the machine's."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from liftline.core.clock import Clock

MAX_LEAP: Final = timedelta(minutes=2)
"""A wall clock that moved more than this apart from the monotonic one is not believed."""
AGREES_FOR_S: Final = 60.0
"""So long it must agree again before it is believed again."""
NO_LEAP: Final = timedelta(0)

_logger = logging.getLogger(__name__)


class ReceivedClock:
    """The instants events are stamped with: each no earlier than the one before.

    While the wall clock is believed it is what is told, but never an earlier instant than
    was told before. After a leap of more than MAX_LEAP either way time goes on at the
    monotonic clock's pace from the last instant told, until the wall clock agrees again for
    AGREES_FOR_S, or the process is started anew. One thread.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told = clock.now()
        self._at_s = clock.monotonic_s()
        self._skew = NO_LEAP
        self._agrees_since_s: float | None = None

    @property
    def skew_s(self) -> float:
        """How far the wall clock is ahead of the instants told, in seconds; 0 when believed."""
        return self._skew.total_seconds()

    def now(self) -> datetime:
        """The instant to stamp with (UTC)."""
        wall, now_s = self._clock.now(), self._clock.monotonic_s()
        expected = self._told + timedelta(seconds=now_s - self._at_s)
        leap = wall - expected
        self._at_s = now_s
        if not self._skew and -MAX_LEAP <= leap <= MAX_LEAP:
            self._told = max(wall, self._told)
            return self._told
        if self._is_believed_again(leap, now_s):
            self._told = max(wall, self._told)
            return self._told
        self._told = expected
        return expected

    def _is_believed_again(self, leap: timedelta, now_s: float) -> bool:
        if not self._skew:
            _logger.error(
                "the wall clock leapt by %.0f s; events are stamped without it until it agrees "
                "again or the collector is restarted",
                leap.total_seconds(),
            )
        self._skew = leap or timedelta.resolution
        if abs(leap) > MAX_LEAP:
            self._agrees_since_s = None
            return False
        if self._agrees_since_s is None:
            self._agrees_since_s = now_s
        if now_s - self._agrees_since_s < AGREES_FOR_S:
            return False
        self._skew, self._agrees_since_s = NO_LEAP, None
        _logger.warning("the wall clock agrees again; events are stamped by it")
        return True
