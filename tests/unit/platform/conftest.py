"""Goal: each platform test gets a fresh migrated database, on both engines where it asks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

import liftline.platform.access.store.tables
import liftline.platform.audit.store
import liftline.platform.jobs.store.tables
import liftline.platform.secrets.store  # noqa: F401 - the four put their tables on METADATA
from liftline.adapters.state.postgres import PostgresStateStore
from liftline.adapters.state.sqlite import SqliteStateStore
from liftline.core.clock import ManualClock
from liftline.platform.state.api import METADATA
from liftline.platform.state.contracts import StateStore
from liftline.platform.state.temporary_postgres import (
    INSTALL_LINE,
    TemporaryPostgres,
    postgres_bin,
)

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)]


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, closed database file to copy: migrating takes 0.3 s, copying none."""
    path = tmp_path_factory.mktemp("migrated") / "liftline.db"
    store = SqliteStateStore(path)
    store.migrate()
    store.close()
    return path


@pytest.fixture(scope="session")
def postgres_with_schema() -> Iterator[TemporaryPostgres]:
    """One migrated server for the run."""
    programs = postgres_bin()
    if programs is None:
        pytest.skip(INSTALL_LINE)
    server = TemporaryPostgres(programs)
    try:
        store = PostgresStateStore(server.url())
        store.migrate()
        store.close()
        yield server
    finally:
        server.stop()


@pytest.fixture
def sqlite_store(migrated_sqlite: Path, tmp_path: Path) -> Iterator[StateStore]:
    """A migrated store on SQLite, for tests in which the engine makes no difference."""
    path = tmp_path / "state" / "liftline.db"
    path.parent.mkdir()
    shutil.copyfile(migrated_sqlite, path)
    made = SqliteStateStore(path)
    yield made
    made.close()


@pytest.fixture
def postgres_store(postgres_with_schema: TemporaryPostgres) -> Iterator[StateStore]:
    """A migrated, emptied store on PostgreSQL."""
    made = PostgresStateStore(postgres_with_schema.url())
    tables = ", ".join(table.name for table in METADATA.sorted_tables)
    with made.write() as connection:
        # The audit table's trigger refuses TRUNCATE like any other change.
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text(f"truncate {tables} restart identity"))
    yield made
    made.close()


@pytest.fixture(params=BOTH)
def store(request: pytest.FixtureRequest) -> StateStore:
    """A migrated, empty store, once on SQLite and once on PostgreSQL."""
    made: StateStore = request.getfixturevalue(f"{request.param}_store")
    return made


@pytest.fixture
def clock() -> ManualClock:
    """A clock that the test advances."""
    return ManualClock()
