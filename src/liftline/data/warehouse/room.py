"""What the warehouse contributes to the product."""

from __future__ import annotations

from typing import Final

from liftline.core.room import Alert, Command, Room

RUNBOOK: Final = "docs/runbooks/warehouse.md"
LEDGER_RUNBOOK: Final = "docs/runbooks/ledger.md"

ROOM = Room(
    name="warehouse",
    floor="data",
    sentence="Every event once: the loader, the ledger, the marts, and the proof.",
    stories=("IG-250",),
    models=("ledger",),
    operational_metrics=(
        "liftline_warehouse_ingest_delay_seconds_p95",
        "liftline_warehouse_pending_seconds",
        "liftline_warehouse_loaded_events_total",
        "liftline_warehouse_pending_events",
        "liftline_warehouse_conflicts_total",
        "liftline_warehouse_load_failures_total",
        "liftline_warehouse_load_seconds",
        "liftline_warehouse_loader_stopped",
        "liftline_warehouse_load_postponed",
        "liftline_warehouse_last_build_ok",
        "liftline_warehouse_last_build_seconds",
        "liftline_warehouse_file_bytes",
        "liftline_warehouse_bytes_per_million_events",
    ),
    alerts=(
        Alert(
            name="warehouse_ingest_delay",
            expression="liftline_warehouse_ingest_delay_seconds_p95 > 900"
            " or liftline_warehouse_pending_seconds > 900",
            severity="page",
            runbook=RUNBOOK,
        ),
        Alert(
            name="warehouse_loader_stopped",
            expression="liftline_warehouse_loader_stopped == 1",
            severity="page",
            runbook=RUNBOOK,
        ),
        Alert(
            name="warehouse_load_postponed",
            expression="liftline_warehouse_load_postponed == 1",
            severity="warn",
            runbook=RUNBOOK,
        ),
        Alert(
            name="warehouse_conflicts",
            expression="increase(liftline_warehouse_conflicts_total[15m]) > 0",
            severity="warn",
            runbook=LEDGER_RUNBOOK,
        ),
        Alert(
            name="warehouse_load_failures",
            expression="increase(liftline_warehouse_load_failures_total[15m]) > 0",
            severity="warn",
            runbook=LEDGER_RUNBOOK,
        ),
        Alert(
            name="warehouse_build_failed",
            expression="liftline_warehouse_last_build_ok == 0",
            severity="warn",
            runbook=RUNBOOK,
        ),
    ),
    commands={
        "warehouse": Command(
            run="liftline.data.warehouse.cli:app",
            help="The warehouse: status, build, rebuild, read-only SQL.",
        ),
    },
    risks=("R2",),
    runbook=RUNBOOK,
    rollback="stop the warehouse process: events stay in the log; `liftline warehouse rebuild`"
    " makes the file again from it",
)
