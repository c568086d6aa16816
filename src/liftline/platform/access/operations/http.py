"""The web edge of secrets and jobs, for admins and the command line. No value ever leaves it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from liftline.core.clock import Clock
from liftline.core.room import Provide
from liftline.platform.access.api import (
    AccessMissingError,
    Action,
    BadRequestError,
    actor_of,
    refuse_cross_site,
    require,
)
from liftline.platform.audit.api import Change, record
from liftline.platform.jobs.api import (
    dead_letters,
    dead_messages,
    requeue,
    requeue_message,
    waiting_first,
    waiting_messages,
)
from liftline.platform.secrets.api import Secrets
from liftline.platform.state.contracts import StateStore

LISTED_MAX = 500
_Limit = Annotated[int, Query(ge=1, le=LISTED_MAX)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class NameBody(_Body):
    """Which secret."""

    name: str = Field(max_length=80)


class PutBody(NameBody):
    """A secret's new version; its value in base64, because a value is bytes."""

    value_base64: str = Field(max_length=90_000, repr=False)


class RetireBody(NameBody):
    """Which version goes out of use."""

    version: int = Field(ge=1, le=2**31)


class MasterBody(_Body):
    """The new master key in base64; absent, one is made and kept in the data directory."""

    key_base64: str | None = Field(default=None, max_length=100, repr=False)


class RequeueBody(_Body):
    """Which dead letter is tried again."""

    what: Literal["timer", "message"]
    id: int = Field(ge=1, le=2**62)


def routes(provide: Provide) -> APIRouter:
    """Every address of secrets and jobs."""
    router = APIRouter(prefix="/api", tags=["operations"])
    _secret_routes(router, provide(Secrets))
    _job_routes(
        router,
        provide(StateStore),  # type: ignore[type-abstract]
        provide(Clock),  # type: ignore[type-abstract]
    )
    return router


def _secret_routes(router: APIRouter, secrets: Secrets) -> None:
    @router.get("/secrets")
    def listed(request: Request) -> dict[str, object]:
        """Names and live versions; never a value."""
        require(request, "secrets.change")
        found = {name: secrets.versions(name) for name in secrets.names()}
        return {
            "secrets": [
                {"name": name, "versions": [asdict(version) for version in versions]}
                for name, versions in found.items()
            ]
        }

    @router.post("/secrets", status_code=201)
    def put(body: PutBody, request: Request) -> dict[str, object]:
        """A new version: the first is active, a later one is next beside it."""
        actor = _changer(request, "secrets.change")
        return asdict(secrets.put(body.name, _bytes(body.value_base64), actor=actor))

    @router.post("/secrets/promote", status_code=204)
    def promote(body: NameBody, request: Request) -> None:
        """The next version becomes active; the active one is erased."""
        secrets.promote(body.name, actor=_changer(request, "secrets.change"))

    @router.post("/secrets/retire", status_code=204)
    def retire(body: RetireBody, request: Request) -> None:
        """Take a version out of use and erase it."""
        actor = _changer(request, "secrets.change")
        secrets.retire(body.name, body.version, actor=actor)

    @router.post("/secrets/master/rotate")
    def rotate_master(body: MasterBody, request: Request) -> dict[str, str]:
        """Wrap every secret with a new master key; answers with the key's id."""
        actor = _changer(request, "secrets.change")
        key = None if body.key_base64 is None else _bytes(body.key_base64)
        return {"master_id": secrets.rotate_master(key, actor=actor)}


def _job_routes(router: APIRouter, store: StateStore, clock: Clock) -> None:
    @router.get("/jobs/dead")
    def dead(request: Request, limit: _Limit = 100) -> dict[str, object]:
        """Timers and messages that were given up, newest first."""
        require(request, "jobs.change")
        with store.read() as connection:
            return {
                "timers": [asdict(letter) for letter in dead_letters(connection, limit)],
                "messages": [asdict(letter) for letter in dead_messages(connection, limit)],
            }

    @router.get("/jobs/waiting")
    def waiting(request: Request, limit: _Limit = 100) -> dict[str, object]:
        """Timers and messages still to come, soonest first."""
        require(request, "jobs.change")
        with store.read() as connection:
            return {
                "timers": [asdict(one) for one in waiting_first(connection, limit)],
                "messages": [asdict(one) for one in waiting_messages(connection, limit)],
            }

    @router.post("/jobs/requeue", status_code=204)
    def again(body: RequeueBody, request: Request) -> None:
        """Try a dead letter again, with all its attempts."""
        actor = _changer(request, "jobs.change")
        move = requeue if body.what == "timer" else requeue_message
        now = clock.now()
        with store.write() as connection:
            if not move(connection, body.id, now):
                raise AccessMissingError(f"there is no dead {body.what} {body.id}")
            subject = f"{body.what}:{body.id}"
            record(connection, Change(actor=actor, action="job.requeue", subject=subject, at=now))


def _changer(request: Request, action: Action) -> str:
    refuse_cross_site(request.method, request.headers)
    return actor_of(require(request, action))


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as failed:
        raise BadRequestError("that is not base64") from failed
