"""Goal: any history, cut into any batches, loads to what a few lines of plain Python say."""

from __future__ import annotations

import itertools
import json
import os
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import msgspec
from hypothesis import HealthCheck, example, find, given, settings
from hypothesis import strategies as st

from liftline.adapters.event_log.memory import MemoryLog, MemoryLogReader, MemoryLogWriter
from liftline.core.clock import ManualClock
from liftline.data.events.contracts import EventRecord, RejectedRecord
from liftline.data.log.contracts import LogBatch
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.loader import Loader
from liftline.data.warehouse.store import Store

START_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KINDS = ("received", "accepted", "duplicate", "semantic_duplicate", "conflict", "rejected")


@dataclass
class Oracle:
    """The rule, in the order of the log, one record at a time."""

    firsts: dict[tuple[str, str], tuple[object, ...]] = field(default_factory=dict)
    business: set[tuple[str, str, str, str]] = field(default_factory=set)
    events: Counter[tuple[object, ...]] = field(default_factory=Counter)
    quarantine: Counter[tuple[object, ...]] = field(default_factory=Counter)
    ledger: dict[tuple[object, ...], Counter[str]] = field(default_factory=dict)

    def take(self, ordinal: int, record: EventRecord | RejectedRecord | bytes) -> None:
        if isinstance(record, bytes):
            where = ("unknown", "unknown", "unknown", datetime(1970, 1, 1))  # noqa: DTZ001
            self._count(where, "rejected", 1)
            self.quarantine[(ordinal, "load_failure", None, 1)] += 1
            return
        minute = record.received_at.replace(second=0, microsecond=0, tzinfo=None)
        where = (record.project, record.environment, record.source_id, minute)
        if isinstance(record, RejectedRecord):
            self._count(where, "rejected", record.events)
            self.quarantine[(ordinal, "rejected", record.message_id, record.events)] += 1
            return
        body = (
            record.type, record.name, record.user_id, record.anonymous_id, record.timestamp,
            bytes(record.properties),
        )  # fmt: skip
        key = (record.source_id, record.message_id)
        if key in self.firsts:
            verdict = "duplicate" if self.firsts[key] == body else "conflict"
            if verdict == "conflict":
                self.quarantine[(ordinal, "conflict", record.message_id, 1)] += 1
            self._count(where, verdict, 1)
            return
        self.firsts[key] = body
        is_repeat = False
        if record.business_key is not None:
            deed = (record.project, record.environment, record.name, record.business_key)
            is_repeat = deed in self.business
            self.business.add(deed)
        self._count(where, "semantic_duplicate" if is_repeat else "accepted", 1)
        self.events[(ordinal, *key, *body[:5], bytes(record.properties).decode(), is_repeat)] += 1

    def _count(self, where: tuple[object, ...], kind: str, events: int) -> None:
        counts = self.ledger.setdefault(where, Counter())
        counts["received"] += events
        counts[kind] += events


def _events(cursor: duckdb.DuckDBPyConnection) -> Counter[tuple[object, ...]]:
    rows = cursor.execute(
        "select ordinal, source_id, message_id, type, name, user_id, anonymous_id,"
        " original_timestamp, properties::varchar, is_semantic_duplicate from raw.events"
    )
    return Counter(rows.fetchall())


def _quarantine(cursor: duckdb.DuckDBPyConnection) -> Counter[tuple[object, ...]]:
    return Counter(
        cursor.execute("select ordinal, kind, message_id, events from raw.quarantine").fetchall()
    )


def _ledger(cursor: duckdb.DuckDBPyConnection) -> dict[tuple[object, ...], Counter[str]]:
    columns = ", ".join(KINDS)
    rows = cursor.execute(
        f"select project, environment, source_id, received_minute, {columns} from raw.ledger"
    ).fetchall()
    return {row[:4]: +Counter(dict(zip(KINDS, row[4:], strict=True))) for row in rows}


