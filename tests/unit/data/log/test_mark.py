"""Goal: a reader sees the newest published position, whatever a killed writer left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from liftline.data.log.contracts import LogStats, Position
from liftline.data.log.mark import MARK_FILE, MarkReader, MarkWriter


def stats(offset: int) -> LogStats:
    return LogStats(
        durable=Position(1, 2, offset), next_ordinal=offset, events=3, size_bytes=4, segments=5
    )


def test_nothing_published_is_nothing(tmp_path: Path) -> None:
    assert MarkReader(tmp_path).current() is None


def test_the_newest_is_seen_without_opening_again(tmp_path: Path) -> None:
    writer = MarkWriter(tmp_path)
    writer.publish(stats(1))
    reader = MarkReader(tmp_path)
    for offset in range(2, 10):
        writer.publish(stats(offset))
        assert reader.current() == stats(offset)
    reader.close()
    writer.close()


def test_a_new_writer_goes_on_counting(tmp_path: Path) -> None:
    for offset in range(1, 6):
        writer = MarkWriter(tmp_path)
        writer.publish(stats(offset))
        writer.close()
        assert MarkReader(tmp_path).current() == stats(offset)


@pytest.mark.parametrize("harmed_at", [0, 8, 24, 60, 66])
def test_a_torn_slot_leaves_the_other(tmp_path: Path, harmed_at: int) -> None:
    writer = MarkWriter(tmp_path)
    writer.publish(stats(1))
    writer.publish(stats(2))
    writer.close()
    path = tmp_path / MARK_FILE
    content = bytearray(path.read_bytes())
    content[harmed_at] ^= 0xFF
    path.write_bytes(content)
    assert MarkReader(tmp_path).current() == stats(1), "slot 0 holds the second publication"


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 256, b"\xff" * 256])
def test_a_file_that_says_nothing_is_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MARK_FILE).write_bytes(content)
    assert MarkReader(tmp_path).current() is None
