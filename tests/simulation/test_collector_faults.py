"""Goal: whatever happens to the collector, no acknowledged event is lost and the log stays whole.

Seeded and bounded: small here, large with LIFTLINE_SOAK=1.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from liftline.adapters.event_log.segment import SegmentLogReader
from liftline.data.events.contracts import EventRecord, RejectedRecord
from liftline.data.log.contracts import START
from liftline.data.log.mark import MarkReader
from liftline.data.log.segments import list_segments
from tests.simulation.collector_process import SECRET, CollectorProcess
from tests.simulation.flaky_proxy import AckedClient, FlakyProxy, wait_until

IS_SOAK = os.environ.get("LIFTLINE_SOAK") == "1"
KILLS = 40 if IS_SOAK else 4
CLIENTS = 4 if IS_SOAK else 2
SEED = 20260501

pytestmark = pytest.mark.slow


def make_event(chance: random.Random, message_id: str) -> dict[str, Any]:
    """Mostly good; now and then one that the plan rejects."""
    number: Any = chance.randrange(1000) if chance.random() > 0.05 else "seven"
    return {
        "event": "checklist_viewed",
        "message_id": message_id,
        "properties": {"n": number},
        "context": {"pad": "x" * chance.randrange(200)},
    }


def read_log(directory: Path) -> tuple[list[str], int, int]:
    """Message ids of accepted events in order, count of rejected ones, events in all frames."""
    reader = SegmentLogReader(directory)
    ids: list[str] = []
    rejected = events = ordinal = 0
    position = START
    while True:
        batch = reader.read(position, max_records=1000, max_bytes=1 << 20)
        for frame in batch.frames:
            assert frame.first_ordinal == ordinal, "ordinals leave no gap"
            ordinal += frame.records
        events += batch.events
        for line in batch.payload.splitlines():
            record = msgspec.json.decode(line, type=EventRecord | RejectedRecord)
            if isinstance(record, EventRecord):
                ids.append(record.message_id)
            else:
                rejected += record.events
        if batch.end == position:
            reader.close()
            return ids, rejected, events
        position = batch.end


def cut_unsynced_tail(directory: Path, chance: random.Random) -> int:
    """What a power cut may do: lose or garble anything behind the durable position."""
    mark = MarkReader(directory).current()
    names = list_segments(directory)
    if mark is None or not names:
        return 0
    path = directory / names[-1].file_name
    durable = mark.durable
    is_same = (durable.epoch, durable.sequence) == tuple(names[-1])
    safe = durable.offset if is_same else 0
    size = path.stat().st_size
    if size <= safe or not os.access(path, os.W_OK) or path.stat().st_mode & 0o222 == 0:
        return 0
    cut = chance.randrange(safe, size + 1)
    with path.open("r+b") as file:
        file.truncate(cut)
        if chance.random() < 0.5 and cut > safe:
            file.seek(chance.randrange(safe, cut))
            file.write(b"\xff")
    return size - cut


def assert_nothing_lost(directory: Path, clients: list[AckedClient]) -> None:
    ids, rejected, events = read_log(directory)
    logged = set(ids)
    acked = set().union(*(client.acked for client in clients))
    sent = set().union(*(client.sent for client in clients))
    assert acked, "the run acknowledged something"
    assert acked - logged == set(), "an acknowledged event is missing"
    assert logged - sent == set(), "the log holds only what was sent"
    assert events == len(ids) + rejected, "received = accepted + rejected"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[list[Any]]:
    """Things with stop(), stopped whatever happens."""
    things: list[Any] = []
    yield things
    for thing in reversed(things):
        thing.stop()


def wait_for_more(clients: list[AckedClient]) -> None:
    before = sum(len(client.acked) for client in clients)
    wait_until(
        lambda: sum(len(client.acked) for client in clients) > before + 20,
        20,
        "more events are acknowledged",
    )


def make_client(collector_port: int, seed: int) -> AckedClient:
    return AckedClient(lambda: collector_port, SECRET, make_event, seed)


def test_kill_9_at_random_moments_behind_a_flaky_proxy(tmp_path: Path, running: list[Any]) -> None:
    chance = random.Random(SEED)
    collector = CollectorProcess(tmp_path, segment_bytes=20_000, jumpy=1)
    running.append(collector)
    collector.start()
    proxy = FlakyProxy(collector.port, SEED)
    running.append(proxy)
    clients = [make_client(proxy.port, SEED + number) for number in range(CLIENTS)]
    is_stopping = threading.Event()
    threads = [
        threading.Thread(target=client.send, args=(10_000, is_stopping)) for client in clients
    ]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        wait_for_more(clients)
        threading.Event().wait(chance.random() * 0.1)
        collector.kill()
        cut_unsynced_tail(collector.log_directory, chance)
        collector.start()
    wait_for_more(clients)
    is_stopping.set()
    for thread in threads:
        thread.join(20)
    assert collector.stop() == 0
    assert_nothing_lost(collector.log_directory, clients)
    assert {"duplicate", "drop_request", "drop_answer", "delay"} <= set(proxy.harms)
    epochs = {name.epoch for name in list_segments(collector.log_directory)}
    assert len(epochs) == KILLS + 1, "each start has its own epoch"


def test_sigterm_drains_and_seals(tmp_path: Path, running: list[Any]) -> None:
    collector = CollectorProcess(tmp_path)
    running.append(collector)
    collector.start()
    client = make_client(collector.port, SEED)
    is_stopping = threading.Event()
    sending = threading.Thread(target=client.send, args=(10_000, is_stopping))
    sending.start()
    wait_until(lambda: len(client.acked) > 20, 10, "events are acknowledged")
    assert collector.stop() == 0
    is_stopping.set()
    sending.join(20)
    assert_nothing_lost(collector.log_directory, [client])
    modes = [
        (collector.log_directory / name.file_name).stat().st_mode & 0o777
        for name in list_segments(collector.log_directory)
    ]
    assert modes == [0o444]


@pytest.mark.parametrize("fault", [{"file_limit": 60_000}, {"good_syncs": 30}])
def test_a_disk_that_fails_stops_acknowledging(
    tmp_path: Path, running: list[Any], fault: dict[str, int]
) -> None:
    collector = CollectorProcess(tmp_path, **fault)
    running.append(collector)
    collector.start()
    client = make_client(collector.port, SEED)
    client.attempts = 3
    for _ in range(400):
        if 503 in client.answers:
            break
        client.send(1)
    assert client.answers[503] > 0, "the failure was told"
    assert not collector.is_ready()
    durable_now = set(client.acked)
    client.send(5)
    assert client.acked == durable_now, "never again acknowledged"
    collector.stop()
    assert_nothing_lost(collector.log_directory, [client])
    healed = CollectorProcess(tmp_path)
    running.append(healed)
    healed.start()
    again = make_client(healed.port, SEED + 1)
    again.send(5)
    assert len(again.acked) >= 20, "after the disk was mended it goes on"
    healed.stop()
    assert_nothing_lost(healed.log_directory, [client, again])
