"""What activation contributes to the product."""

from liftline.core.room import Alert, Room

ROOM = Room(
    name="activation",
    floor="growth",
    sentence="who signed up, what they reached, and whether they came back",
    stories=("IG-241", "IG-250", "IG-252"),
    events=(
        "user_signed_up",
        "user_activated",
        "source_connected",
        "invite_created",
        "onboarding_step_started",
        "onboarding_step_completed",
    ),
    models=(
        "data_hours",
        "user_events",
        "user_activity",
        "active_days",
        "activation_users",
        "activation_steps",
        "product_errors",
    ),
    metrics=(
        "signups",
        "activation_d1",
        "activation_d7",
        "retention_d1",
        "retention_d7",
        "retention_by_cohort",
        "activation_funnel",
        "onboarding_step_completion",
        "active_users",
        "error_count",
    ),
    alerts=(
        Alert(
            name="activation_marts_not_built",
            expression="liftline_warehouse_last_build_ok == 0",
            severity="warn",
            runbook="docs/runbooks/activation.md",
        ),
    ),
    runbook="docs/runbooks/activation.md",
    rollback="revert the change to models/activation, then run `liftline warehouse rebuild`",
)
