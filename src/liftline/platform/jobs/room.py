"""What the jobs room contributes."""

from __future__ import annotations

from liftline.core.room import Alert, Command, Room

ROOM = Room(
    name="jobs",
    floor="platform",
    sentence="Timers and jobs: a due-table with leases, fences and an outbox.",
    operational_metrics=(
        "liftline_jobs_firings_total",
        "liftline_jobs_overdue_seconds",
        "liftline_jobs_timers",
        "liftline_jobs_loop_failures_total",
        "liftline_jobs_dead_forgotten_total",
        "liftline_outbox_deliveries_total",
        "liftline_outbox_pending",
    ),
    alerts=(
        Alert(
            name="timers_overdue",
            expression="liftline_jobs_overdue_seconds > 60",
            severity="warn",
            runbook="docs/runbooks/jobs.md",
        ),
        Alert(
            name="timers_dead",
            expression='liftline_jobs_timers{state="dead"} > 0',
            severity="warn",
            runbook="docs/runbooks/jobs.md",
        ),
        Alert(
            name="outbox_dead",
            expression='increase(liftline_outbox_deliveries_total{outcome="dead"}[1h]) > 0',
            severity="warn",
            runbook="docs/runbooks/jobs.md",
        ),
    ),
    commands={
        "jobs": Command(
            run="liftline.platform.access.operations.cli:jobs_app",
            help="Timers and messages: dead ones, waiting ones, try again.",
        ),
    },
    risks=("A run is at least once: a crash between a run and its settling repeats it.",),
    runbook="docs/runbooks/jobs.md",
    rollback="Cancel the timer or remove the recurrence; what already ran stays.",
)
