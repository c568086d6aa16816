"""Timers: set, cancel, and what becomes of a claimed one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import msgspec
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from liftline.core.errors import ConflictError, InvalidError
from liftline.core.ids import Environment, ProjectId
from liftline.platform.jobs.contracts import DeadLetter, Firing, Payload, Recurrence, Timer, Waiting
from liftline.platform.jobs.cron import next_occurrence
from liftline.platform.jobs.store import leases
from liftline.platform.jobs.store.tables import timers

PAYLOAD_BYTES_MAX = 16 * 1024
KEY_CHARS_MAX = 200
DEAD_MAX = 10_000
FORGOTTEN_MAX = 5_000
LEASE_MAX = timedelta(minutes=5)


class BadTimerError(InvalidError):
    """A timer with this key or payload cannot be kept."""

    code = "jobs.bad_timer"


class StaleFenceError(ConflictError):
    """Someone else owns this timer by now, or it was moved or cancelled."""

    code = "jobs.stale_fence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A leased timer: the firing to run, and the schedule it came from, if any."""

    firing: Firing
    cron: str | None
    zone: str | None


def set_timer(connection: Connection, timer: Timer, now: datetime) -> None:
    """Set a timer, or move the one with this key: a running firing then no longer counts."""
    _upsert(connection, _row(timer, now))


def recur(connection: Connection, recurrence: Recurrence, now: datetime) -> None:
    """Make a recurrence known. Idempotent: the same schedule keeps its next occurrence.

    Unless that lies beyond what the schedule says now: a clock that was ahead for a while
    and was set right would otherwise hold the recurrence up for as long as it was ahead.
    """
    due_at = next_occurrence(recurrence.cron, recurrence.zone, now)
    key = recurrence_key(recurrence.name)
    same = connection.execute(
        select(timers.c.id).where(
            timers.c.key == key,
            timers.c.cron == recurrence.cron,
            timers.c.zone == recurrence.zone,
            timers.c.kind == recurrence.kind,
            timers.c.state != "dead",
        )
    ).first()
    if same is not None:
        text = _payload_text(recurrence.payload)
        connection.execute(update(timers).where(timers.c.id == same.id).values(payload=text))
        _bring_forward(connection, same.id, due_at, now)
        return
    timer = Timer(key=key, kind=recurrence.kind, due_at=due_at, payload=recurrence.payload)
    _upsert(connection, _row(timer, now) | {"cron": recurrence.cron, "zone": recurrence.zone})


def keep_recurrences(connection: Connection, names: Collection[str]) -> tuple[str, ...]:
    """Forget every recurrence but these; returns the keys of those forgotten.

    For the start: `names` are all there are. What a recurrence left as dead letters stays.
    """
    kept = sorted(recurrence_key(name) for name in names)
    gone = connection.execute(
        delete(timers)
        .where(timers.c.cron.is_not(None), timers.c.key.not_in(kept))
        .returning(timers.c.key)
    )
    return tuple(sorted(gone.scalars()))


def recurrence_key(name: str) -> str:
    """The timer's key of a recurrence."""
    return f"cron:{name}"


def cancel(connection: Connection, key: str) -> bool:
    """Forget a timer; False when there was none. A running firing then no longer counts."""
    return connection.execute(delete(timers).where(timers.c.key == key)).rowcount == 1


def claim(connection: Connection, lease: leases.Lease, kinds: set[str]) -> list[Claimed]:
    """Lease due timers of these kinds."""
    rows = leases.claim(connection, timers, lease, column="kind", known=kinds)
    return [_claimed(row, lease.now) for row in rows]


def complete(connection: Connection, claimed: Claimed, next_due: datetime | None) -> None:
    """The firing is done: forget the timer, or wait for its next occurrence.

    Raises StaleFenceError, and then the caller's transaction must not commit.
    """
    firing = claimed.firing
    if next_due is None:
        done = connection.execute(
            delete(timers).where(
                timers.c.id == firing.timer_id,
                timers.c.fence == firing.fence,
                timers.c.state == "leased",
            )
        )
        is_moved = done.rowcount == 1
    else:
        is_moved = leases.move(
            connection,
            timers,
            firing.timer_id,
            firing.fence,
            state="pending",
            due_at=next_due,
            next_at=next_due,
            attempts=0,
        )
    if not is_moved:
        raise StaleFenceError(facts={"key": firing.key, "fence": firing.fence})


def complete_all(connection: Connection, firings: Sequence[Firing]) -> set[int]:
    """Forget many one-shot timers that are done, in one statement; the ids whose fence held."""
    pairs = [(firing.timer_id, firing.fence) for firing in firings]
    if not pairs:
        return set()
    done = connection.execute(
        delete(timers)
        .where(tuple_(timers.c.id, timers.c.fence).in_(pairs), timers.c.state == "leased")
        .returning(timers.c.id)
    )
    return set(done.scalars())


def retry(connection: Connection, firing: Firing, at: datetime, error: str) -> None:
    """The attempt failed: come again then. Raises StaleFenceError."""
    kept = {"state": "pending", "next_at": at, "last_error": error}
    if not leases.move(connection, timers, firing.timer_id, firing.fence, **kept):
        raise StaleFenceError(facts={"key": firing.key, "fence": firing.fence})


def release(connection: Connection, firing: Firing, now: datetime) -> None:
    """Give back a lease that was not used; the attempt does not count."""
    leases.move(
        connection,
        timers,
        firing.timer_id,
        firing.fence,
        state="pending",
        next_at=now,
        attempts=timers.c.attempts - 1,
    )


