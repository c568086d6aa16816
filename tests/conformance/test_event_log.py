"""Goal: both log adapters keep every promise of the log's ports, and a broken one is caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from liftline.adapters.event_log.memory import MemoryLog, MemoryLogReader, MemoryLogWriter
from liftline.adapters.event_log.segment_reader import SegmentLogReader
from liftline.adapters.event_log.segment_writer import SegmentLimits, SegmentLogWriter
from liftline.data.log.conformance import CASES, LogUnderTest
from liftline.data.log.contracts import (
    Acknowledge,
    LogBatch,
    LogClosedError,
    LogReader,
    LogWriter,
    Position,
)

CASE_COUNT = 16


class SegmentLog:
    """Small segments, so that every case crosses seams."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def writer(self, *, max_pending_bytes: int = 1 << 20) -> LogWriter:
        limits = SegmentLimits(max_pending_bytes=max_pending_bytes, max_segment_bytes=400)
        return SegmentLogWriter(self._directory, limits=limits)

    def reader(self) -> LogReader:
        return SegmentLogReader(self._directory)


class InMemory:
    def __init__(self, _directory: Path) -> None:
        self._log = MemoryLog()

    def writer(self, *, max_pending_bytes: int = 1 << 20) -> LogWriter:
        return MemoryLogWriter(self._log, max_pending_bytes=max_pending_bytes)

    def reader(self) -> LogReader:
        return MemoryLogReader(self._log)


@pytest.mark.parametrize("adapter", [SegmentLog, InMemory])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_case(
    case: Callable[[LogUnderTest], None],
    adapter: Callable[[Path], LogUnderTest],
    tmp_path: Path,
) -> None:
    case(adapter(tmp_path))


def test_the_suite_has_all_its_cases() -> None:
    assert len(CASES) == CASE_COUNT
    assert len({case.__name__ for case in CASES}) == CASE_COUNT


class ForgetfulWriter(MemoryLogWriter):
    """Acknowledges every third record without keeping it."""

    count = 0

    def append(
        self, payload: bytes, *, records: int, events: int, acknowledge: Acknowledge
    ) -> None:
        self.count += 1
        if self.count % 3 == 0:
            acknowledge(self.stats().durable)
            return
        super().append(payload, records=records, events=events, acknowledge=acknowledge)


class ReusingWriter(MemoryLogWriter):
    """Starts again at the first writer's positions."""

    def __init__(self, log: MemoryLog, *, max_pending_bytes: int) -> None:
        log.epoch = 0
        super().__init__(log, max_pending_bytes=max_pending_bytes)


class UnboundedWriter(MemoryLogWriter):
    """Takes whatever comes."""

    def __init__(self, log: MemoryLog, *, max_pending_bytes: int) -> None:
        super().__init__(log, max_pending_bytes=max_pending_bytes * 1000)


class GenerousReader(MemoryLogReader):
    """Answers positions beyond the end with silence."""

    def read(self, start: Position, *, max_records: int, max_bytes: int) -> LogBatch:
        if start > self.stats().durable:
            return LogBatch(start=start, end=start, payload=b"", frames=())
        return super().read(start, max_records=max_records, max_bytes=max_bytes)


class MiscountingReader(MemoryLogReader):
    """Forgets how many events a frame stands for."""

    def read(self, start: Position, *, max_records: int, max_bytes: int) -> LogBatch:
        batch = super().read(start, max_records=max_records, max_bytes=max_bytes)
        return replace(batch, frames=tuple(replace(frame, events=1) for frame in batch.frames))


class DeafWriter(MemoryLogWriter):
    """Goes on after close."""

    def append(
        self, payload: bytes, *, records: int, events: int, acknowledge: Acknowledge
    ) -> None:
        try:
            super().append(payload, records=records, events=events, acknowledge=acknowledge)
        except LogClosedError:
            acknowledge(self.stats().durable)


@pytest.mark.parametrize(
    ("writer", "reader"),
    [
        (ForgetfulWriter, MemoryLogReader),
        (ReusingWriter, MemoryLogReader),
        (UnboundedWriter, MemoryLogReader),
        (DeafWriter, MemoryLogReader),
        (MemoryLogWriter, GenerousReader),
        (MemoryLogWriter, MiscountingReader),
    ],
)
def test_canary_a_broken_adapter_fails(
    writer: type[MemoryLogWriter], reader: type[MemoryLogReader]
) -> None:
    class Broken:
        def __init__(self) -> None:
            self.log = MemoryLog()

        def writer(self, *, max_pending_bytes: int = 1 << 20) -> LogWriter:
            return writer(self.log, max_pending_bytes=max_pending_bytes)

        def reader(self) -> LogReader:
            return reader(self.log)

    failed = 0
    for case in CASES:
        try:
            case(Broken())
        except AssertionError:
            failed += 1
    assert failed >= 1
