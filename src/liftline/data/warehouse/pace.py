"""When to load next: soon after an event arrives, rarely enough to stay cheap."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A batch closes `batch_age_s` after its first event or at `batch_events`, and later
    still while loading would take more than `core_share` of one core.
    """

    batch_events: int
    batch_age_s: float
    core_share: float

    def is_due(self, *, pending_events: int, waiting_s: float) -> bool:
        """Is a batch full or old enough? `waiting_s` is how long events have been pending."""
        if pending_events <= 0:
            return False
        return pending_events >= self.batch_events or waiting_s >= self.batch_age_s

    def rest_s(self, *, cpu_s: float, wall_s: float) -> float:
        """How long to leave the core alone after a load: cpu / (wall + rest) <= core_share."""
        return max(0.0, cpu_s / self.core_share - wall_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait after a failure that may pass (memory, disk): doubling, bounded."""

    first_s: float = 1.0
    most_s: float = 60.0

    def wait_s(self, failures: int) -> float:
        return float(min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 16)))
