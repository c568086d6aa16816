"""Goal: a reader serves the newest good version, keeps it through damage, and says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from liftline.platform.control.api import DAMAGED, SnapshotPublisher, SnapshotReader
from liftline.platform.control.publish import pointer_path


def body(reader: SnapshotReader) -> bytes | None:
    current = reader.current()
    return current.body if current else None


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_nothing_published_is_nothing(tmp_path: Path) -> None:
    reader = SnapshotReader(tmp_path, "keys")
    assert reader.refresh() is False
    assert reader.current() is None
    assert reader.damage == ""


def test_refresh_is_true_once_per_version(tmp_path: Path) -> None:
    publisher, reader = SnapshotPublisher(tmp_path), SnapshotReader(tmp_path, "keys")
    publisher.publish("keys", b"a\nb")
    assert [reader.refresh(), reader.refresh()] == [True, False]
    assert body(reader) == b"a\nb"
    publisher.publish("keys", b"c")
    publisher.publish("keys", b"d")
    assert [reader.refresh(), reader.refresh()] == [True, False]
    assert body(reader) == b"d"


def test_a_damaged_newest_version_is_not_taken(tmp_path: Path) -> None:
    publisher, reader = SnapshotPublisher(tmp_path), SnapshotReader(tmp_path, "keys")
    publisher.publish("keys", b"good")
    reader.refresh()
    publisher.publish("keys", b"newer")
    damage(tmp_path / "keys-00000002.json")
    assert reader.refresh() is False
    assert body(reader) == b"good"
    assert "not the one that was published" in reader.damage
    assert DAMAGED.labels(name="keys")._value.get() == 1
    publisher.publish("keys", b"mended")
    assert reader.refresh() is True
    assert (body(reader), reader.damage) == (b"mended", "")
    assert DAMAGED.labels(name="keys")._value.get() == 0


def test_a_file_mended_in_place_is_seen(tmp_path: Path) -> None:
    publisher, reader = SnapshotPublisher(tmp_path), SnapshotReader(tmp_path, "keys")
    publisher.publish("keys", b"good")
    damage(tmp_path / "keys-00000001.json")
    assert reader.refresh() is False
    damage(tmp_path / "keys-00000001.json")
    assert reader.refresh() is True


def test_a_cold_start_falls_back_to_the_version_before(tmp_path: Path) -> None:
    publisher = SnapshotPublisher(tmp_path)
    publisher.publish("keys", b"good")
    publisher.publish("keys", b"newer")
    damage(tmp_path / "keys-00000002.json")
    reader = SnapshotReader(tmp_path, "keys")
    assert reader.refresh() is True
    assert body(reader) == b"good"
    assert reader.damage != ""


def test_a_lost_or_foreign_pointer_keeps_what_serves(tmp_path: Path) -> None:
    publisher, reader = SnapshotPublisher(tmp_path), SnapshotReader(tmp_path, "keys")
    publisher.publish("keys", b"good")
    reader.refresh()
    pointer_path(tmp_path, "keys").write_bytes(b"../../etc/passwd")
    assert reader.refresh() is False
    assert body(reader) == b"good"
    pointer_path(tmp_path, "keys").unlink()
    assert reader.refresh() is False
    assert body(reader) == b"good"
    assert "missing" in reader.damage


def test_a_pointer_that_went_back_is_refused(tmp_path: Path) -> None:
    publisher, reader = SnapshotPublisher(tmp_path), SnapshotReader(tmp_path, "keys")
    publisher.publish("keys", b"one")
    publisher.publish("keys", b"two")
    reader.refresh()
    pointer_path(tmp_path, "keys").write_bytes(b"keys-00000001.json")
    assert reader.refresh() is False
    assert body(reader) == b"two"
    assert "went back" in reader.damage


def test_the_collector_side_imports_nothing_heavy() -> None:
    """Canary below: the same question about state finds SQLAlchemy."""
    heavy = "{'sqlalchemy','fastapi','pydantic','duckdb','alembic','cryptography','starlette'}"

    def loaded(modules: str) -> str:
        program = f"import sys, {modules}; print(sorted({heavy} & set(sys.modules)))"
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
        )
        return done.stdout.strip()

    light = "liftline.platform.control.api, liftline.platform.access.contracts"
    assert loaded(light) == "[]"
    assert "sqlalchemy" in loaded("liftline.platform.state.contracts")
