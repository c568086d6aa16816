"""What the supervisor knows of each process, on disk for whoever wants to see it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from liftline.app.paths import Layout

State = Literal["starting", "ready", "not_ready", "restarting", "stopped"]


class ProcessRecord(msgspec.Struct, kw_only=True):
    """One process as the supervisor sees it; written to run/processes.json."""

    name: str
    pid: int | None = None
    state: State = "starting"
    started_at: datetime | None = None
    restarts: int = 0
    rss_bytes: int | None = None
    last_exit: int | None = None


def write_records(layout: Layout, records: list[ProcessRecord]) -> None:
    """Swap the file in whole. Raises OSError when the disk refuses."""
    target = layout.processes_file
    scratch = target.with_suffix(".tmp")
    scratch.write_bytes(msgspec.json.encode(records))
    scratch.replace(target)


def read_records(layout: Layout) -> tuple[ProcessRecord, ...]:
    """What was last written; empty when there is nothing, or nothing whole (a power cut)."""
    try:
        body = layout.processes_file.read_bytes()
        return tuple(msgspec.json.decode(body, type=list[ProcessRecord]))
    except (FileNotFoundError, msgspec.DecodeError):
        return ()
