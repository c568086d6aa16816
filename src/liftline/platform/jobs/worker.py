"""The worker: claim due timers, run them, and settle what became of each."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from prometheus_client import Counter, Gauge

from liftline.core.clock import Clock
from liftline.core.ids import new_id
from liftline.platform.jobs.backoff import backoff, error_text
from liftline.platform.jobs.contracts import Effect, Kind
from liftline.platform.jobs.lateness import next_due, verdict
from liftline.platform.jobs.store import leases, timers
from liftline.platform.jobs.store.timers import Claimed, StaleFenceError
from liftline.platform.state.contracts import Connection, StateStore

BATCH_MAX: Final = 200
LEASE: Final = timedelta(seconds=60)
OBSERVE_EVERY_S: Final = 15.0

FIRINGS: Final = Counter(
    "liftline_jobs_firings", "Timer firings by what became of them.", ["kind", "outcome"]
)
OVERDUE_S: Final = Gauge(
    "liftline_jobs_overdue_seconds", "How late the oldest timer is that a worker could run."
)
WAITING: Final = Gauge(
    "liftline_jobs_timers", "Timers by state; unknown is of a kind nobody runs.", ["state"]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one pass did."""

    done: int = 0
    skipped: int = 0
    retried: int = 0
    dead: int = 0
    stale: int = 0
    released: int = 0

    @property
    def claimed(self) -> int:
        """How many timers the pass held."""
        return self.done + self.skipped + self.retried + self.dead + self.stale + self.released


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    claimed: Claimed
    effect: Effect | None = None
    error: str = ""
    is_skipped: bool = False
    is_released: bool = False

    @property
    def is_plain(self) -> bool:
        """A one-shot that ran and leaves nothing: those are settled all at once."""
        is_odd = self.effect or self.error or self.is_skipped or self.is_released
        return not is_odd and self.claimed.cron is None


class Worker:
    """Runs the timers of the kinds it knows; timers of other kinds wait.

    At least once: a crash between a run and its settling, or a lease that runs out, brings
    the firing again with a higher fence. What a run leaves in its Effect happens exactly
    once. Several workers may share one database. `run_once` is not re-entrant.
    """

    def __init__(
        self,
        store: StateStore,
        clock: Clock,
        kinds: Mapping[str, Kind],
        *,
        owner: str = "",
        chance: random.Random | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._kinds = dict(kinds)
        self._owner = owner or new_id("wrk")
        self._chance = chance or random.Random()
        self._observed_s: float | None = None

    def run_once(self, limit: int = BATCH_MAX) -> Tally:
        """One pass: claim at most `limit` due timers, run and settle them."""
        started_s = self._clock.monotonic_s()
        if self._observed_s is None or started_s - self._observed_s >= OBSERVE_EVERY_S:
            self._observed_s = started_s
            self.observe()
        now = self._clock.now()
        # Most passes find nothing: they must not take the one writer away from others.
        with self._store.read() as connection:
            oldest = timers.oldest_waiting(connection, set(self._kinds))
        if oldest is None or oldest > now:
            return Tally()
        with self._store.write() as connection:
            lease = leases.Lease(
                owner=self._owner, now=now, until=now + LEASE, limit=min(limit, BATCH_MAX)
            )
            held = timers.claim(connection, lease, set(self._kinds))
        if not held:
            return Tally()
        # Half the lease for running, half for settling: a slow batch gives the rest back.
        give_up_s = started_s + LEASE.total_seconds() / 2
        outcomes = [self._run(claimed, give_up_s) for claimed in held]
        with self._store.write() as connection:
            plain = [o.claimed.firing for o in outcomes if o.is_plain]
            settled = timers.complete_all(connection, plain)
            names = [
                ("done" if outcome.claimed.firing.timer_id in settled else "stale")
                if outcome.is_plain
                else self._settle(connection, outcome)
                for outcome in outcomes
            ]
        for claimed, name in zip(held, names, strict=True):
            FIRINGS.labels(kind=claimed.firing.kind, outcome=name).inc()
        return Tally(**{name: names.count(name) for name in set(names)})

    def observe(self) -> None:
        """Bring the gauges up to date; one read."""
        now = self._clock.now()
        with self._store.read() as connection:
            by_state = timers.count_by_state(connection)
            unknown = timers.count_unknown(connection, set(self._kinds))
            oldest = timers.oldest_waiting(connection, set(self._kinds))
        for state in ("pending", "leased", "dead"):
            WAITING.labels(state=state).set(by_state.get(state, 0))
        WAITING.labels(state="unknown").set(unknown)
        OVERDUE_S.set(max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)

    def _run(self, claimed: Claimed, give_up_s: float) -> _Outcome:
        firing = claimed.firing
        kind = self._kinds[firing.kind]
        if self._clock.monotonic_s() >= give_up_s:
            return _Outcome(claimed=claimed, is_released=True)
        if verdict(kind, claimed) == "skip":
            return _Outcome(claimed=claimed, is_skipped=True)
        if firing.attempt > kind.attempts_max:
            # Only crashes get here: a failure that returned was buried at its last attempt.
            return _Outcome(claimed=claimed, error="the owner died in every attempt")
        try:
            return _Outcome(claimed=claimed, effect=kind.run(firing))
        except Exception as failed:  # noqa: BLE001 - the loop's owner: one run must not stop the rest
            return _Outcome(claimed=claimed, error=error_text(failed))

    def _settle(self, connection: Connection, outcome: _Outcome) -> str:
        """One outcome in its own savepoint, so that one bad effect spoils only itself."""
        try:
            with connection.begin_nested():
                return self._apply(connection, outcome)
        except StaleFenceError:
            return "stale"
        except Exception as failed:  # noqa: BLE001 - an effect is foreign code; its timer is retried
            error = error_text(failed)
        try:
            with connection.begin_nested():
                return self._fail(connection, outcome.claimed, error)
        except StaleFenceError:
            return "stale"

    def _apply(self, connection: Connection, outcome: _Outcome) -> str:
        claimed = outcome.claimed
        if outcome.is_released:
            timers.release(connection, claimed.firing, self._clock.now())
            return "released"
        if outcome.error:
            return self._fail(connection, claimed, outcome.error)
        kind = self._kinds[claimed.firing.kind]
        # The fence first: a stale owner's effect must not even begin.
        timers.complete(connection, claimed, next_due(kind, claimed, self._clock.now()))
        if outcome.effect is not None:
            outcome.effect(connection)
        return "skipped" if outcome.is_skipped else "done"

    def _fail(self, connection: Connection, claimed: Claimed, error: str) -> str:
        firing = claimed.firing
        kind = self._kinds[firing.kind]
        now = self._clock.now()
        if firing.attempt >= kind.attempts_max:
            timers.bury(connection, claimed, next_due(kind, claimed, now), error)
            return "dead"
        wait = backoff(firing.attempt, kind.backoff_first, kind.backoff_max, self._chance)
        timers.retry(connection, firing, now + wait, error)
        return "retried"
