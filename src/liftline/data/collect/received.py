"""When an event came, by a clock that does not follow every leap of the machine's."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from liftline.core.clock import Clock

MAX_LEAP_S: Final = 120.0
"""A wall clock that moved more than this apart from the monotonic one is not believed."""
AGREES_FOR_S: Final = 60.0
"""So long it must agree again before it is believed again."""

_logger = logging.getLogger(__name__)


class ReceivedClock:
    """The instants events are stamped with: each no earlier than the one before.

    While the wall clock is believed it is what is told, but never an earlier instant than
    was told before. After a leap of more than MAX_LEAP_S either way time goes on at the
    monotonic clock's pace from the last instant told, until the wall clock agrees again for
    AGREES_FOR_S, or the process is started anew. One thread.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told = clock.now()
        self._at_s = clock.monotonic_s()
        self._is_believed = True
        self._agrees_since_s: float | None = None
        self.skew_s = 0.0
        """How far the wall clock is ahead of the instants told; 0 while it is believed."""

    def now(self) -> datetime:
        """The instant to stamp with (UTC)."""
        wall, now_s = self._clock.now(), self._clock.monotonic_s()
        passed_s, self._at_s = now_s - self._at_s, now_s
        gap_s = (wall - self._told).total_seconds()
        leap_s = gap_s - passed_s
        if self._is_believed and -MAX_LEAP_S <= leap_s <= MAX_LEAP_S:
            if gap_s > 0:
                self._told = wall
            return self._told
        if self._is_believed_again(leap_s, now_s):
            self._told = max(wall, self._told)
        else:
            self._told += timedelta(seconds=passed_s)
        return self._told

    def _is_believed_again(self, leap_s: float, now_s: float) -> bool:
        if self._is_believed:
            self._is_believed = False
            _logger.error(
                "the wall clock leapt by %.0f s; events are stamped without it until it agrees "
                "again or the collector is restarted",
                leap_s,
            )
        self.skew_s = leap_s
        if abs(leap_s) > MAX_LEAP_S:
            self._agrees_since_s = None
            return False
        if self._agrees_since_s is None:
            self._agrees_since_s = now_s
        if now_s - self._agrees_since_s < AGREES_FOR_S:
            return False
        self._is_believed, self._agrees_since_s, self.skew_s = True, None, 0.0
        _logger.warning("the wall clock agrees again; events are stamped by it")
        return True
