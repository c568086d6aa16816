"""What dashboards contributes."""

from liftline.core.room import Alert, Room

ROOM = Room(
    name="dashboards",
    floor="report",
    sentence="Pages that say what is known, since when, how surely, and what needs a person.",
    stories=("IG-241", "IG-250"),
    operational_metrics=("liftline_dashboards_stale_answers",),
    alerts=(
        Alert(
            name="PagesAreStale",
            expression="increase(liftline_dashboards_stale_answers_total[5m]) > 30",
            severity="warn",
            runbook="docs/runbooks/pages.md",
        ),
    ),
    panels=(
        "home: first line",
        "home: goals",
        "home: activation over time",
        "home: ingest delay",
        "home: needs a person",
        "home: what happened",
        "live events: accepted and rejected",
        "health: ledger",
        "health: freshness",
        "health: dead letters",
        "health: processes",
        "health: disk per million events",
        "health: last build",
        "settings: keys",
    ),
    routes=("liftline.report.dashboards.http:routes",),
    runbook="docs/runbooks/pages.md",
    rollback="Pages only read: install the wheel before, nothing stored changes.",
)
