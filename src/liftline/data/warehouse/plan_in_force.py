"""The tracking plan as this process sees it: the newest good control snapshot."""

from __future__ import annotations

from pathlib import Path

import msgspec

from liftline.data.events.contracts import CONTROL_PLAN, PlanSnapshot
from liftline.platform.control.api import SnapshotReader


class PlanInForce:
    """Reads the control snapshot `plan`. One owner refreshes."""

    def __init__(self, control_directory: Path) -> None:
        self._reader = SnapshotReader(control_directory, CONTROL_PLAN)
        self._decoder = msgspec.json.Decoder(PlanSnapshot)
        self._plan: PlanSnapshot | None = None
        self._version = -1

    def refresh(self) -> PlanSnapshot | None:
        """The plan in force now; None before the app has ever published one."""
        self._reader.refresh()
        snapshot = self._reader.current()
        if snapshot is not None and snapshot.version != self._version:
            self._plan = self._decoder.decode(snapshot.body)
            self._version = snapshot.version
        return self._plan