ODD = (
    # Alike up to a NUL, or but for it: who stops reading at a NUL takes one for the other.
    *("é", "é\u0000", "é\u0000b", "é\u0000c", "\u0000"),
    # Alike to the eye: composed and decomposed; outside the basic plane; what ends a line.
    *("e\u0301", "𝒳", "a\u2028", "a\n", "\ufeffa", "\uffff"),
    # What SQL, JSON or CSV might take for its own.
    *("'", '"', "\\", "\\u0000", "a,b", "NULL"),
)
"""Message ids that are odd, and all different."""

events = st.builds(
    EventRecord,
    project=st.just("demo"),
    environment=st.sampled_from(["prod", "dev"]),
    source_id=st.sampled_from(["s", "s1"]),
    message_id=st.sampled_from(["1a", "a", "m-2", *ODD]),
    type=st.just("track"),
    name=st.sampled_from(["user_activated", "search_performed"]),
    user_id=st.sampled_from([None, "u1", "u2", "u\u0000", "\u0000"]),
    anonymous_id=st.just(None),
    timestamp=st.sampled_from([None, "2026-03-01T12:00:00Z"]),
    event_at=st.just(START_AT),
    sent_at=st.just(None),
    received_at=st.integers(0, 200).map(lambda s: START_AT + timedelta(seconds=s)),
    sender=st.just("server"),
    plan_version=st.just(1),
    is_planned=st.just(True),
    is_historical=st.booleans(),
    id_minted=st.just(False),
    business_key=st.sampled_from([None, '["u1"]', '["u2"]', '["u\\u0000"]']),
    properties=st.sampled_from(
        [
            *(b"{}", b'{"n":1}', b'{"n":12345678901234567}', b'{"n":null}'),
            *(b'{"n":"\\u0000"}', '{"é":"𝒳\u2028"}'.encode()),
        ]
    ).map(msgspec.Raw),
    context=st.just(msgspec.Raw(b"{}")),
)


def _odd(message_id: str) -> EventRecord:
    return EventRecord(
        project="demo", environment="prod", source_id="s", message_id=message_id, type="track",
        name="user_activated", user_id=message_id, anonymous_id=None, timestamp=None,
        event_at=START_AT, sent_at=None, received_at=START_AT, sender="server", plan_version=1,
        is_planned=True, is_historical=False, id_minted=False, business_key=None,
        properties=msgspec.Raw(b"{}"), context=msgspec.Raw(b"{}"),
    )  # fmt: skip


rejections = st.builds(
    RejectedRecord,
    project=st.just("demo"),
    environment=st.just("prod"),
    source_id=st.just("s"),
    message_id=st.sampled_from([None, "a"]),
    name=st.just(None),
    code=st.just("events.unplanned"),
    message=st.just("no"),
    cure=st.just("yes"),
    raw_base64=st.just("e30="),
    raw_size_bytes=st.just(2),
    received_at=st.just(START_AT),
    plan_version=st.just(1),
    events=st.integers(1, 5),
)
poison = st.sampled_from([b"not json", b"\xff\xfe", b"[]", b"null", b'{"kind":"what"}', b"", b" "])
records = st.one_of(events, events, events, rejections, poison)
histories = st.lists(st.lists(records, min_size=1, max_size=4), min_size=1, max_size=10)


