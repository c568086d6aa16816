"""The tracking plan as this process sees it: the newest good control snapshot."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import msgspec

from liftline.data.events.contracts import CONTROL_PLAN, PlanSnapshot
from liftline.platform.control.api import SnapshotReader

_log = logging.getLogger(__name__)

PLAN_CURE: Final = "publish the tracking plan again; both processes must be of one version"


class PlanInForce:
    """Reads the control snapshot `plan`. One owner refreshes.

    A version that cannot be decoded is not taken: the last one stays, `problem` says so.
    """

    def __init__(self, control_directory: Path) -> None:
        self._reader = SnapshotReader(control_directory, CONTROL_PLAN)
        self._decoder = msgspec.json.Decoder(PlanSnapshot)
        self._plan: PlanSnapshot | None = None
        self._version = -1
        self.problem = ""

    def refresh(self) -> PlanSnapshot | None:
        """The plan in force now; None before the app has ever published one."""
        self._reader.refresh()
        snapshot = self._reader.current()
        if snapshot is not None and snapshot.version != self._version:
            self._version = snapshot.version
            try:
                self._plan = self._decoder.decode(snapshot.body)
                self.problem = ""
            except msgspec.DecodeError as error:
                self.problem = f"version {snapshot.version} of the plan cannot be read: {error}"
                _log.error("%s; the last plan stays in force", self.problem)
        return self._plan
