"""The command line's side of the running app: ports whose other end is its API."""

from __future__ import annotations

from pathlib import Path

import msgspec

from liftline.data.events.contracts import AppliedPlan
from liftline.platform.access.api import ask


class RemotePlanApplier:
    """PlanApplier over loopback, with the operator's key."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def apply(self, directory: Path | None, *, allow_breaking: bool) -> AppliedPlan:
        """See PlanApplier."""
        body = {
            "directory": None if directory is None else str(directory),
            "allow_breaking": allow_breaking,
        }
        answer = ask(self._data, "POST", "/api/tracking/apply", body)
        return msgspec.convert(answer, AppliedPlan)
