"""The table of secret versions; what it holds is ciphertext."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, String, Table, text

from liftline.platform.state.api import METADATA, UtcMicros

_ACTIVE = text("state = 'active'")
_NEXT = text("state = 'next'")

secret_versions: Final = Table(
    "secret_versions",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("state", String(10), nullable=False),
    Column("master_id", String(16), nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    CheckConstraint("state in ('active', 'next', 'retired')", name="state"),
    # At most two live versions: the database itself refuses a third.
    Index("uq_secret_active", "name", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
    Index("uq_secret_next", "name", unique=True, sqlite_where=_NEXT, postgresql_where=_NEXT),
)