def bury(connection: Connection, claimed: Claimed, next_due: datetime | None, error: str) -> None:
    """Give the firing up as a dead letter; a recurrence leaves a copy and goes on.

    Raises StaleFenceError.
    """
    firing = claimed.firing
    if next_due is None:
        kept = {"state": "dead", "last_error": error}
        if not leases.move(connection, timers, firing.timer_id, firing.fence, **kept):
            raise StaleFenceError(facts={"key": firing.key, "fence": firing.fence})
        return
    complete(connection, claimed, next_due)
    key = f"dead:{firing.timer_id}:{firing.fence}:{firing.key}"[:KEY_CHARS_MAX]
    copy = Timer(key=key, kind=firing.kind, due_at=firing.due_at, payload=firing.payload)
    row = _row(copy, firing.due_at + firing.late_by)
    row |= {"state": "dead", "attempts": firing.attempt, "last_error": error}
    connection.execute(insert(timers).values(row))


def requeue(connection: Connection, timer_id: int, now: datetime) -> bool:
    """Try a dead letter again, with all its attempts; False when there is none."""
    moved = connection.execute(
        update(timers)
        .where(timers.c.id == timer_id, timers.c.state == "dead")
        .values(state="pending", due_at=now, next_at=now, attempts=0)
    )
    return moved.rowcount == 1


def dead_letters(connection: Connection, limit: int = 100) -> list[DeadLetter]:
    """Timers that were given up, newest first."""
    rows = connection.execute(
        select(timers).where(timers.c.state == "dead").order_by(timers.c.id.desc()).limit(limit)
    )
    return [
        DeadLetter(
            id=row.id,
            key=row.key,
            kind=row.kind,
            due_at=row.due_at,
            attempts=row.attempts,
            last_error=row.last_error or "",
        )
        for row in rows
    ]


def waiting_first(connection: Connection, limit: int = 100) -> list[Waiting]:
    """The timers that come next, soonest first."""
    return [
        Waiting(
            id=row["id"],
            key=row["key"],
            kind=row["kind"],
            next_at=row["next_at"],
            attempts=row["attempts"],
            last_error=row["last_error"] or "",
        )
        for row in leases.waiting_first(connection, timers, limit)
    ]


def forget_dead(connection: Connection) -> int:
    """Drop the oldest dead letters beyond DEAD_MAX; returns how many."""
    return leases.forget_dead(connection, timers, DEAD_MAX, FORGOTTEN_MAX)


def count_by_state(connection: Connection) -> dict[str, int]:
    """How many timers there are, by state."""
    counted = connection.execute(select(timers.c.state, func.count()).group_by(timers.c.state))
    return {str(state): int(count) for state, count in counted}


def oldest_waiting(connection: Connection, kinds: set[str]) -> datetime | None:
    """When the timer of these kinds that waits for longest wanted attention."""
    return leases.oldest_waiting(connection, timers, column="kind", known=kinds)


def count_unknown(connection: Connection, kinds: set[str]) -> int:
    """How many live timers are of no kind among these: nobody will ever run them."""
    return connection.execute(
        select(func.count()).where(timers.c.state != "dead", timers.c.kind.not_in(sorted(kinds)))
    ).scalar_one()


def _bring_forward(connection: Connection, timer_id: int, due_at: datetime, now: datetime) -> None:
    """Nothing waits longer than for its next occurrence; a lease, no longer than leases last."""
    own = timers.c.id == timer_id
    for state, latest in (("pending", due_at), ("leased", max(due_at, now + LEASE_MAX))):
        late = own & (timers.c.state == state) & (timers.c.next_at > latest)
        connection.execute(update(timers).where(late).values(next_at=latest))
    connection.execute(update(timers).where(own, timers.c.due_at > due_at).values(due_at=due_at))


def _upsert(connection: Connection, row: dict[str, object]) -> None:
    construct = postgres_insert if connection.dialect.name == "postgresql" else sqlite_insert
    statement = construct(timers).values(row)
    moved = {name: statement.excluded[name] for name in row if name not in ("key", "created_at")}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[timers.c.key],
            set_=moved | {"fence": timers.c.fence + 1, "lease_owner": None, "lease_until": None},
        )
    )


def _row(timer: Timer, now: datetime) -> dict[str, object]:
    if not 0 < len(timer.key) <= KEY_CHARS_MAX:
        raise BadTimerError(f"a timer's key has 1 to {KEY_CHARS_MAX} characters")
    return {
        "key": timer.key,
        "kind": timer.kind,
        "payload": _payload_text(timer.payload),
        "project": timer.project,
        "environment": timer.environment,
        "due_at": timer.due_at,
        "cron": None,
        "zone": None,
        "state": "pending",
        "next_at": timer.due_at,
        "attempts": 0,
        "last_error": None,
        "created_at": now,
    }


def _payload_text(payload: Payload) -> str:
    encoded = msgspec.json.encode(payload, order="sorted")
    if len(encoded) > PAYLOAD_BYTES_MAX:
        raise BadTimerError(f"a payload of {len(encoded)} bytes is too large")
    return encoded.decode()


def _claimed(row: RowMapping, now: datetime) -> Claimed:
    firing = Firing(
        timer_id=row["id"],
        key=row["key"],
        kind=row["kind"],
        payload=msgspec.json.decode(row["payload"]),
        due_at=row["due_at"],
        late_by=now - row["due_at"],
        attempt=row["attempts"],
        fence=row["fence"],
        project=ProjectId(row["project"]) if row["project"] else None,
        environment=cast(Environment | None, row["environment"]),
    )
    return Claimed(firing=firing, cron=row["cron"], zone=row["zone"])
