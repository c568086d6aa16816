"""Stopping at once: a wait that a signal ends, and a deadline for a request that hangs."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType

GRACE_S = 0.4
"""After a signal a request in flight gets this long; then it is given up."""


class StoppedError(BaseException):
    """The grace is over. Not an Exception: nothing on the way may swallow it."""


class Stop:
    """Asked to stop or not. A pipe wakes the waiter: an Event could deadlock in a handler."""

    def __init__(self) -> None:
        self.is_requested = False
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def request(self) -> None:
        """Ask for the stop; safe in a signal handler and from any thread."""
        if not self.is_requested:
            self.is_requested = True
            os.write(self._writer, b"x")

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until asked to stop; True when asked."""
        if not self.is_requested and seconds > 0:
            select.select([self._reader], [], [], seconds)
        return self.is_requested

    def close(self) -> None:
        """Give the pipe back."""
        os.close(self._reader)
        os.close(self._writer)


def stop_on_signals(stop: Stop) -> None:
    """SIGTERM and SIGINT ask for the stop; a request that hangs is cut after the grace."""

    def ask(number: int, frame: FrameType | None) -> None:
        stop.request()
        signal.setitimer(signal.ITIMER_REAL, GRACE_S)

    def cut(number: int, frame: FrameType | None) -> None:
        raise StoppedError

    signal.signal(signal.SIGALRM, cut)
    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)


def ignore_the_grace() -> None:
    """The run is over: nothing is left to cut."""
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)
