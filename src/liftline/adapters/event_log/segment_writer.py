"""The segment log's writer: one thread, group commit, one fdatasync per group."""

from __future__ import annotations

import logging
import os
import threading
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from liftline.adapters.event_log.disk import Disk, OsDisk
from liftline.adapters.event_log.open_segment import OpenSegment
from liftline.adapters.event_log.recovery import lock_log, recover
from liftline.core.clock import Clock, SystemClock
from liftline.data.log.contracts import (
    COMMIT_BUCKETS_S,
    Acknowledge,
    LogClosedError,
    LogFullError,
    LogStats,
    Position,
    WriterHealth,
)
from liftline.data.log.frames import commit_line
from liftline.data.log.mark import MarkWriter
from liftline.data.log.segments import SegmentName

MAX_COMMIT_BYTES: Final = 8 << 20
"""A group closes at the first append past this, so a frame is at most this plus one append."""
CLOSE_TIMEOUT_S: Final = 30.0

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentLimits:
    """Bounds of a segment log."""

    max_pending_bytes: int = 32 << 20
    max_segment_bytes: int = 64 << 20
    max_segment_age_s: float = 3600.0


class _Append(NamedTuple):
    payload: bytes
    records: int
    events: int
    acknowledge: Acknowledge


class SegmentLogWriter:
    """`LogWriter` on a directory of segments.

    Opening it recovers the log, which reads the last segment whole if it was not sealed.
    Raises LogLockedError, CorruptFrameError.
    """

    def __init__(
        self,
        directory: Path,
        *,
        limits: SegmentLimits | None = None,
        clock: Clock | None = None,
        disk: Disk | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._limits = limits or SegmentLimits()
        self._clock = clock or SystemClock()
        self._disk = disk or OsDisk()
        self._commit_s_total = 0.0
        self._commit_counts = [0] * (len(COMMIT_BUCKETS_S) + 1)
        self._lock_descriptor = lock_log(directory)
        try:
            recovered = recover(directory)
            self._mark = MarkWriter(directory)
        except BaseException:
            os.close(self._lock_descriptor)
            raise
        self.cut_bytes = recovered.cut_bytes
        self._epoch = recovered.epoch
        self._next_sequence = recovered.next_sequence
        self._stats = recovered.stats
        self._mark.publish(self._stats)
        self._segment: OpenSegment | None = None
        self._pending: deque[_Append] = deque()
        self._pending_bytes = 0
        self._wake = threading.Condition(threading.Lock())
        self._is_idle = False
        self._is_closing = False
        self._failure: str = ""
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def append(
        self, payload: bytes, *, records: int, events: int, acknowledge: Acknowledge
    ) -> None:
        if records < 1 or payload[-1:] != b"\n":
            raise ValueError("a payload is one or more lines, each ending in a newline")
        with self._wake:
            if self._failure or self._is_closing:
                raise LogClosedError(self._failure)
            if self._pending_bytes + len(payload) > self._limits.max_pending_bytes:
                raise LogFullError(facts={"pending_bytes": self._pending_bytes})
            self._pending.append(_Append(payload, records, events, acknowledge))
            self._pending_bytes += len(payload)
            if self._is_idle:
                self._is_idle = False
                self._wake.notify()

    def stats(self) -> LogStats:
        return self._stats

    def health(self) -> WriterHealth:
        return WriterHealth(
            pending_bytes=self._pending_bytes,
            failure=self._failure,
            commit_s_total=self._commit_s_total,
            commit_counts=tuple(self._commit_counts),
        )

    def close(self) -> None:
        with self._wake:
            self._is_closing = True
            self._is_idle = False
            self._wake.notify()
        self._thread.join(CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            _logger.error("the log's writer did not stop in %s s", CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        try:
            while group := self._take_group():
                if not self._try_commit(group):
                    break
            if self._segment is not None and not self._failure:
                self._seal()
        except Exception as error:  # noqa: BLE001  this loop owns the log: nobody may wait forever
            self._fail(f"the log's writer stopped: {error!r}", [])
        finally:
            self._mark.close()
            os.close(self._lock_descriptor)

    def _take_group(self) -> list[_Append]:
        """What one commit will write; empty when the log is closing and nothing waits."""
        group: list[_Append] = []
        size_bytes = 0
        with self._wake:
            while not self._pending and not self._is_closing:
                self._is_idle = True
                self._wake.wait()
            while self._pending and size_bytes < MAX_COMMIT_BYTES:
                append = self._pending.popleft()
                group.append(append)
                size_bytes += len(append.payload)
        return group

    def _try_commit(self, group: list[_Append]) -> bool:
        started_s = self._clock.monotonic_s()
        try:
            position = self._commit(group, started_s)
        except Exception as error:  # noqa: BLE001  whatever it was, these records are not durable
            self._fail(f"a write to the log failed: {error!r}", group)
            return False
        took_s = self._clock.monotonic_s() - started_s
        self._commit_s_total += took_s
        self._commit_counts[bisect_left(COMMIT_BUCKETS_S, took_s)] += 1
        with self._wake:
            self._pending_bytes -= sum(len(append.payload) for append in group)
        _acknowledge(group, position)
        return True

    def _commit(self, group: list[_Append], now_s: float) -> Position:
        segment = self._segment_for(now_s)
        records = sum(append.records for append in group)
        events = sum(append.events for append in group)
        payloads = [append.payload for append in group]
        before = self._stats
        line = commit_line(
            payloads, first_ordinal=before.next_ordinal, records=records, events=events
        )
        size_bytes = len(line) + sum(map(len, payloads))
        segment.append([line, *payloads], size_bytes)
        position = segment.name.at(segment.size_bytes)
        self._stats = replace(
            before,
            durable=position,
            next_ordinal=before.next_ordinal + records,
            events=before.events + events,
            size_bytes=before.size_bytes + size_bytes,
        )
        self._mark.publish(self._stats)
        return position

    def _segment_for(self, now_s: float) -> OpenSegment:
        """The segment to write to, after sealing one that is large or old enough."""
        segment = self._segment
        if segment is not None:
            is_large = segment.size_bytes >= self._limits.max_segment_bytes
            is_old = now_s - segment.opened_at_s >= self._limits.max_segment_age_s
            if not is_large and not is_old:
                return segment
            self._seal()
        name = SegmentName(self._epoch, self._next_sequence)
        segment = OpenSegment(self._directory, name, self._disk, now_s)
        self._segment = segment
        self._next_sequence += 1
        self._stats = replace(self._stats, segments=self._stats.segments + 1)
        return segment

    def _seal(self) -> None:
        if self._segment is None:
            return
        self._segment.seal(next_ordinal=self._stats.next_ordinal, events=self._stats.events)
        self._segment = None

    def _fail(self, reason: str, group: list[_Append]) -> None:
        """Stop acknowledging for good; everyone who waits hears of it."""
        with self._wake:
            self._failure = reason
            waiting = [*group, *self._pending]
            self._pending.clear()
            self._pending_bytes = 0
        _logger.critical("%s; the log takes no more records", reason)
        if self._segment is not None:
            self._segment.abandon()
            self._segment = None
        _acknowledge(waiting, LogClosedError(reason))


def _acknowledge(group: list[_Append], outcome: Position | LogClosedError) -> None:
    for append in group:
        try:
            append.acknowledge(outcome)
        except Exception:
            _logger.exception("an acknowledge call failed")
