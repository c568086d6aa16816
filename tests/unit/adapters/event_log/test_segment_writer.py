"""Goal: the writer acknowledges what is durable, and after a failure nothing ever again."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from liftline.adapters.event_log.disk import OsDisk
from liftline.adapters.event_log.segment import SegmentLimits, SegmentLogReader, SegmentLogWriter
from liftline.core.clock import ManualClock
from liftline.data.log.conformance import Receipts, append_all, line, read_all
from liftline.data.log.contracts import (
    CorruptFrameError,
    LogClosedError,
    LogLockedError,
    Position,
)
from liftline.data.log.frames import commit_line
from liftline.data.log.mark import MARK_FILE
from liftline.data.log.segments import list_segments, read_seal


class FaultyDisk(OsDisk):
    """Fails the named act once armed."""

    def __init__(self, act: str, number: int = errno.EIO) -> None:
        self.act = act
        self.number = number
        self.is_armed = False
        self.calls_after_failure = 0

    def write(self, descriptor: int, parts: Sequence[bytes], offset: int) -> int:
        if self.is_armed and self.act == "write":
            raise self._fail()
        if self.is_armed and self.act == "torn":
            os.pwrite(descriptor, b"".join(parts)[:20], offset)
            raise self._fail()
        if self.is_armed and self.act == "short":
            return os.pwrite(descriptor, b"".join(parts)[:7], offset)
        return super().write(descriptor, parts, offset)

    def sync(self, descriptor: int) -> None:
        if self.is_armed and self.act == "sync":
            raise self._fail()
        super().sync(descriptor)

    def allocate(self, descriptor: int, offset: int, size_bytes: int) -> None:
        if self.act == "allocate":
            raise self._fail()
        super().allocate(descriptor, offset, size_bytes)

    def _fail(self) -> OSError:
        self.calls_after_failure += 1
        return OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize("act", ["write", "torn", "sync"])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_failed_act_stops_acknowledging_for_good(tmp_path: Path, act: str, number: int) -> None:
    disk = FaultyDisk(act, number)
    writer = SegmentLogWriter(tmp_path, disk=disk)
    good = append_all(writer, range(3))
    disk.is_armed = True
    receipts = Receipts()
    writer.append(line(3), records=1, events=1, acknowledge=receipts)
    (outcome,) = receipts.wait(1)
    assert isinstance(outcome, LogClosedError)
    disk.is_armed = False
    with pytest.raises(LogClosedError):
        writer.append(line(4), records=1, events=1, acknowledge=receipts)
    writer.close()
    assert disk.calls_after_failure == 1, "a failed act is never tried again"
    assert os.strerror(number) in writer.health().failure
    assert read_all(SegmentLogReader(tmp_path))[0] == b"".join(map(line, range(3)))
    healed = SegmentLogWriter(tmp_path)
    assert append_all(healed, range(5, 6))[0] > good[-1]
    healed.close()
    assert read_all(SegmentLogReader(tmp_path))[0] == b"".join(map(line, (0, 1, 2, 5)))


@pytest.mark.parametrize("act", ["short", "allocate"])
def test_short_writes_and_no_space_ahead_are_no_failure(tmp_path: Path, act: str) -> None:
    disk = FaultyDisk(act)
    writer = SegmentLogWriter(tmp_path, disk=disk)
    disk.is_armed = True
    append_all(writer, range(5))
    disk.is_armed = False
    writer.close()
    assert read_all(SegmentLogReader(tmp_path))[0] == b"".join(map(line, range(5)))


def test_one_log_has_one_writer(tmp_path: Path) -> None:
    writer = SegmentLogWriter(tmp_path)
    with pytest.raises(LogLockedError):
        SegmentLogWriter(tmp_path)
    writer.close()
    SegmentLogWriter(tmp_path).close()


def test_segments_end_by_size_and_by_age(tmp_path: Path) -> None:
    clock = ManualClock()
    limits = SegmentLimits(max_segment_bytes=150, max_segment_age_s=60)
    writer = SegmentLogWriter(tmp_path, limits=limits, clock=clock)
    append_all(writer, range(1))
    append_all(writer, range(1, 2))
    assert len(list_segments(tmp_path)) == 1
    append_all(writer, range(2, 3))
    assert len(list_segments(tmp_path)) == 2, "the first was large enough"
    clock.advance(timedelta(seconds=61))
    append_all(writer, range(3, 4))
    assert len(list_segments(tmp_path)) == 3, "the second was old enough"
    writer.close()
    names = list_segments(tmp_path)
    assert [name.sequence for name in names] == [1, 2, 3]
    assert all(read_seal(tmp_path, name) for name in names)
    assert {(tmp_path / name.file_name).stat().st_mode & 0o777 for name in names} == {0o444}
    assert writer.stats().segments == 3


def test_an_idle_start_leaves_no_segment_but_its_own_epoch(tmp_path: Path) -> None:
    for _ in range(3):
        SegmentLogWriter(tmp_path).close()
    writer = SegmentLogWriter(tmp_path)
    position = append_all(writer, range(1))[0]
    writer.close()
    assert position[:2] == (4, 1)


def test_a_lost_epoch_file_reuses_no_position(tmp_path: Path) -> None:
    writer = SegmentLogWriter(tmp_path)
    first = append_all(writer, range(1))[0]
    writer.close()
    (tmp_path / "epoch").unlink()
    writer = SegmentLogWriter(tmp_path)
    assert append_all(writer, range(1, 2))[0] > first
    writer.close()


def crashed(directory: Path, tail: bytes, *, keep_mark: bool = True) -> Path:
    """A log whose writer died with `tail` behind its last frame; returns its last segment."""
    writer = SegmentLogWriter(directory)
    append_all(writer, range(3))
    mark = (directory / MARK_FILE).read_bytes()
    writer.close()
    name = list_segments(directory)[-1]
    seal = read_seal(directory, name)
    assert seal is not None
    path = directory / name.file_name
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[: seal.size_bytes] + tail)
    (directory / MARK_FILE).write_bytes(mark if keep_mark else b"")
    return path


WHOLE = commit_line([line(3)], first_ordinal=3, records=1, events=1) + line(3)


@pytest.mark.parametrize(
    "tail",
    [b"", b"\0" * 9999, b'{"commit":{"fir', WHOLE[:-1], WHOLE[:-5] + b"\0\0\0\0\n", b"\xff" * 300],
)
def test_a_torn_tail_is_cut(tmp_path: Path, tail: bytes) -> None:
    crashed(tmp_path, tail)
    writer = SegmentLogWriter(tmp_path)
    assert writer.cut_bytes == len(tail)
    append_all(writer, range(7, 8))
    writer.close()
    assert read_all(SegmentLogReader(tmp_path))[0] == b"".join(map(line, (0, 1, 2, 7)))


def test_a_valid_frame_nobody_was_told_of_stays(tmp_path: Path) -> None:
    crashed(tmp_path, WHOLE + WHOLE[:30])
    writer = SegmentLogWriter(tmp_path)
    assert writer.stats().next_ordinal == 4
    writer.close()
    assert read_all(SegmentLogReader(tmp_path))[0] == b"".join(map(line, range(4)))


@pytest.mark.parametrize("keep_mark", [True, False])
def test_harm_to_durable_bytes_is_not_cut(tmp_path: Path, keep_mark: bool) -> None:
    path = crashed(tmp_path, WHOLE, keep_mark=keep_mark)
    content = bytearray(path.read_bytes())
    content[30] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(CorruptFrameError):
        SegmentLogWriter(tmp_path)
    assert path.read_bytes() == content, "the damaged segment is left as it is"


def test_a_lost_mark_is_made_again(tmp_path: Path) -> None:
    crashed(tmp_path, b"", keep_mark=False)
    SegmentLogWriter(tmp_path).close()
    assert SegmentLogReader(tmp_path).stats().next_ordinal == 3


def test_a_callback_that_raises_does_not_stop_the_log(tmp_path: Path) -> None:
    writer = SegmentLogWriter(tmp_path)

    def broken(_outcome: object) -> None:
        raise RuntimeError("the caller's mistake")

    writer.append(line(0), records=1, events=1, acknowledge=broken)
    assert isinstance(append_all(writer, range(1, 2))[0], Position)
    writer.close()


def test_health_counts_commits(tmp_path: Path) -> None:
    writer = SegmentLogWriter(tmp_path)
    append_all(writer, range(1))
    append_all(writer, range(1, 2))
    writer.close()
    health = writer.health()
    assert (sum(health.commit_counts), health.pending_bytes, health.failure) == (2, 0, "")
