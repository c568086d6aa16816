"""The bridge between the event loop and the log's writer thread."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial

from liftline.core.errors import UnavailableError
from liftline.data.log.contracts import LogWriter, Position

Outcome = Position | UnavailableError


class DurableAppends:
    """Appends and lets a coroutine wait until the records are durable.

    One commit acknowledges many appends; they cost one wake-up of the loop together.
    """

    def __init__(self, writer: LogWriter, loop: asyncio.AbstractEventLoop) -> None:
        self._writer = writer
        self._loop = loop
        self._done: deque[tuple[asyncio.Future[Outcome], Outcome]] = deque()
        self._is_waking = False

    def append(self, payload: bytes, *, records: int, events: int) -> asyncio.Future[Outcome]:
        """Raises LogFullError, LogClosedError."""
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._writer.append(
            payload, records=records, events=events, acknowledge=partial(self._arrived, future)
        )
        return future

    def _arrived(self, future: asyncio.Future[Outcome], outcome: Outcome) -> None:
        """On the writer's thread."""
        self._done.append((future, outcome))
        if not self._is_waking:
            self._is_waking = True
            self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        # The flag falls before the queue is emptied: what arrives later wakes the loop again.
        self._is_waking = False
        while self._done:
            future, outcome = self._done.popleft()
            if not future.done():
                future.set_result(outcome)
