"""The load of bench/ingest.py: seeded events, and two ways to send them.

wrk where it is installed, else an asyncio client that is slower but needs no system package.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import subprocess
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from liftline.platform.access.keytext import mint

SECRET = mint("server", "bench")
CONNECTIONS = 64
BODIES = 200
SEED = 20261123
STEPS = ("connect_source", "invite_team", "first_chart", "first_alert")


def cores() -> tuple[int, int]:
    """One core for the server, one for the load; the same one where there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def make_event(chance: random.Random) -> dict[str, Any]:
    """One event, about 350 bytes, as a browser or a server would send it."""
    user_id = f"u_{chance.randrange(100_000):06d}"
    day, hour, milli = chance.randrange(1, 22), chance.randrange(24), chance.randrange(1000)
    at = f"2026-11-{day:02d}T{hour:02d}:15:42.{milli:03d}Z"
    name = chance.choice(
        ("onboarding_step_started", "onboarding_step_completed", "checklist_viewed",
         "tooltip_opened", "user_signed_up", "user_activated", "search_performed",
         "search_performed", "search_result_clicked")
    )  # fmt: skip
    properties: dict[str, Any]
    if name == "search_performed":
        results = chance.randrange(50)
        properties = {
            "query": f"invoice {chance.randrange(10_000)}",
            "has_quotes": chance.random() < 0.1,
            "results_count": results,
            "latency_ms": round(chance.random() * 300, 2),
            "zero_result": results == 0,
        }
    elif name == "search_result_clicked":
        properties = {"click_position": chance.randrange(1, 20)}
    elif name == "user_signed_up":
        properties = {"method": chance.choice(("password", "google", "github")), "ts": at}
    elif name == "user_activated":
        properties = {"source": "postgres", "ts": at}
    else:
        properties = {"user_id": user_id, "step_id": chance.choice(STEPS), "ts": at}
    locale = chance.choice(("de-DE", "en-US", "fr-FR", "pl-PL", "es-ES"))
    page = f"/app/{chance.choice(('home', 'search', 'settings', 'charts', 'alerts'))}"
    return {
        "event": name,
        "message_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "user_id": user_id,
        "timestamp": at,
        "properties": properties,
        "context": {
            "library": {"name": "liftline-js", "version": "1.0.0"},
            "locale": locale,
            "page": {"path": page},
        },
    }


@dataclass(frozen=True, slots=True)
class Load:
    """Bodies to send to a path, and how many events each holds."""

    path: str
    bodies: tuple[bytes, ...]
    events: int


def make_bodies(events: int) -> tuple[bytes, ...]:
    chance = random.Random(SEED)
    if events == 1:
        return tuple(msgspec.json.encode(make_event(chance)) for _ in range(BODIES * 4))
    return tuple(
        msgspec.json.encode({"events": [make_event(chance) for _ in range(events)]})
        for _ in range(BODIES)
    )


WRK_SCRIPT = """
local bodies = {{}}
for line in io.lines("{bodies}") do bodies[#bodies + 1] = line end
local at = 0
local requests = {{}}
function init(args)
  local headers = {{["Content-Type"] = "application/json", ["Authorization"] = "Bearer {secret}"}}
  for index, body in ipairs(bodies) do
    requests[index] = wrk.format("POST", "{path}", headers, body)
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    summary.errors.status + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


def send_with_wrk(load: Load, port: int, seconds: float) -> tuple[int, float, float, float]:
    """Requests done, seconds taken, p50 and p99 in ms. Raises when any was refused."""
    with tempfile.TemporaryDirectory() as scratch:
        bodies = Path(scratch, "bodies")
        bodies.write_bytes(b"\n".join(load.bodies) + b"\n")
        script = Path(scratch, "load.lua")
        script.write_text(WRK_SCRIPT.format(bodies=bodies, secret=SECRET, path=load.path))
        told = subprocess.run(
            ["taskset", "-c", str(cores()[1]), "wrk", "-t1", "--timeout", "20s", f"-c{CONNECTIONS}",
             f"-d{max(1, round(seconds))}s", "-s", str(script), f"http://127.0.0.1:{port}"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    match = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", told)
    if match is None or int(match[3]):
        raise RuntimeError(f"the load was not served cleanly: {told}")
    requests, micros, _, p50, p99 = (int(group) for group in match.groups())
    return requests, micros / 1e6, p50 / 1e3, p99 / 1e3


class _Sender(asyncio.Protocol):
    """One connection that sends the next request as soon as the last was answered."""

    def __init__(self, requests: list[bytes], start: int, latencies: list[float]) -> None:
        self._requests = requests
        self._at = start
        self._latencies = latencies
        self._answer = b""
        self._sent_s = 0.0
        self.is_stopping = False
        self.refused = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._at = (self._at + 1) % len(self._requests)
        self._sent_s = time.perf_counter()
        self._transport.write(self._requests[self._at])

    def data_received(self, chunk: bytes) -> None:
        self._answer += chunk
        head, found, rest = self._answer.partition(b"\r\n\r\n")
        if not found:
            return
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if length is None or len(rest) < int(length[1]):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self.refused = self._answer
        self._answer = b""
        self._latencies.append(time.perf_counter() - self._sent_s)
        if self.is_stopping or self.refused:
            self._transport.close()
        else:
            self._send()


def send_with_asyncio(load: Load, port: int, seconds: float) -> tuple[int, float, float, float]:
    """The same without wrk: slower, so latencies are the client's as much as the server's."""
    head = (
        f"POST {load.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {SECRET}\r\nContent-Length: "
    ).encode()
    requests = [b"%b%d\r\n\r\n%b" % (head, len(body), body) for body in load.bodies]
    latencies: list[float] = []
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cores()[1]})

    async def run() -> float:
        loop = asyncio.get_running_loop()
        started_s = time.perf_counter()
        senders = []
        for number in range(CONNECTIONS):
            start = number * len(requests) // CONNECTIONS
            made = await loop.create_connection(
                lambda start=start: _Sender(requests, start, latencies), "127.0.0.1", port
            )
            senders.append(made[1])
        await asyncio.sleep(seconds)
        for sender in senders:
            sender.is_stopping = True
        refused = [sender.refused for sender in senders if sender.refused]
        if refused:
            raise RuntimeError(f"the load was not served cleanly: {refused[0]!r}")
        return time.perf_counter() - started_s

    try:
        took_s = asyncio.run(run())
    finally:
        os.sched_setaffinity(0, usable)
    ordered = sorted(latencies)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    return len(ordered), took_s, p50 * 1e3, p99 * 1e3
