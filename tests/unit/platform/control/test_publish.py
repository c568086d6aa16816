"""Goal: a published snapshot is whole, its version rises, and only the last few stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from liftline.platform.control import publish
from liftline.platform.control.api import BadSnapshotError, SnapshotPublisher, SnapshotReader
from liftline.platform.control.publish import VERSIONS_KEPT, version_paths


def test_versions_rise_and_survive_a_new_publisher(tmp_path: Path) -> None:
    assert SnapshotPublisher(tmp_path).publish("keys", b"1") == 1
    assert SnapshotPublisher(tmp_path).publish("keys", b"2") == 2
    assert SnapshotPublisher(tmp_path).publish("plan", b"other") == 1


def test_only_the_last_versions_are_kept(tmp_path: Path) -> None:
    publisher = SnapshotPublisher(tmp_path)
    for number in range(VERSIONS_KEPT + 3):
        publisher.publish("keys", b"%d" % number)
    kept = [version for version, _ in version_paths(tmp_path, "keys")]
    assert kept == [8, 7, 6, 5, 4]


def test_files_are_private_and_no_draft_is_left(tmp_path: Path) -> None:
    SnapshotPublisher(tmp_path / "control").publish("keys", b"{}")
    files = list((tmp_path / "control").iterdir())
    assert sorted(file.name for file in files) == ["keys-00000001.json", "keys.current"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@pytest.mark.parametrize("name", ["", "../keys", "Keys", "a-b", "k" * 41])
def test_a_bad_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSnapshotError):
        SnapshotPublisher(tmp_path).publish(name, b"")


def test_a_body_over_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liftline.platform.control.api.SNAPSHOT_BYTES_MAX", 3)
    with pytest.raises(BadSnapshotError):
        SnapshotPublisher(tmp_path).publish("keys", b"four")
    assert list(tmp_path.iterdir()) == []


def test_a_crash_before_the_swap_leaves_the_old_version_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = SnapshotPublisher(tmp_path)
    publisher.publish("keys", b"old")
    written: list[Path] = []
    real = publish._write_durably

    def crash_at_the_pointer(path: Path, content: bytes) -> None:
        if path.suffix == ".current":
            raise OSError("no space")
        written.append(path)
        real(path, content)

    monkeypatch.setattr(publish, "_write_durably", crash_at_the_pointer)
    with pytest.raises(OSError, match="no space"):
        publisher.publish("keys", b"new")
    assert len(written) == 1
    reader = SnapshotReader(tmp_path, "keys")
    reader.refresh()
    assert (current := reader.current()) and current.body == b"old"
    monkeypatch.setattr(publish, "_write_durably", real)
    assert publisher.publish("keys", b"newer") == 3


def test_attempts_that_fail_at_the_swap_do_not_pile_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = SnapshotPublisher(tmp_path)
    publisher.publish("keys", b"in force")
    real = publish._write_durably

    def refuse_the_pointer(path: Path, content: bytes) -> None:
        if path.suffix == ".current":
            raise OSError("no space")
        real(path, content)

    monkeypatch.setattr(publish, "_write_durably", refuse_the_pointer)
    for _ in range(VERSIONS_KEPT * 3):
        with pytest.raises(OSError, match="no space"):
            publisher.publish("keys", b"new")
    assert len(version_paths(tmp_path, "keys")) == VERSIONS_KEPT + 1
    reader = SnapshotReader(tmp_path, "keys")
    reader.refresh()
    assert (current := reader.current()) and current.body == b"in force"
