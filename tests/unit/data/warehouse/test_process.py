"""Goal: the process answers whatever state loading is in, and stops when told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from liftline.adapters.event_log.memory import MemoryLog, MemoryLogReader, MemoryLogWriter
from liftline.core.clock import SystemClock
from liftline.core.errors import InvalidError
from liftline.data.events.contracts import EventRecord
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.http import WarehouseApp, _listen
from liftline.data.warehouse.process import Process
from liftline.data.warehouse.store import FileLockedError
from liftline.platform.control.api import SnapshotPublisher

WAIT_S = 20.0


def until(is_true: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(WAIT_S / 0.01)):
        if is_true():
            return
        pause.wait(0.01)
    raise AssertionError("waited too long")


@pytest.fixture
def running(config: WarehouseConfig) -> Iterator[tuple[Process, MemoryLog]]:
    from dataclasses import replace

    quick = replace(config, batch_age_s=0.01, poll_s=0.01, core_share=1.0)
    log = MemoryLog()
    process = Process(quick, MemoryLogReader(log), SystemClock())
    process.start()
    yield process, log
    assert process.stop(WAIT_S)


def test_what_becomes_durable_is_loaded_by_itself(
    running: tuple[Process, MemoryLog], event: Callable[..., EventRecord]
) -> None:
    import msgspec

    process, log = running
    line = msgspec.json.encode(event("a")) + b"\n"
    MemoryLogWriter(log).append(line, records=1, events=1, acknowledge=lambda _: None)
    until(lambda: process.engine is not None and process.engine.status().loaded_events == 1)


def test_a_stopped_loader_leaves_the_process_answering(
    running: tuple[Process, MemoryLog], event: Callable[..., EventRecord]
) -> None:
    import msgspec

    process, log = running
    line = msgspec.json.encode(event("a")) + b"\n"
    MemoryLogWriter(log).append(line, records=1, events=2, acknowledge=lambda _: None)
    until(lambda: process.engine is not None and process.engine.status().state == "stopped")
    assert call(WarehouseApp(process._config, process), "GET", "/healthz")[0] == 200
    assert (
        b"loader_stopped 1.0" in call(WarehouseApp(process._config, process), "GET", "/metrics")[1]
    )
    assert process.engine is not None
    assert process.engine.query("select 1").rows == ((1,),)
    assert not process.is_fatal


def test_an_emptied_log_stops_a_running_loader(
    running: tuple[Process, MemoryLog], event: Callable[..., EventRecord]
) -> None:
    import msgspec

    process, log = running
    line = msgspec.json.encode(event("a")) + b"\n"
    MemoryLogWriter(log).append(line, records=1, events=1, acknowledge=lambda _: None)
    until(lambda: process.engine is not None and process.engine.status().loaded_events == 1)
    log.frames, log.stats = [], MemoryLog().stats
    until(lambda: process.engine is not None and process.engine.status().state == "stopped")
    body = call(WarehouseApp(process._config, process), "GET", "/status")[1]
    assert b"--from-this-log" in body


def test_pruning_that_fails_is_tried_again_and_loading_goes_on(
    running: tuple[Process, MemoryLog],
    event: Callable[..., EventRecord],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import duckdb
    import msgspec

    process, log = running
    until(lambda: process.engine is not None)
    assert process.engine is not None
    refused: list[int] = []

    def refuse() -> None:
        refused.append(1)
        raise duckdb.IOException("IO Error: No space left on device")

    monkeypatch.setattr(process.engine._loader, "prune", refuse)
    monkeypatch.setattr("liftline.data.warehouse.process._PRUNE_EVERY_S", 0.0)
    until(lambda: bool(refused))
    assert "No space left" in process.engine.status().problem
    assert b"load_postponed 1.0" in process.engine.metrics()
    line = msgspec.json.encode(event("a")) + b"\n"
    MemoryLogWriter(log).append(line, records=1, events=1, acknowledge=lambda _: None)
    until(lambda: process.engine is not None and process.engine.status().loaded_events == 1)
    assert not process.is_fatal


def test_an_unexpected_error_ends_the_process_and_is_seen(
    running: tuple[Process, MemoryLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    process, _ = running
    ended: list[int] = []
    process.on_fatal = lambda: ended.append(1)
    until(lambda: process.engine is not None)
    assert process.engine is not None

    def break_down() -> bool:
        raise RuntimeError("a defect")

    monkeypatch.setattr(process.engine, "is_at_the_end", break_down)
    until(lambda: bool(ended))
    assert process.is_fatal
    status = process.engine.status()
    assert (status.state, "a defect" in status.problem) == ("stopped", True)
    assert b"loader_stopped 1.0" in process.engine.metrics()


def test_a_file_that_cannot_be_opened_rings_and_ends_the_process(
    config: WarehouseConfig,
) -> None:
    config.directory.parent.mkdir(exist_ok=True)
    config.directory.write_text("in the way")
    ended: list[int] = []
    process = Process(
        config, MemoryLogReader(MemoryLog()), SystemClock(), on_fatal=lambda: ended.append(1)
    )
    process.start()
    until(lambda: bool(ended))
    app = WarehouseApp(config, process)
    assert b"loader_stopped 1.0" in call(app, "GET", "/metrics")[1]
    assert b'"state":"stopped"' in call(app, "GET", "/status")[1]
    assert process.stop(WAIT_S)


def test_a_plan_that_cannot_be_read_is_a_problem_and_the_last_one_stays(
    running: tuple[Process, MemoryLog],
) -> None:
    process, _ = running
    until(lambda: process.engine is not None)
    assert process.engine is not None
    publisher = SnapshotPublisher(process._config.control_directory)
    publisher.publish("plan", b'{"version": "not a plan"}')
    engine = process.engine
    until(lambda: "cannot be read" in engine.status().problem)
    assert engine.status().cure and engine.plan_version() is None
    assert all(thread.is_alive() for thread in process._threads)


def test_a_build_that_breaks_is_a_failed_build(
    running: tuple[Process, MemoryLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    process, _ = running
    until(lambda: process.engine is not None)
    assert process.engine is not None

    def break_down() -> int:
        raise OSError("the control directory is gone")

    monkeypatch.setattr(process.engine, "plan_version", break_down)
    engine = process.engine
    until(lambda: (build := engine.status().last_build) is not None and not build.is_ok)
    assert b"last_build_ok 0.0" in engine.metrics()
    assert all(thread.is_alive() for thread in process._threads)


def test_a_locked_file_is_a_problem_with_a_cure(config: WarehouseConfig) -> None:
    process = Process(config, MemoryLogReader(MemoryLog()), SystemClock())
    app = WarehouseApp(config, process)
    assert call(app, "GET", "/readyz")[0] == 503
    process.problem = FileLockedError()
    status, body = call(app, "GET", "/status")
    assert status == 200 and b'"state":"stopped"' in body and b'"cure":"stop the other' in body
    assert call(app, "GET", "/healthz")[0] == 200
    assert call(app, "GET", "/nothing")[0] == 404
    assert call(app, "POST", "/query", b"{")[0] == 503


def test_a_second_process_does_not_push_the_first_aside(tmp_path: Path) -> None:
    path = tmp_path / "w.sock"
    door = _listen(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileLockedError):
        _listen(path)
    door.close()
    _listen(path).close()


def test_a_path_too_long_for_a_socket_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="longer"):
        _listen(tmp_path / ("x" * 120) / "w.sock")


def call(app: WarehouseApp, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """One request, straight into the ASGI app."""
    import asyncio

    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path}
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]
