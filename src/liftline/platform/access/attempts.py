"""How often someone may try a password, per account and per address. In memory, bounded.

The app is one process and a restart forgets at most one window; a table would make every
guess a write transaction on the database that the whole product shares.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from liftline.core.clock import Clock
from liftline.core.errors import UnavailableError

NAMES_MAX: Final = 10_000
WINDOW_S: Final = 900.0
PER_ACCOUNT: Final = 5
PER_ADDRESS: Final = 30


class TooManyAttemptsError(UnavailableError):
    """Too many failed attempts; wait before the next one."""

    code = "access.rate_limited"
    default_cure = "wait, or ask an admin for a new one-time link (`liftline accounts link`)"


@dataclass(slots=True)
class _Window:
    started_s: float
    failures: int


class Attempts:
    """Counts failures per name in fixed windows of WINDOW_S.

    At most NAMES_MAX names are remembered; the one untouched for longest goes first. Safe
    from many threads.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, email: str, address: str) -> None:
        """Count one attempt against both. Raises TooManyAttemptsError when either is used up.

        Counted before the password is looked at, so that parallel guesses do not slip
        through together; `succeeded` takes it back.
        """
        now_s = self._clock.monotonic_s()
        limits = ((f"account:{email}", PER_ACCOUNT), (f"address:{address}", PER_ADDRESS))
        with self._lock:
            for name, limit in limits:
                window = self._windows.get(name)
                if window is None:
                    continue
                left_s = window.started_s + WINDOW_S - now_s
                if left_s <= 0:
                    del self._windows[name]
                elif window.failures >= limit:
                    raise TooManyAttemptsError(retry_after_s=left_s)
            for name, _ in limits:
                self._windows.setdefault(name, _Window(now_s, 0)).failures += 1
                self._windows.move_to_end(name)
            while len(self._windows) > NAMES_MAX:
                self._windows.popitem(last=False)

    def succeeded(self, email: str, address: str) -> None:
        """Take the account's failures back, and this one from its address."""
        with self._lock:
            self._windows.pop(f"account:{email}", None)
            window = self._windows.get(f"address:{address}")
            if window is not None:
                window.failures = max(0, window.failures - 1)

    def unjudged(self, email: str, address: str) -> None:
        """Take one attempt back from both: nobody looked at its password."""
        with self._lock:
            for name in (f"account:{email}", f"address:{address}"):
                window = self._windows.get(name)
                if window is not None:
                    window.failures = max(0, window.failures - 1)
