"""Goal: one small world for all tests of the demo, told once, and a collector to talk to."""

from __future__ import annotations

import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

DEMO = Path(__file__).parents[3] / "demo"
if str(DEMO) not in sys.path:
    sys.path.insert(0, str(DEMO))

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 24


@dataclass(slots=True)
class Tally:
    """What a careful reader counts in a clean history: the units behind every stated share."""

    happenings: int = 0
    signed_up_ms: dict[str, int] = field(default_factory=dict)
    activated_ms: dict[str, int] = field(default_factory=dict)
    seen_ms: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    names: Counter[str] = field(default_factory=Counter)
    zones: Counter[str] = field(default_factory=Counter)
    sign_ups_by_day: Counter[int] = field(default_factory=Counter)
    zero_results: int = 0
    with_quotes: int = 0
    visits: int = 0
    regular_events: int = 0
    newcomer_events: int = 0
    inviters: set[str] = field(default_factory=set)
    skewed: int = 0


@pytest.fixture(scope="session")
def demo_tally() -> Tally:
    """The tally of 24 days of the world with seed 1."""
    from liftline_demo.truth import GroundTruth
    from liftline_demo.world import World

    world = World(1, START, GroundTruth())
    tally = Tally()
    for happening in world.happenings(START, START + timedelta(days=DAYS)):
        count(tally, happening)
    return tally


def count(tally: Tally, happening: Any) -> None:
    person, name, at_ms = happening.person, happening.name, happening.at_ms
    tally.happenings += 1
    tally.names[name if happening.type == "track" else happening.type] += 1
    tally.seen_ms[person.user_id].append(at_ms)
    if person.is_regular:
        tally.regular_events += 1
    else:
        tally.newcomer_events += 1
    if name in ("user_signed_up", "home"):
        tally.visits += 1
    if name == "user_signed_up":
        tally.signed_up_ms[person.user_id] = at_ms
        tally.zones[person.time_zone] += 1
        tally.skewed += person.skew_ms != 0
        tally.sign_ups_by_day[(at_ms - int(START.timestamp() * 1000)) // 86_400_000] += 1
    elif name == "user_activated":
        tally.activated_ms[person.user_id] = at_ms
    elif name == "search_performed":
        tally.zero_results += happening.properties["zero_result"]
        tally.with_quotes += happening.properties["has_quotes"]
    elif name == "invite_created":
        tally.inviters.add(person.user_id)


@dataclass(slots=True)
class Answer:
    """What the collector double says to one request; None lets it judge by itself."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)


class DemoCollector:
    """A small real HTTP server that keeps the door's contract and can be told to misbehave.

    `plan` holds the next answers: an Answer, "drop" (take the events, then close without a
    word) or "hang" (take nothing and be silent until released).
    """

    def __init__(self) -> None:
        self.plan: list[Answer | str] = []
        self.requests: list[dict[str, Any]] = []
        self.received = threading.Condition()
        self.hanging = threading.Event()
        self.release = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65_536  # head and body leave together: no delayed acknowledgement

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.answer(self, body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        planned = self.plan.pop(0) if self.plan else None
        if planned == "hang":
            self.hanging.set()
            self.release.wait(30)
            handler.close_connection = True
            return
        if isinstance(planned, Answer):
            self._reply(handler, planned.status, b"{}", planned.headers)
            return
        decoded = msgspec.json.decode(body)
        events = decoded.get("events") or decoded["batch"]
        with self.received:
            self.requests.append(
                {
                    "path": handler.path,
                    "headers": {name.lower(): value for name, value in handler.headers.items()},
                    "body": decoded,
                    "events": events,
                    "raw": body,
                }
            )
            self.received.notify_all()
        if planned == "drop":
            handler.close_connection = True
            return
        receipt = {"accepted": len(events), "rejected": [], "position": "1:1", "id_minted": []}
        self._reply(handler, 200, msgspec.json.encode(receipt), {})

    @staticmethod
    def says(status: int, headers: dict[str, str] | None = None) -> Answer:
        """A planned answer that takes nothing."""
        return Answer(status, headers or {})

    def ids(self) -> list[str]:
        """The message ids received, in order."""
        return [
            event.get("message_id") or event["messageId"]
            for request in self.requests
            for event in request["events"]
        ]

    def wait_for(self, condition: Callable[[], bool], seconds: float = 30) -> bool:
        """Wait until the condition holds after some request."""
        with self.received:
            return self.received.wait_for(condition, seconds)

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @staticmethod
    def _reply(
        handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]
    ) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def demo_collector() -> Iterator[DemoCollector]:
    collector = DemoCollector()
    try:
        yield collector
    finally:
        collector.close()
