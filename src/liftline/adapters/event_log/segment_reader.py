"""The segment log's reader: any process, up to the durable position, never past damage."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from liftline.data.log.contracts import (
    Frame,
    LogBatch,
    LogStats,
    Position,
    PositionBeyondEndError,
)
from liftline.data.log.frames import MAX_LINE_BYTES, parse_commit, parse_seal
from liftline.data.log.identity import read_log_id
from liftline.data.log.mark import MarkReader
from liftline.data.log.segments import (
    SegmentName,
    corrupt,
    list_segments,
    read_seal,
    walk_segment,
)

READ_AHEAD_BYTES: Final = 1 << 20
"""At least this much is read at once, so that small frames do not cost a call each."""

EMPTY: Final = LogStats(
    durable=Position(0, 0, 0), next_ordinal=0, events=0, size_bytes=0, segments=0
)


class _Span(NamedTuple):
    """Bytes of one segment; `is_sealed` says that a seal line must end it."""

    start: int
    end: int
    is_sealed: bool


class SegmentLogReader:
    """`LogReader` on a directory of segments.

    Keeps no file open between calls; the directory may not exist yet (an empty log).
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._mark = MarkReader(directory)

    def stats(self) -> LogStats:
        """Where the log stands, from the durable mark, or from the seals where it is missing."""
        stats = self._mark.current() or self._stats_from_seals()
        return replace(stats, log_id=read_log_id(self._directory))

    def read(self, start: Position, *, max_records: int, max_bytes: int) -> LogBatch:
        durable = self.stats().durable
        if start > durable:
            self._refuse_beyond_end(start)
            return LogBatch(start=start, end=start, payload=b"", frames=())
        if start == durable:
            return LogBatch(start=start, end=start, payload=b"", frames=())
        names = list_segments(self._directory)
        name, offset = _locate(names, start)
        while True:
            is_last = (name.epoch, name.sequence) == (durable.epoch, durable.sequence)
            limit = durable.offset if is_last else self._segment_size(name)
            span = _Span(offset, limit, not is_last)
            frames, payload, end = self._read_frames(name, span, (max_records, max_bytes))
            if frames or is_last:
                return LogBatch(start=start, end=name.at(end), payload=payload, frames=frames)
            name, offset = _after(names, name), 0

    def close(self) -> None:
        self._mark.close()

    def _segment_size(self, name: SegmentName) -> int:
        return (self._directory / name.file_name).stat().st_size

    def _read_frames(
        self, name: SegmentName, span: _Span, bounds: tuple[int, int]
    ) -> tuple[tuple[Frame, ...], bytes, int]:
        """Whole frames of one span, until a bound is passed or it ends."""
        offset = span.start
        max_records, max_bytes = bounds
        frames: list[Frame] = []
        parts: list[bytes] = []
        records = size_bytes = 0
        descriptor = os.open(self._directory / name.file_name, os.O_RDONLY)
        try:
            for frame, payload in _scan(descriptor, name, span, max_bytes):
                frames.append(frame)
                parts.append(payload)
                records += frame.records
                size_bytes += len(payload)
                offset = frame.end.offset
                if records >= max_records or size_bytes >= max_bytes:
                    break
        finally:
            os.close(descriptor)
        return tuple(frames), b"".join(parts), offset

    def _refuse_beyond_end(self, start: Position) -> None:
        """Raise, unless the mark is merely old: after a power cut it may lag the segments."""
        name = SegmentName(start.epoch, start.sequence)
        if (self._directory / name.file_name).exists():
            walk = walk_segment(self._directory, name)
            if start.offset <= walk.valid_bytes:
                return
        raise PositionBeyondEndError(
            f"position {start} lies beyond the log's end {self.stats().durable}",
            facts={"position": str(start), "durable": str(self.stats().durable)},
        )

    def _stats_from_seals(self) -> LogStats:
        if not self._directory.is_dir():
            return EMPTY
        names = list_segments(self._directory)
        sealed = [(name, read_seal(self._directory, name)) for name in names[-2:]]
        for name, seal in reversed(sealed):
            if seal is not None:
                return LogStats(
                    durable=name.at(seal.size_bytes),
                    next_ordinal=seal.next_ordinal,
                    events=seal.events,
                    size_bytes=sum(self._segment_size(each) for each in names),
                    segments=len(names),
                )
        return EMPTY


def _locate(names: list[SegmentName], start: Position) -> tuple[SegmentName, int]:
    """The segment a position lies in; positions before the first segment mean its start."""
    wanted = SegmentName(start.epoch, start.sequence)
    if wanted in names:
        return wanted, start.offset
    if start.sequence == 0 and names:
        return names[0], 0
    raise corrupt(wanted, start.offset, "the segment is missing")


def _after(names: list[SegmentName], name: SegmentName) -> SegmentName:
    """The next segment; a gap in the sequence means that one went missing."""
    index = names.index(name) + 1
    if index >= len(names) or names[index].sequence != name.sequence + 1:
        raise corrupt(SegmentName(name.epoch, name.sequence + 1), 0, "the segment is missing")
    return names[index]


def _scan(
    descriptor: int, name: SegmentName, span: _Span, chunk_bytes: int
) -> Iterator[tuple[Frame, bytes]]:
    """Valid frames of a span; raises CorruptFrameError at the first that is not."""
    offset, limit, is_sealed = span
    chunk = b""
    chunk_start = offset
    while offset < limit:
        at = offset - chunk_start
        commit = parse_commit(chunk, at)
        needed = MAX_LINE_BYTES if commit is None else commit.line_bytes + commit.size_bytes
        if at + needed > len(chunk) and chunk_start + len(chunk) < limit:
            size = max(needed, min(chunk_bytes, READ_AHEAD_BYTES))
            chunk = os.pread(descriptor, min(size, limit - offset), offset)
            chunk_start, at = offset, 0
            commit = parse_commit(chunk, 0)
            if commit is not None and commit.line_bytes + commit.size_bytes > len(chunk):
                size = min(commit.line_bytes + commit.size_bytes, limit - offset)
                chunk = os.pread(descriptor, size, offset)
        if commit is None:
            seal = parse_seal(chunk, at)
            if seal is not None and seal.size_bytes == offset and is_sealed:
                return
            raise corrupt(name, offset, "no frame begins here")
        payload_start = at + commit.line_bytes
        payload = chunk[payload_start : payload_start + commit.size_bytes]
        if len(payload) != commit.size_bytes or not commit.matches(payload):
            raise corrupt(name, offset, "a frame does not match its checksum")
        end = offset + commit.line_bytes + commit.size_bytes
        yield (
            Frame(
                start=name.at(offset),
                end=name.at(end),
                first_ordinal=commit.first_ordinal,
                records=commit.records,
                events=commit.events,
            ),
            payload,
        )
        offset = end
    if is_sealed:
        raise corrupt(name, offset, "the segment has no seal line")
