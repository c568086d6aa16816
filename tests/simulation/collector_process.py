"""The real collector as a child process that tests may kill."""

from __future__ import annotations

import argparse
import errno
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.keys import key_sha256, key_text

START_BOUND_S = 20.0
ROOT = Path(__file__).parents[2]
SECRET = key_text("server", "k")
PLAN: dict[str, Any] = {
    "version": 1,
    "digest": "simulation",
    "unplanned": {"prod": "reject"},
    "events": [
        {
            "name": "checklist_viewed",
            "version": 1,
            "owner": "growth",
            "purpose": "simulation",
            "senders": ["server"],
            "retention_days": 30,
            "consent": "analytics",
            "properties": {"n": {"type": "integer", "description": "number", "required": True}},
        }
    ],
}


def publish_control(directory: Path) -> None:
    """One server key and a plan of one event."""
    from liftline.platform.control.api import SnapshotPublisher

    key = {
        "key_id": "k",
        "secret_sha256": key_sha256("server", "k"),
        "kind": "server",
        "project": "demo",
        "environment": "prod",
        "source_id": "simulation",
    }
    publisher = SnapshotPublisher(directory)
    publisher.publish("keys", json.dumps({"keys": [key]}).encode())
    publisher.publish("plan", json.dumps(PLAN).encode())


class CollectorProcess:
    """Starts, kills and stops a collector on one directory; its port stays the same."""

    def __init__(self, directory: Path, **settings: int) -> None:
        self.directory = directory
        self.log_directory = directory / "log"
        self._settings = settings
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        if not (directory / "control").exists():
            publish_control(directory / "control")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, until_ready: bool = True) -> None:
        """Start it and wait until it is ready (or at least alive)."""
        more = [f"--{name.replace('_', '-')}={value}" for name, value in self._settings.items()]
        command = [sys.executable, "-m", __name__, str(self.directory), str(self.port), *more]
        with (self.directory / "collector.err").open("ab") as errors:
            self._process = subprocess.Popen(command, stderr=errors, cwd=ROOT)
        deadline_s = time.monotonic() + START_BOUND_S
        path = "/readyz" if until_ready else "/healthz"
        while not self.answers_at(path):
            if time.monotonic() > deadline_s or self._process.poll() is not None:
                raise AssertionError((self.directory / "collector.err").read_text())
            threading.Event().wait(0.02)

    def is_ready(self) -> bool:
        return self.answers_at("/readyz")

    def answers_at(self, path: str) -> bool:
        """Whether that path answers well."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=1):
                return True
        except OSError:
            return False

    def answers(self, status: int) -> int:
        """How often the collector answered so since its start."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as page:
            told = page.read().decode()
        found = re.search(rf'answers_total{{status="{status}"}} (\d+)', told)
        return int(found[1]) if found else 0

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        return process.wait(10)


class JumpyClock:
    """Wall time that leaps back and forth by hours, as NTP and operators make it."""

    def __init__(self) -> None:
        from liftline.core.clock import SystemClock

        self._system = SystemClock()
        self._calls = 0

    def now(self) -> Any:
        self._calls += 1
        return self._system.now() + timedelta(hours=self._calls * 7 % 49 - 24)

    def monotonic_s(self) -> float:
        return self._system.monotonic_s()


class FailingDisk:
    """A disk whose sync fails for good after so many calls."""

    def __init__(self, good_syncs: int) -> None:
        self._left = good_syncs

    def write(self, descriptor: int, parts: Sequence[bytes], offset: int) -> int:
        return os.pwritev(descriptor, parts, offset)

    def sync(self, descriptor: int) -> None:
        self._left -= 1
        if self._left < 0:
            raise OSError(errno.EIO, "injected")
        os.fdatasync(descriptor)

    def allocate(self, descriptor: int, offset: int, size_bytes: int) -> None:
        os.posix_fallocate(descriptor, offset, size_bytes)


def main() -> None:
    """Run a collector with the asked faults inside."""
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--segment-bytes", type=int, default=64 << 20)
    parser.add_argument("--file-limit", type=int, default=0)
    parser.add_argument("--good-syncs", type=int, default=0)
    parser.add_argument("--jumpy", type=int, default=0)
    asked = parser.parse_args()
    if asked.file_limit:
        # What a full disk does, without one: writes past the limit fail.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked.file_limit, asked.file_limit))

    from liftline.adapters.event_log.segment import SegmentLimits, SegmentLogWriter
    from liftline.data.collect.http import CollectorConfig, serve

    disk = FailingDisk(asked.good_syncs) if asked.good_syncs else None
    limits = SegmentLimits(max_segment_bytes=asked.segment_bytes)
    writer = SegmentLogWriter(asked.directory / "log", limits=limits, disk=disk)
    config = CollectorConfig(
        control_directory=asked.directory / "control", port=asked.port, control_poll_s=0.05
    )
    serve(config, writer, JumpyClock() if asked.jumpy else None)


if __name__ == "__main__":
    main()
