"""Goal: only who may change the plan puts one in force, and only an admin names a directory."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from liftline.core.errors import DeniedError
from liftline.data.events.api import AppliedPlan
from liftline.data.events.http import PlanDirectoryError, routes
from liftline.platform.access.contracts import Grant, Principal, Role


class RecordingApplier:
    def __init__(self) -> None:
        self.asked: list[tuple[Path | None, bool]] = []

    def apply(self, directory: Path | None, *, allow_breaking: bool) -> AppliedPlan:
        self.asked.append((directory, allow_breaking))
        return AppliedPlan(version=2, digest="sha256:0", events=29, changes=("+ a: new event",))


async def post(applier: RecordingApplier, role: Role | None, body: object) -> httpx.Response:
    app = FastAPI()

    @app.middleware("http")
    async def sign_in(request: Request, call_next: Any) -> Any:
        if role is not None:
            grants = (Grant(role=role),)
            principal = Principal(kind="person", id="1", label="a", role=role, grants=grants)
            request.state.principal = principal
        return await call_next(request)

    def provide(port: type[Any], /) -> Any:
        return applier

    app.include_router(routes(provide))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        return await client.post("/api/tracking/apply", json=body)


def test_an_editor_applies_the_configured_plan() -> None:
    applier = RecordingApplier()
    answer = asyncio.run(post(applier, "editor", {}))
    assert answer.status_code == 200
    assert answer.json() == {
        "version": 2,
        "digest": "sha256:0",
        "events": 29,
        "changes": ["+ a: new event"],
        "is_changed": True,
    }
    assert applier.asked == [(None, False)]


def test_an_admin_may_name_a_directory() -> None:
    applier = RecordingApplier()
    body = {"directory": "/plans/events", "allow_breaking": True}
    assert asyncio.run(post(applier, "admin", body)).status_code == 200
    assert applier.asked == [(Path("/plans/events"), True)]


@pytest.mark.parametrize("role", [None, "viewer", "editor"])
def test_others_may_not(role: Role | None) -> None:
    applier = RecordingApplier()
    kind = PlanDirectoryError if role == "editor" else DeniedError
    with pytest.raises(kind):
        asyncio.run(post(applier, role, {"directory": "/etc"}))
    assert applier.asked == []
