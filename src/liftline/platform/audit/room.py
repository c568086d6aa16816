"""What the audit room contributes."""

from __future__ import annotations

from liftline.core.room import Room

ROOM = Room(
    name="audit",
    floor="platform",
    sentence="An append-only, hash-chained record of who changed what.",
    operational_metrics=("liftline_audit_entries_total",),
    risks=("Cutting off the newest entries shows only against a head hash kept elsewhere.",),
    runbook="docs/runbooks/access.md",
    rollback="There is none: entries are never taken back, a correction is a new entry.",
)
