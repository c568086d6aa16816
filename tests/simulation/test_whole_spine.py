"""Goal: kill any process, cut the tail, move the clock: nothing acknowledged is lost or doubled.

All processes are real and run under the supervisor; clients send through a proxy that
duplicates, delays and drops. Seeded and bounded: small here, large with LIFTLINE_SOAK=1.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from liftline.adapters.event_log.segment import SegmentLogReader
from liftline.data.events.contracts import EventRecord, RejectedRecord
from liftline.data.log.contracts import START
from liftline.data.log.mark import MarkReader
from liftline.data.log.segments import list_segments
from tests.property.test_exactly_once import KINDS, Oracle
from tests.running import Liftline, eventually
from tests.simulation.flaky_proxy import FlakyProxy
from tests.simulation.spine_client import JumpingClock, SpineClient, as_instant

IS_SOAK = os.environ.get("LIFTLINE_SOAK") == "1"
KILLS = 200 if IS_SOAK else 9
CLIENTS = 3 if IS_SOAK else 2
SEED = 20261123
VICTIMS = ("collector", "warehouse", "app")
BATCHES_PER_KILL = 20
TORN_MAX_BYTES = 300
"""Less than the smallest frame: what is left of one is never whole."""
MAX_ROWS = 100_000
JUMPS = (timedelta(hours=3), timedelta(days=-2), timedelta(minutes=-7))

pytestmark = pytest.mark.slow


@pytest.fixture
def spine(tmp_path: Path) -> Iterator[tuple[Liftline, JumpingClock]]:
    clock = JumpingClock(tmp_path / "clock")
    with Liftline(tmp_path / "data", settings=clock.settings) as liftline:
        yield liftline, clock


def test_exactly_once_through_all_processes(spine: tuple[Liftline, JumpingClock]) -> None:
    liftline, clock = spine
    chance = random.Random(SEED)
    key = liftline.key()
    proxy = FlakyProxy(liftline.base + 1, SEED)
    clients = [SpineClient(f"c{n}", lambda: proxy.port, key, SEED + n) for n in range(CLIENTS)]
    is_stopping = threading.Event()
    threads = [threading.Thread(target=client.run, args=(is_stopping,)) for client in clients]
    for thread in threads:
        thread.start()
    try:
        tails = _harm(liftline, clock, clients, chance)
    finally:
        is_stopping.set()
        for thread in threads:
            thread.join(120)
        proxy.stop()
    assert not any(thread.is_alive() for thread in threads), "every batch was acknowledged"
    assert {"duplicate", "drop_request", "drop_answer", "delay"} <= set(proxy.harms)
    eventually(liftline.is_ready, "every process is back", 60)
    assert sum(record.restarts for record in liftline.processes().values()) == KILLS
    assert tails["cut"] > 0, "no tail was torn: the test proves less than it says"
    last = max(position for client in clients for position in client.positions)
    liftline.wait_loaded(last, 60)
    _assert_as_the_clients_know(liftline, clients)
    _assert_as_the_log_says(liftline)
    before = _contents(liftline)
    rebuilt = liftline.command("warehouse", "rebuild", "--verify")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert "the same" in rebuilt.stdout
    assert _contents(liftline) == before
    clients[0].acked.add("lost")  # a canary: the proof above is not blind
    with pytest.raises(AssertionError, match="missing"):
        _assert_as_the_clients_know(liftline, clients)


def _harm(
    liftline: Liftline, clock: JumpingClock, clients: list[SpineClient], chance: random.Random
) -> Counter[str]:
    """Kill, cut and jump, each after some more batches were acknowledged."""
    done: Counter[str] = Counter()
    victims = [victim for _ in range(KILLS // len(VICTIMS) + 1) for victim in VICTIMS][:KILLS]
    chance.shuffle(victims)
    jumps = {KILLS * (n + 1) // (len(JUMPS) + 1): jump for n, jump in enumerate(JUMPS)}
    killed: set[int] = set()
    for number, victim in enumerate(victims):
        pid = _living(liftline, victim, killed)
        _let_send(clients, chance.randrange(1, 6))
        threading.Event().wait(chance.random() * 0.2)
        if number in jumps:
            clock.jump(jumps[number])
        killed.add(pid)
        if victim == "collector":
            done["cut"] += _cut_power(liftline, pid, chance)
        else:
            os.kill(pid, signal.SIGKILL)
    _let_send(clients, 5)
    return done


def _let_send(clients: list[SpineClient], more: int) -> None:
    """Grant BATCHES_PER_KILL to each and go on when `more` are done: the rest is in flight."""
    for client in clients:
        client.grant(BATCHES_PER_KILL)
    target = sum(client.batches for client in clients) + more
    eventually(
        lambda: sum(client.batches for client in clients) >= target, "more is acknowledged", 90
    )


def _living(liftline: Liftline, name: str, killed: set[int]) -> int:
    """The process id of a process that was not killed yet, starting or ready."""
    found: list[int] = []

    def is_there() -> bool:
        pid = liftline.processes()[name].pid
        if pid is None or pid in killed:
            return False
        found.append(pid)
        return True

    eventually(is_there, f"{name} is started again")
    return found[-1]


def _cut_power(liftline: Liftline, pid: int, chance: random.Random) -> bool:
    """Kill the collector and harm what it had not synced; the supervisor looks away meanwhile."""
    liftline.process.send_signal(signal.SIGSTOP)
    try:
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: _is_dead(pid), "the collector is dead", 10)
        return _tear(liftline.layout.log, chance)
    finally:
        liftline.process.send_signal(signal.SIGCONT)


def _tear(directory: Path, chance: random.Random) -> bool:
    """What a power cut may leave: nothing behind the durable position but half of a frame."""
    mark = MarkReader(directory).current()
    assert mark is not None
    newest = list_segments(directory)[-1]
    is_same = (mark.durable.epoch, mark.durable.sequence) == tuple(newest)
    safe = mark.durable.offset if is_same else 0
    path = directory / newest.file_name
    torn = path.read_bytes()[: chance.randrange(1, TORN_MAX_BYTES)] if safe else b""
    with path.open("r+b") as file:
        file.truncate(safe)
        file.seek(safe)
        file.write(torn)
    return bool(torn)


def _is_dead(pid: int) -> bool:
    """A process that waits to be reaped has let go of its files and locks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def _assert_as_the_clients_know(liftline: Liftline, clients: list[SpineClient]) -> None:
    """Each acknowledged id once, with the body that was sent first; each refusal with its row."""
    rows = _rows(liftline, "select message_id, user_id, name from raw.events")
    found = Counter(row[0] for row in rows)
    assert [message_id for message_id, count in found.items() if count > 1] == []
    acked = set().union(*(client.acked for client in clients))
    assert len(acked) > CLIENTS * 20
    assert acked - set(found) == set(), "an acknowledged event is missing"
    sent = {mid: event for client in clients for mid, event in client.stored.items()}
    assert {row[0]: (row[1], row[2]) for row in rows} == {
        mid: (sent[mid]["user_id"], sent[mid]["event"]) for mid in found
    }
    aside = _rows(liftline, "select distinct kind, message_id from raw.quarantine")
    for kind, ids in (
        ("rejected", set().union(*(client.refused for client in clients))),
        ("conflict", set().union(*(client.conflicts for client in clients))),
    ):
        assert ids, f"no {kind} was sent"
        assert {mid for k, mid in aside if k == kind and mid} == ids, kind
        assert kind == "conflict" or not ids & set(found)
    firsts = _rows(
        liftline,
        "select user_id, count(*) filter (not is_semantic_duplicate), count(*) from raw.events"
        " where name = 'user_activated' group by 1",
    )
    assert firsts and all(first == 1 for _, first, _ in firsts)
    assert any(total > 1 for *_, total in firsts), "no business key was repeated"


