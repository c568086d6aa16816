"""Goal: the web edge signs in and out, guards every change, and shows a key's text once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from liftline.app.exits import body as error_body
from liftline.app.exits import http_status
from liftline.core.errors import LiftlineError
from liftline.platform.access.api import SESSION_COOKIE, Access
from liftline.platform.access.contracts import Grant
from liftline.platform.access.http import routes
from liftline.platform.state.contracts import StateStore

PASSWORD = "correct horse battery"
BASE_URL = "http://127.0.0.1:8400"
FORGED = {"sec-fetch-site": "cross-site"}
KEY = {"kind": "server", "project": "shop", "environment": "dev", "name": "web shop"}


class Browser:
    """A client with a cookie jar that calls the application in this thread."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 50_000))
        self.cookies = httpx.Cookies()
        self.headers: dict[str, str] = {}

    def get(self, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._send("GET", path, options))

    def post(self, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._send("POST", path, options))

    async def _send(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        async with httpx.AsyncClient(
            transport=self._transport, base_url=BASE_URL, cookies=self.cookies
        ) as client:
            client.headers.update(self.headers)
            answer = await client.request(method, path, **options)
            self.cookies = client.cookies
            return answer


def app_of(access: Access) -> FastAPI:
    """The routes with the app's own way of finding out who asks and of answering errors."""
    app = FastAPI()

    def authenticate(request: Request) -> None:
        address = request.client.host if request.client else ""
        request.state.principal = access.authenticate(
            request.cookies.get(SESSION_COOKIE), request.headers.get("authorization"), address
        )

    def answer(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, LiftlineError)
        return JSONResponse(error_body(error), http_status(error))

    def provide(port: type[Any]) -> Any:
        return {Access: access}[port]

    app.add_exception_handler(LiftlineError, answer)
    app.include_router(routes(provide), dependencies=[Depends(authenticate)])
    return app


@pytest.fixture
def store(sqlite_store: StateStore) -> StateStore:
    """The engine makes no difference here."""
    return sqlite_store


@pytest.fixture
def client(access: Access) -> Browser:
    return Browser(app_of(access))


@pytest.fixture
def admin(client: Browser, access: Access) -> Browser:
    link = access.first_account_link()
    assert link is not None
    token = link.split("#token=")[1]
    answer = client.post("/api/account/accept", json={"token": token, "password": PASSWORD})
    assert answer.status_code == 200
    return client


@pytest.fixture
def viewer(access: Access) -> Browser:
    link = access.people.invite("key:x", "v@b.example", [Grant(role="viewer")], (), "http://x")
    client = Browser(app_of(access))
    token = link.split("#token=")[1]
    client.post("/api/account/accept", json={"token": token, "password": PASSWORD})
    return client


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    client: Browser, access: Access
) -> None:
    token = str(access.first_account_link()).split("#token=")[1]
    answer = client.post("/api/account/accept", json={"token": token, "password": PASSWORD})
    [cookie] = answer.headers.get_list("set-cookie")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert parts == {"httponly", "max-age=1209600", "path=/", "samesite=lax"}
    assert "secure" not in parts
    assert answer.json()["is_admin"] is True


def test_over_https_the_cookie_is_secure(access: Access) -> None:
    assert access.is_cookie_secure is False
    access.base_url = "https://liftline.example"
    assert access.is_cookie_secure is True


def test_login_me_logout(admin: Browser) -> None:
    assert admin.post("/api/session/logout").status_code == 204
    assert code(admin.get("/api/me")) == (401, "access.unauthenticated")
    body = {"email": "admin@localhost", "password": "wrong password"}
    assert code(admin.post("/api/session/login", json=body)) == (401, "access.login_failed")
    assert admin.post("/api/session/login", json=body | {"password": PASSWORD}).status_code == 200
    assert admin.get("/api/me").json()["label"] == "admin@localhost"


def test_guessing_is_answered_with_429(admin: Browser) -> None:
    body = {"email": "admin@localhost", "password": "wrong password"}
    answers = [admin.post("/api/session/login", json=body).status_code for _ in range(7)]
    assert answers == [401] * 5 + [429] * 2


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("/api/keys", KEY),
    ("/api/keys/KEY/revoke", {}),
    ("/api/keys/slots/SLOT/rotate", {}),
    ("/api/accounts", {"email": "n@b.example", "grants": [{"role": "viewer"}]}),
    ("/api/accounts/link", {"email": "admin@localhost"}),
    ("/api/accounts/ACCOUNT/disable", {"is_disabled": True}),
]


