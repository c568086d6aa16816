"""Goal: the command line changes keys and accounts of the running app, and says when none runs."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cyclopts import App
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from liftline.app.exits import body as error_body
from liftline.app.exits import exit_code, http_status
from liftline.core.errors import (
    ConflictError,
    InvalidError,
    LiftlineError,
    NotFoundError,
    UnavailableError,
)
from liftline.core.ids import ProjectId
from liftline.platform.access import cli, client
from liftline.platform.access.api import Access, SlotSpec
from liftline.platform.access.cli import accounts_app, keys_app
from liftline.platform.access.http import routes
from liftline.platform.access.operator import NotRunningError
from liftline.platform.control.api import SnapshotPublisher
from liftline.platform.state.contracts import StateStore

WAIT_S = 10.0
SLOT = SlotSpec(project=ProjectId("shop"), environment="dev", kind="server", name="web shop")
SERVER_KEY = ["create", "server", "shop", "dev", "web shop"]


class Started(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_listening.set()


@pytest.fixture
def store(sqlite_store: StateStore) -> StateStore:
    """The engine makes no difference here."""
    return sqlite_store


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process has to learn of the keys here."""
    monkeypatch.setattr(cli, "PROPAGATION_BOUND_S", 0.0)


@pytest.fixture
def running(access: Access, tmp_path: Path) -> Iterator[Path]:
    """The routes on a free loopback port, with its address left in the data directory."""
    app = FastAPI()

    def authenticate(request: Request) -> None:
        address = request.client.host if request.client else ""
        header = request.headers.get("authorization")
        request.state.principal = access.authenticate(None, header, address)

    def answer(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, LiftlineError)
        return JSONResponse(error_body(error), http_status(error))

    def provide(port: type[Any]) -> Any:
        return {Access: access}[port]

    app.add_exception_handler(LiftlineError, answer)
    app.include_router(routes(provide), dependencies=[Depends(authenticate)])
    bound = socket.create_server(("127.0.0.1", 0))
    server = Started(uvicorn.Config(app, log_config=None, lifespan="off", loop="asyncio"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    assert server.is_listening.wait(WAIT_S)
    (tmp_path / "run").mkdir()
    access.open_for_command_line(tmp_path / "run", f"http://127.0.0.1:{bound.getsockname()[1]}")
    yield tmp_path
    server.should_exit = True
    thread.join(WAIT_S)
    bound.close()
    assert not thread.is_alive()


def say(app: App, words: list[str], data: Path, capsys: pytest.CaptureFixture[str]) -> str:
    app([*words, "--data", str(data)], exit_on_error=False, result_action="return_value")
    return capsys.readouterr().out.strip()


def test_a_key_s_life(access: Access, running: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = say(keys_app, SERVER_KEY, running, capsys)
    found = access.keys.find(text)
    assert found is not None
    assert found.project == "shop"
    second = say(keys_app, ["rotate", found.source_id], running, capsys)
    assert access.keys.find(second) is not None
    with pytest.raises(ConflictError):
        say(keys_app, ["rotate", found.source_id], running, capsys)
    assert found.key_id in say(keys_app, ["revoke", found.key_id], running, capsys)
    assert access.keys.find(text) is None
    listed = json.loads(say(keys_app, ["list", "--json"], running, capsys))
    assert [key["revoked_at"] is None for key in listed].count(True) == 1
    assert "web shop" in say(keys_app, ["list", "--project", "shop"], running, capsys)
    with pytest.raises(NotFoundError):
        say(keys_app, ["revoke", "nokey"], running, capsys)


def test_accounts(access: Access, running: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["invite", "eve@b.example", "--role", "editor", "--project", "shop", "--scope", "qa"]
    link = say(accounts_app, words, running, capsys)
    assert link.startswith("http://127.0.0.1:8400/accept#token=")
    assert (
        say(accounts_app, ["list"], running, capsys) == "eve@b.example  invited  editor@shop/*  qa"
    )
    assert say(accounts_app, ["link", "eve@b.example"], running, capsys) != link
    with pytest.raises(InvalidError):
        say(accounts_app, ["invite", "no-address"], running, capsys)


def test_an_app_that_does_not_run_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NotRunningError):
        say(keys_app, ["list"], tmp_path, capsys)


def test_an_app_that_stopped_is_said(
    access: Access, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        access.open_for_command_line(tmp_path / "run", url)
        with pytest.raises(NotRunningError):
            say(accounts_app, ["list"], tmp_path, capsys)


def test_an_id_cannot_become_another_address(
    running: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NotFoundError):
        say(keys_app, ["revoke", "../accounts?x=/#"], running, capsys)


def test_the_key_is_printed_before_anybody_waits(
    running: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    with pytest.raises(SystemExit):
        say(keys_app, SERVER_KEY, running, capsys)
    assert capsys.readouterr().out.startswith("llk_server_")


def test_a_key_that_is_not_in_force_yet_is_printed_and_said(
    running: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: SnapshotPublisher, _name: str, _body: bytes) -> int:
        raise OSError("no space left on device")

    monkeypatch.setattr(SnapshotPublisher, "publish", refuse)
    keys_app(
        [*SERVER_KEY, "--data", str(running)], exit_on_error=False, result_action="return_value"
    )
    printed = capsys.readouterr()
    assert printed.out.startswith("llk_server_")
    assert "not yet in force" in printed.err


def test_what_may_succeed_later_keeps_its_code_and_its_kind(
    access: Access,
    running: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [key_id] = [access.keys.create("person:a", SLOT).key_id]

    def refuse(_self: SnapshotPublisher, _name: str, _body: bytes) -> int:
        raise OSError("no space left on device")

    monkeypatch.setattr(SnapshotPublisher, "publish", refuse)
    with pytest.raises(UnavailableError) as raised:
        say(keys_app, ["revoke", key_id], running, capsys)
    assert raised.value.code == "access.keys_not_in_force"
    assert exit_code(raised.value) == 75


def test_an_app_that_does_not_answer_is_not_called_stopped(
    access: Access,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "TIMEOUT_S", 0.05)
    (tmp_path / "run").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        access.open_for_command_line(tmp_path / "run", url)
        with pytest.raises(UnavailableError) as raised:
            say(accounts_app, ["list"], tmp_path, capsys)
    assert raised.value.code == "access.no_answer"


def test_an_operator_locks_out_and_lets_in(
    access: Access, running: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    say(accounts_app, ["invite", "eve@b.example"], running, capsys)
    assert "disabled" in say(accounts_app, ["disable", "Eve@b.example"], running, capsys)
    assert [account.is_disabled for account in access.people.listing()] == [True]
    assert "enabled" in say(accounts_app, ["enable", "eve@b.example"], running, capsys)
    assert [account.is_disabled for account in access.people.listing()] == [False]
    with pytest.raises(NotFoundError):
        say(accounts_app, ["enable", "nobody@b.example"], running, capsys)
