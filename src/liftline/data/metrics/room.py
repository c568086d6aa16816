"""What metrics contribute to the product."""

from liftline.core.room import Alert, Command, Room

ROOM = Room(
    name="metrics",
    floor="data",
    sentence="one definition of a number for dashboard, goal, alert, gate and experiment",
    stories=("IG-244", "IG-252"),
    # Search and e-mail have no room of their own yet; their marts and rates ship here.
    models=("search_clicks", "searches", "email_messages"),
    metrics=(
        "searches",
        "search_ctr",
        "zero_result_rate",
        "hard_bounce_rate",
        "complaint_rate",
        "unsubscribe_rate",
    ),
    goals=(
        "growth.activation_d7",
        "growth.search_ctr",
        "growth.zero_result_rate",
        "growth.reachable",
        "growth.hard_bounce",
        "build.lead_time_p50",
        "build.lead_time_p95",
        "build.green_to_deploy",
        "build.signed_with_sbom",
        "build.flaky_rate",
    ),
    alerts=(
        Alert(
            name="marts_slow_to_build",
            expression="liftline_warehouse_last_build_seconds > 60",
            severity="warn",
            runbook="docs/runbooks/metrics.md",
        ),
    ),
    commands={
        "metrics": Command(
            run="liftline.data.metrics.cli:app",
            help="Metrics and goals: what there is, and the SQL they become.",
        ),
    },
    runbook="docs/runbooks/metrics.md",
    rollback="put the former metrics.yml or goals.yml back; definitions hold no data",
)
