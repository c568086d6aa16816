"""The operational database on PostgreSQL 14 or newer, through psycopg 3."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from liftline.core.errors import UnavailableError
from liftline.platform.state.api import BUSY, WRITE_SECONDS, upgrade_schema

POOL_MAX: Final = 10
MIGRATION_LOCK: Final = 0x4C46_0001
_RETRYABLE_CLASSES: Final = ("08", "53", "57")
_RETRYABLE_STATES: Final = ("40001", "40P01", "55P03")


class StateAwayError(UnavailableError):
    """The operational database is away or busy."""

    code = "state.away"
    default_cure = "try again; if it persists see docs/runbooks/state.md"


class PostgresStateStore:
    """StateStore on a PostgreSQL database.

    `url` is `postgresql://user:password@host/database`. Transactions are READ COMMITTED
    for writes and REPEATABLE READ, READ ONLY for reads. A lock is waited for at most
    `busy_timeout_s`. Behind PgBouncer use session pooling.
    """

    def __init__(self, url: str, *, busy_timeout_s: float = 5.0) -> None:
        milliseconds = int(busy_timeout_s * 1000)
        self._engine = create_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=POOL_MAX,
            max_overflow=0,
            pool_timeout=busy_timeout_s,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": max(2, int(busy_timeout_s)),
                "options": f"-c timezone=UTC -c lock_timeout={milliseconds}",
                "application_name": "liftline",
            },
        )
        self._reader = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Which SQL this engine speaks."""
        return "postgresql"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One read-write transaction, durable at a normal exit."""
        started_s = time.perf_counter()
        with _translated(), self._engine.begin() as connection:
            yield connection
        WRITE_SECONDS.labels(dialect="postgresql").observe(time.perf_counter() - started_s)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One read-only snapshot."""
        with _translated(), self._reader.begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the schema to head; two apps that start together take turns."""
        with self.write() as connection:
            connection.execute(text(f"select pg_advisory_xact_lock({MIGRATION_LOCK})"))
            upgrade_schema(connection)

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()


def _away() -> StateAwayError:
    BUSY.labels(dialect="postgresql").inc()
    return StateAwayError()


@contextmanager
def _translated() -> Iterator[None]:
    """An absent or busy server becomes UnavailableError; mistakes pass through."""
    try:
        yield
    except PoolTimeoutError as late:
        raise _away() from late
    except DBAPIError as failed:
        state = getattr(failed.orig, "sqlstate", None)
        is_lost = failed.connection_invalidated or (
            state is None and type(failed.orig).__name__ == "OperationalError"
        )
        if is_lost or (state and (state[:2] in _RETRYABLE_CLASSES or state in _RETRYABLE_STATES)):
            raise _away() from failed
        raise
