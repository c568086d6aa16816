"""What a writer does before its first append: lock, judge the tail, take a new epoch."""

from __future__ import annotations

import fcntl
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from liftline.adapters.event_log.open_segment import SEALED_MODE, sync_directory
from liftline.data.log.contracts import LogLockedError, LogStats, Position
from liftline.data.log.frames import seal_line
from liftline.data.log.identity import LOG_ID_FILE, read_log_id
from liftline.data.log.mark import MarkReader
from liftline.data.log.segments import (
    SegmentName,
    Walk,
    corrupt,
    frame_behind,
    list_segments,
    read_seal,
    walk_segment,
)

LOCK_FILE: Final = "writer.lock"
EPOCH_FILE: Final = "epoch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """Where the log stands after recovery, and the epoch that this writer may use."""

    epoch: int
    next_sequence: int
    stats: LogStats
    cut_bytes: int


def lock_log(directory: Path) -> int:
    """Become the only writer. The lock dies with the process. Raises LogLockedError."""
    descriptor = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise LogLockedError(facts={"directory": str(directory)}) from None
    return descriptor


def recover(directory: Path) -> Recovered:
    """Bring the log to a state that one can append to. Raises CorruptFrameError.

    The last segment may end in a torn frame: it is cut after the last valid one. A valid
    frame nobody was told of stays; its sender tries again and readers de-duplicate. Damage
    before the published durable position, or before another valid frame, is no torn tail
    but harm: the log refuses to start rather than drop acknowledged records.
    """
    names = list_segments(directory)
    cut_bytes = 0
    if names and read_seal(directory, names[-1]) is None:
        cut_bytes = _close_unsealed(directory, names)
    epoch = _next_epoch(directory, names)
    log_id = read_log_id(directory) or _new_log_id(directory)
    if not names:
        empty = LogStats(
            durable=Position(0, 0, 0),
            next_ordinal=0,
            events=0,
            size_bytes=0,
            segments=0,
            log_id=log_id,
        )
        return Recovered(epoch=epoch, next_sequence=1, stats=empty, cut_bytes=0)
    seal = read_seal(directory, names[-1])
    if seal is None:
        raise corrupt(names[-1], 0, "it cannot be sealed")
    stats = LogStats(
        durable=names[-1].at(seal.size_bytes),
        next_ordinal=seal.next_ordinal,
        events=seal.events,
        size_bytes=sum((directory / name.file_name).stat().st_size for name in names),
        segments=len(names),
        log_id=log_id,
    )
    return Recovered(
        epoch=epoch, next_sequence=names[-1].sequence + 1, stats=stats, cut_bytes=cut_bytes
    )


def _close_unsealed(directory: Path, names: list[SegmentName]) -> int:
    """Cut the torn tail of the last segment and seal it; returns the bytes cut."""
    name = names[-1]
    before = read_seal(directory, names[-2]) if len(names) > 1 else None
    if len(names) > 1 and before is None:
        raise corrupt(names[-2], 0, "the segment has no seal line")
    walk = walk_segment(directory, name)
    next_ordinal = before.next_ordinal if before else 0
    if walk.first_ordinal not in (None, next_ordinal):
        raise corrupt(name, 0, f"its first ordinal is not {next_ordinal}")
    _refuse_harm(directory, walk)
    line = seal_line(
        frames=walk.frames,
        next_ordinal=next_ordinal + walk.records,
        events=(before.events if before else 0) + walk.events,
        size_bytes=walk.valid_bytes,
    )
    descriptor = os.open(directory / name.file_name, os.O_RDWR)
    try:
        os.ftruncate(descriptor, walk.valid_bytes)
        os.fsync(descriptor)
        os.pwrite(descriptor, line, walk.valid_bytes)
        os.fsync(descriptor)
        os.fchmod(descriptor, SEALED_MODE)
    finally:
        os.close(descriptor)
    return walk.size_bytes - walk.valid_bytes


def _refuse_harm(directory: Path, walk: Walk) -> None:
    if "ordinals" in walk.damage:
        raise corrupt(walk.name, walk.valid_bytes, walk.damage)
    mark = MarkReader(directory)
    published = mark.current()
    mark.close()
    if published is not None:
        durable = published.durable
        is_same = (durable.epoch, durable.sequence) == tuple(walk.name)
        if is_same and durable.offset > walk.valid_bytes:
            raise corrupt(walk.name, walk.valid_bytes, "bytes that were durable do not match")
    descriptor = os.open(directory / walk.name.file_name, os.O_RDONLY)
    try:
        behind = frame_behind(descriptor, walk.name, walk.valid_bytes)
    finally:
        os.close(descriptor)
    if behind is not None:
        raise corrupt(walk.name, walk.valid_bytes, f"a valid frame follows at byte {behind}")


def _next_epoch(directory: Path, names: list[SegmentName]) -> int:
    """One more than any epoch ever used, written down durably before it is used."""
    path = directory / EPOCH_FILE
    try:
        last = int(path.read_text("ascii"))
    except (FileNotFoundError, ValueError):
        last = 0  # the segments' names say it too
    epoch = max([last, *(name.epoch for name in names)]) + 1
    _write_durably(path, b"%d\n" % epoch)
    return epoch


def _new_log_id(directory: Path) -> str:
    """A log's first writer, or the first that knows of ids, gives it one for good."""
    log_id = uuid.uuid4().hex
    _write_durably(directory / LOG_ID_FILE, log_id.encode("ascii") + b"\n")
    return log_id


def _write_durably(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.rename(path)
    sync_directory(path.parent)
