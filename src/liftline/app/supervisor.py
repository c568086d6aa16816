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
from typing import Final

from liftline.app import probes
from liftline.app.child_logs import ChildLog
from liftline.app.paths import Layout
from liftline.app.records import ProcessRecord, write_records
from liftline.core.clock import Clock
from liftline.core.errors import ConflictError

BACKOFF_FIRST_S: Final = 0.5
BACKOFF_MAX_S: Final = 10.0
STABLE_S: Final = 30.0
DRAIN_S: Final = 5.0
WATCH_EVERY_S: Final = 0.5
PATIENCE_S: Final = 20.0
"""A start that takes longer than this is explained, and again after each further span."""
READ_BYTES: Final = 64 * 1024


class AlreadyRunningError(ConflictError):
    """Another Liftline runs on this data directory."""

    code = "app.already_running"
    default_cure = "stop it first, or name another directory with --data"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """How to start one process and how to ask whether it is ready.

    `probe` is where GET /readyz is asked, None for a process that serves nothing.
    `after` names processes that must be ready first. `environment` is asked at each start
    and is all the child gets.
    """

    name: str
    command: tuple[str, ...]
    probe: probes.Address | None
    after: tuple[str, ...] = ()
    environment: Callable[[], Mapping[str, str]] = field(default=lambda: dict(os.environ))


class Supervisor:
    """Runs children until a signal arrives. The caller holds the directory (`only_one`)."""

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
        self._logs = {
            child.name: ChildLog(layout.logs / f"{child.name}.jsonl") for child in children
        }
        self._clock = clock
        self._on_ready = on_ready
        self._stopping = asyncio.Event()
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._was_ready = False

    async def run(self) -> None:
        """Returns after a signal, when every child has drained or was killed."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        tasks = [asyncio.create_task(self._keep(spec)) for spec in self._specs.values()]
        tasks.append(asyncio.create_task(self._watch()))
        await self._stopping.wait()
        await self._drain()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for record in self._records.values():
            record.pid, record.state = None, "stopped"
        self._write_records()

    async def _keep(self, spec: ChildSpec) -> None:
        """Start one child again and again until the supervisor stops."""
        record = self._records[spec.name]
        backoff_s = BACKOFF_FIRST_S
        while not self._stopping.is_set():
            await self._wait_for(spec.after)
            started_s = self._clock.monotonic_s()
            try:
                record.last_exit = await self._live(spec, record)
                ended = f"{spec.name} ended with {record.last_exit}"
            except OSError as error:
                ended = f"{spec.name} could not be started: {error}"
            record.pid = None
            if self._stopping.is_set():
                return
            record.state, record.restarts = "restarting", record.restarts + 1
            if self._clock.monotonic_s() - started_s > STABLE_S:
                backoff_s = BACKOFF_FIRST_S
            self._say(f"{ended}; again in {backoff_s:.1f} s", self._logs[spec.name])
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, BACKOFF_MAX_S)

    async def _live(self, spec: ChildSpec, record: ProcessRecord) -> int:
        """One life of a child, from start to exit code; its output goes to its log."""
        log = self._logs[spec.name]
        process = await asyncio.create_subprocess_exec(
            *spec.command,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(spec.environment()),
            start_new_session=True,
        )
        self._processes[spec.name] = process
        record.pid, record.state = process.pid, "starting"
        record.started_at = self._clock.now()
        assert process.stdout is not None
        while chunk := await process.stdout.read(READ_BYTES):
            log.write(chunk)
        log.close()
        return await process.wait()

    async def _wait_for(self, names: tuple[str, ...]) -> None:
        while not all(self._records[name].state == "ready" for name in names):
            await asyncio.sleep(WATCH_EVERY_S / 5)

    async def _watch(self) -> None:
        """Probe the children and write what is seen, until cancelled."""
        started_s = self._clock.monotonic_s()
        explain_at_s = started_s + PATIENCE_S
        while True:
            for record in self._records.values():
                await self._look_at(record)
            self._write_records()
            now_s = self._clock.monotonic_s()
            if not self._was_ready and all(r.state == "ready" for r in self._records.values()):
                self._was_ready = True
                with contextlib.suppress(OSError):  # whoever read our output may be gone
                    self._on_ready(now_s - started_s)
            if not self._was_ready and now_s >= explain_at_s:
                explain_at_s = now_s + PATIENCE_S
                self._explain_wait(now_s - started_s)
            await asyncio.sleep(WATCH_EVERY_S if self._was_ready else WATCH_EVERY_S / 5)

    async def _look_at(self, record: ProcessRecord) -> None:
        pid, probe = record.pid, self._specs[record.name].probe
        if pid is None:
            return
        record.rss_bytes = probes.rss_bytes(pid)
        is_ready = probe is None or await probes.answers_ready(probe)
        if is_ready and probe is not None and record.state != "ready":
            is_ready = probes.is_listener(pid, probe)
        if record.pid != pid:
            return  # it died while it was asked
        if is_ready:
            record.state = "ready"
        elif record.state == "ready":
            record.state = "not_ready"

    def _explain_wait(self, waited_s: float) -> None:
        for record in self._records.values():
            if record.state != "ready" and record.pid is not None:
                log = self._logs[record.name]
                self._say(f"{record.name} is not ready after {waited_s:.0f} s", log)

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
        # A full disk stops the report, never the watching.
        with contextlib.suppress(OSError):
            write_records(self._layout, list(self._records.values()))

    def _say(self, text: str, log: ChildLog) -> None:
        lines = [text, *(f"  {line}" for line in log.last_lines())]
        with contextlib.suppress(OSError):
            print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201 - for the terminal


@contextlib.contextmanager
def only_one(layout: Layout) -> Iterator[None]:
    """Hold the data directory; raises AlreadyRunningError. Nothing may be written before."""
    with (layout.run / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError(f"Liftline already runs on {layout.root}") from error
        yield
