"""A real Liftline for a test: all processes, a temporary directory, free ports, always stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from liftline.adapters.warehouse.socket import SocketWarehouse
from liftline.app.paths import Layout
from liftline.app.records import ProcessRecord
from liftline.core.errors import UnavailableError
from liftline.data.log.contracts import parse_position

READY_BOUND_S = 60.0
LOADED_BOUND_S = 30.0
BUILT_BOUND_S = 90.0
STOP_BOUND_S = 15.0
PASSWORD = "correct horse battery staple"


def eventually(condition: Callable[[], bool], what: str, bound_s: float = LOADED_BOUND_S) -> None:
    """Wait for a condition with a bound: the tests' only way to wait."""
    end = time.monotonic() + bound_s
    while not condition():
        assert time.monotonic() < end, f"not within {bound_s} s: {what}"
        time.sleep(0.05)


def free_port_pair() -> int:
    """A port N that is free together with N+1."""
    for _ in range(100):
        with socket.create_server(("127.0.0.1", 0)) as first:
            number = int(first.getsockname()[1])
            neighbour = ("127.0.0.1", number + 1)
            with contextlib.suppress(OSError, OverflowError), socket.create_server(neighbour):
                return number
    raise AssertionError("no two neighbouring ports are free")


class Liftline:
    """`liftline up` (or `demo`) as a child process, with the calls a user would make.

    `settings` become LIFTLINE_* variables. Use as a context manager; leaving stops it.
    """

    def __init__(self, data: Path, *, command: str = "up", settings: dict[str, str] | None = None):
        self.data = data
        self.layout = Layout(data)
        self.base = free_port_pair()
        self.url = f"http://127.0.0.1:{self.base}"
        self.collector = f"http://127.0.0.1:{self.base + 1}"
        self._command = command
        self._settings = settings or {}
        self.warehouse = SocketWarehouse(self.layout.warehouse_socket)
        self.http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def __enter__(self) -> Liftline:
        self.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()
        self.http.close()

    def start(self) -> None:
        """Start and wait until every process is ready."""
        output = (self.data.parent / f"{self.data.name}.out").open("ab")
        with output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "liftline.app.cli", self._command,
                 "--data", str(self.data), "--port-base", str(self.base)],
                stdout=output, stderr=output, env={**os.environ, **self._settings},
            )  # fmt: skip
        eventually(self.is_ready, f"ready; it said:\n{self.output()}", READY_BOUND_S)

    def stop(self) -> int:
        """SIGTERM and the exit code; SIGKILL past the bound."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_BOUND_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode

    def output(self) -> str:
        """What it printed so far."""
        path = self.data.parent / f"{self.data.name}.out"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def is_ready(self) -> bool:
        assert self.process.poll() is None, f"it ended:\n{self.output()}"
        found = self.processes()
        return bool(found) and all(
            record.state == "ready" and record.pid is not None for record in found.values()
        )

    def processes(self) -> dict[str, ProcessRecord]:
        """What the supervisor says of each process."""
        try:
            body = self.layout.processes_file.read_bytes()
        except FileNotFoundError:
            return {}
        return {r.name: r for r in msgspec.json.decode(body, type=list[ProcessRecord])}

    def kill(self, name: str) -> None:
        """kill -9 of one process; the supervisor brings it back."""
        pid = self.processes()[name].pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One `liftline` command on this installation, finished."""
        return subprocess.run(
            [sys.executable, "-m", "liftline.app.cli", *words],
            capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, **self._settings, "LIFTLINE_DATA_DIR": str(self.data)},
        )  # fmt: skip

    def sign_in(self) -> None:
        """Follow the one-time link and choose a password; `http` then carries the session."""
        link = (self.layout.run / "login-link").read_text("utf-8").strip()
        token = urlsplit(link).fragment.removeprefix("token=")
        answer = self.http.post("/api/account/accept", json={"token": token, "password": PASSWORD})
        assert answer.status_code == 200, answer.text

    def key(
        self, kind: str = "server", project: str = "shop", environment: str = "dev",
        *, origins: tuple[str, ...] = (),
    ) -> str:  # fmt: skip
        """A new key, in force at the door."""
        words = ["keys", "create", kind, project, environment, f"test {kind}"]
        done = self.command(*words, *(f"--origin={origin}" for origin in origins))
        assert done.returncode == 0, done.stderr
        key = done.stdout.strip()
        eventually(lambda: self.is_known(key), "the key is in force", 5.0)
        return key

    def is_known(self, key: str) -> bool:
        """Whether the door knows a key."""
        answer = httpx.post(
            f"{self.collector}/v1/events", content=b"[]", trust_env=False,
            headers={"authorization": f"Bearer {key}"},
        )  # fmt: skip
        return answer.status_code != 401

    def send(self, key: str, *events: dict[str, Any], **body: Any) -> dict[str, Any]:
        """Post events; the receipt."""
        answer = httpx.post(
            f"{self.collector}/v1/events", json={"events": list(events), **body},
            headers={"authorization": f"Bearer {key}"}, timeout=30, trust_env=False,
        )  # fmt: skip
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        return dict(answer.json())

    def query(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of the warehouse."""
        return list(self.warehouse.query(sql, parameters).rows)

    def wait_loaded(self, position: str, bound_s: float = LOADED_BOUND_S) -> None:
        """Until the warehouse holds everything up to a receipt's position."""
        target = parse_position(position)

        def is_loaded() -> bool:
            try:
                return parse_position(self.warehouse.status().loaded_position) >= target
            except UnavailableError:
                return False

        eventually(is_loaded, f"loaded up to {position}", bound_s)


@contextlib.contextmanager
def running(data: Path, **options: Any) -> Iterator[Liftline]:
    """A started Liftline, stopped at the end."""
    with Liftline(data, **options) as liftline:
        yield liftline
