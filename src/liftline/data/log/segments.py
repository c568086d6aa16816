"""Segment files: their names, walking their frames, finding where a log truly ends.

Names are `seg-<epoch>-<sequence>.ndjson`. The epoch rises at each start of a writer. The
sequence rises by one at each segment of the whole log, across epochs, so a segment that
went missing shows as a gap.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from liftline.data.log.contracts import CorruptFrameError, Frame, Position
from liftline.data.log.frames import (
    COMMIT_START,
    MAX_LINE_BYTES,
    CommitLine,
    SealLine,
    parse_commit,
    parse_seal,
)

_NAME: Final = re.compile(r"seg-(\d{8,})-(\d{8,})\.ndjson\Z")
SEARCH_CHUNK_BYTES: Final = 1 << 20
"""How much is read at a time when looking for a frame behind a damaged one."""


class SegmentName(NamedTuple):
    """A segment's place in the log."""

    epoch: int
    sequence: int

    @property
    def file_name(self) -> str:
        return f"seg-{self.epoch:08d}-{self.sequence:08d}.ndjson"

    def at(self, offset: int) -> Position:
        return Position(self.epoch, self.sequence, offset)


def list_segments(directory: Path) -> list[SegmentName]:
    """Every segment of a log, oldest first."""
    names = (_NAME.match(entry.name) for entry in directory.iterdir())
    return sorted(
        (SegmentName(int(match[1]), int(match[2])) for match in names if match is not None),
        key=lambda name: (name.sequence, name.epoch),
    )


def corrupt(name: SegmentName, offset: int, reason: str) -> CorruptFrameError:
    """The error for damage at one place, naming it."""
    return CorruptFrameError(
        f"{name.file_name} is damaged at byte {offset}: {reason}",
        facts={"segment": name.file_name, "offset": offset, "reason": reason},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What a walk over one segment found.

    `valid_bytes` ends the last good frame (the seal line is not counted); `damage` says why
    the walk stopped before the end, or is empty.
    """

    name: SegmentName
    frames: int
    records: int
    events: int
    first_ordinal: int | None
    next_ordinal: int | None
    valid_bytes: int
    size_bytes: int
    seal: SealLine | None
    damage: str


def frames_of(descriptor: int, name: SegmentName, end: int) -> Iterator[tuple[Frame, CommitLine]]:
    """Each valid frame from the segment's start up to byte `end`; stops at the first that is not.

    Reads one frame at a time, so memory is bounded by the largest frame.
    """
    offset = 0
    while offset < end:
        commit = parse_commit(os.pread(descriptor, MAX_LINE_BYTES, offset))
        if commit is None:
            return
        payload_start = offset + commit.line_bytes
        frame_end = payload_start + commit.size_bytes
        if frame_end > end:
            return
        if not commit.matches(os.pread(descriptor, commit.size_bytes, payload_start)):
            return
        frame = Frame(
            start=name.at(offset),
            end=name.at(frame_end),
            first_ordinal=commit.first_ordinal,
            records=commit.records,
            events=commit.events,
        )
        yield frame, commit
        offset = frame_end


def walk_segment(directory: Path, name: SegmentName, *, durable_end: int | None = None) -> Walk:
    """Verify every frame of one segment.

    `durable_end` limits the walk to what its writer has published (the segment being
    written); without it everything in the file must be valid.
    """
    descriptor = os.open(directory / name.file_name, os.O_RDONLY)
    try:
        return _walk(descriptor, name, durable_end)
    finally:
        os.close(descriptor)


def _walk(descriptor: int, name: SegmentName, durable_end: int | None) -> Walk:
    size_bytes = os.fstat(descriptor).st_size
    end = size_bytes if durable_end is None else min(durable_end, size_bytes)
    frames = records = events = valid_bytes = 0
    first_ordinal: int | None = None
    next_ordinal: int | None = None
    damage = ""
    for frame, _commit in frames_of(descriptor, name, end):
        if next_ordinal is not None and frame.first_ordinal != next_ordinal:
            damage = f"ordinals jump from {next_ordinal} to {frame.first_ordinal}"
            break
        if first_ordinal is None:
            first_ordinal = frame.first_ordinal
        frames += 1
        records += frame.records
        events += frame.events
        next_ordinal = frame.first_ordinal + frame.records
        valid_bytes = frame.end.offset
    tail = os.pread(descriptor, MAX_LINE_BYTES, valid_bytes)
    seal = parse_seal(tail)
    if not damage:
        damage = _damage_at_end(seal, frames, valid_bytes, size_bytes, durable_end)
    return Walk(
        name=name,
        frames=frames,
        records=records,
        events=events,
        first_ordinal=first_ordinal,
        next_ordinal=next_ordinal,
        valid_bytes=valid_bytes,
        size_bytes=size_bytes,
        seal=seal,
        damage=damage,
    )


def _damage_at_end(
    seal: SealLine | None, frames: int, valid_bytes: int, size_bytes: int, durable_end: int | None
) -> str:
    if seal is not None:
        if valid_bytes + seal.line_bytes != size_bytes:
            return "bytes follow the seal line"
        if seal.frames != frames or seal.size_bytes != valid_bytes:
            return f"the seal names {seal.frames} frames in {seal.size_bytes} bytes"
        return ""
    if valid_bytes < (size_bytes if durable_end is None else durable_end):
        return "a frame does not match its checksum, or no frame begins here"
    return "" if durable_end is not None else "the segment has no seal line"


def read_seal(directory: Path, name: SegmentName) -> SealLine | None:
    """The seal line of a segment, read from its end; None when it is not sealed."""
    descriptor = os.open(directory / name.file_name, os.O_RDONLY)
    try:
        size_bytes = os.fstat(descriptor).st_size
        tail_start = max(0, size_bytes - MAX_LINE_BYTES)
        tail = os.pread(descriptor, MAX_LINE_BYTES, tail_start)
    finally:
        os.close(descriptor)
    line_start = tail.rfind(b"\n", 0, len(tail) - 1) + 1
    seal = parse_seal(tail, line_start)
    if seal is None or tail_start + line_start != seal.size_bytes:
        return None
    return seal


def frame_behind(descriptor: int, name: SegmentName, offset: int) -> int | None:
    """Where a valid frame begins behind a damaged place, or None.

    A torn write is always the last frame of a log, for the writer commits one at a time. So
    a valid frame behind a damaged one proves that durable bytes were harmed.
    """
    size_bytes = os.fstat(descriptor).st_size
    while offset < size_bytes:
        chunk = os.pread(descriptor, SEARCH_CHUNK_BYTES + len(COMMIT_START), offset)
        found = chunk.find(COMMIT_START)
        if found < 0:
            offset += SEARCH_CHUNK_BYTES
            continue
        candidate = offset + found
        commit = parse_commit(os.pread(descriptor, MAX_LINE_BYTES, candidate))
        if commit is not None and candidate + commit.line_bytes + commit.size_bytes <= size_bytes:
            payload_start = candidate + commit.line_bytes
            if commit.matches(os.pread(descriptor, commit.size_bytes, payload_start)):
                return candidate
        offset = candidate + 1
    return None
