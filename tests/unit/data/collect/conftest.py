"""A door with a log in memory, keys of every kind and a small plan."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from liftline.adapters.event_log.memory import MemoryLog, MemoryLogReader, MemoryLogWriter
from liftline.core.clock import ManualClock
from liftline.data.collect.api import CollectorConfig, Door, Limits
from liftline.data.events.contracts import (
    CONTROL_PLAN,
    EventRecord,
    EventSpec,
    PlanSnapshot,
    PropertySpec,
    RejectedRecord,
)
from liftline.data.log.contracts import START
from liftline.platform.access.contracts import CONTROL_KEYS, KeyKind, KeyRecord, KeySnapshot
from liftline.platform.control.api import SnapshotPublisher
from tests.keys import key_sha256, key_text

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ORIGIN = "https://app.example"
Line = EventRecord | RejectedRecord


def key_record(kind: KeyKind, **more: Any) -> KeyRecord:
    return KeyRecord(
        key_id=f"key{kind}",
        secret_sha256=key_sha256(kind, f"key{kind}"),
        kind=kind,
        project="demo",
        environment="dev",
        source_id=f"source-{kind}",
        **more,
    )


KEYS = (
    key_record("server"),
    key_record("ci"),
    key_record("admin"),
    key_record("public", origins=(ORIGIN,)),
)


def spec(name: str, **more: Any) -> EventSpec:
    settings: dict[str, Any] = {
        "version": 1,
        "owner": "growth",
        "purpose": "test",
        "senders": ("public", "server"),
        "retention_days": 30,
        "consent": "analytics",
        "properties": {"step_id": PropertySpec(type="string", description="x", required=True)},
    }
    return EventSpec(name=name, **(settings | more))


PLAN = PlanSnapshot(
    version=7,
    digest="d",
    events=(
        spec("checklist_viewed"),
        spec("ci_run", senders=("ci",), properties={}),
        spec("user_activated", business_key=("user_id",), properties={}),
        spec("old_event", is_deprecated=True, properties={}),
    ),
    unplanned={"dev": "reject"},
)


class Reply:
    """One answer of the door."""

    def __init__(self, status: int, headers: dict[bytes, bytes], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class DoorUnderTest:
    """The door without a server: requests go straight into the ASGI app."""

    def __init__(self, directory: Path, limits: Limits, *, is_published: bool = True) -> None:
        self.clock = ManualClock(NOW)
        self.log = MemoryLog()
        self.writer = MemoryLogWriter(self.log)
        self.publisher = SnapshotPublisher(directory)
        if is_published:
            self.publish()
        config = CollectorConfig(control_directory=directory, limits=limits, control_poll_s=0.01)
        self.door = Door(config, self.writer, self.clock)
        self.loop = asyncio.new_event_loop()
        self.door.start(self.loop)

    def publish(self, keys: tuple[KeyRecord, ...] = KEYS) -> None:
        self.publisher.publish(CONTROL_KEYS, msgspec.json.encode(KeySnapshot(keys=keys)))
        self.publisher.publish(CONTROL_PLAN, msgspec.json.encode(PLAN))

    def publish_expiring(self, after: timedelta) -> None:
        expires_at = self.clock.now() + after
        self.publish(tuple(msgspec.structs.replace(key, expires_at=expires_at) for key in KEYS))
        self.refresh()

    def refresh(self) -> None:
        self.door.refresh()

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        address: str = "10.0.0.1",
    ) -> Reply:
        return self.loop.run_until_complete(self.send(method, path, [body], headers or {}, address))

    def post(
        self, body: Any, path: str = "/v1/events", key: str = "server", **headers: str
    ) -> Reply:
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            told["authorization"] = f"Bearer {key_text(key, f'key{key}')}"
        return self.request("POST", path, raw, told)

    async def send(
        self, method: str, path: str, chunks: list[bytes], headers: dict[str, str], address: str
    ) -> Reply:
        sent: list[dict[str, Any]] = []
        waiting = list(chunks)

        async def receive() -> dict[str, Any]:
            if not waiting:
                await asyncio.Event().wait()
            chunk = waiting.pop(0)
            is_more = bool(waiting) or chunks[-1] == b"<never>"
            return {"type": "http.request", "body": chunk, "more_body": is_more}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": (address, 1),
        }
        await self.door(scope, receive, send)
        return Reply(sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"])

    @property
    def lines(self) -> list[Line]:
        batch = MemoryLogReader(self.log).read(START, max_records=1 << 30, max_bytes=1 << 30)
        return [msgspec.json.decode(line, type=Line) for line in batch.payload.splitlines()]

    @property
    def events(self) -> list[EventRecord]:
        return [line for line in self.lines if isinstance(line, EventRecord)]

    @property
    def letters(self) -> list[RejectedRecord]:
        return [line for line in self.lines if isinstance(line, RejectedRecord)]

    def close(self) -> None:
        self.loop.run_until_complete(self.door.stop())
        self.loop.close()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[DoorUnderTest]:
    under_test = DoorUnderTest(tmp_path, Limits())
    yield under_test
    under_test.close()


@pytest.fixture
def tight_door(tmp_path: Path) -> Iterator[DoorUnderTest]:
    limits = Limits(
        body_bytes=10_000,
        unpacked_bytes=20_000,
        batch_events=10,
        event_bytes=1_000,
        body_s=0.02,
        key_events_per_s=5,
        key_events_burst=20,
        address_requests_per_s=1,
        address_requests_burst=8,
        dead_letters_per_hour=3,
    )
    under_test = DoorUnderTest(tmp_path, limits)
    yield under_test
    under_test.close()


@pytest.fixture
def bare_door(tmp_path: Path) -> Iterator[DoorUnderTest]:
    under_test = DoorUnderTest(tmp_path, Limits(), is_published=False)
    yield under_test
    under_test.close()


def viewed(**more: Any) -> dict[str, Any]:
    return {"event": "checklist_viewed", "message_id": "m1", "user_id": "u1",
            "properties": {"step_id": "s"}} | more  # fmt: skip


@pytest.fixture
def good() -> Any:
    return viewed
