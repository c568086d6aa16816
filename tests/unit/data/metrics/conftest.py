"""A warehouse in memory for reading metrics, and shipped definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import duckdb
import pytest

from liftline.data.metrics.api import load_catalog
from liftline.data.metrics.contracts import Catalog
from liftline.data.warehouse.contracts import BuildResult, Rows, Scalar, WarehouseStatus

AS_OF = datetime(2026, 3, 20, tzinfo=UTC)


class MemoryWarehouse:
    """The port over one DuckDB in memory; it keeps what it was asked."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute(
            "set TimeZone = 'America/Denver'"
        )  # a server's zone must not matter
        self.connection.execute("create schema analytics")
        self.asked: list[str] = []

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Scalar | Sequence[Scalar]] | None = None,
        *,
        max_rows: int = 10_000,
        timeout_s: float = 30.0,
    ) -> Rows:
        self.asked.append(sql)
        cursor = self.connection.execute(sql, parameters or {})
        rows = cursor.fetchmany(max_rows + 1)
        aware = tuple(
            tuple(one.replace(tzinfo=UTC) if isinstance(one, datetime) else one for one in row)
            for row in rows[:max_rows]
        )
        names = tuple(column[0] for column in cursor.description or ())
        return Rows(columns=names, rows=aware, is_truncated=len(rows) > max_rows, as_of=AS_OF)

    def status(self) -> WarehouseStatus:
        raise NotImplementedError

    def build(self) -> BuildResult:
        raise NotImplementedError

    def apply_plan(self) -> BuildResult:
        raise NotImplementedError

    def table(self, name: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Make analytics.<name> of project shop, environment prod; one row of another project."""
        self.connection.execute(
            f"create table analytics.{name} (project text, environment text, {columns})"
        )
        for row in rows:
            marks = ", ".join("?" for _ in row)
            self.connection.execute(
                f"insert into analytics.{name} values ('shop', 'prod', {marks})", list(row)
            )
            self.connection.execute(
                f"insert into analytics.{name} values ('other', 'prod', {marks})", list(row)
            )
            self.connection.execute(
                f"insert into analytics.{name} values ('shop', 'staging', {marks})", list(row)
            )

    def hours(self, *instants: datetime) -> None:
        """Say in which hours events are known of, and how far."""
        self.table(
            "data_hours",
            "hour_at timestamp, data_through timestamp",
            [
                (at.replace(minute=0, second=0, tzinfo=None), at.replace(tzinfo=None))
                for at in instants
            ],
        )


@pytest.fixture
def memory_warehouse() -> MemoryWarehouse:
    return MemoryWarehouse()


@pytest.fixture(scope="session")
def shipped_catalog() -> Catalog:
    return load_catalog(())
