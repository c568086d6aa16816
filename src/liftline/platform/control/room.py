"""What the control room contributes."""

from __future__ import annotations

from liftline.core.room import Room

ROOM = Room(
    name="control",
    floor="platform",
    sentence="Versioned snapshots that the hot processes read from disk.",
    # No metrics of its own: it must stay importable with the standard library and msgspec.
    # Each process exports the `damage` of its readers.
    risks=("A process that starts on a damaged newest snapshot serves the version before it.",),
    runbook="docs/runbooks/control.md",
    rollback="Publish the earlier content again: it becomes a new version.",
)
