"""The tables of slots, keys, accounts, links and sessions. Of every token only its hash."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
)

from liftline.platform.state.api import METADATA, UtcMicros

key_slots: Final = Table(
    "key_slots",
    METADATA,
    Column("slot_id", String(40), primary_key=True),
    Column("project", String(40), nullable=False),
    Column("environment", String(10), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("name", String(80), nullable=False),
    Column("origins", Text, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    CheckConstraint("kind in ('public', 'server', 'ci', 'admin')", name="kind"),
    Index(None, "project", "environment"),
)

keys: Final = Table(
    "keys",
    METADATA,
    Column("key_id", String(32), primary_key=True),
    Column("slot_id", String(40), ForeignKey("key_slots.slot_id"), nullable=False, index=True),
    Column("secret_sha256", String(64), nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("expires_at", UtcMicros),
    Column("revoked_at", UtcMicros),
    Column("last_used_at", UtcMicros),
)

accounts: Final = Table(
    "accounts",
    METADATA,
    Column("account_id", String(40), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("password_hash", String(300)),
    Column("scopes", Text, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
)

# `*` stands for all: a NULL would not count as equal in the primary key.
account_grants: Final = Table(
    "account_grants",
    METADATA,
    Column("account_id", String(40), ForeignKey("accounts.account_id"), primary_key=True),
    Column("project", String(40), primary_key=True),
    Column("environment", String(10), primary_key=True),
    Column("role", String(10), nullable=False),
    CheckConstraint("role in ('viewer', 'editor', 'admin')", name="role"),
)

account_links: Final = Table(
    "account_links",
    METADATA,
    Column("token_sha256", String(64), primary_key=True),
    Column("account_id", String(40), ForeignKey("accounts.account_id"), nullable=False, index=True),
    Column("created_at", UtcMicros, nullable=False),
    Column("expires_at", UtcMicros, nullable=False),
    Column("used_at", UtcMicros),
)

sessions: Final = Table(
    "sessions",
    METADATA,
    Column("token_sha256", String(64), primary_key=True),
    Column("account_id", String(40), ForeignKey("accounts.account_id"), nullable=False, index=True),
    Column("address", String(64), nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("seen_at", UtcMicros, nullable=False),
    Column("expires_at", UtcMicros, nullable=False, index=True),
)
