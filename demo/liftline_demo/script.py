"""How a chapter is told: a running clock that turns acts into events with instants."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Literal

import msgspec

from liftline_demo.draw import generator, identifier
from liftline_demo.lives import Chapter
from liftline_demo.people import Person

EventType = Literal["track", "identify", "page"]
Sender = Literal["public", "server"]


class Happening(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One clean event of the story, before dirt: what truly happened, and when.

    `sender` says who reports it: the browser (public) or the product's server.
    """

    at_ms: int
    message_id: str
    type: EventType
    name: str
    sender: Sender
    person: Person
    properties: dict[str, object]


class Script:
    """Collects the happenings of one chapter; none passes the chapter's limit.

    `person` and `at_ms` say who acts and when; a scene with several threads sets them.
    """

    def __init__(self, world: str, chapter: Chapter) -> None:
        self.random: Random = generator(world, "scene", chapter.key)
        self.person = chapter.person
        self.at_ms = chapter.at_ms
        self.happenings: list[Happening] = []
        self.world = world
        self._key = chapter.key
        self.limit_s = chapter.limit_s
        self._end_ms = chapter.at_ms + chapter.limit_s * 1000

    def wait(self, low_s: float, high_s: float) -> None:
        """Let some time pass, never beyond the chapter's end."""
        pause_ms = int(1000 * (low_s + (high_s - low_s) * self.random.random()))
        self.at_ms = min(self.at_ms + pause_ms, self._end_ms)

    def go_to(self, at_ms: int) -> None:
        """Continue at that instant, never beyond the chapter's end."""
        self.at_ms = min(at_ms, self._end_ms)

    def chance(self, share: float) -> bool:
        """True with that probability."""
        return self.random.random() < share

    def seen(self, name: str, properties: Mapping[str, object]) -> None:
        """The browser reports a planned event."""
        self._add("track", name, "public", properties)

    def noted(self, name: str, properties: Mapping[str, object]) -> None:
        """The product's server reports a planned event."""
        self._add("track", name, "server", properties)

    def described(self, traits: Mapping[str, object]) -> None:
        """The server says who the person is."""
        self._add("identify", "", "server", traits)

    def viewed(self, page: str) -> None:
        """The browser shows a page."""
        self._add("page", page, "public", {"path": f"/{page}"})

    def _add(
        self, type_: EventType, name: str, sender: Sender, properties: Mapping[str, object]
    ) -> None:
        self.happenings.append(
            Happening(
                at_ms=self.at_ms,
                message_id=identifier(self.world, self._key, len(self.happenings)),
                type=type_,
                name=name,
                sender=sender,
                person=self.person,
                properties=dict(properties),
            )
        )
