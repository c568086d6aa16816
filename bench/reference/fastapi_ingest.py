"""The reference for bench/ingest.py: what FastAPI and pydantic make of the same events.

Written as one would write it well: one strict model per event, a discriminated union on
the event's name, bodies and answers declared as models so that pydantic's own Rust core
parses and serialises them. It gets every advantage: no key check, no limits, no partial
acceptance, no re-encoding, and above all no log: it answers before anything is durable.

Run: uvicorn --loop uvloop --http httptools --no-access-log bench.reference.fastapi_ingest:app
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import FastAPI
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """Unknown fields are refused, as the plan's `additional: reject` asks."""

    model_config = ConfigDict(extra="forbid")


class StepProperties(Strict):
    """What the four onboarding events carry."""

    user_id: str
    step_id: str
    ts: AwareDatetime


class SignUpProperties(Strict):
    """What user_signed_up carries."""

    method: Literal["password", "google", "github", "invitation"]
    ts: AwareDatetime


class ActivationProperties(Strict):
    """What user_activated carries."""

    source: str
    ts: AwareDatetime


class SearchProperties(Strict):
    """What search_performed carries."""

    query: Annotated[str, Field(max_length=500)]
    has_quotes: bool
    results_count: Annotated[int, Field(ge=0)]
    latency_ms: Annotated[float, Field(ge=0)]
    zero_result: bool


class ClickProperties(Strict):
    """What search_result_clicked carries."""

    click_position: Annotated[int, Field(ge=1)]


class Envelope(Strict):
    """What every event carries around its properties."""

    message_id: Annotated[str, Field(min_length=1, max_length=200)]
    user_id: str
    timestamp: AwareDatetime
    context: dict[str, Any] = {}


class Step(Envelope):
    """One of the four onboarding events."""

    event: Literal[
        "onboarding_step_started", "onboarding_step_completed", "checklist_viewed", "tooltip_opened"
    ]
    properties: StepProperties


class SignUp(Envelope):
    """A new account."""

    event: Literal["user_signed_up"]
    properties: SignUpProperties


class Activation(Envelope):
    """The first value someone got."""

    event: Literal["user_activated"]
    properties: ActivationProperties


class Search(Envelope):
    """A search."""

    event: Literal["search_performed"]
    properties: SearchProperties


class Click(Envelope):
    """A click on a search's result."""

    event: Literal["search_result_clicked"]
    properties: ClickProperties


Event = Annotated[Step | SignUp | Activation | Search | Click, Field(discriminator="event")]


class Batch(Strict):
    """Many events in one body."""

    events: list[Event]


class Receipt(BaseModel):
    """How many were taken."""

    accepted: int


app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)


@app.post("/v1/event")
async def post_one(event: Event) -> Receipt:
    """Take one event."""
    return Receipt(accepted=1)


@app.post("/v1/events")
async def post_many(batch: Batch) -> Receipt:
    """Take many events."""
    return Receipt(accepted=len(batch.events))
