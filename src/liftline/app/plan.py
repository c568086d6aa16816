"""Puts a tracking plan in force: reads it, refuses what would break, publishes the snapshot."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import structlog

from liftline.core.errors import BrokenError
from liftline.data.events.api import (
    AppliedPlan,
    load_plan,
    make_snapshot,
    next_snapshot,
    plan_changes,
    shipped_plan,
    snapshot_changes,
)
from liftline.data.events.contracts import CONTROL_PLAN, PlanSnapshot, Unplanned
from liftline.platform.control.api import SnapshotPublisher, SnapshotReader

log = structlog.get_logger("liftline.app.plan")


class UnreadablePlanError(BrokenError):
    """The plan in force was written by another version of Liftline and cannot be read."""

    code = "app.unreadable_plan"
    default_cure = (
        "start the version that wrote it, or move control/plan-*.json and control/plan.current"
        " away: then the configured plan comes into force without a comparison"
    )


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

    def apply_configured(self, note: Path) -> AppliedPlan | None:
        """At start: put the configured plan in force if it differs from the last start's.

        None when it does not: then a plan that was applied by hand since stays in force.
        `note` is the file that remembers the configured plan's digest between starts.
        """
        digest = make_snapshot(load_plan(self._directories), self._unplanned, 0).digest
        is_known = note.exists() and note.read_text("utf-8") == digest
        if is_known and self._reader_has_plan():
            return None
        applied = self.apply(None, allow_breaking=False)
        note.write_text(digest, "utf-8")
        return applied

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
        changes = snapshot_changes(current, snapshot) if current else plan_changes((), events)
        for change in changes:
            if change.is_breaking:
                log.warning("what was accepted may now be rejected", change=str(change))
        return AppliedPlan(
            version=snapshot.version,
            digest=snapshot.digest,
            events=len(snapshot.events),
            changes=tuple(str(change) for change in changes),
        )

    def _current(self) -> PlanSnapshot | None:
        self._reader.refresh()
        snapshot = self._reader.current()
        if snapshot is None:
            return None
        try:
            return msgspec.json.decode(snapshot.body, type=PlanSnapshot)
        except msgspec.DecodeError as error:
            raise UnreadablePlanError(facts={"version": snapshot.version}) from error

    def _reader_has_plan(self) -> bool:
        self._reader.refresh()
        return self._reader.current() is not None


def plan_directories(plan_dir: Path | None) -> tuple[Path, ...]:
    """Where events are defined: the shipped plan, then a team's own."""
    return (shipped_plan(), plan_dir / "events") if plan_dir else (shipped_plan(),)
