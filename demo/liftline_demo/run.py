"""The run: history first and fast, then live at its pace, for ever, over restarts.

One stream of deliveries serves both. What is due before the live phase began is history
and goes at once, flagged; what is due later waits for its instant. After a pause (a
stopped demo, a sleeping laptop) what newcomers did meanwhile is sent as history too, so
that lives go on. The extra visits of regulars, which only keep the pages moving, happen
while the demo runs and are not made up for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from liftline_demo.arrivals import Live, Window
from liftline_demo.dirt import deliveries
from liftline_demo.draw import share
from liftline_demo.pace import CATCH_UP_AFTER_MS, MAX_CATCH_UP_MS, Chunk, Pace
from liftline_demo.progress import Progress, ProgressFile
from liftline_demo.send import Door, StoppingError
from liftline_demo.stop import Stop
from liftline_demo.truth import GroundTruth
from liftline_demo.wire import Request, historical, live
from liftline_demo.world import World, midnight

FLUSH_S = 1.0
REPORT_EVERY_S = 5.0

Report = Callable[[dict[str, object]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the caller asked for. `days` of history count on the first run only."""

    seed: int = 1
    days: int = 35
    rate_per_s: float = 5.0
    is_history_only: bool = False
    truth: GroundTruth = field(default_factory=GroundTruth)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run touches: the door, the state file, the stop, the clock, the listener."""

    door: Door
    file: ProgressFile
    stop: Stop
    now: Callable[[], datetime]
    report: Report


class OtherWorldError(Exception):
    """The state file belongs to another seed."""

    cure = "use the seed of the state file, or another --state with an empty project"


class Run:
    """One run of the demo against one collector."""

    def __init__(self, wishes: Wishes, around: Surroundings) -> None:
        self._wishes = wishes
        self._around = around
        self._accepted = 0
        self._rejected: Counter[str] = Counter()
        self._repeated_batches = 0
        self._reported_at = datetime.fromtimestamp(0, UTC)
        self._progress = self._resume()

    def until_stopped(self) -> None:
        """Send until asked to stop, or to the end of the history when only that is wanted."""
        pace = self._pace()
        self._tell("started", force=True)
        try:
            while not self._around.stop.is_requested and not self._is_enough(pace):
                self._step(pace)
            if not self._around.stop.is_requested:
                self._save(sent_through_ms=self._progress.live_since_ms - 1)
        except StoppingError:
            pass
        self._tell("stopped", force=True)

    def _step(self, pace: Pace) -> None:
        now_ms = _millis(self._around.now())
        chunk = pace.due(now_ms)
        if chunk is not None:
            self._send(chunk)
            self._tell(chunk.phase)
        if chunk is None or chunk.phase == "live":
            self._around.stop.wait(FLUSH_S)

    def _is_enough(self, pace: Pace) -> bool:
        return self._wishes.is_history_only and pace.next_due_ms >= self._progress.live_since_ms

    def _resume(self) -> Progress:
        """Go on where the state file says, or begin a world that ends its history now."""
        now = self._around.now()
        known = self._around.file.load()
        if known is None:
            start_ms = _millis(midnight(now - timedelta(days=self._wishes.days)))
            return Progress(
                seed=self._wishes.seed,
                start_ms=start_ms,
                live_since_ms=_millis(now),
                watched_since_ms=_millis(now),
                sent_through_ms=start_ms - 1,
                doubtful_through_ms=start_ms - 1,
                doubtful_phase="history",
            )
        if known.seed != self._wishes.seed:
            raise OtherWorldError(f"the state file has seed {known.seed}, not {self._wishes.seed}")
        if known.sent_through_ms < known.live_since_ms - 1:
            return known
        earliest_ms = _millis(now) - MAX_CATCH_UP_MS
        return msgspec.structs.replace(
            known, sent_through_ms=max(known.sent_through_ms, earliest_ms)
        )

    @property
    def _truth(self) -> GroundTruth:
        return self._wishes.truth

    def _pace(self) -> Pace:
        progress = self._progress
        live = Live(
            since_ms=progress.live_since_ms,
            watched=self._watch(),
            events_per_s=self._wishes.rate_per_s,
        )
        start = datetime.fromtimestamp(progress.start_ms / 1000, UTC)
        world = World(progress.seed, start, self._truth, live)
        stream = deliveries(world, progress.sent_through_ms)
        return Pace(stream, progress, self._wishes.rate_per_s)

    def _watch(self) -> tuple[Window, ...]:
        """Begin to watch. The regulars are there from now on, and were in the run before."""
        progress = self._progress
        now_ms = max(_millis(self._around.now()), progress.live_since_ms)
        before = Window(
            since_ms=progress.watched_since_ms, until_ms=progress.doubtful_through_ms + 1
        )
        if now_ms - progress.doubtful_through_ms < CATCH_UP_AFTER_MS:
            return (Window(since_ms=before.since_ms),)
        self._progress = msgspec.structs.replace(progress, watched_since_ms=now_ms)
        return before, Window(since_ms=now_ms)

    def _send(self, chunk: Chunk) -> None:
        self._save(doubtful_through_ms=chunk.through_ms, doubtful_phase=chunk.phase)
        now = self._around.now()
        build = historical if chunk.phase == "history" else live
        for request in build(chunk.members, now):
            self._post(request)
            if share("batch", request.first_message_id) < self._truth.dirt_retried_batch:
                # A client whose answer got lost sends the very same bytes again.
                self._repeated_batches += 1
                self._post(request)
        self._save(
            sent_through_ms=chunk.through_ms,
            events_sent=self._progress.events_sent + len(chunk.members),
        )

    def _post(self, request: Request) -> None:
        receipt = self._around.door.post(request)
        self._accepted += receipt.accepted
        self._rejected.update(rejection.code for rejection in receipt.rejected)

    def _save(self, **changes: object) -> None:
        self._progress = msgspec.structs.replace(self._progress, **changes)
        self._around.file.save(self._progress)

    def _tell(self, phase: str, *, force: bool = False) -> None:
        now = self._around.now()
        if not force and now - self._reported_at < timedelta(seconds=REPORT_EVERY_S):
            return
        self._reported_at = now
        through = datetime.fromtimestamp(self._progress.sent_through_ms / 1000, UTC)
        self._around.report(
            {
                "at": now.isoformat(timespec="milliseconds"),
                "phase": phase,
                "sent_through": through.isoformat(timespec="seconds"),
                "events_sent": self._progress.events_sent,
                "accepted": self._accepted,
                "rejected": dict(sorted(self._rejected.items())),
                "repeated_batches": self._repeated_batches,
                "retries": self._around.door.retries,
            }
        )


def _millis(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
