"""Goal: the file opens bounded, fenced in, in UTC, and only in the version that wrote it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.store import FileLockedError, SchemaVersionError, Store, statement


def test_limits_and_zone_hold_for_every_cursor(
    config: WarehouseConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    store = Store(config.database_path, config)
    with store.cursor() as cursor:
        row = cursor.execute(
            "select current_setting('memory_limit'), current_setting('threads'),"
            " current_setting('TimeZone'), current_setting('autoinstall_known_extensions'),"
            " current_setting('enable_external_access')"
        ).fetchone()
        assert row == ("256.0 MiB", 2, "UTC", False, False)
        with pytest.raises(duckdb.PermissionException):
            cursor.execute("select * from read_text('/etc/hostname')")
        with pytest.raises(duckdb.Error):
            cursor.execute("install httpfs")
    store.close()


def test_opening_again_keeps_what_was_there(config: WarehouseConfig) -> None:
    for expected in (0, 7):
        store = Store(config.database_path, config)
        with store.cursor() as cursor:
            assert cursor.execute("select received from raw.load_offset").fetchone() == (expected,)
            cursor.execute("update raw.load_offset set received = 7")
        assert store.size_bytes() > 0
        store.close()
        store.close()


def test_another_version_is_refused(config: WarehouseConfig) -> None:
    store = Store(config.database_path, config)
    with store.cursor() as cursor:
        cursor.execute("update raw.load_offset set schema_version = 99")
    store.close()
    with pytest.raises(SchemaVersionError):
        Store(config.database_path, config)


@pytest.mark.slow
def test_another_process_with_the_file_open_is_a_known_failure(config: WarehouseConfig) -> None:
    Store(config.database_path, config).close()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb; c = duckdb.connect({str(config.database_path)!r});"
            " print('open', flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None and holder.stdin is not None
    try:
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(FileLockedError):
            Store(config.database_path, config)
    finally:
        holder.stdin.close()
        holder.wait(20)
        holder.stdout.close()


def test_every_statement_says_its_grain_first() -> None:
    folder = Path(sys.modules["liftline.data.warehouse.store"].__file__ or "").parent / "sql"
    names = sorted(path.stem for path in folder.glob("*.sql"))
    assert len(names) >= 20
    for name in names:
        assert statement(name).startswith("-- "), name
