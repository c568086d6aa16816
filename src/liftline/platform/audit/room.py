"""What the audit room contributes."""

from __future__ import annotations

from liftline.core.room import Alert, Job, Room

ROOM = Room(
    name="audit",
    floor="platform",
    sentence="An append-only, hash-chained record of who changed what.",
    operational_metrics=("liftline_audit_entries_total", "liftline_audit_broken_at_seq"),
    alerts=(
        Alert(
            name="audit_chain_broken",
            expression="liftline_audit_broken_at_seq > 0",
            severity="page",
            runbook="docs/runbooks/access.md",
        ),
    ),
    jobs=(
        Job(
            name="audit_chain",
            cron="17 3 * * *",
            zone="UTC",
            run="liftline.platform.audit.jobs:verify",
        ),
    ),
    risks=("Cutting off the newest entries shows only against a head hash kept elsewhere.",),
    runbook="docs/runbooks/access.md",
    rollback="There is none: entries are never taken back, a correction is a new entry.",
)
