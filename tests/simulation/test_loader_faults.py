"""Goal: kill -9, poison, damage and lack of memory neither lose nor double an event."""

from __future__ import annotations

import contextlib
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from liftline.adapters.event_log.segment import SegmentLogReader, SegmentLogWriter
from liftline.adapters.warehouse.duckdb import DuckDbWarehouse
from liftline.adapters.warehouse.socket import SocketWarehouse
from liftline.data.events.contracts import EventRecord, RejectedRecord
from liftline.data.log.contracts import Position, parse_position
from liftline.data.warehouse.api import WarehouseConfig
from liftline.data.warehouse.contracts import WarehouseAwayError, WarehouseStatus
from liftline.data.warehouse.engine import LoadPostponedError

pytestmark = pytest.mark.slow

IS_SOAK = bool(os.environ.get("LIFTLINE_SOAK"))
KILLS = 60 if IS_SOAK else 6
EVENTS_PER_LIFE = 4_000 if IS_SOAK else 1_500
WAIT_S = 60.0
MEMORY_TOO_SMALL_MB = 64  # the JSON reader alone takes 32
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

CHILD = """
import resource
import signal
import sys
from pathlib import Path
if len(sys.argv) > 2:
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGUSR1, lambda *_: resource.setrlimit(resource.RLIMIT_FSIZE, unlimited))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), unlimited[1]))
from liftline.adapters.event_log.segment import SegmentLogReader
from liftline.data.warehouse.http import WarehouseConfig, serve
root = Path(sys.argv[1])
serve(
    WarehouseConfig(
        directory=root / "warehouse", control_directory=root / "control",
        socket_path=root / "w.sock", logs_directory=root / "logs", memory_limit_mb=256,
        batch_events=150, batch_age_s=0.0, poll_s=0.002, core_share=1.0, checkpoint_mb=1,
    ),
    SegmentLogReader(root / "log"),
)
"""


@dataclass
class Traffic:
    """Seeded events with retries, conflicts, repeated deeds, rejections and poison, and what
    must become of them: the rule again, in plain Python.
    """

    seed: int
    padding: int = 0
    made: list[EventRecord] = field(default_factory=list)
    stored: dict[tuple[str, str], bool] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    deeds: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def frame(self, size: int) -> tuple[bytes, int, int]:
        lines = [self._line() for _ in range(size)]
        return b"".join(line for line, _ in lines), size, sum(events for _, events in lines)

    def _line(self) -> tuple[bytes, int]:
        draw = self.random.random()
        if draw < 0.02:
            self._count("rejected", 4)
            record = RejectedRecord(
                project="demo", environment="prod", source_id="s", message_id=None, name=None,
                code="c", message="m", cure="c", raw_base64=None, raw_size_bytes=9,
                received_at=AT, plan_version=1, events=4,
            )  # fmt: skip
            return msgspec.json.encode(record) + b"\n", 4
        if draw < 0.022:
            self._count("rejected", 1)
            return b"\xfe poison\n", 1
        if draw < 0.12 and self.made:
            original = self.random.choice(self.made)
            if draw < 0.13 and self.random.random() < 0.2:
                self._count("conflict", 1)
                return msgspec.json.encode(_changed(original)) + b"\n", 1
            self._count("duplicate", 1)
            return msgspec.json.encode(original) + b"\n", 1
        return msgspec.json.encode(self._new()) + b"\n", 1

    def _new(self) -> EventRecord:
        number = len(self.made)
        properties = f'{{"n":{number},"pad":"{number:0{self.padding}d}"}}'
        deed = f'["u{self.random.randrange(200)}"]' if self.random.random() < 0.1 else None
        record = EventRecord(
            project="demo", environment="prod", source_id="s",
            message_id=f"m{self.seed}-{number}", type="track", name="n", user_id="u",
            anonymous_id=None, timestamp=None, event_at=AT, sent_at=None,
            received_at=AT + timedelta(seconds=number % 600), sender="server", plan_version=1,
            is_planned=True, is_historical=False, id_minted=False, business_key=deed,
            properties=msgspec.Raw(properties.encode()), context=msgspec.Raw(b"{}"),
        )  # fmt: skip
        self.made.append(record)
        is_repeat = deed is not None and deed in self.deeds
        self.deeds |= {deed} if deed is not None else set()
        self.stored[(record.message_id, properties)] = is_repeat
        self._count("semantic_duplicate" if is_repeat else "accepted", 1)
        return record

    def _count(self, kind: str, events: int) -> None:
        self.counts[kind] += events
        self.counts["received"] += events


def _changed(record: EventRecord) -> EventRecord:
    return msgspec.structs.replace(record, user_id="someone else")


