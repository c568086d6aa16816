"""What crosses the wall of jobs: what to run, when, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from liftline.core.ids import Environment, ProjectId
from liftline.platform.state.contracts import Connection

LatePolicy = Literal["fire", "skip", "coalesce"]
FactValue = str | int | float | bool | None
Payload = Mapping[str, FactValue]

Effect = Callable[[Connection], None]
"""What a run leaves in the database, committed together with the timer's completion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """Something to do once, at a known instant.

    `key` is unique over the product, such as `nudge:inv_01H…`: setting the same key again
    moves it, cancelling it forgets it. `kind` names the run that the worker knows.
    """

    key: str
    kind: str
    due_at: datetime
    payload: Payload = field(default_factory=dict)
    project: ProjectId | None = None
    environment: Environment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """Something to do again and again, by a five-field cron expression in an IANA zone."""

    name: str
    kind: str
    cron: str
    zone: str
    payload: Payload = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One attempt at one timer. (timer_id, fence) never comes twice.

    `due_at` is the promised instant, `late_by` how much later this attempt is; `attempt`
    counts from 1. A crashed or slow owner means that the work comes again with a higher
    fence: a run is idempotent, or leaves all it does in its Effect.
    """

    timer_id: int
    key: str
    kind: str
    payload: Payload
    due_at: datetime
    late_by: timedelta
    attempt: int
    fence: int
    project: ProjectId | None = None
    environment: Environment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one kind of timer is run.

    `late` says what happens beyond `lateness_bound`: `fire` runs anyway (a recurrence
    runs each missed occurrence), `skip` drops the occurrence, `coalesce` runs once for
    all missed ones. After `attempts_max` failures the firing becomes a dead letter; a
    recurrence goes on with its next occurrence all the same.
    """

    run: Callable[[Firing], Effect | None]
    late: LatePolicy = "coalesce"
    lateness_bound: timedelta = timedelta(minutes=15)
    attempts_max: int = 8
    backoff_first: timedelta = timedelta(seconds=2)
    backoff_max: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something to tell the outside world, written in the transaction of its cause.

    `idempotency_key` is unique for OUTBOX_KEPT after delivery; the receiver gets it and
    must ignore a second delivery. `body` is what `destination` expects, opaque here.
    """

    idempotency_key: str
    destination: str
    body: bytes
    project: ProjectId | None = None
    environment: Environment | None = None


Deliver = Callable[[Message], None]
"""Carries one message out, at least once: returning means delivered. UnavailableError and any
other exception mean "again later"; InvalidError and DeniedError mean "never": a dead letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A timer or a message that was given up on; kept until someone requeues or drops it."""

    id: int
    key: str
    kind: str
    due_at: datetime
    attempts: int
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A timer or a message that is still to come: `next_at` is when it is looked at again."""

    id: int
    key: str
    kind: str
    next_at: datetime
    attempts: int
    last_error: str
