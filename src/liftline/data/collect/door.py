"""The collector as an ASGI app: it routes, reads bodies within bounds, waits for the disk."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from liftline.core.clock import Clock, SystemClock
from liftline.core.errors import LiftlineError, UnavailableError
from liftline.data.collect.answers import Answer, preflight, receipt, refusal, with_origin
from liftline.data.collect.contracts import (
    BusyError,
    CollectorConfig,
    NotReadyError,
    RefusedError,
    TooSlowError,
)
from liftline.data.collect.control import DoorControl
from liftline.data.collect.durable import DurableAppends, Outcome
from liftline.data.collect.gauges import Gauges, Reading, render
from liftline.data.collect.intake import Intake, body_too_large
from liftline.data.collect.wire import PATHS
from liftline.data.events.contracts import EventType
from liftline.data.log.contracts import LogClosedError, LogWriter, Position

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TEXT: Final = ((b"content-type", b"text/plain; version=0.0.4; charset=utf-8"),)
_logger = logging.getLogger(__name__)


class _GoneError(Exception):
    """The sender hung up before its body was complete; nobody is left to answer."""


class Door:
    """Takes events over HTTP and answers when they are durable.

    Every `control_poll_s` it looks for newer snapshots, cuts bodies that came too slowly, writes
    what was only counted and calls each of `on_tick` with the loop's time.
    """

    def __init__(
        self, config: CollectorConfig, writer: LogWriter, clock: Clock | None = None
    ) -> None:
        self._config = config
        self._limits = config.limits
        self._writer = writer
        self._control = DoorControl(config.control_directory, config.limits)
        self._intake = Intake(self._control, config.limits, clock or SystemClock())
        self._gauges = Gauges()
        self._appends: DurableAppends | None = None
        self._counting: asyncio.Future[Outcome] | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._reading: dict[asyncio.Task[Any], float] = {}
        self._coarse_now_s = 0.0
        self._receiving_bytes = 0
        self.is_draining = False
        self.on_tick: list[Callable[[float], None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        path = scope["path"]
        method = scope["method"]
        try:
            if method == "POST" and path in PATHS:
                answer = await self._take(headers, scope, receive, PATHS[path])
            else:
                answer = self._other(method, path, headers)
        except LiftlineError as error:
            answer = refusal(error)
        except _GoneError:
            return
        origin = headers.get(b"origin")
        if origin is not None and self._knows(origin):
            answer = with_origin(answer, origin)
        self._gauges.answers[answer.status] += 1
        length = (b"content-length", b"%d" % len(answer.body))
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [*answer.headers, length],
            }
        )
        await send({"type": "http.response.body", "body": answer.body})

    async def _take(
        self,
        headers: dict[bytes, bytes],
        scope: Scope,
        receive: Receive,
        default_type: EventType | None,
    ) -> Answer:
        client = scope.get("client")
        address = client[0] if client else ""
        key = self._intake.admit(headers, address)
        body = await self._receive_body(receive)
        taken = self._intake.take(body, headers, key, default_type, address)
        if self._appends is None:
            raise NotReadyError("the collector is starting")
        if taken.records:
            outcome = await self._appends.append(
                taken.payload, records=taken.records, events=taken.events
            )
        else:
            outcome = self._durable()
        if isinstance(outcome, UnavailableError):
            raise outcome
        if taken.counts:
            self._intake.dead_letters.count(taken.counts)
        gauges = self._gauges
        gauges.body_bytes += len(body)
        gauges.accepted += taken.verdict.accepted
        if taken.codes:
            gauges.rejected.update(taken.codes)
        if taken.unreadable is not None:
            raise taken.unreadable
        return receipt(taken.verdict, outcome)

    def _durable(self) -> Position:
        """Where the log is: the answer to what was only counted."""
        failure = self._writer.health().failure
        if failure:
            raise LogClosedError(failure)
        return self._writer.stats().durable

    async def _receive_body(self, receive: Receive) -> bytes:
        """The whole body, within its bounds of size and time. Raises RefusedError, BusyError."""
        task = asyncio.current_task()
        if task is None:
            raise NotReadyError("the collector runs outside a task")
        self._reading[task] = self._coarse_now_s
        try:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _GoneError
            body: bytes = message.get("body", b"")
            if message.get("more_body", False):
                body = await self._receive_rest(receive, body)
            if len(body) > self._limits.body_bytes:
                raise body_too_large(self._limits)
            return body
        except asyncio.CancelledError:
            if task in self._reading:
                raise
            task.uncancel()
            raise TooSlowError(
                "body_too_slow",
                f"the body did not arrive within {self._limits.body_s:g} s",
                "send smaller bodies over slow lines",
            ) from None
        finally:
            self._reading.pop(task, None)

    async def _receive_rest(self, receive: Receive, first: bytes) -> bytes:
        parts = [first]
        size_bytes = len(first)
        self._receiving_bytes += size_bytes
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _GoneError
                parts.append(message.get("body", b""))
                size_bytes += len(parts[-1])
                self._receiving_bytes += len(parts[-1])
                if size_bytes > self._limits.body_bytes:
                    raise body_too_large(self._limits)
                if self._receiving_bytes > self._limits.receiving_bytes:
                    raise BusyError("too many large bodies at once", retry_after_s=1)
                if not message.get("more_body", False):
                    return b"".join(parts)
        finally:
            self._receiving_bytes -= size_bytes

    def _other(self, method: str, path: str, headers: dict[bytes, bytes]) -> Answer:
        if method in ("GET", "HEAD") and path == "/healthz":
            return Answer(200, b'{"status":"alive"}')
        if method in ("GET", "HEAD") and path == "/readyz":
            return self._ready()
        if method in ("GET", "HEAD") and path == "/metrics":
            return Answer(200, render(self._gauges, self._read()), TEXT)
        if method == "OPTIONS" and path in PATHS:
            origin = headers.get(b"origin")
            return preflight(origin, origin is not None and self._knows(origin))
        if path in PATHS:
            return refusal(_WrongMethodError("method", "events are posted", f"POST to {path}"))
        return refusal(_NoSuchPathError("path", "there is nothing here", "POST to /v1/events"))

    def _ready(self) -> Answer:
        failure = self._writer.health().failure
        if failure:
            return refusal(NotReadyError(failure, cure="see docs/runbooks/log.md"))
        if self.is_draining:
            return refusal(NotReadyError("the collector is stopping"))
        if self._control.keys is None or self._control.plan is None:
            return refusal(NotReadyError("no keys or no tracking plan were published yet"))
        return Answer(200, b'{"status":"ready"}')

    def _read(self) -> Reading:
        return Reading(
            log=self._writer.stats(),
            writer=self._writer.health(),
            dead_letters_capped=self._intake.dead_letters.capped,
            snapshots=self._control.snapshots(),
            receiving_bytes=self._receiving_bytes,
            clock_skew_s=self._intake.received.skew_s,
        )

    def _knows(self, origin: bytes) -> bool:
        keys = self._control.keys
        return keys is not None and keys.knows_origin(origin.decode("latin-1"))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.start(asyncio.get_running_loop())
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to take events: read the snapshots, start looking for newer ones."""
        self._appends = DurableAppends(self._writer, loop)
        self._coarse_now_s = loop.time()
        self.refresh()
        self._ticker = loop.create_task(self._tick(loop))

    def refresh(self) -> None:
        """Take over newer keys and plan now."""
        self._control.refresh()

    def flush_counts(self, *, is_last: bool = False) -> None:
        """Write the counts of rejections past the caps, when due. Raises UnavailableError."""
        if self._appends is not None:
            self._intake.flush_counts(self._append_counts, is_last=is_last)

    def _append_counts(self, payload: bytes, *, records: int, events: int) -> None:
        if self._appends is not None:
            self._counting = self._appends.append(payload, records=records, events=events)

    async def stop(self) -> None:
        """Stop looking for snapshots; the writer belongs to whoever gave it."""
        self.is_draining = True
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        try:
            self.flush_counts(is_last=True)
        except UnavailableError:
            _logger.exception("the last counts of rejections past their caps were not written")
        if self._counting is not None:
            # The writer tells this loop when they are durable: it must still be there.
            await asyncio.wait({self._counting}, timeout=self._limits.drain_s)

    async def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            await asyncio.sleep(self._config.control_poll_s)
            try:
                self.refresh()
                self._cut_slow_bodies(loop.time())
                with contextlib.suppress(UnavailableError):  # they wait for the next time
                    self.flush_counts()
                for callback in self.on_tick:
                    callback(loop.time())
            except Exception:
                # This loop must outlive whatever the disk or a snapshot does to it.
                _logger.exception("looking for new snapshots failed")

    def _cut_slow_bodies(self, now_s: float) -> None:
        self._coarse_now_s = now_s
        began_before_s = now_s - self._limits.body_s
        late = [task for task, since_s in self._reading.items() if since_s < began_before_s]
        for task in late:
            # Taking it off the list tells the task that it was cut for being slow.
            del self._reading[task]
            task.cancel()


class _WrongMethodError(RefusedError):
    """That path takes another method."""

    status = 405


class _NoSuchPathError(RefusedError):
    """There is no such path."""

    status = 404
