"""Goal: each platform test gets a fresh migrated database, on both engines where it asks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from liftline.adapters.state.postgres import PostgresStateStore
from liftline.adapters.state.sqlite import SqliteStateStore
from liftline.core.clock import ManualClock
from liftline.platform.state.contracts import StateStore
from liftline.platform.state.temporary_postgres import (
    INSTALL_LINE,
    TemporaryPostgres,
    postgres_bin,
)

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, closed database file to copy: migrating takes 0.3 s, copying none."""
    path = tmp_path_factory.mktemp("migrated") / "liftline.db"
    store = SqliteStateStore(path)
    store.migrate()
    store.close()
    return path


@pytest.fixture(scope="session")
def postgres_with_template() -> Iterator[TemporaryPostgres]:
    """One server for the run, with a migrated database `ready` to copy."""
    programs = postgres_bin()
    if programs is None:
        pytest.skip(INSTALL_LINE)
    server = TemporaryPostgres(programs)
    try:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("create database ready")
        store = PostgresStateStore(server.url("ready"))
        store.migrate()
        store.close()
        yield server
    finally:
        server.stop()


@pytest.fixture(params=BOTH)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StateStore]:
    """A migrated store, once on SQLite and once on PostgreSQL."""
    made: StateStore
    if request.param == "sqlite":
        path = tmp_path / "state" / "liftline.db"
        path.parent.mkdir()
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        made = SqliteStateStore(path)
    else:
        server = request.getfixturevalue("postgres_with_template")
        name = "db_" + str(abs(hash(request.node.nodeid)))
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"create database {name} template ready")  # type: ignore[call-overload]
        made = PostgresStateStore(server.url(name))
    yield made
    made.close()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that the test advances."""
    return ManualClock()
