"""What the control room contributes."""

from __future__ import annotations

from liftline.core.room import Alert, Room

ROOM = Room(
    name="control",
    floor="platform",
    sentence="Versioned snapshots that the hot processes read from disk.",
    operational_metrics=("liftline_control_version", "liftline_control_damaged"),
    alerts=(
        Alert(
            name="control_snapshot_damaged",
            expression="liftline_control_damaged > 0",
            severity="page",
            runbook="docs/runbooks/control.md",
        ),
    ),
    risks=("A process that starts on a damaged newest snapshot serves the version before it.",),
    runbook="docs/runbooks/control.md",
    rollback="Publish the earlier content again: it becomes a new version.",
)