@pytest.fixture
def made(admin: Browser) -> Callable[[str], str]:
    minted = admin.post("/api/keys", json=KEY).json()
    me = admin.get("/api/me").json()
    known = {"KEY": minted["key_id"], "SLOT": minted["slot_id"], "ACCOUNT": me["id"]}

    def path_of(template: str) -> str:
        for word, value in known.items():
            template = template.replace(word, value)
        return template

    return path_of


@pytest.mark.parametrize(("path", "body"), CHANGES)
def test_every_change_is_guarded(
    path: str,
    body: dict[str, Any],
    made: Callable[[str], str],
    admin: Browser,
    viewer: Browser,
    access: Access,
) -> None:
    nobody = Browser(app_of(access))
    assert code(nobody.post(made(path), json=body)) == (401, "access.unauthenticated")
    assert code(viewer.post(made(path), json=body)) == (403, "access.not_allowed")
    forged = admin.post(made(path), json=body, headers=FORGED)
    assert code(forged) == (403, "access.cross_site")
    assert admin.post(made(path), json=body).status_code in (200, 201, 204)


@pytest.mark.parametrize("path", ["/api/keys", "/api/accounts", "/api/audit", "/api/audit/chain"])
def test_every_view_of_access_is_guarded(path: str, admin: Browser, viewer: Browser) -> None:
    assert admin.get(path).status_code == 200
    assert code(viewer.get(path)) == (403, "access.not_allowed")
    viewer.cookies.clear()
    assert code(viewer.get(path)) == (401, "access.unauthenticated")


def test_a_forged_sign_in_or_out_is_refused(admin: Browser) -> None:
    body = {"email": "admin@localhost", "password": PASSWORD}
    assert code(admin.post("/api/session/login", json=body, headers=FORGED))[0] == 403
    assert code(admin.post("/api/session/logout", headers=FORGED))[0] == 403
    assert admin.get("/api/me").status_code == 200


def test_a_key_s_life_over_the_api(admin: Browser, access: Access) -> None:
    minted = admin.post("/api/keys", json=KEY).json()
    assert access.keys.find(minted["key"]) is not None
    [listed] = admin.get("/api/keys", params={"project": "shop", "environment": "dev"}).json()[
        "keys"
    ]
    assert listed["key_id"] == minted["key_id"]
    assert minted["key"] not in str(listed)
    second = admin.post(f"/api/keys/slots/{minted['slot_id']}/rotate").json()
    full = admin.post(f"/api/keys/slots/{minted['slot_id']}/rotate")
    assert code(full) == (409, "access.slot_full")
    assert admin.post(f"/api/keys/{minted['key_id']}/revoke").status_code == 204
    assert access.keys.find(minted["key"]) is None
    assert access.keys.find(second["key"]) is not None
    assert code(admin.post("/api/keys/nokey/revoke")) == (404, "access.missing")


def test_an_admin_key_works_in_its_place_alone(admin: Browser, access: Access) -> None:
    text = admin.post("/api/keys", json=KEY | {"kind": "admin"}).json()["key"]
    machine = Browser(app_of(access))
    machine.headers["authorization"] = f"Bearer {text}"
    assert machine.post("/api/keys", json=KEY).status_code == 201
    other = machine.post("/api/keys", json=KEY | {"project": "blog"})
    assert code(other) == (403, "access.not_allowed")
    assert code(machine.get("/api/accounts")) == (403, "access.not_allowed")
    assert machine.get("/api/me").json()["kind"] == "key"


def test_a_wrong_key_is_nobody_even_with_a_session(admin: Browser) -> None:
    for header in ("Bearer llk_nonsense", "Basic eDp5", "Bearer "):
        answer = admin.get("/api/me", headers={"authorization": header})
        assert code(answer) == (401, "access.unauthenticated")


def test_the_audit_page_turns(admin: Browser) -> None:
    for number in range(5):
        admin.post("/api/keys", json=KEY | {"name": f"n{number}"})
    first = admin.get("/api/audit", params={"limit": 2}).json()["entries"]
    second = admin.get("/api/audit", params={"limit": 2, "before": first[-1]["seq"]}).json()
    assert [entry["seq"] for entry in first + second["entries"]] == [7, 6, 5, 4]
    assert admin.get("/api/audit/chain").json()["is_intact"] is True


@pytest.mark.parametrize(
    "body",
    [
        KEY | {"kind": "root"},
        KEY | {"environment": "moon"},
        KEY | {"project": "../x"},
        KEY | {"surprise": 1},
        KEY | {"expires_at": "2026-01-01T00:00:00"},
        KEY | {"expires_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_a_bad_key_request_is_refused(admin: Browser, body: dict[str, Any]) -> None:
    assert admin.post("/api/keys", json=body).status_code in (400, 422)
