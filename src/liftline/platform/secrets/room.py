"""What the secrets room contributes."""

from __future__ import annotations

from liftline.core.room import Alert, Command, Room

ROOM = Room(
    name="secrets",
    floor="platform",
    sentence="Secrets with two live versions, encrypted at rest.",
    operational_metrics=("liftline_secrets_reads_total", "liftline_secrets_seal_failures_total"),
    alerts=(
        Alert(
            name="secret_does_not_open",
            expression="increase(liftline_secrets_seal_failures_total[5m]) > 0",
            severity="page",
            runbook="docs/runbooks/secrets.md",
        ),
    ),
    commands={
        "secrets": Command(
            run="liftline.platform.access.operations.cli:secrets_app",
            help="Secrets: list, put, promote, retire, rotate the master key.",
        ),
    },
    risks=("A lost master key cannot be replaced: every secret must be entered again.",),
    runbook="docs/runbooks/secrets.md",
    rollback="Retire the next version; the active one was never touched.",
)
