"""Goal: who may do what, as one table over every action, role, place and kind of key."""

from __future__ import annotations

import pytest

from liftline.core.ids import Environment, ProjectId
from liftline.platform.access.contracts import ApproverScope, Grant, KeyKind, Principal, Role
from liftline.platform.access.rules import (
    ACTIONS,
    KEY_MAY,
    ROLE_NEEDED,
    SCOPE_NEEDED,
    Action,
    allow,
    strongest,
)

SHOP, BLOG = ProjectId("shop"), ProjectId("blog")

# One row per action: viewer, editor, admin, then the keys public, server, ci, admin.
TABLE: dict[Action, str] = {
    "pages.view": "yes yes yes  no  no  no  yes",
    "keys.view": "no  no  yes  no  no  no  yes",
    "keys.change": "no  no  yes  no  no  no  yes",
    "accounts.view": "no  no  yes  no  no  no  yes",
    "accounts.change": "no  no  yes  no  no  no  yes",
    "audit.view": "no  no  yes  no  no  no  yes",
    "tracking.change": "no  yes yes  no  no  no  yes",
    "goals.change": "no  yes yes  no  no  no  yes",
    "flags.change": "no  yes yes  no  no  no  yes",
    "rollouts.change": "no  yes yes  no  no  no  yes",
    "dead_letters.replay": "no  yes yes  no  no  no  yes",
    "secrets.change": "no  no  yes  no  no  no  yes",
    "jobs.change": "no  no  yes  no  no  no  yes",
    "warehouse.rebuild": "no  no  yes  no  no  no  yes",
    "demo.remove": "no  no  yes  no  no  no  yes",
    "automation.freeze": "no  yes yes  no  no  no  yes",
    "events.send": "no  no  no   yes yes yes yes",
    "flags.evaluate": "no  no  no   yes yes no  yes",
    "ci.report": "no  no  no   no  no  yes yes",
    "approve.po": "no  no  no   no  no  no  no",
    "approve.qa": "no  no  no   no  no  no  no",
    "approve.privacy": "no  no  no   no  no  no  no",
    "approve.security": "no  no  no   no  no  no  no",
}


def person(*grants: Grant, scopes: frozenset[ApproverScope] = frozenset()) -> Principal:
    return Principal(
        kind="person", id="acc", label="a@b", role=strongest(grants), scopes=scopes, grants=grants
    )


def key(kind: KeyKind, project: ProjectId | None = SHOP, place: Environment = "dev") -> Principal:
    role: Role = "admin" if kind == "admin" else "viewer"
    return Principal(
        kind="key",
        id="k",
        label="k",
        role=role,
        project=project,
        environment=place,
        key_kind=kind,
    )


WHO = (
    person(Grant(role="viewer", project=SHOP, environment="dev")),
    person(Grant(role="editor", project=SHOP, environment="dev")),
    person(Grant(role="admin", project=SHOP, environment="dev")),
    key("public"),
    key("server"),
    key("ci"),
    key("admin"),
)


def test_the_table_has_every_action_and_every_column() -> None:
    assert set(TABLE) == set(ACTIONS)
    assert {len(row.split()) for row in TABLE.values()} == {len(WHO)}
    from_people = set(ROLE_NEEDED) | set(SCOPE_NEEDED)
    assert set(ACTIONS) == from_people | set().union(*KEY_MAY.values())


@pytest.mark.parametrize("action", ACTIONS)
def test_the_table_holds(action: Action) -> None:
    found = " ".join("yes" if allow(principal, action, SHOP, "dev") else "no" for principal in WHO)
    assert found == " ".join(TABLE[action].split())


def test_nobody_may_nothing() -> None:
    for action in ACTIONS:
        assert not allow(None, action, SHOP, "dev")
        assert not allow(person(), action, SHOP, "dev")


ELSEWHERE: tuple[tuple[ProjectId | None, Environment | None], ...] = (
    (BLOG, "dev"),
    (SHOP, "prod"),
    (SHOP, None),
    (None, None),
    (None, "dev"),
)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_grant_ends_where_its_place_ends(action: Action) -> None:
    for principal in WHO:
        for project, place in ELSEWHERE:
            assert not allow(principal, action, project, place), (principal, project, place)


@pytest.mark.parametrize(
    ("grant", "project", "place", "expected"),
    [
        (Grant(role="admin"), None, None, True),
        (Grant(role="admin"), SHOP, "prod", True),
        (Grant(role="admin", project=SHOP), SHOP, "prod", True),
        (Grant(role="admin", project=SHOP), SHOP, None, True),
        (Grant(role="admin", project=SHOP), None, None, False),
        (Grant(role="admin", project=SHOP), BLOG, "dev", False),
        (Grant(role="admin", environment="dev"), BLOG, "dev", True),
        (Grant(role="admin", environment="dev"), BLOG, "prod", False),
    ],
)
def test_wide_grants(
    grant: Grant, project: ProjectId | None, place: Environment | None, expected: bool
) -> None:
    assert allow(person(grant), "keys.change", project, place) is expected


def test_the_strongest_fitting_grant_counts_and_no_other() -> None:
    mixed = person(Grant(role="viewer"), Grant(role="editor", project=SHOP, environment="dev"))
    assert mixed.role == "editor"
    assert allow(mixed, "flags.change", SHOP, "dev")
    assert not allow(mixed, "flags.change", SHOP, "prod")
    assert allow(mixed, "pages.view", BLOG, "prod")


@pytest.mark.parametrize(("action", "scope"), list(SCOPE_NEEDED.items()))
def test_approving_needs_its_scope_and_a_place(action: Action, scope: ApproverScope) -> None:
    viewer = Grant(role="viewer", project=SHOP)
    assert allow(person(viewer, scopes=frozenset({scope})), action, SHOP, "prod")
    assert not allow(person(viewer, scopes=frozenset({scope})), action, BLOG, "prod")
    others = frozenset(SCOPE_NEEDED.values()) - {scope}
    assert not allow(person(Grant(role="admin"), scopes=others), action, SHOP, "prod")


def test_a_key_without_a_kind_may_nothing() -> None:
    odd = Principal(kind="key", id="k", label="k", role="admin")
    assert not any(allow(odd, action, SHOP, "dev") for action in ACTIONS)
