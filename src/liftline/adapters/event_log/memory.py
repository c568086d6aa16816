"""A log in memory, for tests: the same contract, nothing durable."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from threading import Lock

from liftline.data.log.contracts import (
    COMMIT_BUCKETS_S,
    Acknowledge,
    CorruptFrameError,
    Frame,
    LogBatch,
    LogClosedError,
    LogFullError,
    LogStats,
    Position,
    PositionBeyondEndError,
    WriterHealth,
)


@dataclass(slots=True)
class MemoryLog:
    """What survives a writer: frames and the epoch of the last one."""

    epoch: int = 0
    frames: list[tuple[Frame, bytes]] = field(default_factory=list)
    stats: LogStats = field(
        default_factory=lambda: LogStats(
            durable=Position(0, 0, 0),
            next_ordinal=0,
            events=0,
            size_bytes=0,
            segments=0,
            log_id=uuid.uuid4().hex,
        )
    )


class MemoryLogWriter:
    """`LogWriter` on a MemoryLog. Commits at once unless `hold()` was called."""

    def __init__(self, log: MemoryLog, *, max_pending_bytes: int = 32 << 20) -> None:
        log.epoch += 1
        self._log = log
        self._max_pending_bytes = max_pending_bytes
        self._offset = 0
        self._is_held = False
        self._failure = ""
        self._is_closed = False
        self._pending: list[tuple[bytes, int, int, Acknowledge]] = []
        self._lock = Lock()

    def append(
        self, payload: bytes, *, records: int, events: int, acknowledge: Acknowledge
    ) -> None:
        if records < 1 or payload[-1:] != b"\n":
            raise ValueError("a payload is one or more lines, each ending in a newline")
        with self._lock:
            if self._is_closed or self._failure:
                raise LogClosedError(self._failure)
            waiting = sum(len(pending[0]) for pending in self._pending)
            if waiting + len(payload) > self._max_pending_bytes:
                raise LogFullError
            self._pending.append((payload, records, events, acknowledge))
        if not self._is_held:
            self.commit()

    def hold(self) -> None:
        """Keep what is appended from becoming durable, until commit()."""
        self._is_held = True

    def commit(self) -> None:
        """Make everything that waits one durable frame."""
        with self._lock:
            group, self._pending = self._pending, []
            if not group:
                return
            position = self._write(group)
        for *_, acknowledge in group:
            acknowledge(position)

    def fail(self, reason: str) -> None:
        """Behave as after a failed write."""
        with self._lock:
            self._failure = reason
            group, self._pending = self._pending, []
        for *_, acknowledge in group:
            acknowledge(LogClosedError(reason))

    def health(self) -> WriterHealth:
        return WriterHealth(
            pending_bytes=sum(len(pending[0]) for pending in self._pending),
            failure=self._failure,
            commit_s_total=0.0,
            commit_counts=(0,) * (len(COMMIT_BUCKETS_S) + 1),
        )

    def stats(self) -> LogStats:
        return self._log.stats

    def close(self) -> None:
        if not self._is_closed and not self._failure:
            self.commit()
        self._is_closed = True

    def _write(self, group: list[tuple[bytes, int, int, Acknowledge]]) -> Position:
        payload = b"".join(pending[0] for pending in group)
        before = self._log.stats
        start = Position(self._log.epoch, self._log.epoch, self._offset)
        self._offset += len(payload)
        end = start._replace(offset=self._offset)
        frame = Frame(
            start=start,
            end=end,
            first_ordinal=before.next_ordinal,
            records=sum(pending[1] for pending in group),
            events=sum(pending[2] for pending in group),
        )
        self._log.frames.append((frame, payload))
        self._log.stats = replace(
            before,
            durable=end,
            next_ordinal=before.next_ordinal + frame.records,
            events=before.events + frame.events,
            size_bytes=before.size_bytes + len(payload),
            segments=before.segments + (1 if start.offset == 0 else 0),
        )
        return end


class MemoryLogReader:
    """`LogReader` on a MemoryLog."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def stats(self) -> LogStats:
        return self._log.stats

    def read(self, start: Position, *, max_records: int, max_bytes: int) -> LogBatch:
        if start > self._log.stats.durable:
            raise PositionBeyondEndError(facts={"position": str(start)})
        taken: list[Frame] = []
        payload = b""
        for frame, content in self._log.frames:
            if frame.start < start < frame.end:
                raise CorruptFrameError(f"no frame begins at {start}")
            if frame.end <= start:
                continue
            taken.append(frame)
            payload += content
            if sum(each.records for each in taken) >= max_records or len(payload) >= max_bytes:
                break
        end = taken[-1].end if taken else start
        return LogBatch(start=start, end=end, payload=payload, frames=tuple(taken))
