"""What the access room contributes."""

from __future__ import annotations

from liftline.core.room import Alert, Command, Job, Room

ROOM = Room(
    name="access",
    floor="platform",
    sentence="Who may do what: keys, accounts, sessions, roles.",
    operational_metrics=(
        "liftline_access_live_keys",
        "liftline_access_publish_failures_total",
        "liftline_access_sign_ins_total",
        "liftline_access_unnoted_uses_total",
    ),
    alerts=(
        Alert(
            name="keys_not_published",
            expression="increase(liftline_access_publish_failures_total[5m]) > 0",
            severity="page",
            runbook="docs/runbooks/access.md",
        ),
        Alert(
            name="sign_ins_limited",
            expression='increase(liftline_access_sign_ins_total{outcome="limited"}[15m]) > 10',
            severity="warn",
            runbook="docs/runbooks/access.md",
        ),
    ),
    jobs=(
        Job(
            name="access_forget_revoked_keys",
            cron="43 3 * * *",
            zone="UTC",
            run="liftline.platform.access.jobs:forget_revoked_keys",
        ),
    ),
    routes=(
        "liftline.platform.access.http:routes",
        "liftline.platform.access.operations.http:routes",
    ),
    commands={
        "keys": Command(
            run="liftline.platform.access.cli:keys_app",
            help="API keys: create, list, rotate, revoke.",
        ),
        "accounts": Command(
            run="liftline.platform.access.cli:accounts_app",
            help="People: invite, list, new links, disable, enable.",
        ),
    },
    risks=("Attempts at signing in are counted in memory: a restart forgets the last window.",),
    runbook="docs/runbooks/access.md",
    rollback="Revoke the key or disable the account; in force within two seconds.",
)
