"""Alembic's entry: runs the steps on the connection that `migrate.upgrade` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from liftline.core.errors import BrokenError


def run() -> None:
    """Run inside the caller's transaction: either every step lands or none does."""
    connection = context.config.attributes.get("connection")
    if not isinstance(connection, Connection):
        raise BrokenError("migrations run through liftline.platform.state, never by themselves")
    context.configure(connection=connection, transactional_ddl=True, render_as_batch=True)
    context.run_migrations()


run()
