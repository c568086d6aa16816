"""What crosses the wall of events: the tracking plan's shape and the log's record lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from liftline.core.ids import Environment

EventType = Literal["track", "identify", "page", "screen", "group", "alias"]
Sender = Literal["public", "server", "ci", "system"]
PropertyType = Literal[
    "string", "integer", "number", "boolean", "timestamp", "array", "object", "any"
]
PiiClass = Literal["none", "pseudonymous", "personal", "sensitive"]
ConsentCategory = Literal["necessary", "analytics", "marketing"]
Unplanned = Literal["keep", "reject"]

CONTROL_PLAN = "plan"
"""Control name under which the app publishes PlanSnapshot."""


class PropertySpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One property of an event. `minimum`/`maximum` are inclusive; `enum` only for strings."""

    type: PropertyType
    description: str
    required: bool = False
    nullable: bool = False
    pii: PiiClass = "none"
    enum: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None


class EventSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of the tracking plan, as its YAML file says.

    `business_key` names properties (or user_id) of which the first event in log order
    counts, per project and environment. `additional` says what happens to properties the
    plan does not name. `examples_*` are property objects; the plan's own check runs them.
    """

    name: str
    version: int
    owner: str
    purpose: str
    senders: tuple[Sender, ...]
    retention_days: int
    consent: ConsentCategory
    properties: dict[str, PropertySpec]
    business_key: tuple[str, ...] = ()
    requires_user_id: bool = False
    additional: Literal["keep", "reject"] = "reject"
    is_deprecated: bool = False
    examples_good: tuple[dict[str, object], ...] = ()
    examples_bad: tuple[dict[str, object], ...] = ()


class PlanSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The whole plan in force: what the collector validates against."""

    version: int
    digest: str
    events: tuple[EventSpec, ...]
    unplanned: dict[str, Unplanned]


class EventRecord(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="event"):
    """An accepted event, one line of the log.

    `properties` and `context` are canonical JSON objects (sorted keys, no duplicates,
    valid UTF-8). `timestamp` is what the client wrote, `event_at` the instant it means
    (the received instant when it sent none). `business_key` is the canonical JSON array
    of the key's values. `sender` comes from the key, never from the body.
    """

    project: str
    environment: Environment
    source_id: str
    message_id: str
    type: EventType
    name: str
    user_id: str | None
    anonymous_id: str | None
    timestamp: str | None
    event_at: datetime
    sent_at: datetime | None
    received_at: datetime
    sender: Sender
    plan_version: int
    is_planned: bool
    is_historical: bool
    id_minted: bool
    business_key: str | None
    properties: msgspec.Raw
    context: msgspec.Raw


class RejectedRecord(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="rejected"):
    """A rejected event, one line of the log: the dead letter.

    `raw_base64` is the bytes as received (null past the source's cap, where `events` may
    be more than one); `raw_size_bytes` is their real size.
    """

    project: str
    environment: Environment
    source_id: str
    message_id: str | None
    name: str | None
    code: str
    message: str
    cure: str
    raw_base64: str | None
    raw_size_bytes: int
    received_at: datetime
    plan_version: int
    events: int = 1


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """Why an event was rejected: a stable code, a sentence, and what to do about it."""

    code: str
    message: str
    cure: str


class Checked(msgspec.Struct, frozen=True, gc=False):
    """An accepted event's part of the record.

    `properties` is canonical JSON. `business_key` is the canonical JSON array of the key's
    values (a text, as EventRecord holds it). `warning` is for the sender's eyes: the event
    was taken, but something should change (today: the event is deprecated).
    """

    properties: bytes
    is_planned: bool
    business_key: str | None = None
    warning: str | None = None


class AppliedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What putting a plan in force did. `changes` are sentences; empty when nothing differs."""

    version: int
    digest: str
    events: int
    changes: tuple[str, ...] = ()
    is_changed: bool = True


class PlanApplier(Protocol):
    """Puts a team's plan in force in the running Liftline, without a restart.

    `directory` is the folder with the team's YAML files (it is read by the applier's
    machine); None means the directories Liftline was configured with. Idempotency: the
    same plan again changes nothing and keeps the version. Concurrency: one at a time.
    In force everywhere within PROPAGATION_BOUND_S. Failures: InvalidPlanError,
    BreakingPlanError (not retryable), UnavailableError when Liftline does not answer.
    """

    def apply(self, directory: Path | None, *, allow_breaking: bool) -> AppliedPlan: ...


PLAN_APPLIER: ContextVar[Callable[[], PlanApplier]] = ContextVar("PLAN_APPLIER")
"""How `liftline tracking apply` reaches the running app: the app's command line sets it."""

PLAN_DIRECTORIES: ContextVar[Callable[[], Sequence[Path]]] = ContextVar("PLAN_DIRECTORIES")
"""Where the plan lies by the settings, the shipped one first: the app's command line sets it."""
