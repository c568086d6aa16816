"""Which log this is: a random id in its directory, so that another log is never taken for it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

LOG_ID_FILE: Final = "log-id"


def read_log_id(directory: Path) -> str:
    """The id that the log's first writer gave it; empty before that, or without the directory."""
    try:
        return (directory / LOG_ID_FILE).read_text("ascii").strip()
    except FileNotFoundError:
        return ""
