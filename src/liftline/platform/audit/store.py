"""The audit table."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, String, Table, Text

from liftline.platform.state.api import METADATA, RowNumber, UtcMicros

audit_log: Final = Table(
    "audit_log",
    METADATA,
    Column("seq", RowNumber, primary_key=True, autoincrement=False),
    Column("at", UtcMicros, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(80), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "subject", "seq"),
)