def _append(
    writer: SegmentLogWriter, traffic: Traffic, events: int, *, frame_max: int = 120
) -> None:
    """Frames of uneven size, each durable before the next."""
    left = events
    while left > 0:
        size = min(left, traffic.random.randrange(1, frame_max))
        payload, records, counted = traffic.frame(size)
        durable: queue.SimpleQueue[object] = queue.SimpleQueue()
        writer.append(payload, records=records, events=counted, acknowledge=durable.put)
        assert isinstance(durable.get(timeout=WAIT_S), Position)
        left -= size


def _config(root: Path, **changes: int | float) -> WarehouseConfig:
    config = WarehouseConfig(
        directory=root / "warehouse",
        control_directory=root / "control",
        socket_path=root / "w.sock",
        logs_directory=root / "logs",
        memory_limit_mb=256,
    )
    return replace(config, **changes)  # type: ignore[arg-type]


def _assert_exactly_once(warehouse: DuckDbWarehouse, traffic: Traffic) -> None:
    rows = warehouse.query(
        "select message_id, properties::varchar, is_semantic_duplicate from raw.events",
        max_rows=1_000_000,
    ).rows
    expected = Counter((*key, is_repeat) for key, is_repeat in traffic.stored.items())
    assert Counter(rows) == expected
    kinds = ("received", "accepted", "duplicate", "semantic_duplicate", "conflict", "rejected")
    sums = ", ".join(f"sum({kind})" for kind in kinds)
    ledger = warehouse.query(f"select {sums} from raw.ledger").rows[0]
    assert dict(zip(kinds, ledger, strict=True)) == {kind: traffic.counts[kind] for kind in kinds}
    report = warehouse.rebuild(verify=True)
    assert report.is_same, report.text()


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    children: list[subprocess.Popen[bytes]] = []

    def start(*file_max_bytes: int) -> subprocess.Popen[bytes]:
        children.append(
            subprocess.Popen(
                [sys.executable, "-c", CHILD, str(tmp_path), *map(str, file_max_bytes)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        return children[-1]

    yield start
    for child in children:
        if child.poll() is None:
            child.kill()
        child.wait(WAIT_S)


def _until(
    warehouse: SocketWarehouse, is_true: Callable[[WarehouseStatus], bool]
) -> WarehouseStatus:
    pause = threading.Event()
    for _ in range(int(WAIT_S / 0.005)):
        try:
            status = warehouse.status()
            if is_true(status):
                return status
        except WarehouseAwayError:
            pass
        pause.wait(0.005)
    raise AssertionError("the warehouse did not get there in time")


def test_kill_9_at_any_point_keeps_exactly_once(
    tmp_path: Path, spawn: Callable[[], subprocess.Popen[bytes]]
) -> None:
    traffic = Traffic(seed=250)
    writer = SegmentLogWriter(tmp_path / "log")
    warehouse = SocketWarehouse(tmp_path / "w.sock")
    killed_while_loading = 0
    for _ in range(KILLS):
        _append(writer, traffic, EVENTS_PER_LIFE)
        child = spawn()
        _until(warehouse, lambda status: status.state == "loading")
        threading.Event().wait(traffic.random.uniform(0.0, 0.25))
        with contextlib.suppress(WarehouseAwayError):
            killed_while_loading += warehouse.status().pending_events > 0
        child.send_signal(signal.SIGKILL)
        child.wait(WAIT_S)
    child = spawn()
    _until(warehouse, lambda status: status.state == "loading" and status.pending_events == 0)
    child.terminate()
    assert child.wait(WAIT_S) == 0, "SIGTERM drains and leaves with 0"
    writer.close()
    assert killed_while_loading >= KILLS // 3, "the kills missed: the test proves nothing"
    local = DuckDbWarehouse(_config(tmp_path), SegmentLogReader(tmp_path / "log"))
    local.load()
    _assert_exactly_once(local, traffic)
    local.engine.close()


def test_a_corrupt_frame_stops_loading_before_it(tmp_path: Path) -> None:
    traffic = Traffic(seed=7)
    writer = SegmentLogWriter(tmp_path / "log")
    _append(writer, traffic, 500)
    warehouse = DuckDbWarehouse(_config(tmp_path), SegmentLogReader(tmp_path / "log"))
    warehouse.load()
    loaded = warehouse.status()
    offset = parse_position(loaded.loaded_position).offset
    _append(writer, traffic, 500)
    segment = max((tmp_path / "log").glob("*.ndjson"))
    with segment.open("r+b") as file:
        file.seek(offset + 400)
        byte = file.read(1)
        file.seek(offset + 400)
        file.write(bytes([byte[0] ^ 0x20]))
    warehouse.load()
    status = warehouse.status()
    assert (status.state, status.loaded_position) == ("stopped", loaded.loaded_position)
    assert status.problem and status.cure and status.pending_events > 0
    assert warehouse.query("select sum(received) from raw.ledger").rows == (
        (loaded.loaded_events,),
    )
    writer.close()
    warehouse.engine.close()


@pytest.mark.parametrize(("lost", "problem"), [("*.ndjson", "lies beyond"), ("*", "not the one")])
def test_a_log_cut_below_the_offset_stops_loading(tmp_path: Path, lost: str, problem: str) -> None:
    traffic = Traffic(seed=8)
    writer = SegmentLogWriter(tmp_path / "log")
    _append(writer, traffic, 400)
    writer.close()
    warehouse = DuckDbWarehouse(_config(tmp_path), SegmentLogReader(tmp_path / "log"))
    warehouse.load()
    loaded = warehouse.status().loaded_events
    warehouse.engine.close()
    for path in (tmp_path / "log").glob(lost):
        path.unlink()
    (tmp_path / "log" / "durable.mark").unlink(missing_ok=True)
    warehouse = DuckDbWarehouse(_config(tmp_path), SegmentLogReader(tmp_path / "log"))
    warehouse.load()
    status = warehouse.status()
    assert (status.state, status.loaded_events) == ("stopped", loaded)
    assert problem in status.problem and "rebuild --from-this-log" in status.cure
    warehouse.engine.close()


def test_too_little_memory_postpones_and_nothing_is_lost_when_there_is_more(
    tmp_path: Path,
) -> None:
    traffic = Traffic(seed=9, padding=2_000)
    writer = SegmentLogWriter(tmp_path / "log")
    _append(writer, traffic, 4_000, frame_max=500)
    writer.close()
    config = _config(tmp_path, memory_limit_mb=MEMORY_TOO_SMALL_MB, threads=1)
    starved = DuckDbWarehouse(config, SegmentLogReader(tmp_path / "log"))
    before = starved.status().pending_events
    sizes = []
    for _ in range(3):
        sizes.append(starved.engine._batch_events)
        with pytest.raises(LoadPostponedError):
            starved.load()
        assert starved.status().problem
    assert sizes[0] > sizes[1] > sizes[2], "each try is smaller than the one before"
    assert starved.status().pending_events == before, "nothing of a postponed load is kept"
    starved.engine.close()
    roomy = DuckDbWarehouse(_config(tmp_path), SegmentLogReader(tmp_path / "log"))
    while roomy.status().pending_events:
        assert roomy.load() is not None
    _assert_exactly_once(roomy, traffic)
    roomy.engine.close()


FILE_MAX_BYTES = 2 << 20


@pytest.mark.parametrize("room_comes", ["while it runs", "before a restart"])
def test_a_full_disk_is_seen_and_loading_goes_on_after_it(
    tmp_path: Path, spawn: Callable[..., subprocess.Popen[bytes]], room_comes: str
) -> None:
    """The operating system refuses every file past a size, which is what a full disk does."""
    traffic = Traffic(seed=11, padding=1_500)
    writer = SegmentLogWriter(tmp_path / "log")
    _append(writer, traffic, 6_000, frame_max=100)
    writer.close()
    warehouse = SocketWarehouse(tmp_path / "w.sock")
    child = spawn(FILE_MAX_BYTES)
    full = _until(warehouse, lambda status: bool(status.problem))
    assert "File too large" in full.problem and full.cure and full.pending_events > 0
    assert b"liftline_warehouse_load_postponed 1.0" in _metrics(tmp_path / "w.sock")
    assert child.poll() is None, "it waits for room and answers meanwhile"
    if room_comes == "while it runs":
        child.send_signal(signal.SIGUSR1)
    else:
        child.send_signal(signal.SIGKILL)
        child.wait(WAIT_S)
        child = spawn()
    done = _until(warehouse, lambda status: status.loaded_events == traffic.counts["received"])
    assert (done.state, done.problem, done.pending_events) == ("loading", "", 0)
    assert b"liftline_warehouse_load_postponed 0.0" in _metrics(tmp_path / "w.sock")
    child.terminate()
    assert child.wait(WAIT_S) == 0
    local = DuckDbWarehouse(_config(tmp_path), SegmentLogReader(tmp_path / "log"))
    _assert_exactly_once(local, traffic)
    local.engine.close()


def _metrics(socket_path: Path) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.settimeout(WAIT_S)
        door.connect(str(socket_path))
        door.sendall(b"GET /metrics HTTP/1.1\r\nhost: warehouse\r\nconnection: close\r\n\r\n")
        with door.makefile("rb") as answer:
            return answer.read()
