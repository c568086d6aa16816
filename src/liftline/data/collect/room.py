"""What the collect room contributes."""

from __future__ import annotations

from liftline.core.room import Alert, Room

RUNBOOK = "docs/runbooks/collector.md"

ROOM = Room(
    name="collect",
    floor="data",
    sentence="The door: it judges each event, keeps what it rejects, answers when it is durable.",
    stories=("IG-241", "IG-250"),
    operational_metrics=(
        "liftline_collector_received_events_total",
        "liftline_collector_accepted_events_total",
        "liftline_collector_rejected_events_total",
        "liftline_collector_dead_letters_capped_total",
        "liftline_collector_answers_total",
        "liftline_collector_clock_skew_seconds",
    ),
    alerts=(
        Alert(
            name="collector_refuses",
            expression='increase(liftline_collector_answers_total{status="503"}[1m]) > 0',
            severity="page",
            runbook=RUNBOOK,
        ),
        Alert(
            name="rejections_high",
            expression="rate(liftline_collector_rejected_events_total[15m]) > "
            "0.05 * rate(liftline_collector_received_events_total[15m])",
            severity="warn",
            runbook=RUNBOOK,
        ),
        Alert(
            name="dead_letters_capped",
            expression="increase(liftline_collector_dead_letters_capped_total[1h]) > 0",
            severity="warn",
            runbook=RUNBOOK,
        ),
    ),
    risks=("Behind a reverse proxy every sender has one address and shares one request rate.",),
    runbook=RUNBOOK,
    rollback="Stop the collector: clients keep their events and try again.",
)
