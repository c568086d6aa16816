"""Goal: every answer is hardened, every failure is JSON with a code and a cure, nothing leaks."""

import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn

from liftline.app.http import BODY_MAX_BYTES, create_app
from liftline.app.paths import Layout
from liftline.app.settings import Settings
from liftline.app.wiring import wire

START_BOUND_S = 20.0
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    made = Layout(tmp_path_factory.mktemp("app") / "data")
    made.make()
    return made


@pytest.fixture(scope="module")
def client(layout: Layout) -> Iterator[httpx.Client]:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        settings = Settings(data_dir=layout.root, app_port=port, collector_port=1)
        config = uvicorn.Config(create_app(wire(settings)), log_config=None, lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            end = time.monotonic() + START_BOUND_S
            while not server.started:
                assert thread.is_alive() and time.monotonic() < end, "the app did not start"
                time.sleep(0.02)
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=url, timeout=10, trust_env=False) as opened:
                yield opened
        finally:
            server.should_exit = True
            thread.join(START_BOUND_S)
            assert not thread.is_alive()


@pytest.mark.parametrize(
    "path", ["/healthz", "/", "/login", "/api/me", "/assets/none.js", "/" + "x" * 300]
)
def test_every_answer_carries_the_security_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy, "no inline script or style"
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/me", 401, "access.unauthenticated"),
        ("GET", "/api/keys", 401, "access.unauthenticated"),
        ("GET", "/api/health?project=shop&environment=dev", 401, "access.unauthenticated"),
        ("POST", "/api/tracking/apply", 401, "access.unauthenticated"),
        ("GET", "/assets/" + "x" * 300, 404, "app.no_such_address"),
        ("GET", "/api/nothing", 404, "app.no_such_address"),
        ("GET", "/assets/..%2f..%2fetc%2fpasswd", 404, "app.no_such_address"),
        ("POST", "/api/session/login", 422, "app.invalid_request"),
    ],
)
def test_failures_are_json_with_code_and_cure(
    client: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path, json={})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert error["message"]
    assert error["cure"]


def test_a_body_over_the_bound_is_refused_announced_or_not(client: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * (BODY_MAX_BYTES // 10)

    announced = client.post("/api/session/login", content=b"x" * (BODY_MAX_BYTES + 1))
    assert announced.status_code == 413
    assert "content-security-policy" in announced.headers
    assert client.post("/api/session/login", content=chunks()).status_code == 413


def test_a_forged_request_from_another_site_is_refused(client: httpx.Client) -> None:
    answer = client.post(
        "/api/session/login",
        json={"email": "a@b.test", "password": "x"},
        headers={"origin": "https://evil.test", "sec-fetch-site": "cross-site"},
    )
    assert answer.status_code == 403


def test_the_one_time_link_signs_in_once_and_the_warehouse_may_be_away(
    client: httpx.Client, layout: Layout
) -> None:
    link = (layout.run / "login-link").read_text()
    assert (layout.run / "login-link").stat().st_mode & 0o077 == 0
    body = {"token": urlsplit(link).fragment.removeprefix("token="), "password": PASSWORD}
    first = client.post("/api/account/accept", json=body)
    assert first.status_code == 200
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert client.post("/api/account/accept", json=body).status_code == 400
    assert client.get("/api/me").json()["role"] == "admin"
    page = client.get("/api/overview", params={"project": "shop", "environment": "dev"})
    assert (page.status_code, page.json()["state"]) == (200, "away"), page.text


def test_readiness_and_metrics_are_served(client: httpx.Client) -> None:
    assert client.get("/readyz").status_code == 200
    text = client.get("/metrics").text
    assert "liftline_access_sign_ins_total" in text
    assert "liftline_jobs_timers" in text


def test_the_api_describes_itself_without_a_page_from_elsewhere(client: httpx.Client) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {"/api/me", "/api/overview", "/api/keys", "/api/tracking/apply"} <= set(paths)
    assert client.get("/docs").headers["content-type"].startswith(("text/html", "text/plain"))
    assert "cdn" not in client.get("/docs").text
