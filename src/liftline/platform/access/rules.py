"""Who may do what: one pure function over a closed set of actions."""

from __future__ import annotations

from typing import Final, Literal, get_args

from liftline.core.ids import Environment, ProjectId
from liftline.platform.access.contracts import (
    ApproverScope,
    Grant,
    KeyKind,
    Principal,
    Role,
)

Action = Literal[
    "pages.view",
    "keys.view",
    "keys.change",
    "accounts.view",
    "accounts.change",
    "audit.view",
    "tracking.change",
    "goals.change",
    "flags.change",
    "rollouts.change",
    "dead_letters.replay",
    "secrets.change",
    "jobs.change",
    "warehouse.rebuild",
    "demo.remove",
    "automation.freeze",
    "events.send",
    "flags.evaluate",
    "ci.report",
    "approve.po",
    "approve.qa",
    "approve.privacy",
    "approve.security",
]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

_RANK: Final[dict[Role, int]] = {"viewer": 0, "editor": 1, "admin": 2}

ROLE_NEEDED: Final[dict[Action, Role]] = {
    "pages.view": "viewer",
    "tracking.change": "editor",
    "goals.change": "editor",
    "flags.change": "editor",
    "rollouts.change": "editor",
    "dead_letters.replay": "editor",
    # Stopping automation is the safe direction: whoever may change a flag may stop them all.
    "automation.freeze": "editor",
    "keys.view": "admin",
    "keys.change": "admin",
    "accounts.view": "admin",
    "accounts.change": "admin",
    "audit.view": "admin",
    "secrets.change": "admin",
    "jobs.change": "admin",
    "warehouse.rebuild": "admin",
    "demo.remove": "admin",
}
"""The weakest role that may; an action that is not here is not a matter of roles."""

SCOPE_NEEDED: Final[dict[Action, ApproverScope]] = {
    "approve.po": "po",
    "approve.qa": "qa",
    "approve.privacy": "privacy",
    "approve.security": "security",
}
"""Approvals need the scope, held by a person; no role implies it, not even admin."""

KEY_MAY: Final[dict[KeyKind, frozenset[Action]]] = {
    "public": frozenset({"events.send", "flags.evaluate"}),
    "server": frozenset({"events.send", "flags.evaluate"}),
    "ci": frozenset({"events.send", "ci.report"}),
    "admin": frozenset(ROLE_NEEDED) | {"events.send", "flags.evaluate", "ci.report"},
}
"""What a kind of key is for; a person never sends events, a key never approves."""


def allow(
    principal: Principal | None,
    action: Action,
    project: ProjectId | None = None,
    environment: Environment | None = None,
) -> bool:
    """Whether this principal may do this there.

    `project` None asks about the whole installation, `environment` None about every
    environment of the project: only a grant that is as wide answers yes.
    """
    if principal is None:
        return False
    if principal.kind == "key":
        kind = principal.key_kind
        place = Grant(
            role=principal.role, project=principal.project, environment=principal.environment
        )
        return kind is not None and action in KEY_MAY[kind] and _covers(place, project, environment)
    if action in SCOPE_NEEDED:
        has_scope = SCOPE_NEEDED[action] in principal.scopes
        return has_scope and _holds(principal, "viewer", project, environment)
    if action not in ROLE_NEEDED:
        return False
    return _holds(principal, ROLE_NEEDED[action], project, environment)


def strongest(grants: tuple[Grant, ...]) -> Role:
    """The strongest role among grants, for people to read; viewer when there are none."""
    return max((grant.role for grant in grants), key=_RANK.__getitem__, default="viewer")


def _holds(
    principal: Principal, needed: Role, project: ProjectId | None, environment: Environment | None
) -> bool:
    return any(
        _RANK[grant.role] >= _RANK[needed] and _covers(grant, project, environment)
        for grant in principal.grants
    )


def _covers(grant: Grant, project: ProjectId | None, environment: Environment | None) -> bool:
    is_project = grant.project is None or grant.project == project
    is_environment = grant.environment is None or grant.environment == environment
    return is_project and is_environment
