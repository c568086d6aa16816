"""The outbox: what to tell the outside, kept in the transaction of its cause."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from sqlalchemy import Connection, RowMapping, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from liftline.core.errors import ConflictError, InvalidError
from liftline.core.ids import Environment, ProjectId
from liftline.platform.jobs.contracts import DeadLetter, Message, Waiting
from liftline.platform.jobs.store import leases
from liftline.platform.jobs.store.tables import outbox

BODY_BYTES_MAX: Final = 1024 * 1024
DEAD_MAX: Final = 10_000
_PURGE_MAX: Final = 5000


class IdempotencyConflictError(ConflictError):
    """The same idempotency key was used for another body."""

    code = "jobs.idempotency_conflict"


class MessageTooLargeError(InvalidError):
    """A message is too large for the outbox."""

    code = "jobs.message_too_large"


def put(connection: Connection, message: Message, now: datetime) -> bool:
    """Leave a message in the caller's transaction; False when it was left before.

    Raises IdempotencyConflictError when the key is known with another body or destination.
    """
    if len(message.body) > BODY_BYTES_MAX:
        raise MessageTooLargeError(facts={"size_bytes": len(message.body)})
    digest = hashlib.sha256(message.destination.encode() + b"\0" + message.body).hexdigest()
    construct = postgres_insert if connection.dialect.name == "postgresql" else sqlite_insert
    written = connection.execute(
        construct(outbox)
        .values(
            idempotency_key=message.idempotency_key,
            destination=message.destination,
            body=message.body,
            body_sha256=digest,
            project=message.project,
            environment=message.environment,
            state="pending",
            next_at=now,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[outbox.c.idempotency_key])
        .returning(outbox.c.id)
    )
    # The returned row and not the row count: psycopg's is -1 here.
    if written.first() is not None:
        return True
    known = connection.execute(
        select(outbox.c.body_sha256).where(outbox.c.idempotency_key == message.idempotency_key)
    ).scalar()
    if known != digest:
        raise IdempotencyConflictError(facts={"key": message.idempotency_key})
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A leased message."""

    row_id: int
    fence: int
    attempt: int
    message: Message


def oldest_waiting(connection: Connection) -> datetime | None:
    """When the message that waits for longest wanted attention."""
    return leases.oldest_waiting(connection, outbox)


def claim(connection: Connection, lease: leases.Lease) -> list[Parcel]:
    """Lease the messages that wait, in the order they were put."""
    return [_parcel(row) for row in leases.claim(connection, outbox, lease)]


def settle(connection: Connection, parcel: Parcel, changes: dict[str, object]) -> bool:
    """Write down what became of a delivery; False when its lease went to someone else."""
    return leases.move(connection, outbox, parcel.row_id, parcel.fence, **changes)


def purge(connection: Connection, older_than: datetime) -> int:
    """Forget messages delivered before an instant, at most some thousands at a time."""
    chosen = (
        select(outbox.c.id)
        .where(outbox.c.state == "delivered", outbox.c.next_at < older_than)
        .limit(_PURGE_MAX)
    )
    return connection.execute(delete(outbox).where(outbox.c.id.in_(chosen))).rowcount


def dead_messages(connection: Connection, limit: int = 100) -> list[DeadLetter]:
    """Messages that were given up, newest first; `kind` is the destination."""
    rows = connection.execute(
        select(outbox).where(outbox.c.state == "dead").order_by(outbox.c.id.desc()).limit(limit)
    )
    return [
        DeadLetter(
            id=row.id,
            key=row.idempotency_key,
            kind=row.destination,
            due_at=row.created_at,
            attempts=row.attempts,
            last_error=row.last_error or "",
        )
        for row in rows
    ]


def requeue_message(connection: Connection, message_id: int, now: datetime) -> bool:
    """Try a dead message again, with all its attempts; False when there is none."""
    moved = connection.execute(
        update(outbox)
        .where(outbox.c.id == message_id, outbox.c.state == "dead")
        .values(state="pending", next_at=now, attempts=0)
    )
    return moved.rowcount == 1


def waiting_messages(connection: Connection, limit: int = 100) -> list[Waiting]:
    """The messages that are carried out next, soonest first."""
    return [
        Waiting(
            id=row["id"],
            key=row["idempotency_key"],
            kind=row["destination"],
            next_at=row["next_at"],
            attempts=row["attempts"],
            last_error=row["last_error"] or "",
        )
        for row in leases.waiting_first(connection, outbox, limit)
    ]


def forget_dead(connection: Connection) -> int:
    """Drop the oldest dead messages beyond DEAD_MAX; returns how many."""
    return leases.forget_dead(connection, outbox, DEAD_MAX, _PURGE_MAX)


def waiting(connection: Connection) -> int:
    """How many messages wait for delivery."""
    return connection.execute(
        select(func.count()).where(outbox.c.state.in_(("pending", "leased")))
    ).scalar_one()


def _parcel(row: RowMapping) -> Parcel:
    message = Message(
        idempotency_key=row["idempotency_key"],
        destination=row["destination"],
        body=row["body"],
        project=ProjectId(row["project"]) if row["project"] else None,
        environment=cast(Environment | None, row["environment"]),
    )
    return Parcel(row_id=row["id"], fence=row["fence"], attempt=row["attempts"], message=message)
