"""Carries the outbox's messages to the collector's door, as any client would."""

from __future__ import annotations

from typing import Final

import httpx

from liftline.core.errors import InvalidError, UnavailableError
from liftline.core.ids import Environment, ProjectId
from liftline.platform.access.api import Access, SlotSpec
from liftline.platform.jobs.contracts import Message

TIMEOUT_S: Final = 10.0
ACTOR: Final = "system"
SLOT_NAME: Final = "liftline itself"


class CollectorRefusedError(InvalidError):
    """The collector will never take this event."""

    code = "app.collector_refused"
    default_cure = "see the rejection on the live events page; the message is a dead letter"


class CollectorAwayError(UnavailableError):
    """The collector does not answer now; the message is sent again."""

    code = "app.collector_away"


class CollectorDelivery:
    """Delivers at least once; the message's idempotency key is the event's message id.

    Server-made events never go straight into the log: the door judges them like any other,
    under a key of ours that exists per project and environment.
    """

    def __init__(self, access: Access, collector_url: str) -> None:
        self._access = access
        self._client = httpx.Client(base_url=collector_url, timeout=TIMEOUT_S, trust_env=False)
        self._keys: dict[tuple[ProjectId, Environment], str] = {}

    def __call__(self, message: Message) -> None:
        if message.destination != "collector" or not message.project or not message.environment:
            raise CollectorRefusedError(f"nothing delivers to {message.destination!r}")
        key = self._key(message.project, message.environment)
        try:
            answer = self._client.post(
                "/v1/events", content=message.body, headers={"authorization": f"Bearer {key}"}
            )
        except httpx.TransportError as error:
            raise CollectorAwayError(str(error)) from error
        if answer.status_code == 401:
            # Made a moment ago and not in force yet, or revoked since: ask for a fresh one.
            self._keys.pop((message.project, message.environment), None)
        if answer.status_code >= 500 or answer.status_code in (401, 429):
            raise CollectorAwayError(f"the collector answered {answer.status_code}")
        if answer.status_code >= 400 or answer.json()["rejected"]:
            raise CollectorRefusedError(answer.text[:500])

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _key(self, project: ProjectId, environment: Environment) -> str:
        place = (project, environment)
        if place not in self._keys:
            spec = SlotSpec(project=project, environment=environment, kind="admin", name=SLOT_NAME)
            self._keys[place] = self._access.keys.ensure(ACTOR, spec).text
        return self._keys[place]
