"""The audit table, to which rows are only ever added."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Connection, Index, String, Table, Text, insert, select, text

from liftline.platform.audit.chain import Entry
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

_CHAIN_LOCK: Final = 0x4C46_0002


def head(connection: Connection) -> tuple[int, str] | None:
    """Number and hash of the newest entry, held until the transaction ends."""
    if connection.dialect.name == "postgresql":
        # Two writers must not chain to the same entry. SQLite's writer is alone anyway.
        connection.execute(text(f"select pg_advisory_xact_lock({_CHAIN_LOCK})"))
    newest = connection.execute(
        select(audit_log.c.seq, audit_log.c.hash).order_by(audit_log.c.seq.desc()).limit(1)
    ).first()
    return (newest.seq, newest.hash) if newest else None


def append(connection: Connection, entry: Entry) -> None:
    """Add one entry."""
    columns = {column.name: getattr(entry, column.name) for column in audit_log.columns}
    connection.execute(insert(audit_log).values(**columns))


def newest(
    connection: Connection, before_seq: int | None, subject: str | None, limit: int
) -> list[Entry]:
    """A page of entries, newest first."""
    query = select(audit_log).order_by(audit_log.c.seq.desc()).limit(limit)
    if before_seq is not None:
        query = query.where(audit_log.c.seq < before_seq)
    if subject is not None:
        query = query.where(audit_log.c.subject == subject)
    return [Entry(**row) for row in connection.execute(query).mappings()]


def entries_after(connection: Connection, seq: int | None, limit: int) -> list[Entry]:
    """The entries that follow, oldest first; None begins at the first one there is."""
    query = select(audit_log).order_by(audit_log.c.seq).limit(limit)
    if seq is not None:
        query = query.where(audit_log.c.seq > seq)
    return [Entry(**row) for row in connection.execute(query).mappings()]