def _assert_as_the_log_says(liftline: Liftline) -> None:
    """The loader's rule once more, in plain Python, over every record that became durable."""
    oracle = Oracle()
    for ordinal, record in enumerate(_records(liftline.layout.log)):
        oracle.take(ordinal, record)
    ledger = _rows(
        liftline,
        "select project, environment, source_id, received_minute, "
        + ", ".join(KINDS) + " from raw.ledger",
    )  # fmt: skip
    found = {
        (*row[:3], as_instant(row[3])): +Counter(dict(zip(KINDS, row[4:], strict=True)))
        for row in ledger
    }
    assert found == oracle.ledger
    for counts in found.values():
        assert counts["received"] == sum(counts[kind] for kind in KINDS[1:])
    quarantine = _rows(liftline, "select ordinal, kind, message_id, events from raw.quarantine")
    assert Counter(quarantine) == oracle.quarantine
    events = _rows(
        liftline,
        "select ordinal, source_id, message_id, type, name, user_id, anonymous_id,"
        " original_timestamp, properties::varchar, is_semantic_duplicate from raw.events",
    )
    assert Counter(events) == oracle.events
    days = {key[3].date() for key in found}  # type: ignore[attr-defined]
    assert len(days) >= 2, "the clock did not jump"


def _records(directory: Path) -> Iterator[EventRecord | RejectedRecord]:
    reader = SegmentLogReader(directory)
    position = START
    while True:
        batch = reader.read(position, max_records=1000, max_bytes=1 << 20)
        for line in batch.payload.splitlines():
            yield msgspec.json.decode(line, type=EventRecord | RejectedRecord)
        if batch.end == position:
            reader.close()
            return
        position = batch.end


def _contents(liftline: Liftline) -> tuple[Any, ...]:
    return (
        sorted(_rows(liftline, "select ordinal, message_id, business_key from raw.events")),
        sorted(_rows(liftline, "select ordinal, kind, code, events from raw.quarantine")),
        sorted(_rows(liftline, "select * from raw.ledger")),
    )


def _rows(liftline: Liftline, sql: str) -> list[tuple[Any, ...]]:
    rows = liftline.warehouse.query(sql, {}, max_rows=MAX_ROWS)
    assert not rows.is_truncated
    return [tuple(row) for row in rows.rows]
