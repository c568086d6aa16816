"""The courier: carries the outbox's messages out, again and again until they arrive."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

from prometheus_client import Counter, Gauge

from liftline.core.clock import Clock
from liftline.core.errors import DeniedError, InvalidError
from liftline.core.ids import new_id
from liftline.platform.jobs.backoff import backoff, error_text
from liftline.platform.jobs.contracts import Deliver
from liftline.platform.jobs.store import leases, outbox, timers
from liftline.platform.jobs.store.outbox import Parcel
from liftline.platform.state.contracts import StateStore

BATCH_MAX: Final = 100
LEASE: Final = timedelta(seconds=60)
ATTEMPTS_MAX: Final = 20
BACKOFF_FIRST: Final = timedelta(seconds=1)
BACKOFF_MAX: Final = timedelta(minutes=5)
OUTBOX_KEPT: Final = timedelta(days=7)
OBSERVE_EVERY_S: Final = 15.0
PURGE_EVERY_S: Final = 600.0

DELIVERIES: Final = Counter(
    "liftline_outbox_deliveries", "Outbox deliveries by outcome.", ["destination", "outcome"]
)
DEAD_FORGOTTEN: Final = Counter(
    "liftline_jobs_dead_forgotten", "Dead letters dropped beyond the bound.", ["what"]
)
PENDING: Final = Gauge("liftline_outbox_pending", "Messages that wait for delivery.")


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
        self._observed_s: float | None = None
        self._purged_s: float | None = None

    def run_once(self) -> int:
        """One pass over at most BATCH_MAX messages; returns how many were held."""
        started_s = self._clock.monotonic_s()
        self._keep_house(started_s)
        now = self._clock.now()
        # Most passes find nothing: they must not take the one writer away from others.
        with self._store.read() as connection:
            oldest = outbox.oldest_waiting(connection)
        if oldest is None or oldest > now:
            return 0
        with self._store.write() as connection:
            lease = leases.Lease(owner=self._owner, now=now, until=now + LEASE, limit=BATCH_MAX)
            parcels = outbox.claim(connection, lease)
        if not parcels:
            return 0
        give_up_s = started_s + LEASE.total_seconds() / 2
        moves = [self._carry(parcel, give_up_s) for parcel in parcels]
        with self._store.write() as connection:
            outcomes = [
                str(changes["state"]) if outbox.settle(connection, parcel, changes) else "stale"
                for parcel, changes in zip(parcels, moves, strict=True)
            ]
        for parcel, outcome in zip(parcels, outcomes, strict=True):
            DELIVERIES.labels(destination=parcel.message.destination, outcome=outcome).inc()
        return len(parcels)

    def purge(self) -> int:
        """Forget delivered messages older than OUTBOX_KEPT; returns how many.

        Dead letters, timers' too, stay until someone acts; beyond DEAD_MAX the oldest go.
        """
        old = self._clock.now() - OUTBOX_KEPT
        with self._store.write() as connection:
            purged = outbox.purge(connection, old)
            forgotten = {
                "message": outbox.forget_dead(connection),
                "timer": timers.forget_dead(connection),
            }
        for what, count in forgotten.items():
            DEAD_FORGOTTEN.labels(what=what).inc(count)
        return purged

    def observe(self) -> None:
        """Bring the gauge up to date; one read."""
        with self._store.read() as connection:
            waiting = outbox.waiting(connection)
        PENDING.set(waiting)

    def _keep_house(self, now_s: float) -> None:
        """The gauge and the purge, now and then, so that nobody else has to think of them."""
        if self._observed_s is None or now_s - self._observed_s >= OBSERVE_EVERY_S:
            self._observed_s = now_s
            self.observe()
        if self._purged_s is None or now_s - self._purged_s >= PURGE_EVERY_S:
            self._purged_s = now_s
            self.purge()

    def _carry(self, parcel: Parcel, give_up_s: float) -> dict[str, object]:
        """Try one delivery; returns what the row becomes."""
        now = self._clock.now()
        if self._clock.monotonic_s() >= give_up_s:
            return {"state": "pending", "next_at": now, "attempts": parcel.attempt - 1}
        try:
            self._deliver(parcel.message)
        except (InvalidError, DeniedError) as refused:
            return {"state": "dead", "last_error": error_text(refused)}
        except Exception as failed:  # noqa: BLE001 - the loop's owner: one message must not stop the rest
            error = error_text(failed)
        else:
            return {"state": "delivered", "next_at": now}
        if parcel.attempt >= ATTEMPTS_MAX:
            return {"state": "dead", "last_error": error}
        wait = backoff(parcel.attempt, BACKOFF_FIRST, BACKOFF_MAX, self._chance)
        return {"state": "pending", "next_at": now + wait, "last_error": error}
