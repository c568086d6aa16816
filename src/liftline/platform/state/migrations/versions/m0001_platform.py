"""The first schema: keys and people, the audit record, timers and outbox, secrets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from liftline.platform.state.api import RowNumber, UtcMicros

revision = "0001"
down_revision = None

_LIVE = sa.text("state in ('pending', 'leased')")
_ACTIVE = sa.text("state = 'active'")
_NEXT = sa.text("state = 'next'")

_SQLITE_REFUSALS = (
    """create trigger audit_log_no_update before update on audit_log
       begin select raise(abort, 'the audit record is append-only'); end""",
    """create trigger audit_log_no_delete before delete on audit_log
       begin select raise(abort, 'the audit record is append-only'); end""",
)
_POSTGRES_REFUSALS = (
    """create function liftline_refuse_change() returns trigger language plpgsql as $$
       begin raise exception 'the audit record is append-only'; end $$""",
    """create trigger audit_log_no_change before update or delete or truncate on audit_log
       for each statement execute function liftline_refuse_change()""",
)


def upgrade() -> None:
    """Build everything of this version."""
    _create_keys()
    _create_people()
    _create_audit()
    _create_secrets()
    _create_timers()
    _create_outbox()
    dialect = op.get_bind().dialect.name
    for statement in _POSTGRES_REFUSALS if dialect == "postgresql" else _SQLITE_REFUSALS:
        op.execute(statement)


def _create_keys() -> None:
    op.create_table(
        "key_slots",
        sa.Column("slot_id", sa.String(length=40), nullable=False),
        sa.Column("project", sa.String(length=40), nullable=False),
        sa.Column("environment", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("origins", sa.Text(), nullable=False),
        sa.Column("created_at", UtcMicros(), nullable=False),
        sa.CheckConstraint(
            "kind in ('public', 'server', 'ci', 'admin')", name=op.f("ck_key_slots_kind")
        ),
        sa.PrimaryKeyConstraint("slot_id", name=op.f("pk_key_slots")),
    )
    op.create_index(
        op.f("ix_key_slots_project_environment"),
        "key_slots",
        ["project", "environment"],
        unique=False,
    )
    op.create_table(
        "keys",
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("slot_id", sa.String(length=40), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcMicros(), nullable=False),
        sa.Column("expires_at", UtcMicros(), nullable=True),
        sa.Column("revoked_at", UtcMicros(), nullable=True),
        sa.Column("last_used_at", UtcMicros(), nullable=True),
        sa.ForeignKeyConstraint(["slot_id"], ["key_slots.slot_id"], name=op.f("fk_keys_slot_id")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_keys")),
    )
    op.create_index(op.f("ix_keys_slot_id"), "keys", ["slot_id"], unique=False)


def _create_people() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=300), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcMicros(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
    )
    op.create_table(
        "account_grants",
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("project", sa.String(length=40), nullable=False),
        sa.Column("environment", sa.String(length=10), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "role in ('viewer', 'editor', 'admin')", name=op.f("ck_account_grants_role")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_account_grants_account_id")
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "project", "environment", name=op.f("pk_account_grants")
        ),
    )
    op.create_table(
        "account_links",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", UtcMicros(), nullable=False),
        sa.Column("expires_at", UtcMicros(), nullable=False),
        sa.Column("used_at", UtcMicros(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_account_links_account_id")
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_account_links")),
    )
    op.create_index(
        op.f("ix_account_links_account_id"), "account_links", ["account_id"], unique=False
    )
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcMicros(), nullable=False),
        sa.Column("seen_at", UtcMicros(), nullable=False),
        sa.Column("expires_at", UtcMicros(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_sessions_account_id")
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_account_id"), "sessions", ["account_id"], unique=False)
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)


def _create_audit() -> None:
    op.create_table(
        "audit_log",
        sa.Column("seq", RowNumber, autoincrement=False, nullable=False),
        sa.Column("at", UtcMicros(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_subject_seq"), "audit_log", ["subject", "seq"], unique=False)


def _create_secrets() -> None:
    op.create_table(
        "secret_versions",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("master_id", sa.String(length=16), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcMicros(), nullable=False),
        sa.CheckConstraint(
            "state in ('active', 'next', 'retired')", name=op.f("ck_secret_versions_state")
        ),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_secret_versions")),
    )
    op.create_index(
        "uq_secret_active",
        "secret_versions",
        ["name"],
        unique=True,
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )
    op.create_index(
        "uq_secret_next",
        "secret_versions",
        ["name"],
        unique=True,
        sqlite_where=_NEXT,
        postgresql_where=_NEXT,
    )


def _create_timers() -> None:
    op.create_table(
        "timers",
        sa.Column("id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("project", sa.String(length=40), nullable=True),
        sa.Column("environment", sa.String(length=10), nullable=True),
        sa.Column("due_at", UtcMicros(), nullable=False),
        sa.Column("cron", sa.String(length=100), nullable=True),
        sa.Column("zone", sa.String(length=60), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("next_at", UtcMicros(), nullable=False),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", UtcMicros(), nullable=True),
        sa.Column("fence", RowNumber, server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcMicros(), nullable=False),
        sa.CheckConstraint("state in ('pending', 'leased', 'dead')", name=op.f("ck_timers_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timers")),
        sa.UniqueConstraint("key", name=op.f("uq_timers_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_timers_next_at"),
        "timers",
        ["next_at"],
        unique=False,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("destination", sa.String(length=80), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("project", sa.String(length=40), nullable=True),
        sa.Column("environment", sa.String(length=10), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("next_at", UtcMicros(), nullable=False),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", UtcMicros(), nullable=True),
        sa.Column("fence", RowNumber, server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcMicros(), nullable=False),
        sa.CheckConstraint(
            "state in ('pending', 'leased', 'delivered', 'dead')", name=op.f("ck_outbox_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_outbox_idempotency_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_outbox_next_at"),
        "outbox",
        ["next_at"],
        unique=False,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
