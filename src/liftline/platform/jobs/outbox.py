"""The outbox: what to tell the outside, kept in the transaction of its cause."""

from __future__ import annotations

import hashlib
import random
from datetime import datetime, timedelta
from typing import Final, cast

from prometheus_client import Counter, Gauge
from sqlalchemy import Connection, RowMapping, delete, func, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from liftline.core.clock import Clock
from liftline.core.errors import ConflictError, DeniedError, InvalidError
from liftline.core.ids import Environment, ProjectId, new_id
from liftline.platform.jobs import leases
from liftline.platform.jobs.contracts import Deliver, Message
from liftline.platform.jobs.store import outbox
from liftline.platform.state.contracts import StateStore

BATCH_MAX: Final = 100
BODY_BYTES_MAX: Final = 1024 * 1024
LEASE: Final = timedelta(seconds=60)
ATTEMPTS_MAX: Final = 20
BACKOFF_FIRST: Final = timedelta(seconds=1)
BACKOFF_MAX: Final = timedelta(minutes=5)
OUTBOX_KEPT: Final = timedelta(days=7)
_PURGE_MAX: Final = 5000

DELIVERIES: Final = Counter(
    "liftline_outbox_deliveries", "Outbox deliveries by outcome.", ["destination", "outcome"]
)
PENDING: Final = Gauge("liftline_outbox_pending", "Messages that wait for delivery.")


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
    )
    if written.rowcount == 1:
        return True
    known = connection.execute(
        select(outbox.c.body_sha256).where(outbox.c.idempotency_key == message.idempotency_key)
    ).scalar()
    if known != digest:
        raise IdempotencyConflictError(facts={"key": message.idempotency_key})
    return False


class Courier:
    """Delivers what lies in the outbox through the port it is given, at least once.

    Messages leave in the order they were put, until one has to wait: then later ones
    overtake it. A message is a dead letter after ATTEMPTS_MAX, or at once when the port
    raises InvalidError or DeniedError. Delivered ones are kept for OUTBOX_KEPT, so that a
    repeated key is recognised.
    """

    def __init__(
        self,
        store: StateStore,
        clock: Clock,
        deliver: Deliver,
        *,
        chance: random.Random | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._deliver = deliver
        self._owner = new_id("crr")
        self._chance = chance or random.Random()

    def run_once(self) -> int:
        """One pass over at most BATCH_MAX messages; returns how many were held."""
        started_s = self._clock.monotonic_s()
        with self._store.write() as connection:
            now = self._clock.now()
            lease = leases.Lease(owner=self._owner, now=now, until=now + LEASE, limit=BATCH_MAX)
            rows = leases.claim(connection, outbox, lease)
        if not rows:
            return 0
        give_up_s = started_s + LEASE.total_seconds() / 2
        moves = [self._carry(row, give_up_s) for row in rows]
        with self._store.write() as connection:
            for row, changes in zip(rows, moves, strict=True):
                is_ours = leases.move(connection, outbox, row["id"], row["fence"], **changes)
                outcome = str(changes["state"]) if is_ours else "stale"
                DELIVERIES.labels(destination=row["destination"], outcome=outcome).inc()
        return len(rows)

    def purge(self) -> int:
        """Forget delivered messages older than OUTBOX_KEPT; returns how many."""
        old = self._clock.now() - OUTBOX_KEPT
        with self._store.write() as connection:
            chosen = (
                select(outbox.c.id)
                .where(outbox.c.state == "delivered", outbox.c.next_at < old)
                .limit(_PURGE_MAX)
            )
            return connection.execute(delete(outbox).where(outbox.c.id.in_(chosen))).rowcount

    def observe(self) -> None:
        """Bring the gauge up to date; one read."""
        with self._store.read() as connection:
            waiting = connection.execute(
                select(func.count()).where(outbox.c.state.in_(("pending", "leased")))
            ).scalar_one()
        PENDING.set(waiting)

    def _carry(self, row: RowMapping, give_up_s: float) -> dict[str, object]:
        """Try one delivery; returns what the row becomes."""
        now = self._clock.now()
        if self._clock.monotonic_s() >= give_up_s:
            return {"state": "pending", "next_at": now, "attempts": row["attempts"] - 1}
        try:
            self._deliver(_message(row))
        except (InvalidError, DeniedError) as refused:
            return {"state": "dead", "last_error": leases.error_text(refused)}
        except Exception as failed:  # noqa: BLE001 - the loop's owner: one message must not stop the rest
            error = leases.error_text(failed)
        else:
            return {"state": "delivered", "next_at": now}
        if row["attempts"] >= ATTEMPTS_MAX:
            return {"state": "dead", "last_error": error}
        wait = leases.backoff(row["attempts"], BACKOFF_FIRST, BACKOFF_MAX, self._chance)
        return {"state": "pending", "next_at": now + wait, "last_error": error}


def _message(row: RowMapping) -> Message:
    return Message(
        idempotency_key=row["idempotency_key"],
        destination=row["destination"],
        body=row["body"],
        project=ProjectId(row["project"]) if row["project"] else None,
        environment=cast(Environment | None, row["environment"]),
    )
