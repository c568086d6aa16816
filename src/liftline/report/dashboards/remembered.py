"""The last values, kept for the time when the warehouse is away. Bounded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar, cast

from liftline.core.clock import Clock
from liftline.data.warehouse.contracts import WarehouseAwayError

KEPT_ANSWERS: Final = 256
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """A value with whether it is older than it should be because the warehouse is away."""

    value: T
    away: WarehouseAwayError | None = None


class Remembered:
    """Answers by question; the 256 used last. Safe from many threads.

    Two threads that ask the same question at once may both ask the warehouse: that costs a
    query, a lock around it would cost every other question its turn.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, tuple[float, object]] = OrderedDict()

    def ask(self, key: Hashable, fresh_s: float, ask: Callable[[], T]) -> Kept[T]:
        """The value, asked anew when it is older than `fresh_s`.

        When the warehouse is away the last value comes back with the reason; without one
        the WarehouseAwayError is raised.
        """
        known = self._find(key)
        if known is not None and self._clock.monotonic_s() - known[0] < fresh_s:
            return Kept(cast(T, known[1]))
        try:
            value = ask()
        except WarehouseAwayError as away:
            if known is None:
                raise
            return Kept(cast(T, known[1]), away)
        self._keep(key, value)
        return Kept(value)

    def _find(self, key: Hashable) -> tuple[float, object] | None:
        with self._lock:
            known = self._answers.get(key)
            if known is not None:
                self._answers.move_to_end(key)
            return known

    def _keep(self, key: Hashable, value: object) -> None:
        with self._lock:
            self._answers[key] = (self._clock.monotonic_s(), value)
            self._answers.move_to_end(key)
            while len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
