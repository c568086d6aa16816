"""The warehouse process's door: a small ASGI app on a Unix socket that only its owner opens."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import uvicorn

from liftline.core.clock import SystemClock
from liftline.core.errors import InvalidError, LiftlineError, UnavailableError
from liftline.data.log.contracts import LogReader
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.contracts import WarehouseAwayError, WarehouseStatus
from liftline.data.warehouse.engine import Engine
from liftline.data.warehouse.gauges import Gauges
from liftline.data.warehouse.process import Process
from liftline.data.warehouse.rebuild import Mode
from liftline.data.warehouse.store import FileLockedError
from liftline.data.warehouse.wire import (
    CONTENT_MAX_BYTES,
    QueryRequest,
    RebuildReply,
    RebuildRequest,
    Refusal,
    pack_rows,
    unpack_parameters,
)

__all__ = ["WarehouseApp", "WarehouseConfig", "serve"]

_log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Answer = tuple[int, bytes, bytes]
T = TypeVar("T", bound=msgspec.Struct)

_JSON: Final = b"application/json"
_TEXT: Final = b"text/plain; version=0.0.4; charset=utf-8"
_SOCKET_PATH_MAX: Final = 107
_EXIT_RESTART: Final = 70


class TooBusyError(UnavailableError):
    """More queries are waiting than the warehouse queues."""

    code = "warehouse.busy"
    default_cure = "ask again in a moment"


class BadRequestError(InvalidError):
    """The warehouse cannot read that request."""

    code = "warehouse.bad_request"


class WarehouseApp:
    """Routes of the process. Blocking work runs on threads: queries, quick answers, and long
    ones (builds) apart, so that none of them holds up /status or /healthz.
    """

    def __init__(self, config: WarehouseConfig, process: Process) -> None:
        self._process = process
        self._query_room = config.query_slots + config.query_queue
        self._queries = ThreadPoolExecutor(config.query_slots, "warehouse-query")
        self._quick = ThreadPoolExecutor(2, "warehouse-quick")
        self._long = ThreadPoolExecutor(1, "warehouse-long")
        self._waiting = 0
        self._running = 0
        self._routes: dict[tuple[str, str], Callable[[bytes], Awaitable[Answer]]] = {
            ("POST", "/query"): self._query,
            ("GET", "/status"): self._status,
            ("POST", "/build"): self._build,
            ("POST", "/apply-plan"): self._apply_plan,
            ("POST", "/rebuild"): self._rebuild,
            ("GET", "/healthz"): self._healthz,
            ("GET", "/readyz"): self._readyz,
            ("GET", "/metrics"): self._metrics,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        route = self._routes.get((scope["method"], scope["path"]))
        try:
            body = await _read_body(receive)
            if route is None:
                status, kind, content = _refuse(404, BadRequestError("there is no such route"))
            else:
                status, kind, content = await route(body)
        except LiftlineError as error:
            status, kind, content = _refuse(400 if isinstance(error, InvalidError) else 503, error)
        except Exception:  # noqa: BLE001 - the loop's owner: a defect is one answer, not the end
            _log.exception("a request broke", extra={"path": scope["path"]})
            status, kind, content = _refuse(500, LiftlineError("the warehouse failed; see its log"))
        headers = [(b"content-type", kind), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def close(self) -> bool:
        """Take no more work; False when some is still being done."""
        for pool in (self._queries, self._quick, self._long):
            pool.shutdown(wait=False, cancel_futures=True)
        return self._running == 0

    def _engine(self) -> Engine:
        if self._process.engine is not None:
            return self._process.engine
        problem = self._process.problem
        if problem is not None:
            raise WarehouseAwayError(problem.message, cure=problem.cure)
        raise WarehouseAwayError("the warehouse is opening its file", cure="ask again in a moment")

    async def _query(self, body: bytes) -> Answer:
        engine, request = self._engine(), _decode(body, QueryRequest)
        if self._waiting >= self._query_room:
            raise TooBusyError
        self._waiting += 1
        try:
            return await self._on(self._queries, lambda: _run_query(engine, request))
        finally:
            self._waiting -= 1

    async def _status(self, _: bytes) -> Answer:
        return await self._on(self._quick, lambda: _reply(self._read_status()))

    def _read_status(self) -> WarehouseStatus:
        if self._process.engine is not None:
            return self._process.engine.status()
        problem = self._process.problem
        return WarehouseStatus(
            state="starting" if problem is None else "stopped",
            loaded_position="",
            durable_position="",
            pending_events=0,
            loaded_events=0,
            last_load_at=None,
            last_build=None,
            size_bytes=0,
            problem="" if problem is None else problem.message,
            cure="" if problem is None else problem.cure,
        )

    async def _build(self, _: bytes) -> Answer:
        engine = self._engine()
        return await self._on(self._long, lambda: _reply(engine.build()))

    async def _apply_plan(self, _: bytes) -> Answer:
        engine = self._engine()
        return await self._on(self._long, lambda: _reply(engine.apply_plan()))

    async def _rebuild(self, body: bytes) -> Answer:
        engine, request = self._engine(), _decode(body, RebuildRequest)

        def run() -> Answer:
            mode: Mode = "verify" if request.verify else "unverified"
            report = engine.rebuild("this_log" if request.from_this_log else mode)
            return _reply(
                RebuildReply(
                    is_same=report.is_same,
                    is_in_place=report.may_take_the_place,
                    text=report.text(),
                )
            )

        return await self._on(self._long, run)

    async def _healthz(self, _: bytes) -> Answer:
        return 200, _JSON, b'{"ok":true}'

    async def _readyz(self, _: bytes) -> Answer:
        self._engine()
        return 200, _JSON, b'{"ready":true}'

    async def _metrics(self, _: bytes) -> Answer:
        return await self._on(self._quick, lambda: (200, _TEXT, self._read_metrics()))

    def _read_metrics(self) -> bytes:
        if self._process.engine is None and self._process.problem is not None:
            gauges = Gauges()  # the file cannot be opened: that must ring too
            gauges.is_stopped.set(1)
            return gauges.text()
        return self._engine().metrics()

    async def _on(self, pool: ThreadPoolExecutor, work: Callable[[], Answer]) -> Answer:
        def run() -> Answer:
            self._running += 1
            try:
                return work()
            finally:
                self._running -= 1

        return await asyncio.get_running_loop().run_in_executor(pool, run)


def _run_query(engine: Engine, request: QueryRequest) -> Answer:
    rows = engine.query(
        request.sql,
        unpack_parameters(request),
        max_rows=request.max_rows,
        timeout_s=request.timeout_s,
    )
    return _reply(pack_rows(rows))


async def _read_body(receive: Receive) -> bytes:
    chunks, size, is_more = [], 0, True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequestError("the caller went away")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > CONTENT_MAX_BYTES:
            raise BadRequestError("the request is too large")
        chunks.append(chunk)
        is_more = message.get("more_body", False)
    return b"".join(chunks)


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise BadRequestError(str(error)) from error


def _reply(answer: msgspec.Struct) -> Answer:
    return 200, _JSON, msgspec.json.encode(answer)


def _refuse(status: int, error: LiftlineError) -> Answer:
    refusal = Refusal(code=error.code, message=error.message, cure=error.cure)
    return status, _JSON, msgspec.json.encode(refusal)


def serve(config: WarehouseConfig, log: LogReader) -> None:
    """Run the warehouse process until SIGTERM or SIGINT; drains within `drain_s`.

    The socket answers before the file is open. Exits with 70 when DuckDB has declared its
    state unusable, so that a supervisor starts it again.
    """
    door = _listen(config.socket_path)
    process = Process(config, log, SystemClock())
    app = WarehouseApp(config, process)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=max(1, int(config.drain_s) - 2),
        )
    )
    # Not a signal: one that comes before uvicorn listens for it would be lost.
    process.on_fatal = lambda: setattr(server, "should_exit", True)
    # uvicorn raises the signal again when it has stopped; the file must be closed after that.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    process.start()
    try:
        server.run(sockets=[door])
    finally:
        is_idle = app.close()
        is_stopped = process.stop(config.drain_s / 2)
        config.socket_path.unlink(missing_ok=True)
    if process.is_fatal or not (is_idle and is_stopped):
        # A dbt build cannot be interrupted. Leaving without it is what kill -9 does, and
        # every commit is safe from that.
        logging.shutdown()
        os._exit(_EXIT_RESTART if process.is_fatal else 0)


def _listen(path: Path) -> socket.socket:
    """A socket that only this user may open. Refuses to push a living process aside."""
    if len(os.fsencode(path)) > _SOCKET_PATH_MAX:
        raise BadRequestError(
            f"the socket's path is longer than {_SOCKET_PATH_MAX} bytes",
            cure="choose a shorter data directory",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if path.exists() and probe.connect_ex(str(path)) == 0:
            raise FileLockedError("a warehouse process is already listening on that socket")
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    umask = os.umask(0o177)
    try:
        door.bind(str(path))
    finally:
        os.umask(umask)
    door.listen(128)
    return door
