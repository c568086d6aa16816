"""The edge to the collector: post a request until it is answered, as a good client does.

Retried with backoff: no connection, a timeout, 429 and 5xx; a Retry-After is honoured. Any
other refusal of a whole request is an error of this program or of its keys and is raised.
An answer that arrives after a client gave up is why message ids exist; see dirt.py.
"""

from __future__ import annotations

import base64
from random import Random
from typing import Annotated

import httpx
import msgspec

from liftline_demo.script import Sender
from liftline_demo.stop import Stop
from liftline_demo.wire import PATHS, Request

ORIGIN = "http://127.0.0.1:8404"
"""The demo product's own address: a public key may be limited to it."""

MAX_ATTEMPTS = 200
MAX_PAUSE_S = 10.0
MAX_RETRY_AFTER_S = 60.0
TIMEOUT_S = 10.0
_FIRST_PAUSE_S = 0.1


class Rejection(msgspec.Struct, frozen=True):
    """One event that the collector refused."""

    index: int
    code: str
    message: str = ""
    cure: str = ""


class Receipt(msgspec.Struct, frozen=True):
    """The collector's answer to a request."""

    accepted: Annotated[int, msgspec.Meta(ge=0)]
    rejected: list[Rejection] = []


class RefusedError(Exception):
    """The collector refuses the whole request, and would again."""

    cure = "check the address and the two keys, and that the keys belong to this collector"


class NoAnswerError(Exception):
    """The collector did not answer in all attempts."""

    cure = "start the collector; the demo continues where it stopped"


class StoppingError(Exception):
    """The stop came while waiting for the next attempt; the request is still doubtful."""


class Door:
    """The collector's door as seen by clients with two keys. One connection pool, no threads."""

    def __init__(
        self, collector: str, keys: dict[Sender, str], stop: Stop, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._keys = keys
        self._stop = stop
        self._jitter = Random(0)
        self.retries = 0
        self._client = httpx.Client(
            base_url=collector, timeout=timeout_s, trust_env=False, follow_redirects=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def post(self, request: Request) -> Receipt:
        """Send until answered. Raises RefusedError, NoAnswerError, StoppingError."""
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                self.retries += 1
            response = self._try(request)
            if response is not None and response.status_code < 300:
                return msgspec.json.decode(response.content, type=Receipt)
            if response is not None and not _may_succeed_later(response.status_code):
                raise RefusedError(
                    f"{PATHS[request.form]} answered {response.status_code}: {response.text[:300]}"
                )
            if self._stop.wait(self._pause_s(attempt, response)):
                raise StoppingError
        raise NoAnswerError(f"no answer from {self._client.base_url} in {MAX_ATTEMPTS} attempts")

    def _try(self, request: Request) -> httpx.Response | None:
        """One attempt; None when nothing came back."""
        try:
            return self._client.post(
                PATHS[request.form], content=request.body, headers=self._headers(request)
            )
        except httpx.TransportError:
            return None

    def _headers(self, request: Request) -> dict[str, str]:
        key = self._keys[request.sender]
        headers = {"content-type": "application/json"}
        if request.form == "segment":
            credentials = base64.b64encode(f"{key}:".encode()).decode()
            headers["authorization"] = f"Basic {credentials}"
        else:
            headers["authorization"] = f"Bearer {key}"
        if request.sender == "public":
            headers["origin"] = ORIGIN
        return headers

    def _pause_s(self, attempt: int, response: httpx.Response | None) -> float:
        """What the collector asks for, else twice as long each time, with jitter."""
        asked = "" if response is None else response.headers.get("retry-after", "")
        backoff_s = min(MAX_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(attempt, 10))
        jittered_s = backoff_s * (0.5 + self._jitter.random() / 2)
        try:
            asked_s = float(asked)
        except ValueError:
            return jittered_s
        return min(max(asked_s, 0.0), MAX_RETRY_AFTER_S) + jittered_s * 0.1


def _may_succeed_later(status: int) -> bool:
    return status in (408, 425, 429) or status >= 500
