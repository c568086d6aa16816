"""Goal: the embedded engine has one owner, private files, and one connection that writes."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from liftline.adapters.state.owner import DatabaseOwnedError
from liftline.adapters.state.sqlite import READERS_MAX, SqliteStateStore, StateBusyError
from liftline.core.errors import BrokenError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "liftline.db"


def pragma(store: SqliteStateStore, name: str, *, of_writer: bool) -> object:
    with store.write() if of_writer else store.read() as connection:
        return connection.execute(text(f"pragma {name}")).scalar()


def test_the_rules_against_the_wal_reset_bug_are_in_force(path: Path) -> None:
    store = SqliteStateStore(path)
    writer = {name: pragma(store, name, of_writer=True) for name in _RULES}
    reader = {name: pragma(store, name, of_writer=False) for name in _RULES}
    store.close()
    assert writer == _RULES | {"journal_mode": "wal", "synchronous": 2, "wal_autocheckpoint": 1000}
    assert reader["wal_autocheckpoint"] == 0
    assert reader["query_only"] == 1
    assert reader["journal_mode"] == "wal"


_RULES = {
    "journal_mode": "wal",
    "synchronous": 2,
    "wal_autocheckpoint": 1000,
    "query_only": 0,
    "foreign_keys": 1,
}


def test_a_second_owner_is_refused_until_the_first_lets_go(path: Path) -> None:
    first = SqliteStateStore(path)
    with pytest.raises(DatabaseOwnedError):
        SqliteStateStore(path)
    first.close()
    SqliteStateStore(path).close()


def test_a_killed_owner_leaves_no_lock(path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path;"
        "from liftline.adapters.state.sqlite import SqliteStateStore;"
        f"store = SqliteStateStore(Path({str(path)!r})); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", program], timeout=30, check=False)
    assert killed.returncode == -9
    SqliteStateStore(path).close()


def test_files_are_private(path: Path) -> None:
    store = SqliteStateStore(path)
    with store.write() as connection:
        connection.execute(text("create table t (a)"))
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    store.close()
    assert set(modes) >= {"liftline.db", "liftline.db-wal", "liftline.db-shm"}
    assert set(modes.values()) == {0o600}


def test_close_folds_the_log_into_the_file(path: Path) -> None:
    store = SqliteStateStore(path)
    with store.write() as connection:
        connection.execute(text("create table t (a)"))
    with store.read() as connection:
        connection.execute(text("select * from t"))
    store.close()
    assert not path.with_name("liftline.db-wal").exists()


def test_checkpoint_empties_the_log(path: Path) -> None:
    store = SqliteStateStore(path)
    with store.write() as connection:
        connection.execute(text("create table t (a)"))
    wal = path.with_name("liftline.db-wal")
    before = wal.stat().st_size
    store.checkpoint()
    after = wal.stat().st_size
    store.close()
    assert before > 0
    assert after == 0


def test_a_write_inside_a_write_is_a_defect_not_a_wait(path: Path) -> None:
    store = SqliteStateStore(path)

    def nest() -> None:
        with store.write(), store.write():
            pass

    with pytest.raises(BrokenError, match="wait for itself"):
        nest()
    with store.write() as connection:
        assert connection.execute(text("select 1")).scalar() == 1
    store.close()


def test_readers_are_bounded(path: Path) -> None:
    store = SqliteStateStore(path, busy_timeout_s=0.1)
    held = [store.read() for _ in range(READERS_MAX)]
    for reader in held:
        reader.__enter__()

    def one_more() -> None:
        with store.read():
            pass

    with pytest.raises(StateBusyError):
        one_more()
    for reader in held:
        reader.__exit__(None, None, None)
    one_more()
    store.close()


def test_readers_do_not_wait_for_the_writer(path: Path) -> None:
    store = SqliteStateStore(path)
    with store.write() as connection:
        connection.execute(text("create table t (a)"))
    seen: list[object] = []

    def look() -> None:
        with store.read() as connection:
            seen.append(connection.execute(text("select count(*) from t")).scalar())

    with store.write() as connection:
        connection.execute(text("insert into t values (1)"))
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(5)
        assert seen == [0]
    store.close()
