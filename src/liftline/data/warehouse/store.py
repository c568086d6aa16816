"""The DuckDB file: opening it safely, and the named statements."""

from __future__ import annotations

import contextlib
import threading
from functools import cache
from importlib import resources
from pathlib import Path

import duckdb

from liftline.core.errors import BrokenError, UnavailableError
from liftline.data.warehouse.config import WarehouseConfig

SCHEMA_VERSION = 3
"""Raised whenever schema.sql changes what is stored; an upgrade is a rebuild."""


class SchemaVersionError(BrokenError):
    """The warehouse file was written by another version of Liftline."""

    code = "warehouse.schema_version"
    default_cure = "start the warehouse process of this version; it rebuilds the file from the log"


class FileLockedError(UnavailableError):
    """Another process has the warehouse file open."""

    code = "warehouse.locked"
    default_cure = "stop the other warehouse process, or ask it over its socket"


@cache
def statement(name: str) -> str:
    """The text of sql/<name>.sql."""
    folder = resources.files("liftline.data.warehouse") / "sql"
    return (folder / f"{name}.sql").read_text(encoding="utf-8")


def open_settings(path: Path, config: WarehouseConfig) -> dict[str, str | int | bool]:
    """What DuckDB is told at connect. dbt's profile must repeat it word for word: DuckDB
    refuses a second connection of one process whose settings differ.
    """
    return {
        "memory_limit": f"{config.memory_limit_mb}MiB",
        "threads": config.threads,
        "temp_directory": str(path.parent / "tmp"),
        "checkpoint_threshold": f"{config.wal_max_mb}MiB",
        "preserve_insertion_order": True,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


class Store:
    """One open DuckDB file. Only one process can have it open at a time.

    Extensions are never downloaded, files outside the spool cannot be read or written by SQL,
    and settings are locked for as long as it is open. Thread-safe: each user takes its own
    `cursor()`.
    """

    def __init__(self, path: Path, config: WarehouseConfig) -> None:
        self.path = path
        self.spool = path.parent / "spool"
        self._config = config
        self._lock = threading.Lock()
        for folder in (path.parent, self.spool, path.parent / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        self._connection = self._open()

    def _open(self) -> duckdb.DuckDBPyConnection:
        try:
            settings = open_settings(self.path, self._config)
            connection = duckdb.connect(str(self.path), config={**settings})
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise
            raise FileLockedError(facts={"file": str(self.path)}) from error
        spool = str(self.spool).replace("'", "''")
        connection.execute("set global TimeZone = 'UTC'")
        connection.execute(f"set allowed_directories = ['{spool}/']")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")  # no statement changes it from here
        existing = connection.execute(
            "select count(*) from duckdb_tables() where schema_name = 'raw'"
            " and table_name = 'load_offset' and database_name = current_database()"
        ).fetchone()
        if not existing or not existing[0]:
            # One transaction: a kill in the middle leaves no half-made schema.
            schema = statement("schema").replace("{schema_version}", str(SCHEMA_VERSION))
            connection.execute(f"begin transaction; {schema}; commit")
        self._check_version(connection)
        return connection

    @staticmethod
    def _check_version(connection: duckdb.DuckDBPyConnection) -> None:
        row = connection.execute("select schema_version from raw.load_offset").fetchone()
        found = row[0] if row else None
        if found != SCHEMA_VERSION:
            connection.close()
            raise SchemaVersionError(facts={"found": found, "expected": SCHEMA_VERSION})

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the same database; close it after use."""
        with self._lock:
            return self._connection.cursor()

    def size_bytes(self) -> int:
        """The file with its write-ahead log."""
        wal = self.path.with_name(self.path.name + ".wal")
        return sum(part.stat().st_size for part in (self.path, wal) if part.exists())

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file. Raises nothing while others write."""
        with self.cursor() as cursor:
            try:
                cursor.execute("checkpoint")
            except duckdb.TransactionException:
                return  # a model is being written; the next checkpoint folds it in

    def close(self) -> None:
        """Checkpoint and close. Idempotent."""
        with self._lock:
            with contextlib.suppress(duckdb.Error):
                self._connection.execute("checkpoint")
            self._connection.close()
