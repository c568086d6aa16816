"""Fixtures of the warehouse room's unit tests: a log in memory and a warehouse on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from liftline.adapters.event_log.memory import MemoryLog, MemoryLogReader, MemoryLogWriter
from liftline.core.clock import ManualClock
from liftline.data.events.contracts import EventRecord, RejectedRecord
from liftline.data.warehouse.config import WarehouseConfig
from liftline.data.warehouse.engine import Engine

START_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

Record = EventRecord | RejectedRecord | bytes


class LoadedLog:
    """A memory log that takes records, with the engine that loads it."""

    def __init__(self, config: WarehouseConfig, clock: ManualClock) -> None:
        self.config = config
        self.clock = clock
        self.log = MemoryLog()
        self.writer = MemoryLogWriter(self.log)
        self.engine = Engine(config, MemoryLogReader(self.log), clock)

    def append(self, *records: Record, events: int | None = None) -> None:
        """One frame."""
        lines = b"".join(
            (record if isinstance(record, bytes) else msgspec.json.encode(record)) + b"\n"
            for record in records
        )
        counted = sum(r.events if isinstance(r, RejectedRecord) else 1 for r in records)
        self.writer.append(
            lines,
            records=len(records),
            events=counted if events is None else events,
            acknowledge=lambda _: None,
        )

    def load(self) -> None:
        while self.engine.load_once() is not None:
            pass

    def rows(self, sql: str) -> tuple[tuple[Any, ...], ...]:
        return self.engine.query(sql).rows


@pytest.fixture
def config(tmp_path: Path) -> WarehouseConfig:
    return WarehouseConfig(
        directory=tmp_path / "warehouse",
        control_directory=tmp_path / "control",
        socket_path=tmp_path / "w.sock",
        logs_directory=tmp_path / "logs",
        memory_limit_mb=256,
    )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START_AT)


@pytest.fixture
def loaded(config: WarehouseConfig, clock: ManualClock) -> Iterator[LoadedLog]:
    loaded_log = LoadedLog(config, clock)
    yield loaded_log
    loaded_log.engine.close()


@pytest.fixture
def event() -> Callable[..., EventRecord]:
    """Makes an event; only what the test is about is said."""

    def make(message_id: str, **changes: Any) -> EventRecord:
        record = EventRecord(
            project="demo",
            environment="prod",
            source_id="src",
            message_id=message_id,
            type="track",
            name="search_performed",
            user_id="u1",
            anonymous_id=None,
            timestamp=None,
            event_at=START_AT,
            sent_at=None,
            received_at=START_AT,
            sender="server",
            plan_version=1,
            is_planned=True,
            is_historical=False,
            id_minted=False,
            business_key=None,
            properties=msgspec.Raw(b"{}"),
            context=msgspec.Raw(b"{}"),
        )
        return msgspec.structs.replace(record, **changes)

    return make


@pytest.fixture
def rejected() -> Callable[..., RejectedRecord]:
    def make(**changes: Any) -> RejectedRecord:
        record = RejectedRecord(
            project="demo",
            environment="prod",
            source_id="src",
            message_id=None,
            name="nope",
            code="events.unplanned",
            message="nobody planned that",
            cure="plan it",
            raw_base64="e30=",
            raw_size_bytes=2,
            received_at=START_AT,
            plan_version=1,
        )
        return msgspec.structs.replace(record, **changes)

    return make
