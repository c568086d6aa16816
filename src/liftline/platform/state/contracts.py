"""What crosses the wall of the operational database.

`Connection` is an open transaction: rooms take it from here, so that SQL stays in stores.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal, Protocol

from sqlalchemy import Connection

__all__ = ["Connection", "StateStore"]


class StateStore(Protocol):
    """The operational database, behind SQLAlchemy Core.

    Ordering: write transactions are serialised (SQLite: one writer connection and BEGIN
    IMMEDIATE; PostgreSQL: row locks, callers must tolerate retries of their own making).
    Idempotency: none; callers bring keys. Durability point: leaving `write()` without an
    exception. Concurrency: safe from many threads of one process; only the app process
    opens the embedded engine. Bounds: `write()` waits at most `busy_timeout_s`.
    Failures: UnavailableError (retryable) when the engine is away or busy; an exception
    inside the block rolls back. Clock: none; callers pass instants.
    """

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]: ...

    def write(self) -> AbstractContextManager[Connection]:
        """One read-write transaction, committed at a normal exit."""
        ...

    def read(self) -> AbstractContextManager[Connection]:
        """One read-only snapshot."""
        ...

    def migrate(self) -> None:
        """Bring the schema to this version's head. Idempotent."""
        ...

    def close(self) -> None: ...
