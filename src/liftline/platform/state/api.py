"""The shared schema of the operational database, and the column types it is written in.

Every room with tables puts them on `METADATA` (in its `store.py`); the migrations in
`migrations/` build the same schema, and a test compares the two on both engines.

Why the embedded engine has ONE owner: SQLite 3.7.0 to 3.51.2 (Debian 12 ships 3.40) can
corrupt a database when two connections write or checkpoint at the same moment. So one
process holds the file (an flock says so), one connection in it writes and checkpoints,
and the command line talks to the running app instead of opening the file.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, DateTime, Dialect, Integer, MetaData
from sqlalchemy.types import TypeDecorator, TypeEngine

from liftline.core.clock import from_micros, to_micros
from liftline.core.errors import InvalidError
from liftline.platform.state import migrate as _migrate
from liftline.platform.state.metering import BUSY, WRITE_SECONDS

__all__ = [
    "BUSY",
    "METADATA",
    "WRITE_SECONDS",
    "NaiveInstantError",
    "RowNumber",
    "UtcMicros",
    "upgrade_schema",
]

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

RowNumber: Final = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit row number; SQLite numbers rows by itself only under the name INTEGER."""


class NaiveInstantError(InvalidError):
    """A datetime without a zone is not an instant."""

    code = "state.naive_instant"
    default_cure = "pass an aware datetime, such as clock.now()"


class UtcMicros(TypeDecorator[datetime]):
    """An instant: whole microseconds since 1970 in SQLite, timestamptz in PostgreSQL.

    Reads come back aware and in UTC on both. Raises NaiveInstantError for naive values.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The engine's own column type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """An instant on its way in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveInstantError(f"{value.isoformat()} has no zone")
        return value.astimezone(UTC) if dialect.name == "postgresql" else to_micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """An instant on its way out."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return from_micros(int(value))


def upgrade_schema(connection: Connection) -> None:
    """Bring the schema of this open transaction to head. Idempotent; adapters call it."""
    _migrate.upgrade(connection)