@settings(
    max_examples=300 if os.environ.get("LIFTLINE_SOAK") else 15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
@given(history=histories, cuts=st.lists(st.integers(1, 12), min_size=1, max_size=5))
@example(history=[[b""], [b"not json", b"\r"]], cuts=[1])
@example(history=[[_odd(text)] for text in (*ODD, *ODD)], cuts=[3])
def test_any_history_in_any_batches_is_what_the_oracle_says(
    history: list[list[EventRecord | RejectedRecord | bytes]], cuts: list[int]
) -> None:
    oracle = Oracle()
    log = MemoryLog()
    writer = MemoryLogWriter(log)
    ordinal = 0
    for frame in history:
        lines, count = b"", 0
        for record in frame:
            oracle.take(ordinal, record)
            lines += (record if isinstance(record, bytes) else msgspec.json.encode(record)) + b"\n"
            count += record.events if isinstance(record, RejectedRecord) else 1
            ordinal += 1
        writer.append(lines, records=len(frame), events=count, acknowledge=lambda _: None)
    with tempfile.TemporaryDirectory() as folder:
        found = _load(Path(folder), log, cuts)
    assert found == (oracle.events, oracle.quarantine, oracle.ledger)


def test_the_strategy_reaches_what_is_odd() -> None:
    """A canary: a NUL that is cut off while the list is written is never tried."""
    assert len(set(ODD)) == len(ODD)
    ids = events.map(lambda event: event.message_id)
    for text in ("\u0000", "é\u0000b", "e\u0301", "\uffff"):
        assert find(ids, text.__eq__) == text


def _load(folder: Path, log: MemoryLog, cuts: list[int]) -> tuple[object, object, object]:
    config = WarehouseConfig(
        directory=folder,
        control_directory=folder,
        socket_path=folder / "s",
        logs_directory=folder,
        memory_limit_mb=256,
    )
    store = Store(config.database_path, config)
    loader = Loader(store, MemoryLogReader(log), ManualClock(START_AT + timedelta(minutes=5)))
    for cut in itertools.cycle(cuts):
        if loader.load_next(max_records=cut, max_bytes=1 << 20) is None:
            break
    cursor = store.cursor()
    found = (_events(cursor), _quarantine(cursor), _ledger(cursor))
    cursor.close()
    loader.close()
    store.close()
    return found


def test_two_keys_with_one_hash_are_both_kept(tmp_path: Path) -> None:
    """A canary for the hash: with a hash that knows two values nothing changes."""
    log = MemoryLog()
    writer = MemoryLogWriter(log)
    oracle = Oracle()
    pattern = ["a", "bb", "cc", "dddd", "a", "bb", "eeee", "a"]
    for ordinal, message_id in enumerate(pattern):
        record = EventRecord(
            project="demo", environment="prod", source_id="s", message_id=message_id,
            type="track", name="user_activated", user_id="u1" if ordinal < 7 else "u2",
            anonymous_id=None, timestamp=None, event_at=START_AT, sent_at=None,
            received_at=START_AT, sender="server", plan_version=1, is_planned=True,
            is_historical=False, id_minted=False, business_key=None,
            properties=msgspec.Raw(b"{}"), context=msgspec.Raw(b"{}"),
        )  # fmt: skip
        oracle.take(ordinal, record)
        line = msgspec.json.encode(record) + b"\n"
        writer.append(line, records=1, events=1, acknowledge=lambda _: None)
    config = WarehouseConfig(
        directory=tmp_path, control_directory=tmp_path, socket_path=tmp_path / "s",
        logs_directory=tmp_path,
    )  # fmt: skip
    store = Store(config.database_path, config)
    cursor = store.cursor()
    cursor.execute(
        "create or replace macro raw.key_text(source_id, message_id) as"
        " (length(message_id) % 3)::varchar"
    )
    loader = Loader(store, MemoryLogReader(log), ManualClock(START_AT))
    reader = MemoryLogReader(log)
    offset = loader.offset().position
    while (batch := reader.read(offset, max_records=3, max_bytes=1 << 20)).records:
        assert isinstance(batch, LogBatch)
        loader.load(batch)
        offset = batch.end
    assert _events(cursor) == oracle.events
    assert _ledger(cursor) == oracle.ledger
    hashes = cursor.execute("select count(distinct key_low) from raw.events").fetchone()
    assert hashes == (2,)
    conflict = cursor.execute("select decode(from_base64(raw)) from raw.quarantine").fetchone()
    assert conflict and json.loads(conflict[0])["user_id"] == "u2"
    loader.close()
    cursor.close()
    store.close()
