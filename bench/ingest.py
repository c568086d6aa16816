"""Claim: per CPU second of the server, the collector takes at least 2.5 times the events of
FastAPI + pydantic, although it answers only when they are durable.

The reference (bench/reference/fastapi_ingest.py) validates the same events without keys,
partial acceptance or a log. Both run one worker on uvloop and httptools, pinned to one core;
the load generator (wrk where it is installed, else a small asyncio client) is pinned to
another. The server's CPU time comes from /proc, so what else the machine does matters less.

Run: python -m bench.ingest [--smoke] [--check] [--seconds 4]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from bench.ingest_load import (
    CONNECTIONS,
    SECRET,
    Load,
    cores,
    make_bodies,
    send_with_asyncio,
    send_with_wrk,
)
from liftline.data.events.contracts import CONTROL_PLAN, EventSpec, PlanSnapshot, PropertySpec
from liftline.platform.access.contracts import CONTROL_KEYS, KeyRecord, KeySnapshot

ROOT = Path(__file__).resolve().parent.parent
RATIO_BOUND = 2.5
TICK_HZ = os.sysconf("SC_CLK_TCK")


def _text(description: str, **more: Any) -> PropertySpec:
    return PropertySpec(type="string", description=description, required=True, **more)


def _spec(name: str, properties: dict[str, PropertySpec], **more: Any) -> EventSpec:
    return EventSpec(
        name=name,
        version=1,
        owner="growth",
        purpose="benchmark",
        senders=("public", "server"),
        retention_days=400,
        consent="analytics",
        properties=properties,
        **more,
    )


def plan() -> PlanSnapshot:
    """The user-facing events that the reference has models for, as a tracking plan."""
    ts = PropertySpec(type="timestamp", description="when", required=True)
    step = {"user_id": _text("who"), "step_id": _text("which step"), "ts": ts}
    count = PropertySpec(type="integer", description="count", required=True, minimum=0)
    flag = PropertySpec(type="boolean", description="flag", required=True)
    search = {
        "query": _text("what was searched", max_length=500),
        "has_quotes": flag,
        "results_count": count,
        "latency_ms": PropertySpec(type="number", description="how long", required=True, minimum=0),
        "zero_result": flag,
    }
    position = PropertySpec(type="integer", description="rank", required=True, minimum=1)
    method = _text("how", enum=("password", "google", "github", "invitation"))
    events = (
        _spec("onboarding_step_started", step),
        _spec("onboarding_step_completed", step),
        _spec("checklist_viewed", step),
        _spec("tooltip_opened", step),
        _spec("user_signed_up", {"method": method, "ts": ts}, requires_user_id=True),
        _spec("user_activated", {"source": _text("what"), "ts": ts}, business_key=("user_id",)),
        _spec("search_performed", search),
        _spec("search_result_clicked", {"click_position": position}),
    )
    return PlanSnapshot(version=1, digest="bench", events=events, unplanned={"prod": "reject"})


@dataclass(frozen=True, slots=True)
class Result:
    """What one run showed. Events per second of the server's CPU, and latencies."""

    events_per_cpu_s: float
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    rss_idle_mb: float
    rss_loaded_mb: float


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_s(pid: int) -> float:
    """User and system time of a process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK_HZ


def rss_mb(pid: int) -> float:
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(match[1]) / 1024 if match else 0.0


@contextmanager
def server(command: list[str], port: int, probe: str) -> Iterator[int]:
    core, _ = cores()
    process = subprocess.Popen(
        command, cwd=ROOT, preexec_fn=lambda: os.sched_setaffinity(0, {core})
    )
    try:
        wait_until_up(f"http://127.0.0.1:{port}{probe}", process)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def wait_until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + 20
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1)
            return
        except urllib.error.HTTPError as answered:
            if answered.code != 503:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the server did not answer at {url}")


def measure(pid: int, port: int, load: Load, seconds: float) -> Result:
    send = send_with_wrk if shutil.which("wrk") else send_with_asyncio
    idle_mb = rss_mb(pid)
    send(load, port, max(0.3, seconds / 4))
    before_s = cpu_s(pid)
    requests, took_s, p50_ms, p99_ms = send(load, port, seconds)
    spent_s = max(1 / TICK_HZ, cpu_s(pid) - before_s)
    return Result(
        requests * load.events / spent_s, requests / took_s, p50_ms, p99_ms, idle_mb, rss_mb(pid)
    )


def require_all_accepted(port: int) -> None:
    """A receipt of rejections is a 200 too; fast refusals would flatter us."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()

    def total(name: str) -> float:
        wanted = f"liftline_collector_{name}_events_total"
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(wanted))

    if total("rejected") or not total("accepted"):
        raise RuntimeError(f"{total('rejected'):.0f} events were rejected: nothing was measured")


