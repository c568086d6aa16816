"""The web edge of the tracking plan: put one in force."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from liftline.core.errors import DeniedError
from liftline.core.room import Provide
from liftline.data.events.contracts import AppliedPlan, PlanApplier
from liftline.platform.access.api import allow, require


class PlanDirectoryError(DeniedError):
    """Only an admin may name a directory of this machine to read a plan from."""

    code = "events.plan_directory"
    default_cure = "apply the configured plan (directory null), or use an admin key on this machine"


class ApplyBody(BaseModel):
    """What to put in force: a directory of the app's machine, or null for the configured plan."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directory: str | None = Field(default=None, max_length=4096)
    allow_breaking: bool = False


class AppliedBody(BaseModel):
    """The plan now in force, and what changed."""

    version: int
    digest: str
    events: int
    changes: list[str]
    is_changed: bool


def routes(provide: Provide) -> APIRouter:
    """POST /api/tracking/apply."""
    router = APIRouter(prefix="/api/tracking", tags=["tracking"])
    applier = provide(PlanApplier)  # type: ignore[type-abstract]

    @router.post("/apply")
    def apply(request: Request, body: ApplyBody) -> AppliedBody:
        principal = require(request, "tracking.change")
        # Reading a path of the app's machine asks for the trust that secrets ask for.
        if body.directory is not None and not allow(principal, "secrets.change"):
            raise PlanDirectoryError()
        directory = None if body.directory is None else Path(body.directory)
        return _body(applier.apply(directory, allow_breaking=body.allow_breaking))

    return router


def _body(applied: AppliedPlan) -> AppliedBody:
    return AppliedBody(
        version=applied.version,
        digest=applied.digest,
        events=applied.events,
        changes=list(applied.changes),
        is_changed=applied.is_changed,
    )
