"""The door's own copy of what the app publishes: keys and the tracking plan."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from liftline.data.collect.contracts import Limits
from liftline.data.collect.keyring import DoorKeys
from liftline.data.events.api import CompiledPlan, compile_plan
from liftline.data.events.contracts import CONTROL_PLAN, PlanSnapshot
from liftline.platform.access.contracts import CONTROL_KEYS, KeySnapshot
from liftline.platform.control.api import SnapshotReader
from liftline.platform.control.contracts import Snapshot

_logger = logging.getLogger(__name__)


class DoorControl:
    """Keys and plan in force here. `refresh()` looks for newer ones; the last good ones stay."""

    def __init__(self, directory: Path, limits: Limits) -> None:
        self._limits = limits
        self._keys_reader = SnapshotReader(directory, CONTROL_KEYS)
        self._plan_reader = SnapshotReader(directory, CONTROL_PLAN)
        self.keys: DoorKeys | None = None
        self.plan: CompiledPlan | None = None
        self._keys_version = 0
        self._plan_version = 0

    def refresh(self) -> None:
        """Take over newer snapshots. Never raises: a snapshot one cannot use is logged."""
        if self._keys_reader.refresh():
            self._take_keys(self._keys_reader.current())
        if self._plan_reader.refresh():
            self._take_plan(self._plan_reader.current())

    def snapshots(self) -> tuple[tuple[str, int, bool], ...]:
        """Name and version in force of each, and whether a newer one is damaged."""
        return (
            (CONTROL_KEYS, self._keys_version, bool(self._keys_reader.damage)),
            (CONTROL_PLAN, self._plan_version, bool(self._plan_reader.damage)),
        )

    def _take_keys(self, snapshot: Snapshot | None) -> None:
        if snapshot is None:
            return
        try:
            keys = msgspec.json.decode(snapshot.body, type=KeySnapshot)
        except (msgspec.MsgspecError, ValueError):
            _logger.exception("version %s of the keys cannot be read", snapshot.version)
            return
        self.keys = DoorKeys(keys, cached=self._limits.cached_keys)
        self._keys_version = snapshot.version

    def _take_plan(self, snapshot: Snapshot | None) -> None:
        if snapshot is None:
            return
        try:
            plan = msgspec.json.decode(snapshot.body, type=PlanSnapshot)
            self.plan = compile_plan(plan)
        except Exception:
            # A plan that does not compile must not stop the door: the last one stays in force.
            _logger.exception("version %s of the plan cannot be used", snapshot.version)
            return
        self._plan_version = snapshot.version