@contextmanager
def collector() -> Iterator[tuple[int, int]]:
    """The real collector on a real disk, with limits that one address cannot reach."""
    from liftline.platform.control.api import SnapshotPublisher

    with tempfile.TemporaryDirectory(dir=ROOT) as scratch:
        publisher = SnapshotPublisher(Path(scratch, "control"))
        key = KeyRecord(
            key_id="bench",
            secret_sha256=hashlib.sha256(SECRET.encode()).hexdigest(),
            kind="server",
            project="demo",
            environment="prod",
            source_id="bench",
        )
        publisher.publish(CONTROL_KEYS, msgspec.json.encode(KeySnapshot(keys=(key,))))
        publisher.publish(CONTROL_PLAN, msgspec.json.encode(plan()))
        port = free_port()
        command = [sys.executable, "-m", "bench.ingest", "--serve", scratch, "--port", str(port)]
        with server(command, port, "/readyz") as pid:
            yield pid, port


def serve_collector(directory: Path, port: int) -> None:
    from liftline.adapters.event_log.segment import SegmentLogWriter
    from liftline.data.collect.http import CollectorConfig, Limits, serve

    unlimited = 1e12
    limits = Limits(
        key_events_per_s=unlimited,
        key_events_burst=unlimited,
        address_requests_per_s=unlimited,
        address_requests_burst=unlimited,
    )
    config = CollectorConfig(control_directory=directory / "control", port=port, limits=limits)
    serve(config, SegmentLogWriter(directory / "log"))


@contextmanager
def reference() -> Iterator[tuple[int, int]]:
    port = free_port()
    command = [
        sys.executable, "-m", "uvicorn", "--loop", "uvloop", "--http", "httptools",
        "--no-access-log", "--log-level", "warning", "--port", str(port),
        "bench.reference.fastapi_ingest:app",
    ]  # fmt: skip
    with server(command, port, "/") as pid:
        yield pid, port


def compare(events: int, seconds: float, rounds: int) -> dict[str, Any]:
    bodies = make_bodies(events)
    ours = Load("/v1/events", bodies, events)
    theirs = Load("/v1/event" if events == 1 else "/v1/events", bodies, events)
    mine: list[Result] = []
    other: list[Result] = []
    with collector() as (our_pid, our_port), reference() as (their_pid, their_port):
        for _ in range(rounds):
            other.append(measure(their_pid, their_port, theirs, seconds))
            mine.append(measure(our_pid, our_port, ours, seconds))
        require_all_accepted(our_port)
    value = statistics.median(result.events_per_cpu_s for result in mine)
    against = statistics.median(result.events_per_cpu_s for result in other)
    return {
        "bench": f"ingest_{'single' if events == 1 else f'batch_{events}'}",
        "value": round(value),
        "unit": "durable events per server CPU second",
        "reference": round(against),
        "ratio": round(value / against, 2),
        "ratio_bound": RATIO_BOUND,
        "p50_ms": round(statistics.median(result.p50_ms for result in mine), 2),
        "p99_ms": round(statistics.median(result.p99_ms for result in mine), 2),
        "requests_per_s": round(statistics.median(result.requests_per_s for result in mine)),
        "reference_p50_ms": round(statistics.median(result.p50_ms for result in other), 2),
        "reference_p99_ms": round(statistics.median(result.p99_ms for result in other), 2),
        "rss_idle_mb": round(mine[0].rss_idle_mb, 1),
        "rss_loaded_mb": round(max(result.rss_loaded_mb for result in mine), 1),
        "connections": CONNECTIONS,
        "seconds": seconds,
        "rounds": rounds,
        "body_bytes": round(statistics.mean(len(body) for body in bodies)),
        "load": "wrk" if shutil.which("wrk") else "asyncio",
        "result_hash": hashlib.sha256(b"".join(bodies)).hexdigest()[:16],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", type=Path)
    parser.add_argument("--port", type=int, default=0)
    asked = parser.parse_args()
    if asked.serve is not None:
        serve_collector(asked.serve, asked.port)
        return 0
    seconds, rounds = (0.3, 1) if asked.smoke else (asked.seconds, asked.rounds)
    is_met = True
    for events in (100, 1):
        told = compare(events, seconds, rounds)
        is_met = is_met and told["ratio"] >= RATIO_BOUND
        print(json.dumps(told), flush=True)
    return 0 if is_met or not asked.check else 1


if __name__ == "__main__":
    sys.exit(main())
