"""What must survive a restart: which world this is and how far it was sent.

Before a batch leaves, its end is written down as doubtful; after its receipt, as sent. So
after a crash exactly the doubtful events are sent again, in the same form and with the
same ids, and the warehouse keeps them once.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Literal

import msgspec

Phase = Literal["history", "live"]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a world was sent. Everything due at or before `sent_through_ms` was answered.

    What is due until `doubtful_through_ms` may have arrived, in the form `doubtful_phase`.
    The regulars were there from `watched_since_ms` on.
    """

    seed: int
    start_ms: int
    live_since_ms: int
    watched_since_ms: int
    sent_through_ms: int
    doubtful_through_ms: int
    doubtful_phase: Phase
    events_sent: int = 0


class ProgressFile:
    """The state file. Holds a lock, because two senders of one world would race."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock_fd: int | None = None

    def __enter__(self) -> ProgressFile:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock = self._path.with_name(self._path.name + ".lock")
        self._lock_fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock_fd)
            self._lock_fd = None
            raise AlreadyRunningError(str(self._path)) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def load(self) -> Progress | None:
        """What was saved last; None when there is nothing yet. Raises BadProgressError."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(raw, type=Progress)
        except msgspec.MsgspecError as error:
            raise BadProgressError(f"{self._path}: {error}") from error

    def save(self, progress: Progress) -> None:
        """Replace the file in one step: a reader sees the old state or the new one."""
        fresh = self._path.with_name(self._path.name + ".new")
        fresh.write_bytes(msgspec.json.encode(progress))
        fresh.replace(self._path)


class AlreadyRunningError(Exception):
    """Another demo sends from this state file."""

    cure = "stop the other demo, or give this one a --state of its own"


class BadProgressError(Exception):
    """The state file cannot be read."""

    cure = "remove the demo project's data and the state file, then start the demo again"
