"""Goal: the state file is replaced whole, belongs to one sender, and damage is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from liftline_demo.progress import AlreadyRunningError, BadProgressError, Progress, ProgressFile

SOME = Progress(
    seed=3,
    start_ms=1,
    live_since_ms=2,
    watched_since_ms=2,
    sent_through_ms=3,
    doubtful_through_ms=4,
    doubtful_phase="live",
    events_sent=5,
)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "state" / "demo.json"
    with ProgressFile(path) as file:
        assert file.load() is None
        file.save(SOME)
        assert file.load() == SOME
    assert sorted(p.name for p in path.parent.iterdir()) == ["demo.json", "demo.json.lock"]


def test_two_senders_of_one_world_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    with ProgressFile(path), pytest.raises(AlreadyRunningError), ProgressFile(path):
        pass
    with ProgressFile(path) as file:
        file.save(SOME)


def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    path.write_text('{"seed": 1')
    with ProgressFile(path) as file, pytest.raises(BadProgressError, match="demo.json"):
        file.load()
    assert path.read_text() == '{"seed": 1'
