"""Goal: SQLite and PostgreSQL keep the same promises, and their schema is the one we declare."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import liftline.platform.access.store.tables
import liftline.platform.audit.store
import liftline.platform.jobs.store.tables
import liftline.platform.secrets.store  # noqa: F401 - the four put their tables on METADATA
from liftline.adapters.state.postgres import PostgresStateStore
from liftline.adapters.state.sqlite import SqliteStateStore
from liftline.platform.state.api import METADATA
from liftline.platform.state.conformance import StateStoreContract
from liftline.platform.state.contracts import StateStore
from liftline.platform.state.temporary_postgres import (
    INSTALL_LINE,
    TemporaryPostgres,
    postgres_bin,
)

BUSY_TIMEOUT_S = 0.3


def differences(store: StateStore) -> list[object]:
    """What alembic would change to make the database like METADATA."""
    with store.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, METADATA))


class _Schema:
    def test_the_migrated_schema_is_the_declared_one(self, store: StateStore) -> None:
        """A column declared without a migration, or the reverse, shows here."""
        assert len(METADATA.tables) >= 10
        assert differences(store) == []

    def test_a_difference_would_be_seen(self, store: StateStore) -> None:
        """Canary: the comparison is not blind."""
        with store.write() as connection:
            connection.execute(text("alter table timers add column forgotten integer"))
        assert "forgotten" in str(differences(store))


class TestSqlite(StateStoreContract, _Schema):
    """The embedded engine."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[StateStore]:
        store = SqliteStateStore(tmp_path / "liftline.db", busy_timeout_s=BUSY_TIMEOUT_S)
        store.migrate()
        yield store
        store.close()


@pytest.fixture(scope="module")
def server() -> Iterator[TemporaryPostgres]:
    programs = postgres_bin()
    if programs is None:
        pytest.skip(INSTALL_LINE)
    server = TemporaryPostgres(programs)
    yield server
    server.stop()


@pytest.mark.slow
class TestPostgres(StateStoreContract, _Schema):
    """The server engine."""

    @pytest.fixture
    def store(self, server: TemporaryPostgres) -> Iterator[StateStore]:
        store = PostgresStateStore(server.url(), busy_timeout_s=BUSY_TIMEOUT_S)
        with store.write() as connection:
            connection.execute(text("drop schema public cascade"))
            connection.execute(text("create schema public"))
        store.migrate()
        yield store
        store.close()
