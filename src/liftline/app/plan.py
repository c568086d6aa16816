"""Puts a tracking plan in force: reads it, refuses what would break, publishes the snapshot."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from liftline.data.events.api import (
    AppliedPlan,
    load_plan,
    next_snapshot,
    plan_changes,
    shipped_plan,
)
from liftline.data.events.contracts import CONTROL_PLAN, PlanSnapshot, Unplanned
from liftline.platform.control.api import SnapshotPublisher, SnapshotReader


class PublishedPlan:
    """The PlanApplier of the app process.

    The collector takes the snapshot over within PROPAGATION_BOUND_S and the warehouse
    rebuilds its staging models by itself, so applying neither waits for them nor needs them.
    """

    def __init__(
        self,
        publisher: SnapshotPublisher,
        reader: SnapshotReader,
        directories: Sequence[Path],
        unplanned: Mapping[str, Unplanned],
    ) -> None:
        self._publisher = publisher
        self._reader = reader
        self._directories = tuple(directories)
        self._unplanned = dict(unplanned)
        self._lock = threading.Lock()

    def apply(self, directory: Path | None, *, allow_breaking: bool) -> AppliedPlan:
        """See PlanApplier."""
        stack = self._directories if directory is None else (shipped_plan(), directory)
        with self._lock:
            events = load_plan(stack)
            current = self._current()
            snapshot = next_snapshot(
                current, events, self._unplanned, allow_breaking=allow_breaking
            )
            if snapshot is current:
                return AppliedPlan(
                    version=snapshot.version,
                    digest=snapshot.digest,
                    events=len(snapshot.events),
                    is_changed=False,
                )
            self._publisher.publish(CONTROL_PLAN, msgspec.json.encode(snapshot))
        changes = plan_changes(current.events if current else (), events)
        return AppliedPlan(
            version=snapshot.version,
            digest=snapshot.digest,
            events=len(snapshot.events),
            changes=tuple(str(change) for change in changes),
        )

    def _current(self) -> PlanSnapshot | None:
        self._reader.refresh()
        snapshot = self._reader.current()
        return msgspec.json.decode(snapshot.body, type=PlanSnapshot) if snapshot else None


def plan_directories(plan_dir: Path | None) -> tuple[Path, ...]:
    """Where events are defined: the shipped plan, then a team's own."""
    return (shipped_plan(), plan_dir / "events") if plan_dir else (shipped_plan(),)
