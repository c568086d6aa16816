"""What the tracking plan contributes to the product."""

from __future__ import annotations

from typing import Final

from liftline.core.room import Alert, Command, Room

RUNBOOK: Final = "docs/runbooks/tracking-plan.md"

ROOM = Room(
    name="events",
    floor="data",
    sentence="The tracking plan: what an event may say, and who may say it.",
    stories=("IG-241", "IG-251"),
    # The rest of the shipped plan's events is named by the rooms that live on them.
    events=(
        "checklist_viewed",
        "tooltip_opened",
        "invite_opened",
        "invite_accepted",
        "search_performed",
        "search_result_clicked",
        "experiment_exposure",
        "email_sent",
        "email_delivered",
        "email_opened",
        "email_clicked",
        "email_converted",
        "email_bounced",
        "email_complained",
        "email_unsubscribed",
        "ci_run",
        "ci_job",
        "ci_step",
        "ci_test_report",
        "ci_cache_lookup",
        "artifact_built",
        "deployment",
        "app_error",
    ),
    operational_metrics=("liftline_collector_rejected_events_total",),
    alerts=(
        Alert(
            name="events_rejected_by_plan",
            expression="sum(rate(liftline_collector_rejected_events_total[5m]))"
            " / sum(rate(liftline_collector_received_events_total[5m])) > 0.05",
            severity="warn",
            runbook=RUNBOOK,
        ),
    ),
    routes=("liftline.data.events.http:routes",),
    commands={
        "tracking": Command(
            run="liftline.data.events.cli:app",
            help="The tracking plan: check, build, diff, apply.",
        ),
    },
    risks=("R2",),
    runbook=RUNBOOK,
    rollback="`liftline tracking apply` the plan of the commit before; its version rises, "
    "the collector has it within 2 s.",
)
