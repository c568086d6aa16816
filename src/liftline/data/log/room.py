"""What the log room contributes."""

from __future__ import annotations

from liftline.core.room import Alert, Command, Room

RUNBOOK = "docs/runbooks/log.md"

ROOM = Room(
    name="log",
    floor="data",
    sentence="One log of everything that happened: durable, ordered, never rewritten.",
    stories=("IG-250",),
    operational_metrics=(
        "liftline_collector_log_failed",
        "liftline_collector_log_events_total",
        "liftline_collector_log_size_bytes",
        "liftline_collector_commit_seconds",
        "liftline_collector_pending_bytes",
    ),
    alerts=(
        Alert(
            name="log_failed",
            expression="liftline_collector_log_failed > 0",
            severity="page",
            runbook=RUNBOOK,
        ),
        Alert(
            name="log_commits_slow",
            expression="histogram_quantile(0.99, "
            "rate(liftline_collector_commit_seconds_bucket[5m])) > 0.5",
            severity="warn",
            runbook=RUNBOOK,
        ),
    ),
    commands={
        "log": Command(run="liftline.data.log.cli:app", help="The event log: check every frame."),
    },
    risks=("One node, one disk: what the disk loses is lost. Copy sealed segments elsewhere.",),
    runbook=RUNBOOK,
    rollback="Stop the collector; segments are only ever appended to, so nothing needs undoing.",
)
