"""The collector's process: uvicorn around the door, within bounds, drained on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import threading
from collections.abc import Iterator
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from liftline.core.clock import Clock
from liftline.data.collect.answers import refusal
from liftline.data.collect.api import CollectorConfig, Door, Limits, create_app
from liftline.data.collect.contracts import NotReadyError
from liftline.data.collect.door import Receive, Scope, Send
from liftline.data.log.contracts import LogWriter

__all__ = ["CollectorConfig", "Limits", "serve"]


GC_THRESHOLD: Final = 20_000
"""Requests leave few cycles behind; looking for them at each 700 new objects is wasted."""


DRAIN_ON: Final = (signal.SIGTERM, signal.SIGINT)


def serve(config: CollectorConfig, writer: LogWriter, clock: Clock | None = None) -> None:
    """Take events until SIGTERM or SIGINT, then drain and close the log."""
    try:
        door = create_app(config, writer, clock)
        server = _Server(uvicorn_config(door, config), door)
        door.on_tick.append(IdleConnections(server, config.limits.idle_connection_s).close_idle)
        # What exists now lives until the end: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        server.run()
    finally:
        writer.close()


def uvicorn_config(door: Door, config: CollectorConfig) -> uvicorn.Config:
    """How uvicorn runs the door: one process, no access log, no trust in proxy headers."""
    limits = config.limits
    return uvicorn.Config(
        door,
        host=config.host,
        port=config.port,
        loop="uvloop",
        http=_Connection,
        ws="none",
        lifespan="on",
        interface="asgi3",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=int(limits.idle_connection_s),
        timeout_graceful_shutdown=int(limits.drain_s),
    )


class _Connection(HttpToolsProtocol):
    """Answers 503 with Retry-After on a connection too many.

    Uvicorn's own answer has none. Decided when the connection is made, so that requests on
    the others do not pay for it.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        at_most, self.limit_concurrency = self.limit_concurrency, None
        if at_most is not None and len(self.connections) > at_most:
            self.app = _too_many_connections


async def _too_many_connections(scope: Scope, receive: Receive, send: Send) -> None:
    error = NotReadyError(
        "the collector has as many connections as it takes",
        cure="send again after the time in Retry-After, and keep connections open",
    )
    answer = refusal(error)
    length = (b"content-length", b"%d" % len(answer.body))
    headers = [*answer.headers, length, (b"connection", b"close")]
    start = {"type": "http.response.start", "status": answer.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": answer.body})


class _Server(uvicorn.Server):
    """Tells the door as soon as draining begins, so that /readyz says so."""

    def __init__(self, config: uvicorn.Config, door: Door) -> None:
        super().__init__(config)
        self._door = door

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Drain on SIGTERM and SIGINT.

        Uvicorn's own version raises the signal again after the drain, which would end the
        process before the log is sealed.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in DRAIN_ON}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        self._door.is_draining = True
        await super().shutdown(sockets)


class IdleConnections:
    """Closes connections that have no request in progress for too long.

    Uvicorn bounds the pause between requests, but neither the wait for the first one nor
    headers that trickle in; to all three this is one bound.
    """

    def __init__(self, server: uvicorn.Server, idle_s: float) -> None:
        self._server = server
        self._idle_s = idle_s
        self._idle_since: dict[Any, tuple[Any, float]] = {}

    def close_idle(self, now_s: float) -> None:
        """Look at every connection once; called a few times a minute at least."""
        seen: dict[Any, tuple[Any, float]] = {}
        connections: list[Any] = list(self._server.server_state.connections)
        for connection in connections:
            cycle = connection.cycle
            if cycle is not None and not cycle.response_complete:
                continue
            before, since_s = self._idle_since.get(connection, (cycle, now_s))
            if before is not cycle:
                since_s = now_s
            if now_s - since_s >= self._idle_s:
                connection.transport.close()
                continue
            seen[connection] = cycle, since_s
        self._idle_since = seen
