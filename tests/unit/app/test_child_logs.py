"""Goal: a child's output is kept within bounds, and a full disk never stops the child."""

from pathlib import Path

import pytest

from liftline.app import child_logs
from liftline.app.child_logs import ChildLog


def test_what_a_child_prints_is_kept(tmp_path: Path) -> None:
    log = ChildLog(tmp_path / "a.jsonl")
    log.write(b"one\ntwo\n")
    log.close()
    log.write(b"three\n")
    assert (tmp_path / "a.jsonl").read_bytes() == b"one\ntwo\nthree\n"
    assert log.last_lines(2) == ["two", "three"]
    assert (tmp_path / "a.jsonl").stat().st_mode & 0o077 == 0


def test_a_disk_that_refuses_costs_output_and_nothing_else(tmp_path: Path) -> None:
    log = ChildLog(tmp_path / "nowhere" / "a.jsonl")
    log.write(b"lost\n")
    assert log.dropped_bytes == 5
    assert log.last_lines() == ["lost"], "the supervisor can still say what came last"
    (tmp_path / "nowhere").mkdir()
    log.write(b"kept\n")
    assert (tmp_path / "nowhere" / "a.jsonl").read_bytes() == b"kept\n"


def test_it_rotates_to_one_predecessor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_logs, "LOG_MAX_BYTES", 10)
    log = ChildLog(tmp_path / "a.jsonl")
    for number in range(5):
        log.write(b"line %d\n" % number)
    assert (tmp_path / "a.jsonl").read_bytes() == b"line 4\n"
    assert (tmp_path / "a.jsonl.1").read_bytes() == b"line 3\n"
    assert len(list(tmp_path.iterdir())) == 2
