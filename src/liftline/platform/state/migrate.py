"""Runs the shipped migrations without an alembic.ini."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection

MIGRATIONS_DIR: Final = Path(__file__).parent / "migrations"


def upgrade(connection: Connection) -> None:
    """Run every migration that this database has not seen, in the open transaction."""
    # Alembic costs a tenth of a second to import, and only a start needs it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_DIR).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
