"""Goal: access tests get a wired Access with cheap password hashes, or the whole app."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from argon2 import PasswordHasher

from liftline.app.http import create_app
from liftline.app.paths import Layout
from liftline.app.settings import Settings
from liftline.app.wiring import Wiring, wire
from liftline.core.clock import ManualClock
from liftline.platform.access.api import Access, Passwords
from liftline.platform.control.api import SnapshotPublisher
from liftline.platform.state.contracts import StateStore

BASE_URL = "http://127.0.0.1:8400"
START_BOUND_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeApp:
    """The app as it is wired, listening on loopback."""

    url: str
    data: Path
    wiring: Wiring


@pytest.fixture(scope="session")
def whole_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApp]:
    """Every room's routes behind the real door; without collector and warehouse."""
    layout = Layout(tmp_path_factory.mktemp("whole-app") / "data")
    layout.make()
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        wiring = wire(Settings(data_dir=layout.root, app_port=port, collector_port=1))
        server = uvicorn.Server(uvicorn.Config(create_app(wiring), log_config=None, lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            end = time.monotonic() + START_BOUND_S
            while not server.started:
                assert thread.is_alive() and time.monotonic() < end, "the app did not start"
                time.sleep(0.02)
            yield WholeApp(url=f"http://127.0.0.1:{port}", data=layout.root, wiring=wiring)
        finally:
            server.should_exit = True
            thread.join(START_BOUND_S)
            assert not thread.is_alive()


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def access(store: StateStore, clock: ManualClock, tmp_path: Path, passwords: Passwords) -> Access:
    made = Access(
        store, SnapshotPublisher(tmp_path / "control"), clock, BASE_URL, passwords=passwords
    )
    made.keys.publish()
    return made
