"""The operational database on SQLite: WAL, every commit fsynced, one writer connection.

The rules that keep Debian 12's SQLite 3.40 safe from the WAL-reset bug (two connections
that write or checkpoint at once corrupt the file):

1. One process opens the file (`OwnerLock`).
2. One connection writes, behind one lock, and every checkpoint runs on it.
3. Readers are query-only with `wal_autocheckpoint = 0`, and are closed before the writer:
   the last connection to close checkpoints, and that must be the writer.
4. No memory-mapped I/O.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool, StaticPool

from liftline.adapters.state.owner import OwnerLock
from liftline.core.errors import BrokenError, UnavailableError
from liftline.platform.state.api import BUSY, WRITE_SECONDS, upgrade_schema

READERS_MAX: Final = 8
CHECKPOINT_PAGES: Final = 1000
WAL_BYTES_MAX: Final = 64 * 1024 * 1024


class StateBusyError(UnavailableError):
    """The operational database did not answer in time."""

    code = "state.busy"
    default_cure = "try again; if it persists see docs/runbooks/state.md"


class SqliteStateStore:
    """StateStore on one SQLite file, created with mode 0600.

    `write()` waits at most `busy_timeout_s` for the writer lock, `read()` as long for one
    of READERS_MAX connections. Safe from many threads; never nest write() in write().
    """

    def __init__(self, path: Path, *, busy_timeout_s: float = 5.0) -> None:
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._owner = OwnerLock(path)
        self._lock = threading.Lock()
        self._holder: int | None = None
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._writer = self._writer_engine()
        self._readers = self._reader_engine()

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Which SQL this engine speaks."""
        return "sqlite"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One read-write transaction (BEGIN IMMEDIATE), fsynced at a normal exit."""
        if self._holder == threading.get_ident():
            raise BrokenError("write() inside write() would wait for itself")
        started_s = time.perf_counter()
        if not self._lock.acquire(timeout=self._busy_timeout_s):
            raise _busy()
        self._holder = threading.get_ident()
        try:
            with _translated(), self._writer.begin() as connection:
                yield connection
            WRITE_SECONDS.labels(dialect="sqlite").observe(time.perf_counter() - started_s)
        finally:
            self._holder = None
            self._lock.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One read-only snapshot, taken at the first statement."""
        with _translated(), self._readers.begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the schema to this version's head. Idempotent."""
        with self.write() as connection:
            upgrade_schema(connection)

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file, on the writer; readers may limit how far."""
        if not self._lock.acquire(timeout=self._busy_timeout_s):
            raise _busy()
        try:
            raw = self._writer.raw_connection()
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close readers, then the writer (whose close checkpoints), then the ownership."""
        self._readers.dispose()
        with self._lock:
            self._writer.dispose()
        self._owner.release()

    def _writer_engine(self) -> Engine:
        def connect() -> sqlite3.Connection:
            raw = _connect(self._path, self._busy_timeout_s)
            raw.execute("PRAGMA journal_mode = WAL")
            raw.execute("PRAGMA synchronous = FULL")
            raw.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            raw.execute(f"PRAGMA journal_size_limit = {WAL_BYTES_MAX}")
            return raw

        engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
        event.listen(engine, "begin", lambda opened: opened.exec_driver_sql("BEGIN IMMEDIATE"))
        # The first connection creates the WAL files; readers must never be the ones to do it.
        with _translated(), engine.begin():
            pass
        return engine

    def _reader_engine(self) -> Engine:
        def connect() -> sqlite3.Connection:
            raw = _connect(self._path, self._busy_timeout_s)
            raw.execute("PRAGMA wal_autocheckpoint = 0")
            raw.execute("PRAGMA query_only = ON")
            return raw

        engine = create_engine(
            "sqlite://",
            creator=connect,
            poolclass=QueuePool,
            pool_size=READERS_MAX,
            max_overflow=0,
            pool_timeout=self._busy_timeout_s,
        )
        event.listen(engine, "begin", lambda opened: opened.exec_driver_sql("BEGIN"))
        return engine


def _connect(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    # isolation_level=None: Python's own implicit BEGIN differs between 3.11 and 3.12.
    raw = sqlite3.connect(
        path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
    )
    raw.execute("PRAGMA foreign_keys = ON")
    raw.execute("PRAGMA mmap_size = 0")
    return raw


def _busy() -> StateBusyError:
    BUSY.labels(dialect="sqlite").inc()
    return StateBusyError()


@contextmanager
def _translated() -> Iterator[None]:
    """Engine trouble becomes UnavailableError; a caller's own mistakes pass through."""
    try:
        yield
    except PoolTimeoutError as late:
        raise _busy() from late
    except OperationalError as failed:
        code = getattr(failed.orig, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise _busy() from failed
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN):
            raise UnavailableError(f"the operational database failed: {failed.orig}") from failed
        raise
