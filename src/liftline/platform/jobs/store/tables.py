"""The due-table and the outbox."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from liftline.platform.state.api import METADATA, RowNumber, UtcMicros


def _lease_columns() -> tuple[Column[object] | CheckConstraint | Index, ...]:
    # `next_at` is when the row wants attention: due, to be retried, or its lease runs out.
    # So ONE partial index finds all three, and an idle tick touches nothing else.
    live = text("state in ('pending', 'leased')")
    return (
        Column("state", String(10), nullable=False),
        Column("next_at", UtcMicros, nullable=False),
        Column("lease_owner", String(80)),
        Column("lease_until", UtcMicros),
        Column("fence", RowNumber, nullable=False, server_default=text("0")),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        Column("last_error", Text),
        Column("created_at", UtcMicros, nullable=False),
        Index(None, "next_at", sqlite_where=live, postgresql_where=live),
    )


# Row numbers are never used again (AUTOINCREMENT, identity): a stale owner's (id, fence)
# must not fit a later row.
timers: Final = Table(
    "timers",
    METADATA,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("kind", String(80), nullable=False),
    Column("payload", Text, nullable=False),
    Column("project", String(40)),
    Column("environment", String(10)),
    Column("due_at", UtcMicros, nullable=False),
    Column("cron", String(100)),
    Column("zone", String(60)),
    *_lease_columns(),
    CheckConstraint("state in ('pending', 'leased', 'dead')", name="state"),
    sqlite_autoincrement=True,
)

outbox: Final = Table(
    "outbox",
    METADATA,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("idempotency_key", String(200), nullable=False, unique=True),
    Column("destination", String(80), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("body_sha256", String(64), nullable=False),
    Column("project", String(40)),
    Column("environment", String(10)),
    *_lease_columns(),
    CheckConstraint("state in ('pending', 'leased', 'delivered', 'dead')", name="state"),
    sqlite_autoincrement=True,
)
