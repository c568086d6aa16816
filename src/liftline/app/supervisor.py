"""Keeps the processes alive: starts them, watches them, restarts them, drains them.

One asyncio loop. A child that dies is started again after a back-off that doubles up to
BACKOFF_MAX_S and resets after STABLE_S of life. Children watch their parent and die with
it (see processes.py), so nothing is left behind even after kill -9 of the supervisor.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Literal

import msgspec

from liftline.app.paths import Layout
from liftline.core.clock import Clock
from liftline.core.errors import ConflictError

BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 10.0
STABLE_S = 30.0
DRAIN_S = 5.0
WATCH_EVERY_S = 0.5
PROBE_TIMEOUT_S = 1.0
LOG_MAX_BYTES = 20 * 1024 * 1024
READ_BYTES = 64 * 1024
LAST_BYTES = 4096

State = Literal["starting", "ready", "not_ready", "restarting", "stopped"]


class AlreadyRunningError(ConflictError):
    """Another Liftline runs on this data directory."""

    code = "app.already_running"
    default_cure = "stop it first, or name another directory with --data"


class ProcessRecord(msgspec.Struct, kw_only=True):
    """One process as the supervisor sees it; written to run/processes.json."""

    name: str
    pid: int | None = None
    state: State = "starting"
    started_at: datetime | None = None
    restarts: int = 0
    rss_bytes: int | None = None
    last_exit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """How to start one process and how to ask whether it is ready.

    `probe` is an address for GET /readyz: (host, port), a unix socket's path, or None for
    a process that serves nothing. `after` names processes that must be ready first.
    """

    name: str
    command: tuple[str, ...]
    probe: tuple[str, int] | Path | None
    after: tuple[str, ...] = ()
    environment: Callable[[], Mapping[str, str]] = field(default=dict)


class Supervisor:
    """Runs children until `stop` is called or a signal arrives."""

    def __init__(
        self,
        layout: Layout,
        children: tuple[ChildSpec, ...],
        clock: Clock,
        on_ready: Callable[[float], None],
    ) -> None:
        self._layout = layout
        self._specs = {child.name: child for child in children}
        self._records = {child.name: ProcessRecord(name=child.name) for child in children}
        self._clock = clock
        self._on_ready = on_ready
        self._stopping = asyncio.Event()
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._was_ready = False

    async def run(self) -> None:
        """Returns after a signal, when every child has drained or was killed."""
        with _only_one(self._layout):
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stopping.set)
            started_s = self._clock.monotonic_s()
            keepers = [asyncio.create_task(self._keep(spec)) for spec in self._specs.values()]
            watcher = asyncio.create_task(self._watch(started_s))
            await self._stopping.wait()
            await self._drain()
            for task in (*keepers, watcher):
                task.cancel()
            await asyncio.gather(*keepers, watcher, return_exceptions=True)
            self._write_records()

    async def _keep(self, spec: ChildSpec) -> None:
        """Start one child again and again until the supervisor stops."""
        record = self._records[spec.name]
        backoff_s = BACKOFF_FIRST_S
        while not self._stopping.is_set():
            await self._wait_for(spec.after)
            started_s = self._clock.monotonic_s()
            with _LogFile(self._layout.logs / f"{spec.name}.jsonl") as log:
                process = await asyncio.create_subprocess_exec(
                    *spec.command,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.STDOUT,
                    env={**os.environ, **spec.environment()},
                    start_new_session=True,
                )
                self._processes[spec.name] = process
                record.pid, record.state = process.pid, "starting"
                record.started_at = self._clock.now()
                assert process.stdout is not None
                while chunk := await process.stdout.read(READ_BYTES):
                    log.write(chunk)
                record.last_exit = await process.wait()
            record.pid = None
            if self._stopping.is_set():
                record.state = "stopped"
                return
            record.state, record.restarts = "restarting", record.restarts + 1
            if self._clock.monotonic_s() - started_s > STABLE_S:
                backoff_s = BACKOFF_FIRST_S
            self._say(f"{spec.name} ended with {record.last_exit}; again in {backoff_s:.1f} s")
            for last in log.last_lines():
                self._say(f"  {spec.name}: {last}")
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, BACKOFF_MAX_S)

    async def _wait_for(self, names: tuple[str, ...]) -> None:
        while not all(self._records[name].state == "ready" for name in names):
            await asyncio.sleep(WATCH_EVERY_S / 5)

    async def _watch(self, started_s: float) -> None:
        """Probe the children and write what is seen, until cancelled."""
        while True:
            for name, record in self._records.items():
                if record.pid is None:
                    continue
                record.rss_bytes = _rss_bytes(record.pid)
                if await _is_ready(self._specs[name].probe):
                    record.state = "ready"
                elif record.state == "ready":
                    record.state = "not_ready"
            self._write_records()
            if not self._was_ready and all(r.state == "ready" for r in self._records.values()):
                self._was_ready = True
                self._on_ready(self._clock.monotonic_s() - started_s)
            starting = not self._was_ready
            await asyncio.sleep(WATCH_EVERY_S / 5 if starting else WATCH_EVERY_S)

    async def _drain(self) -> None:
        """SIGTERM in reverse order of dependence, SIGKILL for who is left after DRAIN_S."""
        alive = [p for p in self._processes.values() if p.returncode is None]
        for process in reversed(alive):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        waits = [asyncio.create_task(process.wait()) for process in alive]
        if waits:
            await asyncio.wait(waits, timeout=DRAIN_S)
        for process in alive:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
        await asyncio.gather(*waits)

    def _write_records(self) -> None:
        target = self._layout.processes_file
        scratch = target.with_suffix(".tmp")
        scratch.write_bytes(msgspec.json.encode(list(self._records.values())))
        scratch.replace(target)

    def _say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - the supervisor speaks to a terminal


def read_process_records(layout: Layout) -> tuple[ProcessRecord, ...]:
    """What the supervisor last wrote; empty when none has run here."""
    try:
        body = layout.processes_file.read_bytes()
    except FileNotFoundError:
        return ()
    return tuple(msgspec.json.decode(body, type=list[ProcessRecord]))


@contextlib.contextmanager
def _only_one(layout: Layout) -> Iterator[None]:
    with (layout.run / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError(f"Liftline already runs on {layout.root}") from error
        yield


class _LogFile:
    """A child's output on disk, bounded: one file and one predecessor."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = b""

    def __enter__(self) -> _LogFile:
        self._file: IO[bytes] = self._path.open("ab", buffering=0)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._file.close()

    def write(self, chunk: bytes) -> None:
        if self._file.tell() + len(chunk) > LOG_MAX_BYTES:
            self._file.close()
            self._path.replace(self._path.with_suffix(".jsonl.1"))
            self._file = self._path.open("ab", buffering=0)
        self._file.write(chunk)
        self._last = (self._last + chunk)[-LAST_BYTES:]

    def last_lines(self) -> list[str]:
        return self._last.decode("utf-8", "replace").splitlines()[-3:]


async def _is_ready(probe: tuple[str, int] | Path | None) -> bool:
    """Whether GET /readyz answers 200; a process that serves nothing is ready when it lives."""
    if probe is None:
        return True
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            if isinstance(probe, Path):
                reader, writer = await asyncio.open_unix_connection(str(probe))
            else:
                reader, writer = await asyncio.open_connection(*probe)
            try:
                writer.write(
                    b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                )
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return b" 200 " in status


def _rss_bytes(pid: int) -> int | None:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
