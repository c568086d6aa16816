"""Who appears when: sign-ups by weekday, hour and time zone, and the regulars' visits.

Everything is drawn hour by hour. What the live phase adds comes on top of the natural
traffic, as sign-ups and visits of its own, so the history does not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from zoneinfo import ZoneInfo

import msgspec

from liftline_demo.draw import Weighted, generator, poisson
from liftline_demo.truth import HOUR_S, GroundTruth

EVENTS_PER_REGULAR_VISIT = 4.1
"""What a regular's visit comes to on average; a test holds it against the stream."""

EVENTS_PER_NEWCOMER = 36.0
"""What a newcomer's life comes to on average; a test holds it against the stream."""

_HOUR_WEIGHTS = (1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 9, 10, 11, 11, 10, 8, 6, 5, 5, 4, 3, 2)
_HOUR_MS = HOUR_S * 1000


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A half-open stretch of time in milliseconds; without end when `until_ms` is None."""

    since_ms: int
    until_ms: int | None = None

    def holds(self, at_ms: int) -> bool:
        """Whether that instant lies within."""
        return self.since_ms <= at_ms and (self.until_ms is None or at_ms < self.until_ms)


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """From when on the world is busy enough to watch, and how many events a second that is.

    More people sign up `since_ms` then. The regulars' extra visits are there for whoever
    watches: they begin within the `watched` windows and need no making up for.
    """

    since_ms: int
    watched: tuple[Window, ...]
    events_per_s: float


_ALWAYS = (Window(since_ms=0),)


class Arrivals:
    """The hours of one world: who signs up and which regular visits, and at which instant."""

    def __init__(self, world: str, truth: GroundTruth, live: Live | None) -> None:
        self._world = world
        self._truth = truth
        self._zones = [(ZoneInfo(name), name, share) for name, share in truth.time_zones]
        self._live = () if live is None else (Window(since_ms=live.since_ms),)
        self._watched = () if live is None else live.watched
        self._extra_sign_ups, self._extra_visits = _extra(truth, live)

    def sign_ups(self, hour: int, hour_ms: int) -> Iterator[tuple[str, int, str]]:
        """(key, instant, time zone) of everyone who signs up within that hour."""
        weights = self._zone_weights(hour_ms)
        factor = self._truth.sign_ups_weekday[datetime.fromtimestamp(hour_ms / 1000, UTC).weekday()]
        intensity = sum(weight for _, weight in weights) / sum(_HOUR_WEIGHTS)
        mean = self._truth.sign_ups_per_day * factor * intensity
        zones = Weighted(weights)
        natural = self._instants(f"sign-up-{hour}", hour_ms, mean, _ALWAYS)
        extra = self._instants(f"live-sign-up-{hour}", hour_ms, self._extra_sign_ups, self._live)
        for key, at_ms in chain(natural, extra):
            yield key, at_ms, zones.pick(generator(self._world, "zone", key))

    def regular_visits(self, hour: int, hour_ms: int) -> Iterator[tuple[str, int, int]]:
        """(key, instant, number of the regular) of each visit that starts within that hour."""
        mean, extra_mean = self._truth.regular_visits_per_hour, self._extra_visits
        natural = self._instants(f"regular-{hour}", hour_ms, mean, _ALWAYS)
        extra = self._instants(f"live-regular-{hour}", hour_ms, extra_mean, self._watched)
        for key, at_ms in chain(natural, extra):
            who = generator(self._world, "who", key).randrange(self._truth.regulars)
            yield key, at_ms, who

    def _zone_weights(self, hour_ms: int) -> list[tuple[str, float]]:
        """People sign up by day, wherever they live."""
        seconds = hour_ms / 1000
        return [
            (name, share * _HOUR_WEIGHTS[datetime.fromtimestamp(seconds, zone).hour])
            for zone, name, share in self._zones
        ]

    def _instants(
        self, what: str, hour_ms: int, mean: float, windows: tuple[Window, ...]
    ) -> Iterator[tuple[str, int]]:
        """Keys and instants of arrivals in that hour, of those within one of the windows."""
        if not any(_overlaps(window, hour_ms) for window in windows):
            return
        random = generator(self._world, what)
        for index in range(poisson(random, mean)):
            at_ms = hour_ms + generator(self._world, what, index).randrange(_HOUR_MS)
            if any(window.holds(at_ms) for window in windows):
                yield f"{what}-{index}", at_ms


def _overlaps(window: Window, hour_ms: int) -> bool:
    is_over = window.until_ms is not None and window.until_ms <= hour_ms
    return window.since_ms < hour_ms + _HOUR_MS and not is_over


def _extra(truth: GroundTruth, live: Live | None) -> tuple[float, float]:
    """Sign-ups and regular visits an hour that bring the live phase to its rate.

    New people make at most half of the traffic, however slow it is.
    """
    if live is None:
        return 0.0, 0.0
    natural = truth.sign_ups_per_day / 24
    per_hour = live.events_per_s * HOUR_S
    factor = min(truth.live_sign_up_factor, per_hour / 2 / (natural * EVENTS_PER_NEWCOMER))
    sign_ups = natural * max(0.0, factor - 1)
    newcomers = (natural + sign_ups) * EVENTS_PER_NEWCOMER
    regulars = truth.regular_visits_per_hour * EVENTS_PER_REGULAR_VISIT
    return sign_ups, max(0.0, per_hour - newcomers - regulars) / EVENTS_PER_REGULAR_VISIT
