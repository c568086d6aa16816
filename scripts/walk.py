"""A walk from event to number, as a new user takes it: start, key, send, look, stop.

Starts `liftline up` on free ports and an empty data directory, sends sign-ups, activations
and one broken event over plain HTTP, and waits until the metric says what was sent.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

READY_WITHIN_S = 120.0
KEY_WITHIN_S = 5.0
NUMBER_WITHIN_S = 90.0
STOP_WITHIN_S = 30.0
PEOPLE = 10
ACTIVATED = 4
PROJECT = "shop"
METRIC = "activation_d7"


class WalkError(RuntimeError):
    """The walk ended before the number."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--liftline", default="liftline", help="the command to walk with")
    asked: str = parser.parse_args().liftline
    found = shutil.which(asked)
    if found is None:
        raise WalkError(f"there is no command {asked}")
    liftline = str(Path(found).absolute())
    port = free_port_base()
    with tempfile.TemporaryDirectory(prefix="liftline-walk-") as place:
        data = Path(place) / "data"
        run = [liftline, "up", "--data", str(data), "--port-base", str(port)]
        process = subprocess.Popen(run, cwd=place)
        try:
            return walk(liftline, data, port, process)
        finally:
            stop(process)


def walk(liftline: str, data: Path, port: int, process: subprocess.Popen[bytes]) -> int:
    app, collector = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
    started = time.monotonic()
    wait("ready", READY_WITHIN_S, lambda: is_up(process, f"{app}/readyz"))
    wait("the collector", READY_WITHIN_S, lambda: is_up(process, f"{collector}/readyz"))
    print(f"ready after {time.monotonic() - started:.1f} s")

    write = create_key(liftline, data, "server")
    read = create_key(liftline, data, "admin")
    door = f"{collector}/v1/events"
    wait("the key to be in force", KEY_WITHIN_S, lambda: is_known(door, write))
    receipt = post(door, write, {"events": [*events(), broken()]})
    print(f"receipt: {json.dumps(receipt)[:400]}")
    if receipt["accepted"] != len(events()) or len(receipt["rejected"]) != 1:
        raise WalkError(f"expected {len(events())} accepted and 1 rejected")

    sent = time.monotonic()
    since = (datetime.now(UTC) - timedelta(days=14)).strftime("%Y-%m-%dT%H:%M:%SZ")
    place = f"project={PROJECT}&environment=dev&from={since}"
    question = f"{app}/api/metrics/{METRIC}/series?{place}"
    wait("the number", NUMBER_WITHIN_S, lambda: counted(get(question, read)) == (ACTIVATED, PEOPLE))
    took_s = time.monotonic() - sent
    print(f"event to number: {took_s:.1f} s, {METRIC} is {ACTIVATED} of {PEOPLE}")
    return 0


def events() -> list[dict[str, Any]]:
    """Ten sign-ups eight days ago, four of which activated an hour later, and a sign of life now.

    Without the last one nobody would know of the seven days since: unknown is not zero, so
    their window would count as open.
    """
    signed_up = datetime.now(UTC) - timedelta(days=8)
    activated = signed_up + timedelta(hours=1)
    now = datetime.now(UTC)
    step = {"step_id": "connect_source", "ts": now.isoformat()}
    return [
        *(event("user_signed_up", person, signed_up) for person in range(PEOPLE)),
        *(event("user_activated", person, activated) for person in range(ACTIVATED)),
        event("onboarding_step_completed", 0, now, **step),
    ]


def event(name: str, person: int, at: datetime, **properties: str) -> dict[str, Any]:
    return {
        "event": name,
        "message_id": f"walk-{name}-{person}",
        "user_id": f"walk-{person}",
        "timestamp": at.isoformat(),
        "properties": {"user_id": f"walk-{person}", **properties},
    }


def broken() -> dict[str, Any]:
    """A step without its step_id: the plan says no, and why."""
    return event("onboarding_step_started", 0, datetime.now(UTC))


def create_key(liftline: str, data: Path, kind: str) -> str:
    words = [liftline, "keys", "create", kind, PROJECT, "dev", f"walk {kind}", "--data", str(data)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise WalkError(f"no key: {done.stdout}{done.stderr}")
    return done.stdout.split()[0]


def counted(series: dict[str, Any]) -> tuple[float, float]:
    """Numerator and denominator over the whole range."""
    points = series["points"]
    return (
        sum(point["numerator"] or 0 for point in points),
        sum(point["denominator"] or 0 for point in points),
    )


def post(url: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
    return ask(urllib.request.Request(url, json.dumps(body).encode(), headers(key), method="POST"))


def get(url: str, key: str) -> dict[str, Any]:
    return ask(urllib.request.Request(url, headers=headers(key)))


def headers(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}", "content-type": "application/json"}


def ask(request: urllib.request.Request) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        raise WalkError(f"{request.full_url}: {error.code} {error.read().decode()}") from error


def is_up(process: subprocess.Popen[bytes], url: str) -> bool:
    if process.poll() is not None:
        raise WalkError(f"liftline up ended with {process.returncode}")
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def is_known(door: str, key: str) -> bool:
    """Does the collector know the key? It hears of a new one within two seconds."""
    request = urllib.request.Request(door, b'{"events": []}', headers(key), method="POST")
    try:
        urllib.request.urlopen(request, timeout=5).close()
    except urllib.error.HTTPError as error:
        return error.code != 401
    return True


def wait(what: str, bound_s: float, is_there: Callable[[], bool]) -> None:
    end = time.monotonic() + bound_s
    while not is_there():
        if time.monotonic() > end:
            raise WalkError(f"waited {bound_s:.0f} s for {what}")
        time.sleep(0.2)


def free_port_base() -> int:
    """A port whose neighbour is free too."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise WalkError("found no two free ports side by side")


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.kill(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except WalkError as error:
        print(f"walk: {error}", file=sys.stderr)
        sys.exit(1)
