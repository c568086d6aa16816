"""What the state room contributes."""

from __future__ import annotations

from liftline.core.room import Alert, Room

ROOM = Room(
    name="state",
    floor="platform",
    sentence="The operational database: one contract, SQLite or PostgreSQL.",
    operational_metrics=("liftline_state_write_seconds", "liftline_state_busy_total"),
    alerts=(
        Alert(
            name="operational_database_busy",
            expression="increase(liftline_state_busy_total[5m]) > 0",
            severity="warn",
            runbook="docs/runbooks/state.md",
        ),
    ),
    risks=("SQLite before 3.51.3 corrupts a file that two connections write or checkpoint.",),
    runbook="docs/runbooks/state.md",
    rollback="Stop Liftline, put back the copy of state/ from before, start the old version.",
)
