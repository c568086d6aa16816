"""The secret versions; what the table holds is ciphertext."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    LargeBinary,
    RowMapping,
    String,
    Table,
    and_,
    func,
    insert,
    select,
    text,
    update,
)

from liftline.platform.secrets.contracts import SecretState, SecretVersion
from liftline.platform.secrets.envelope import Sealed
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedVersion:
    """A live version as stored."""

    name: str
    version: int
    sealed: Sealed


def newest_version(connection: Connection, name: str) -> int:
    """The highest version number ever used for a name, 0 when none was."""
    newest = connection.execute(
        select(func.max(secret_versions.c.version)).where(secret_versions.c.name == name)
    ).scalar()
    return int(newest or 0)


def add(connection: Connection, made: SealedVersion, state: SecretState, now: datetime) -> None:
    """Store a new version."""
    connection.execute(
        insert(secret_versions).values(
            name=made.name,
            version=made.version,
            state=state,
            master_id=made.sealed.master_id,
            wrapped_key=made.sealed.wrapped_key,
            ciphertext=made.sealed.ciphertext,
            created_at=now,
        )
    )


def live(connection: Connection, name: str | None = None) -> list[SealedVersion]:
    """Live versions, active before next; of every name when none is given."""
    query = select(secret_versions).where(secret_versions.c.state != "retired")
    if name is not None:
        query = query.where(secret_versions.c.name == name)
    ordered = query.order_by(secret_versions.c.name, secret_versions.c.state)
    return [_sealed(row) for row in connection.execute(ordered).mappings()]


def live_versions(connection: Connection, name: str) -> list[SecretVersion]:
    """The live versions of a name, without what is sealed."""
    table = secret_versions.c
    rows = connection.execute(
        select(table.name, table.version, table.state, table.created_at)
        .where(table.name == name, table.state != "retired")
        .order_by(table.version)
    )
    return [SecretVersion(**row) for row in rows.mappings()]


def master_ids(connection: Connection) -> set[str]:
    """Which master keys the live versions are wrapped with."""
    found = connection.execute(
        select(secret_versions.c.master_id).where(secret_versions.c.state != "retired").distinct()
    )
    return {str(master_id) for master_id in found.scalars()}


def rewrap(connection: Connection, name: str, version: int, master_id: str, wrapped: bytes) -> None:
    """Another master key for one version."""
    connection.execute(
        update(secret_versions)
        .where(_is(name, version))
        .values(wrapped_key=wrapped, master_id=master_id)
    )


def activate(connection: Connection, name: str, version: int) -> None:
    """This version is the active one; the one before must have been erased."""
    connection.execute(update(secret_versions).where(_is(name, version)).values(state="active"))


def erase(connection: Connection, name: str, version: int) -> None:
    """Retire a version and forget what it held."""
    connection.execute(
        update(secret_versions)
        .where(_is(name, version))
        .values(state="retired", wrapped_key=b"", ciphertext=b"")
    )


def _is(name: str, version: int) -> ColumnElement[bool]:
    return and_(secret_versions.c.name == name, secret_versions.c.version == version)


def _sealed(row: RowMapping) -> SealedVersion:
    sealed = Sealed(
        master_id=row["master_id"], wrapped_key=row["wrapped_key"], ciphertext=row["ciphertext"]
    )
    return SealedVersion(name=row["name"], version=row["version"], sealed=sealed)
