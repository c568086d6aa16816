"""The world: all people's lives merged into one stream of events in the order of time.

A world is pure: seed, start, truth and live rate determine every event to the last byte,
and the stream can be entered at any instant. It reads no clock; whoever sends it decides
what "now" is.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime

from liftline_demo.arrivals import Arrivals, Live
from liftline_demo.letters import invitation, mail
from liftline_demo.lives import REGULAR_REACH_S, Chapter, chapters, regular_chapters
from liftline_demo.people import People
from liftline_demo.script import Happening
from liftline_demo.truth import DAY_S, HOUR_S, GroundTruth
from liftline_demo.visits import later_visit, sign_up_visit

_HOUR_MS = HOUR_S * 1000
_DAY_MS = DAY_S * 1000


class World:
    """A simulated product from `start` (made midnight UTC) on, for ever."""

    def __init__(
        self, seed: int, start: datetime, truth: GroundTruth, live: Live | None = None
    ) -> None:
        if start.tzinfo is None:
            raise ValueError("start must be an aware instant")
        self.truth = truth
        self.start = midnight(start)
        self.name = f"{seed}/{self.start:%Y-%m-%d}"
        self._start_ms = int(self.start.timestamp()) * 1000
        self._arrivals = Arrivals(self.name, truth, live)
        self._people = People(self.name, truth)

    def happenings(self, since: datetime, until: datetime | None = None) -> Iterator[Happening]:
        """Events with since <= instant < until, in time order; without end when until is None.

        Memory: the chapters still to come of the people alive, and the events of about an
        hour. Entering late costs the planning of the people who are still alive then.
        """
        since_ms = int(since.timestamp() * 1000)
        until_ms = None if until is None else int(until.timestamp() * 1000)
        for happening in self._in_order(since_ms):
            if until_ms is not None and happening.at_ms >= until_ms:
                return
            if happening.at_ms >= since_ms:
                yield happening

    def _in_order(self, since_ms: int) -> Iterator[Happening]:
        """Hour by hour: what begins in an hour joins the queue before the hour is told."""
        queue: list[tuple[int, int, Chapter | Happening]] = []
        counter = 0
        oldest_ms = since_ms - (self.truth.life_days + 4) * _DAY_MS
        hour = max(0, (oldest_ms - self._start_ms) // _HOUR_MS)
        while True:
            hour_ms = self._start_ms + hour * _HOUR_MS
            for chapter in self._beginning(hour, since_ms):
                if chapter.at_ms + chapter.limit_s * 1000 >= since_ms:
                    counter += 1
                    heapq.heappush(queue, (chapter.at_ms, counter, chapter))
            while queue and queue[0][0] < hour_ms + _HOUR_MS:
                _, _, item = heapq.heappop(queue)
                if isinstance(item, Happening):
                    yield item
                    continue
                for happening in self._told(item):
                    counter += 1
                    heapq.heappush(queue, (happening.at_ms, counter, happening))
            hour += 1

    def _beginning(self, hour: int, since_ms: int) -> Iterator[Chapter]:
        """The chapters of everybody who first appears in that hour of the world."""
        hour_ms = self._start_ms + hour * _HOUR_MS
        for key, at_ms, zone in self._arrivals.sign_ups(hour, hour_ms):
            person = self._people.newcomer(key, at_ms, zone)
            yield from chapters(self.name, self.truth, person)
        if hour_ms + _HOUR_MS + REGULAR_REACH_S * 1000 < since_ms:
            return
        for key, at_ms, who in self._arrivals.regular_visits(hour, hour_ms):
            yield from regular_chapters(self.name, self._people.regular(who), key, at_ms)

    def _told(self, chapter: Chapter) -> list[Happening]:
        if chapter.kind == "sign_up":
            return sign_up_visit(self.name, self.truth, chapter)
        if chapter.kind == "visit":
            return later_visit(self.name, self.truth, chapter)
        if chapter.kind == "mail":
            return mail(self.name, self.truth, chapter)
        return invitation(self.name, self.truth, self._people, chapter)


def midnight(instant: datetime) -> datetime:
    """The beginning of that day in UTC: where a world that contains the instant starts."""
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
