"""The app process: the rooms' routes, the pages, errors as JSON, security headers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import prometheus_client
import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import liftline
from liftline.app.exits import body, http_status
from liftline.app.paths import shipped
from liftline.app.ports import family_of
from liftline.app.rooms import load_named
from liftline.app.settings import Settings
from liftline.app.wiring import Wiring, wire
from liftline.core.errors import LiftlineError, UnavailableError
from liftline.core.room import Provide

GRACEFUL_S: Final = 3
CONNECTIONS_MAX: Final = 512
KEEP_ALIVE_S: Final = 30
BODY_MAX_BYTES: Final = 1024 * 1024
SECURITY_HEADERS: Final = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        b"font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
        b"base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class Hardened:
    """Adds the security headers to every answer and bounds every request's body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *SECURITY_HEADERS]
            await send(message)

        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > BODY_MAX_BYTES:
            answer = _plain_error(
                413, "app.body_too_large", "The body is over 1 MiB.", "send less at once"
            )
            await answer(scope, receive, send_hardened)
            return

        await self._app(scope, _bounded(receive), send_hardened)


def _bounded(receive: Receive) -> Receive:
    """Refuse a chunked body that grows past the bound that content-length would have hit."""
    seen = 0

    async def receive_bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > BODY_MAX_BYTES:
            raise HTTPException(413, "The body is over 1 MiB.")
        return message

    return receive_bounded


def create_app(wiring: Wiring) -> Hardened:
    """The ASGI application over wired rooms; serves nothing from elsewhere.

    Hardened stands outside of everything, so that even a defect's 500 carries the headers.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        wiring.start()
        yield
        await asyncio.to_thread(wiring.stop)

    app = FastAPI(
        title="Liftline",
        version=liftline.__version__,
        docs_url=None,  # both pages need a CDN or inline script (ARCHITECTURE.md, traps)
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
    )
    app.add_exception_handler(LiftlineError, _answer_liftline_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid_request)
    app.add_exception_handler(HTTPException, _answer_http_exception)
    app.add_exception_handler(Exception, _answer_defect)

    def authenticate(request: Request) -> None:
        wiring.authenticate(request)

    for room in wiring.rooms:
        for reference in room.routes:
            factory = load_named(reference)
            assert callable(factory)
            router: APIRouter = _build(factory, wiring.provide)
            app.include_router(router, dependencies=[Depends(authenticate)])
    app.include_router(_operations(wiring))
    app.include_router(_pages())
    return Hardened(app)


def _build(factory: Callable[[Provide], APIRouter], provide: Provide) -> APIRouter:
    return factory(provide)


def _operations(wiring: Wiring) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @router.get("/readyz")
    async def readyz() -> PlainTextResponse:
        problem = wiring.not_ready_because()
        return PlainTextResponse(problem or "ready\n", 503 if problem else 200)

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(
            prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST
        )

    return router


def _pages() -> APIRouter:
    """The built web UI: hashed files for ever, index.html for every page's address."""
    router = APIRouter(include_in_schema=False)
    dist = shipped("ui/dist")

    @router.get("/assets/{name}")
    def asset(name: str, request: Request) -> Response:
        path = dist / "assets" / name
        if path.parent != dist / "assets" or not _is_file(path):
            raise HTTPException(404)
        headers = {
            "cache-control": "public, max-age=31536000, immutable",
            "vary": "accept-encoding",
        }
        return _precompressed(path.as_posix(), request, headers)

    @router.get("/{path:path}")
    def page(path: str, request: Request) -> Response:
        if path.startswith(("api/", "assets/")):
            raise HTTPException(404)
        top = dist / path
        if path and "/" not in path and path != "index.html" and _is_file(top):
            return FileResponse(top, headers={"cache-control": "no-cache"})
        if not (dist / "index.html").is_file():
            return PlainTextResponse(
                "The pages are not built. Run `make ui` in the checkout, then reload.\n", 503
            )
        headers = {"cache-control": "no-cache", "vary": "accept-encoding"}
        return _precompressed((dist / "index.html").as_posix(), request, headers)

    return router


def _is_file(path: Path) -> bool:
    """False too for a name that no file system takes, such as one of 300 characters."""
    try:
        return path.is_file()
    except OSError:
        return False


_MEDIA = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml", "html": "text/html",
          "json": "application/json", "woff2": "font/woff2", "png": "image/png"}  # fmt: skip


def _precompressed(path: str, request: Request, headers: dict[str, str]) -> Response:
    """The .br or .gz sibling when the browser takes it; the build makes them."""
    accepted = request.headers.get("accept-encoding", "")
    media = _MEDIA.get(path.rsplit(".", 1)[-1], "application/octet-stream")
    for coding, suffix in (("br", ".br"), ("gzip", ".gz")):
        sibling = shipped("ui/dist").joinpath(path + suffix)
        if coding in accepted and sibling.is_file():
            return FileResponse(
                sibling, media_type=media, headers={**headers, "content-encoding": coding}
            )
    return FileResponse(path, media_type=media, headers=headers)


def _answer_liftline_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, LiftlineError)
    headers = {}
    if isinstance(error, UnavailableError):
        headers["retry-after"] = str(max(1, round(error.retry_after_s)))
    return JSONResponse(body(error), http_status(error), headers=headers)


def _answer_defect(_request: Request, _error: Exception) -> JSONResponse:
    """What nobody foresaw; Starlette logs the traceback."""
    return _plain_error(500, "app.defect", "Something in Liftline is broken.",
                        "see logs/app.jsonl in the data directory, and report it")  # fmt: skip


def _answer_invalid_request(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return _plain_error(422, "app.invalid_request", f"{where}: {first['msg']}",
                        "correct the named field")  # fmt: skip


def _answer_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _plain_error(404, "app.no_such_address", f"There is nothing at {request.url.path}.",
                            "see /api/openapi.json for what there is")  # fmt: skip
    return _plain_error(error.status_code, "app.http", str(error.detail), "see the message")


def _plain_error(status: int, code: str, message: str, cure: str) -> JSONResponse:
    return JSONResponse(
        {"error": {"code": code, "message": message, "cure": cure, "facts": {}}}, status
    )


def serve(settings: Settings) -> None:
    """Run the app process until SIGTERM. Streams close first, then the drain ends."""
    wiring = wire(settings)
    config = uvicorn.Config(
        create_app(wiring),
        host=settings.host,
        port=settings.app_port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # a made-up X-Forwarded-For must not dodge the sign-in limits
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACEFUL_S,
    )
    address = (settings.host, settings.app_port)
    bound = socket.create_server(address, family=family_of(settings.host), backlog=512)
    uvicorn.Server(config).run(sockets=[bound])
