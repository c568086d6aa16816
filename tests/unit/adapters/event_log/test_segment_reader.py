"""Goal: the reader gives what is durable, and names damage instead of stepping over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from liftline.adapters.event_log.segment import SegmentLimits, SegmentLogReader, SegmentLogWriter
from liftline.data.log.conformance import Receipts, append_all, line, read_all
from liftline.data.log.contracts import START, CorruptFrameError, PositionBeyondEndError
from liftline.data.log.mark import MARK_FILE
from liftline.data.log.segments import list_segments


@pytest.fixture
def log(tmp_path: Path) -> Path:
    writer = SegmentLogWriter(tmp_path, limits=SegmentLimits(max_segment_bytes=300))
    for number in range(20):
        append_all(writer, range(number, number + 1))
    writer.close()
    return tmp_path


def test_a_directory_that_is_not_there_yet_is_an_empty_log(tmp_path: Path) -> None:
    reader = SegmentLogReader(tmp_path / "log")
    assert reader.stats().durable == START
    assert reader.read(START, max_records=1, max_bytes=1).payload == b""
    writer = SegmentLogWriter(tmp_path / "log")
    append_all(writer, range(1))
    assert read_all(reader)[0] == line(0), "the same reader sees it once it is there"
    writer.close()


def test_harm_anywhere_is_reported_and_nothing_behind_it_is_read(log: Path) -> None:
    names = list_segments(log)
    path = log / names[1].file_name
    whole = path.read_bytes()
    expected = read_all(SegmentLogReader(log))[0]
    path.chmod(0o644)
    for at in range(0, len(whole), 11):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        reader = SegmentLogReader(log)
        position, got = START, b""
        with pytest.raises(CorruptFrameError, match=path.name):
            while True:
                batch = reader.read(position, max_records=1, max_bytes=1)
                got, position = got + batch.payload, batch.end
                assert batch.end > batch.start, "the end was not reached past damage"
        assert expected.startswith(got)
        path.write_bytes(whole)


def test_a_missing_segment_is_reported(log: Path) -> None:
    (log / list_segments(log)[1].file_name).unlink()
    with pytest.raises(CorruptFrameError, match="missing"):
        read_all(SegmentLogReader(log))


def test_a_segment_cut_at_a_frame_is_reported(log: Path) -> None:
    path = log / list_segments(log)[0].file_name
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[: path.read_bytes().rfind(b'{"seal"')])
    with pytest.raises(CorruptFrameError, match="seal"):
        read_all(SegmentLogReader(log))


def test_a_position_inside_a_frame_is_refused(log: Path) -> None:
    name = list_segments(log)[0]
    with pytest.raises(CorruptFrameError):
        SegmentLogReader(log).read(name.at(5), max_records=1, max_bytes=1)


def test_a_log_that_was_cut_is_told_from_a_mark_that_is_old(tmp_path: Path) -> None:
    writer = SegmentLogWriter(tmp_path)
    append_all(writer, range(3))
    old_mark = (tmp_path / MARK_FILE).read_bytes()
    last = append_all(writer, range(3, 6))[-1]
    (tmp_path / MARK_FILE).write_bytes(old_mark)
    reader = SegmentLogReader(tmp_path)
    batch = reader.read(last, max_records=1, max_bytes=1)
    assert (batch.payload, batch.end) == (b"", last), "the frames are there: wait for the mark"
    writer.close()
    with pytest.raises(PositionBeyondEndError):
        reader.read(last._replace(offset=last.offset + 1), max_records=1, max_bytes=1)


def test_restored_segments_without_a_mark_are_read(log: Path) -> None:
    (log / MARK_FILE).unlink()
    reader = SegmentLogReader(log)
    assert reader.stats().next_ordinal == 20
    assert read_all(reader)[0] == b"".join(map(line, range(20)))


def test_large_frames_are_read_whole(tmp_path: Path) -> None:
    writer = SegmentLogWriter(tmp_path)
    receipts = Receipts()
    large = [b"%d" % number + b"x" * 3_000_000 + b"\n" for number in range(3)]
    for payload in large:
        writer.append(payload, records=1, events=1, acknowledge=receipts)
    receipts.wait(3)
    assert read_all(SegmentLogReader(tmp_path), max_records=1)[0] == b"".join(large)
    writer.close()
