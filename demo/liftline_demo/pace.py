"""What is due now, and as what: pure decisions over the stream of deliveries and an instant."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from liftline_demo.dirt import Delivery
from liftline_demo.progress import Phase, Progress
from liftline_demo.truth import DAY_S

HISTORY_BATCH = 1_000
LEAST_BURST = 20
BURST_S = 4.0
"""One live flush sends at most what the rate gives in this time (never less than 20)."""

CATCH_UP_AFTER_MS = 300_000
"""What is overdue for longer than this is history, not late."""

MAX_CATCH_UP_MS = 14 * DAY_S * 1000
"""After a longer pause the older part is left out."""


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries that go together; after their receipt everything up to `through_ms` is sent."""

    phase: Phase
    members: list[Delivery]
    through_ms: int


class Pace:
    """Takes the stream chunk by chunk. A chunk never splits deliveries of one millisecond."""

    def __init__(self, stream: Iterator[Delivery], progress: Progress, rate_per_s: float) -> None:
        self._stream = stream
        self._progress = progress
        self._burst = max(LEAST_BURST, int(rate_per_s * BURST_S))
        self._next = next(stream)

    @property
    def next_due_ms(self) -> int:
        """When the next delivery is due."""
        return self._next.deliver_at_ms

    def due(self, now_ms: int) -> Chunk | None:
        """The next chunk; None when nothing is due yet."""
        phase = self._phase(self._next, now_ms)
        limit = HISTORY_BATCH if phase == "history" else self._burst
        members: list[Delivery] = []
        while self._fits(phase, now_ms) and (
            len(members) < limit or members[-1].deliver_at_ms == self._next.deliver_at_ms
        ):
            members.append(self._next)
            self._next = next(self._stream)
        if not members:
            return None
        return Chunk(phase=phase, members=members, through_ms=members[-1].deliver_at_ms)

    def _fits(self, phase: Phase, now_ms: int) -> bool:
        is_due = self._next.deliver_at_ms <= now_ms
        return is_due and self._phase(self._next, now_ms) == phase

    def _phase(self, delivery: Delivery, now_ms: int) -> Phase:
        """History before the live phase and after a long pause; the doubtful stays as it was."""
        due_ms = delivery.deliver_at_ms
        if due_ms < self._progress.live_since_ms:
            return "history"
        if due_ms <= self._progress.doubtful_through_ms:
            return self._progress.doubtful_phase
        return "history" if now_ms - due_ms > CATCH_UP_AFTER_MS else "live"
