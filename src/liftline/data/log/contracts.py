"""What crosses the wall of the log: positions, batches, and the two ports.

The log is a sequence of frames; a frame is what one durable commit wrote. Each record
is one line of NDJSON. Frames carry a running number for their first record, so every
record has an `ordinal` that a rebuild reproduces.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from liftline.core.errors import BrokenError, ConflictError, InvalidError, UnavailableError


class Position(NamedTuple):
    """A place between two frames. Ordered; never reused, even after a crash.

    `epoch` rises at each start of a writer, `sequence` at each segment, `offset` is in
    bytes inside the segment's file.
    """

    epoch: int
    sequence: int
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch:08d}-{self.sequence:08d}:{self.offset:012d}"


START = Position(0, 0, 0)
"""Before the first record of any log."""

_POSITION = re.compile(r"(\d{8,})-(\d{8,}):(\d{12,})\Z")


def parse_position(text: str) -> Position:
    """The inverse of str(). Raises BadPositionError."""
    match = _POSITION.match(text)
    if not match:
        raise BadPositionError(f"{text!r} is not a log position")
    return Position(int(match[1]), int(match[2]), int(match[3]))


class BadPositionError(InvalidError):
    """That is not a log position."""

    code = "log.bad_position"
    default_cure = "copy the `position` of a receipt"


class PositionBeyondEndError(BrokenError):
    """A reader's position lies beyond the end of the log: the log was cut or replaced."""

    code = "log.position_beyond_end"
    default_cure = (
        "restore the log from a backup; without one accept the loss:"
        " `liftline warehouse rebuild --from-this-log`"
    )


class CorruptFrameError(BrokenError):
    """A frame inside the durable part of the log does not match its checksum."""

    code = "log.corrupt_frame"
    default_cure = "run `liftline log check`, then restore the named segment from a backup"


class LogClosedError(UnavailableError):
    """The log takes no more records: it was closed, or a write to disk failed."""

    code = "log.closed"
    default_cure = "free disk space or replace the disk, then restart the collector"


class LogLockedError(ConflictError):
    """Another process is writing this log."""

    code = "log.locked"
    default_cure = "stop the other collector; one log has one writer"


class LogFullError(UnavailableError):
    """More is waiting to be written than the log may hold in memory."""

    code = "log.full"
    default_cure = "send again after the time in Retry-After"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One durable commit. `events` counts what the records stand for (the ledger's received)."""

    start: Position
    end: Position
    first_ordinal: int
    records: int
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBatch:
    """Whole frames in order: `payload` is their record lines (NDJSON, each ending in a newline).

    `start` is where the read began and `end` where the next one continues; an empty
    payload with end > start only skips the seam between two segments.
    """

    start: Position
    end: Position
    payload: bytes
    frames: tuple[Frame, ...]

    @property
    def records(self) -> int:
        return sum(frame.records for frame in self.frames)

    @property
    def events(self) -> int:
        return sum(frame.events for frame in self.frames)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStats:
    """Where the log stands: `durable` is the last position that survived fdatasync.

    `log_id` is random and written once by a log's first writer, so that another log in the
    same place is recognised; empty before the first writer.
    """

    durable: Position
    next_ordinal: int
    events: int
    size_bytes: int
    segments: int
    log_id: str = ""


COMMIT_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0)
"""Upper bounds of the histogram of commit durations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterHealth:
    """How a writer is doing. `failure` says why it takes no more records, or is empty.

    `commit_counts` has one count per bound of COMMIT_BUCKETS_S and one for what is above.
    """

    pending_bytes: int
    failure: str
    commit_s_total: float
    commit_counts: tuple[int, ...]


Acknowledge = Callable[[Position | UnavailableError], None]


class LogWriter(Protocol):
    """Appends records durably; the only writer of its log.

    Ordering: records of one append stay together and in order; appends are ordered as
    they were taken. Idempotency: none (readers de-duplicate by key). Durability point:
    `acknowledge(position)` is called after fdatasync of everything up to `position`.
    Concurrency: append is safe from many threads and never blocks on the disk;
    acknowledge is called on the writer's own thread. Bounds: `max_pending_bytes`.
    Failures: LogFullError (retryable) from append; LogClosedError to every pending and
    later append after a failed write or fsync, which is never retried. Clock: none.
    """

    def append(
        self, payload: bytes, *, records: int, events: int, acknowledge: Acknowledge
    ) -> None: ...

    def stats(self) -> LogStats: ...

    def health(self) -> WriterHealth: ...

    def close(self) -> None:
        """Write what is pending, seal the segment, stop. Idempotent."""
        ...


class LogReader(Protocol):
    """Reads what is durable, from any process.

    Ordering: log order. Idempotency: the same range gives the same bytes (but for
    tombstones after an erasure, which keep count and order). Durability point: never
    returns a record past `stats().durable`. Concurrency: many readers. Bounds: a batch
    ends at the first frame boundary past `max_records` or `max_bytes`. Failures:
    PositionBeyondEndError, CorruptFrameError (not retryable). Clock: none.
    """

    def read(self, start: Position, *, max_records: int, max_bytes: int) -> LogBatch: ...

    def stats(self) -> LogStats: ...
