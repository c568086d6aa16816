"""Goal: every adapter of the warehouse port answers alike, in values, types and errors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import uvicorn

from liftline.adapters.event_log.memory import MemoryLog, MemoryLogReader, MemoryLogWriter
from liftline.adapters.warehouse.duckdb import DuckDbWarehouse
from liftline.adapters.warehouse.socket import SocketWarehouse
from liftline.core.clock import SystemClock
from liftline.data.events.contracts import EventRecord
from liftline.data.warehouse.api import WarehouseConfig
from liftline.data.warehouse.contracts import QueryError, Warehouse, WarehouseAwayError
from liftline.data.warehouse.http import WarehouseApp, _listen
from liftline.data.warehouse.process import Process

AT = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
WAIT_S = 20.0


@dataclass
class Bench:
    """A warehouse behind the port, with the log it loads and a way to wait for it."""

    warehouse: Warehouse
    log: MemoryLog
    load: Callable[[], object]


def _config(folder: Path) -> WarehouseConfig:
    return WarehouseConfig(
        directory=folder / "warehouse",
        control_directory=folder / "control",
        socket_path=folder / "w.sock",
        logs_directory=folder / "logs",
        memory_limit_mb=256,
        batch_age_s=0.01,
        poll_s=0.01,
        core_share=1.0,
    )


def _in_process(folder: Path) -> Iterator[Bench]:
    log = MemoryLog()
    warehouse = DuckDbWarehouse(_config(folder), MemoryLogReader(log))
    yield Bench(warehouse, log, warehouse.load)
    warehouse.engine.close()


def _over_socket(folder: Path) -> Iterator[Bench]:
    log, config = MemoryLog(), _config(folder)
    process = Process(config, MemoryLogReader(log), SystemClock())
    app = WarehouseApp(config, process)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    door = _listen(config.socket_path)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    process.start()
    warehouse = SocketWarehouse(config.socket_path)

    def load() -> None:
        pause = threading.Event()
        for _ in range(int(WAIT_S / 0.01)):
            status = warehouse.status()
            if status.state != "starting" and status.pending_events == 0:
                return
            pause.wait(0.01)
        raise AssertionError("loading took too long")

    load()
    yield Bench(warehouse, log, load)
    server.should_exit = True
    thread.join(WAIT_S)
    app.close()
    assert process.stop(WAIT_S)


@pytest.fixture(params=[_in_process, _over_socket], ids=["DuckDbWarehouse", "SocketWarehouse"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    yield from request.param(tmp_path)


def _append(log: MemoryLog, *message_ids: str) -> None:
    lines = b"".join(
        msgspec.json.encode(
            EventRecord(
                project="demo",
                environment="prod",
                source_id="s",
                message_id=message_id,
                type="track",
                name="n",
                user_id=None,
                anonymous_id=None,
                timestamp=None,
                event_at=AT,
                sent_at=None,
                received_at=AT,
                sender="server",
                plan_version=1,
                is_planned=True,
                is_historical=False,
                id_minted=False,
                business_key=None,
                properties=msgspec.Raw(b'{"q":"\\"a\\""}'),
                context=msgspec.Raw(b"{}"),
            )
        )  # fmt: skip
        + b"\n"
        for message_id in message_ids
    )
    count = len(message_ids)
    MemoryLogWriter(log).append(lines, records=count, events=count, acknowledge=lambda _: None)


def test_values_and_types_are_the_same_everywhere(bench: Bench) -> None:
    _append(bench.log, "a", "b")
    bench.load()
    rows = bench.warehouse.query(
        "select message_id, event_at, 1 as one, 1.5::double as half, true as yes, null as nothing,"
        " properties ->> '$.q' as q, sent_at, $text as text, len($list) as n, $none is null as gone"
        " from raw.events where event_at = $at and message_id in (select unnest($list))"
        " order by message_id",
        {"at": AT, "list": ["a", "b"], "text": "é☃", "none": None, "not used": 5},
    )
    assert rows.columns == (
        *("message_id", "event_at", "one", "half", "yes", "nothing", "q", "sent_at"),
        *("text", "n", "gone"),
    )
    first = ("a", AT, 1, 1.5, True, None, '"a"', None, "é☃", 2, True)
    assert rows.rows[0] == first
    assert [type(value) for value in rows.rows[0]] == [type(value) for value in first]
    assert rows.rows[0][1] is not None and rows.as_of == AT
    assert rows.rows[1][0] == "b"


def test_an_empty_warehouse_has_no_as_of(bench: Bench) -> None:
    rows = bench.warehouse.query("select * from raw.events")
    assert (rows.rows, rows.as_of, rows.is_truncated) == ((), None, False)
    assert "event_at" in rows.columns


def test_too_many_rows_are_cut(bench: Bench) -> None:
    rows = bench.warehouse.query("select * from range(50)", max_rows=7)
    assert (len(rows.rows), rows.is_truncated) == (7, True)


def test_a_bad_query_is_a_query_error_with_its_reason(bench: Bench) -> None:
    with pytest.raises(QueryError, match="nowhere"):
        bench.warehouse.query("select * from nowhere")
    with pytest.raises(QueryError):
        bench.warehouse.query("delete from raw.events")
    with pytest.raises(QueryError, match="naive"):
        bench.warehouse.query("select $at", {"at": AT.replace(tzinfo=None)})


def test_a_slow_query_ends_at_its_deadline(bench: Bench) -> None:
    with pytest.raises(QueryError, match="longer"):
        bench.warehouse.query(
            "select count(*) from range(10000000) a, range(10000000) b where a.range % 7 = b.range",
            timeout_s=0.1,
        )


def test_status_says_how_far_loading_is(bench: Bench) -> None:
    _append(bench.log, "a", "a", "b")
    bench.load()
    status = bench.warehouse.status()
    assert (status.state, status.loaded_events, status.pending_events) == ("loading", 3, 0)
    assert status.loaded_position == status.durable_position == str(bench.log.stats.durable)
    assert status.last_load_at is not None and status.last_load_at.tzinfo is not None
    assert status.size_bytes > 0
    assert bench.warehouse.query("select count(*) from raw.events").rows == ((2,),)


def test_a_build_without_a_plan_says_so(bench: Bench) -> None:
    result = bench.warehouse.build()
    assert not result.is_ok
    assert "plan" in result.failures[0]
    assert not bench.warehouse.apply_plan().is_ok


def test_a_warehouse_that_is_away_is_a_retryable_error(tmp_path: Path) -> None:
    with pytest.raises(WarehouseAwayError):
        SocketWarehouse(tmp_path / "nobody.sock").query("select 1")
