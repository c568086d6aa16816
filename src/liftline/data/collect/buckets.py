"""Token buckets: how fast one key or one address may send."""

from __future__ import annotations

from typing import Final

WAIT_MAX_S: Final = 60


class Buckets:
    """One bucket per name, a bounded number of them; the longest unused go first."""

    def __init__(self, *, per_s: float, burst: float, count: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._count = count
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, name: str, amount: float, now_s: float) -> int:
        """Take `amount` tokens: 0 when they were there, else whole seconds to wait.

        More than the whole burst is let through when the bucket is full, and leaves a debt:
        a large batch is slowed down, never refused for good.
        """
        level, at_s = self._levels.pop(name, (self._burst, now_s))
        level = min(self._burst, level + max(0.0, now_s - at_s) * self._per_s)
        if level < amount and level < self._burst:
            self._levels[name] = level, now_s
            missing = min(amount, self._burst) - level
            return min(WAIT_MAX_S, int(missing / self._per_s) + 1)
        if len(self._levels) >= self._count:
            del self._levels[next(iter(self._levels))]
        self._levels[name] = level - amount, now_s
        return 0

    def charge(self, name: str, amount: float, now_s: float) -> None:
        """Take `amount` for work already done; the debt is at most the burst."""
        level, at_s = self._levels.pop(name, (self._burst, now_s))
        level = min(self._burst, level + max(0.0, now_s - at_s) * self._per_s)
        if len(self._levels) >= self._count:
            del self._levels[next(iter(self._levels))]
        self._levels[name] = max(-self._burst, level - amount), now_s
