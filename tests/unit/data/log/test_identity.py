"""Goal: a log is known by its id, and a reader sees when another log took its place."""

from __future__ import annotations

import shutil
from pathlib import Path

from liftline.adapters.event_log.segment import SegmentLogReader, SegmentLogWriter
from liftline.data.log.identity import LOG_ID_FILE, read_log_id


def test_a_directory_without_a_log_has_no_id(tmp_path: Path) -> None:
    assert read_log_id(tmp_path / "nothing") == ""
    assert SegmentLogReader(tmp_path / "nothing").stats().log_id == ""


def test_an_open_reader_sees_that_the_log_was_replaced(tmp_path: Path) -> None:
    writer = SegmentLogWriter(tmp_path / "log")
    reader = SegmentLogReader(tmp_path / "log")
    first = reader.stats()
    writer.close()
    assert len(first.log_id) == 32
    shutil.rmtree(tmp_path / "log")
    assert reader.stats().log_id == ""
    SegmentLogWriter(tmp_path / "log").close()
    assert reader.stats().log_id not in ("", first.log_id)
    reader.close()


def test_a_log_from_before_ids_gets_one_and_keeps_it(tmp_path: Path) -> None:
    SegmentLogWriter(tmp_path).close()
    (tmp_path / LOG_ID_FILE).unlink()
    SegmentLogWriter(tmp_path).close()
    given = read_log_id(tmp_path)
    SegmentLogWriter(tmp_path).close()
    assert given and read_log_id(tmp_path) == given
